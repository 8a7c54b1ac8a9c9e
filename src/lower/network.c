/* network.c: making, opening and checking networks, and what is known of them. Building is in network_build.c, writing
 * in network_save.c.
 */
#include "lower/network.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "graph/eval.h"
#include "graph/trained.h"
#include "lower/versions.h"
#include "runtime/runtime.h"
#include "schema/json.h"

mote_graph *mote_graph_new(const mote_config *config, mote_error *e) {
  mem *const m = mem_new(config ? &config->allocator : NULL, config ? config->memory_limit : 0);
  mote_graph *const g = m ? MEM_NEW(m, mote_graph) : NULL;
  if (!g) {
    mem_release(m);
    err_memory(e, "a network", sizeof *g);
    return NULL;
  }
  g->mem = m;
  arena_init(&g->arena, m);
  build_begin(&g->b, &g->arena, &g->set);
  if (build_graph(&g->b, "main") == 0) return g;
  build_finish(&g->b, e);
  mote_graph_free(g);
  return NULL;
}

mote_graph *network_copy(const mote_graph *of, mote_error *e) {
  mote_graph *const g = MEM_NEW(of->mem, mote_graph);
  if (!g) {
    err_memory(e, "a copy of the network", sizeof *g);
    return NULL;
  }
  g->mem = mem_retain(of->mem);
  arena_init(&g->arena, g->mem);
  g->model = of->model ? model_retain(of->model) : NULL;
  g->description = of->description;
  build_resume(&g->b, &g->arena, &g->set, 0);
  if (graph_copy(&of->set, &g->arena, &g->set, e) == MOTE_OK) return g;
  mote_graph_free(g);
  return NULL;
}

void mote_graph_free(mote_graph *g) {
  if (!g) return;
  mem_free(g->mem, g->bytes);
  mote_model_free(g->model);
  mem_free(g->mem, g->json);
  arena_free(&g->arena);
  mem *const m = g->mem;
  mem_free(m, g);
  mem_release(m);
}

/* ---- from files ---- */

/* A model in JSON becomes a file in memory, so that it is verified as any other. */
static mote_status open_json(mote_graph *g, const file_view *view, const mote_config *config, mote_error *e) {
  sch_file *records;
  sch_image image;
  uint8_t *data = NULL;
  size_t size;
  MOTE_TRY(sch_json_parse((const char *)view->data, (size_t)view->size, g->mem, &records, e));
  mote_status status = sch_write(records, g->mem, NULL, &image, e);
  if (status == MOTE_OK) {
    status = sch_image_join(&image, g->mem, &data, &size, e);
    sch_image_free(&image);
  }
  sch_close(records);
  if (status != MOTE_OK) return status;
  g->json = data;
  g->model = mote_model_from_memory(data, size, config, e);
  return g->model ? MOTE_OK : e ? e->code : MOTE_ERR_FORMAT;
}

/* JSON begins with a brace; a .tflite with the offset of its root, which is never that large. */
static bool is_json(const file_view *view) {
  uint64_t at = 0;
  while (at < view->size && strchr(" \t\r\n", view->data[at]) && view->data[at]) at++;
  return at < view->size && view->data[at] == '{' && !(view->size >= 8 && !memcmp(view->data + 4, "TFL3", 4));
}

static mote_status open_model(mote_graph *g, const char *path, const mote_config *config, mote_error *e) {
  file_view view;
  MOTE_TRY(file_open(&view, g->mem, path, false, e));
  mote_status status = MOTE_OK;
  const bool json = is_json(&view);
  if (json) {
    status = open_json(g, &view, config, e);
    if (status != MOTE_OK) err_prefix(e, "%s", path);
  }
  file_close(&view);
  if (json) return status;
  g->model = mote_model_open(path, config, e);
  return g->model ? MOTE_OK : e->code;
}

mote_graph *mote_graph_open(const char *path, const mote_config *config, mote_error *e) {
  mote_error ignored;
  if (!e) e = &ignored;
  mote_graph *const g = mote_graph_new(config, e);
  if (!g) return NULL;
  mote_status status = open_model(g, path, config, e);
  if (status == MOTE_OK) status = graph_lift(g->model->schema, NULL, &g->arena, &g->set, e);
  if (status == MOTE_OK) status = graph_infer(&g->set, &g->arena, e);
  if (status == MOTE_OK) {
    build_resume(&g->b, &g->arena, &g->set, 0);
    g->description = g->model->schema->model->description;
    return g;
  }
  mote_graph_free(g);
  return NULL;
}

/* ---- finishing ---- */

/* Names of inputs or outputs; one without gets "input_0". */
static const char **end_names(mote_graph *g, const int32_t *values, int32_t count, const char *kind) {
  const char **const names = ARENA_ARRAY(&g->arena, const char *, (size_t)count + 1);
  for (int32_t i = 0; names && i < count; i++) {
    const sch_string have = g->set.graphs[0].values[values[i]].name;
    char made[40];
    const int length = snprintf(made, sizeof made, "%s_%d", kind, (int)i);
    names[i] =
        have.size ? arena_string(&g->arena, have.data, have.size) : arena_string(&g->arena, made, (size_t)length);
    if (!names[i]) return NULL;
  }
  return names;
}

/* A network that was made gets a signature; one that came from a file stays as it was. */
static void sign(mote_graph *g) {
  const graph *const main_graph = &g->set.graphs[0];
  if (g->set.num_signatures || !main_graph->num_outputs) return;
  for (int32_t i = 0; i < main_graph->num_inputs; i++)
    if (main_graph->inputs[i] < 0) return;
  const char **const inputs = end_names(g, main_graph->inputs, main_graph->num_inputs, "input");
  const char **const outputs = end_names(g, main_graph->outputs, main_graph->num_outputs, "output");
  const int32_t current = g->b.graph;
  if (!inputs || !outputs) return;
  build_select(&g->b, 0);
  build_signature(&g->b, "serving_default", inputs, outputs);
  build_select(&g->b, current);
}

mote_status network_finish(mote_graph *g, mote_error *e) {
  MOTE_TRY(build_finish(&g->b, e));
  sign(g);
  MOTE_TRY(build_finish(&g->b, e));
  versions_stamp(&g->set);
  return MOTE_OK;
}

/* Whether a version of an operator is old enough. */
static bool may_use(void *user, int32_t code, int32_t version) {
  const char *const first = versions_first_runtime(code, version);
  return first && versions_compare(first, user) <= 0;
}

mote_status network_improve(mote_graph *g, const char *runtime, const char *without, passes_report *report,
                            mote_error *e) {
  const passes_options options = {.list = rewrites_for_files,
                                  .off = without,
                                  .may_use = runtime ? may_use : NULL,
                                  .user = (void *)(uintptr_t)runtime};
  MOTE_TRY(build_finish(&g->b, e));
  return (trained_has_ranges(&g->set) ? trained_run : passes_run)(&g->set, &g->arena, &options, report, e);
}

mote_status network_older(mote_graph *g, const char *runtime, passes_report *report, mote_error *e) {
  const passes_options options = {
      .list = rewrites_for_old_runtimes, .may_use = may_use, .user = (void *)(uintptr_t)runtime};
  MOTE_TRY(build_finish(&g->b, e));
  return passes_run(&g->set, &g->arena, &options, report, e);
}

mote_status mote_graph_improve(mote_graph *g, const char *runtime, mote_error *e) {
  return network_improve(g, runtime, NULL, NULL, e);
}

mote_status mote_graph_check(mote_graph *g, mote_error *e) {
  MOTE_TRY(network_finish(g, e));
  if (!g->set.graphs[0].num_outputs) return err_set(e, MOTE_ERR_MODEL, "the network has no output");
  return graph_check(&g->set, true, g->mem, e);
}

void mote_graph_describe(mote_graph *g, const char *description) {
  const size_t size = strlen(description);
  const char *const copy = arena_string(&g->arena, description, size);
  if (copy) g->description = (sch_string){copy, (uint32_t)size};
  else build_fail(&g->b, MOTE_ERR_MEMORY, "out of memory for the description");
}

const char *mote_graph_runtime(mote_graph *g) {
  versions_stamp(&g->set);
  return versions_runtime(&g->set);
}

mote_status mote_graph_fits(mote_graph *g, const char *runtime, mote_error *e) {
  versions_stamp(&g->set);
  return versions_fit(&g->set, runtime, e);
}

/* ---- looking ---- */

static const graph *current(const mote_graph *g) { return &g->set.graphs[g->b.graph]; }

int32_t mote_graph_node_count(const mote_graph *g) { return current(g)->num_nodes; }
int32_t mote_graph_input_count(const mote_graph *g) { return current(g)->num_inputs; }
int32_t mote_graph_output_count(const mote_graph *g) { return current(g)->num_outputs; }

mote_value mote_graph_input_at(const mote_graph *g, int32_t i) {
  return i >= 0 && i < current(g)->num_inputs ? current(g)->inputs[i] : MOTE_NO_VALUE;
}

mote_value mote_graph_output_at(const mote_graph *g, int32_t i) {
  return i >= 0 && i < current(g)->num_outputs ? current(g)->outputs[i] : MOTE_NO_VALUE;
}

const char *mote_graph_node_op(const mote_graph *g, int32_t node) {
  return node >= 0 && node < current(g)->num_nodes ? current(g)->nodes[node].op->name : "";
}

mote_value mote_graph_find(const mote_graph *g, const char *name) {
  const size_t size = strlen(name);
  for (int32_t v = 0; v < current(g)->num_values; v++) {
    const sch_string have = current(g)->values[v].name;
    if (have.size == size && !memcmp(have.data, name, size)) return v;
  }
  return MOTE_NO_VALUE;
}

bool mote_graph_value(const mote_graph *g, mote_value value, mote_tensor *view) {
  if (value < 0 || value >= current(g)->num_values) return false;
  const graph_value *const v = &current(g)->values[value];
  *view = (mote_tensor){.name = v->name.data ? v->name.data : "", .type = v->type, .rank = v->rank};
  for (int32_t i = 0; i < v->rank; i++) view->dims[i] = v->dims[i], view->signature[i] = v->signature[i];
  if (v->quant.count == 1) view->scale = v->quant.scale[0], view->zero_point = v->quant.zero_point[0];
  if (v->is_const) view->data = (void *)v->data, view->size = v->bytes;
  return true;
}

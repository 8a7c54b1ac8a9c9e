/* info.c: mote info: what a model is, without running it. */
#include <string.h>

#include "cli/cli.h"
#include "operators/op.h"
#include "runtime/runtime.h"

typedef struct op_use {
  char name[100];
  int32_t version;
  int count;
  bool supported;
} op_use;

enum { MAX_USES = 512 };

typedef struct summary {
  op_use uses[MAX_USES];
  int num_uses;
  uint64_t parameters, weight_bytes;
  int missing;
} summary;

static bool supported(const sch_OperatorCode *code) {
  const int32_t builtin = sch_op_code(code);
  if (builtin != sch_BuiltinOperator_CUSTOM) return op_find(builtin) != NULL;
  return op_find_custom(code->custom_code.data, code->custom_code.size) != NULL;
}

static void count_use(summary *s, const sch_OperatorCode *code) {
  char name[100];
  sch_op_name(name, sizeof name, code);
  for (int i = 0; i < s->num_uses; i++)
    if (s->uses[i].version == code->version && !strcmp(s->uses[i].name, name)) {
      s->uses[i].count++;
      return;
    }
  if (s->num_uses == MAX_USES) return;
  op_use *u = &s->uses[s->num_uses++];
  *u = (op_use){.version = code->version, .count = 1, .supported = supported(code)};
  memcpy(u->name, name, sizeof name);
  s->missing += !u->supported;
}

/* Parameters are the elements of constants that are numbers of a network: all but plain integers, which steer. */
static void count_constant(summary *s, const sch_Model *m, const sch_Tensor *t) {
  uint64_t bytes, elements = 1;
  if (!sch_is_constant(m, t) || !sch_tensor_bytes(t, &bytes)) return;
  s->weight_bytes += bytes;
  const bool steers = (t->type == sch_TensorType_INT32 || t->type == sch_TensorType_INT64) &&
                      !(t->quantization && t->quantization->scale.count);
  if (steers || t->type == sch_TensorType_BOOL) return;
  for (uint32_t d = 0; d < t->shape.count; d++) elements *= (uint64_t)t->shape.data[d];
  s->parameters += elements;
}

static void summarise(summary *s, const sch_Model *m) {
  for (uint32_t g = 0; g < m->subgraphs.count; g++) {
    const sch_SubGraph *sub = &m->subgraphs.data[g];
    for (uint32_t i = 0; i < sub->operators.count; i++)
      count_use(s, &m->operator_codes.data[sub->operators.data[i].opcode_index]);
    for (uint32_t i = 0; i < sub->tensors.count; i++) count_constant(s, m, &sub->tensors.data[i]);
  }
}

/* ---- inputs and outputs straight from the file, so that they show when operators are missing ---- */

static mote_tensor file_tensor(const sch_SubGraph *g, int32_t index) {
  mote_tensor v = {.name = ""};
  if (index < 0) return v;
  const sch_Tensor *t = &g->tensors.data[index];
  v.name = t->name.data ? t->name.data : "";
  v.type = (mote_type)t->type;
  const sch_i32s *dims = t->shape_signature.count == t->shape.count ? &t->shape_signature : &t->shape;
  v.rank = dims->count > MOTE_MAX_RANK ? MOTE_MAX_RANK : (int32_t)dims->count;
  for (int32_t i = 0; i < v.rank; i++) v.dims[i] = t->shape.data[i], v.signature[i] = dims->data[i];
  if (t->quantization && t->quantization->scale.count == 1) {
    v.scale = t->quantization->scale.data[0];
    v.zero_point = t->quantization->zero_point.count ? (int32_t)t->quantization->zero_point.data[0] : 0;
  }
  return v;
}

/* What the network is for, where its inputs and outputs leave no doubt; else NULL. */
static const char *purpose(const sch_SubGraph *g, const summary *s, const mote_metadata *about) {
  for (int i = 0; i < s->num_uses; i++)
    if (!strcmp(s->uses[i].name, "TFLite_Detection_PostProcess")) return "object detector";
  if (g->inputs.count != 1 || g->outputs.count != 1) return NULL;
  const mote_tensor in = file_tensor(g, g->inputs.data[0]), out = file_tensor(g, g->outputs.data[0]);
  const bool coloured = in.rank == 4 && (in.dims[1] == 3 || in.dims[3] == 3);
  const bool said = about->input_count == 1 && about->inputs[0].is_image;
  return (coloured || said) && mote_tensor_takes_image(&in) && holds_scores(&out) ? "image classifier" : NULL;
}

static json_t *tensor_json(const mote_tensor *t) {
  json_t *shape = json_array();
  for (int32_t i = 0; i < t->rank; i++) json_array_append_new(shape, json_integer(t->signature[i]));
  json_t *o = json_pack("{s:o, s:s, s:o}", "name", json_name(t->name), "type", mote_type_name(t->type), "shape", shape);
  if (t->scale != 0) {
    json_object_set_new(o, "scale", json_number((double)t->scale));
    json_object_set_new(o, "zero_point", json_integer(t->zero_point));
  } else {
    json_object_set_new(o, "scale", json_null());
    json_object_set_new(o, "zero_point", json_null());
  }
  return o;
}

static json_t *list_json(const sch_SubGraph *g, sch_i32s list) {
  json_t *a = json_array();
  for (uint32_t i = 0; i < list.count; i++) {
    const mote_tensor t = file_tensor(g, list.data[i]);
    json_array_append_new(a, tensor_json(&t));
  }
  return a;
}

static json_t *operators_json(const summary *s) {
  json_t *a = json_array();
  for (int i = 0; i < s->num_uses; i++)
    json_array_append_new(a, json_pack("{s:o, s:i, s:i, s:b}", "name", json_name(s->uses[i].name), "version",
                                       (int)s->uses[i].version, "count", s->uses[i].count, "supported",
                                       (int)s->uses[i].supported));
  return a;
}

static json_t *signature_json(const sch_SignatureDef *d) {
  json_t *in = json_array(), *out = json_array();
  for (uint32_t i = 0; i < d->inputs.count; i++)
    json_array_append_new(in, json_name(d->inputs.data[i].name.data ? d->inputs.data[i].name.data : ""));
  for (uint32_t i = 0; i < d->outputs.count; i++)
    json_array_append_new(out, json_name(d->outputs.data[i].name.data ? d->outputs.data[i].name.data : ""));
  return json_pack("{s:o, s:i, s:o, s:o}", "key", json_name(d->signature_key.data ? d->signature_key.data : ""),
                   "subgraph", (int)d->subgraph_index, "inputs", in, "outputs", out);
}

/* ---- what compiling tells ---- */

typedef struct compiled {
  bool valid; /* compiled and planned */
  mote_memory memory;
  uint64_t macs;
  char *plan;
  mote_error error;
} compiled;

static void compile(compiled *c, const mote_model *model, mote_config config, mote_program **program) {
  config.plan_only = true;
  *program = mote_program_new(model, &config, &c->error);
  if (!*program) return;
  mote_session *s = session_open(*program, NULL, SESSION_PLANNED, &c->error);
  if (!s) return;
  c->valid = true;
  mote_session_memory(s, &c->memory);
  c->macs = s->entries[0].frame->macs;
  mote_session_free(s);
}

static json_t *floats_json(const float *v, size_t count) {
  json_t *a = json_array();
  for (size_t i = 0; i < count; i++) json_array_append_new(a, json_number((double)v[i]));
  return a;
}

static json_t *about_json(const mote_metadata *about) {
  json_t *inputs = json_array();
  for (size_t i = 0; i < about->input_count; i++) {
    const mote_meta_tensor *t = &about->inputs[i];
    json_array_append_new(inputs,
                          json_pack("{s:o, s:o, s:b, s:o, s:o}", "name", json_name(t->name), "description",
                                    json_name(t->description), "image", (int)t->is_image, "mean",
                                    floats_json(t->mean, t->mean_count), "std", floats_json(t->std, t->std_count)));
  }
  json_t *outputs = json_array();
  for (size_t i = 0; i < about->output_count; i++) {
    const mote_meta_file *f = mote_metadata_label_file(about, i);
    json_array_append_new(outputs, json_pack("{s:o, s:o, s:o}", "name", json_name(about->outputs[i].name),
                                             "description", json_name(about->outputs[i].description), "labels",
                                             f ? json_name(f->name) : json_null()));
  }
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", json_name(about->name), "description",
                   json_name(about->description), "version", json_name(about->version), "author",
                   json_name(about->author), "license", json_name(about->license), "inputs", inputs, "outputs",
                   outputs);
}

/* "127.5", or one number a channel. */
static char *numbers_text(char *to, size_t room, const float *v, size_t count) {
  size_t used = 0;
  for (size_t i = 0; i < count && used < room; i++)
    used += (size_t)snprintf(to + used, room - used, "%s%g", i ? ", " : "", (double)v[i]);
  return to;
}

static void print_about(const mote_metadata *about) {
  char text[300], mean[200], std[200];
  if (about->name[0]) printf("  %s [from metadata]\n", name_text(text, sizeof text, about->name));
  for (size_t i = 0; i < about->input_count; i++) {
    const mote_meta_tensor *t = &about->inputs[i];
    if (t->mean_count && t->std_count)
      printf("  input %zu is normalised by (x - %s) / %s [from metadata]\n", i,
             numbers_text(mean, sizeof mean, t->mean, t->mean_count),
             numbers_text(std, sizeof std, t->std, t->std_count));
  }
}

/* One string a line. */
static json_t *plan_json(const char *plan) {
  json_t *lines = json_array();
  for (size_t n; *plan; plan += n + (plan[n] == '\n')) {
    n = strcspn(plan, "\n");
    json_array_append_new(lines, json_stringn(plan, n));
  }
  return lines;
}

static json_t *info_json(const char *path, const mote_model *model, const summary *s, const compiled *c,
                         const mote_metadata *about, const labels *l) {
  const sch_Model *m = model->schema->model;
  const sch_SubGraph *g = &m->subgraphs.data[0];
  json_t *signatures = json_array(), *metadata = json_array();
  for (uint32_t i = 0; i < m->signature_defs.count; i++)
    json_array_append_new(signatures, signature_json(&m->signature_defs.data[i]));
  for (uint32_t i = 0; i < m->metadata.count; i++)
    json_array_append_new(metadata, json_name(m->metadata.data[i].name.data ? m->metadata.data[i].name.data : ""));
  json_t *o = json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:I, s:I, s:b}", "file", json_name(path),
                        "bytes", (json_int_t)mote_model_size(model), "description",
                        json_name(mote_model_description(model)), "inputs", list_json(g, g->inputs), "outputs",
                        list_json(g, g->outputs), "operators", operators_json(s), "signatures", signatures, "metadata",
                        metadata, "subgraphs", (int)m->subgraphs.count, "parameters", (json_int_t)s->parameters,
                        "weight_bytes", (json_int_t)s->weight_bytes, "supported", (int)(s->missing == 0 && c->valid));
  if (about->present) json_object_set_new(o, "about", about_json(about));
  const char *what = purpose(g, s, about);
  json_object_set_new(o, "purpose", what ? json_string(what) : json_null());
  json_object_set_new(o, "labels", json_integer((json_int_t)l->count));
  json_object_set_new(o, "arena_bytes", c->valid ? json_integer((json_int_t)c->memory.arena) : json_null());
  json_object_set_new(o, "arena_lower_bound", c->valid ? json_integer((json_int_t)c->memory.lower_bound) : json_null());
  json_object_set_new(o, "io_bytes", c->valid ? json_integer((json_int_t)c->memory.io) : json_null());
  json_object_set_new(o, "packed_bytes", c->valid ? json_integer((json_int_t)c->memory.packed) : json_null());
  json_object_set_new(o, "macs", c->valid ? json_integer((json_int_t)c->macs) : json_null());
  if (!c->valid) json_object_set_new(o, "problem", json_name(c->error.text));
  return o;
}

static void print_tensors(const char *what, const sch_SubGraph *g, sch_i32s list) {
  for (uint32_t i = 0; i < list.count; i++) {
    const mote_tensor t = file_tensor(g, list.data[i]);
    char text[200], name[200];
    printf("  %-8s%-28s %s", what, t.name[0] ? name_text(name, sizeof name, t.name) : "(no name)",
           list.data[i] < 0 ? "absent" : tensor_text(text, sizeof text, &t));
    if (t.scale != 0) printf("  scale %.9g zero point %d", (double)t.scale, (int)t.zero_point);
    putchar('\n');
  }
}

static void print_operators(const summary *s) {
  printf("  operators");
  for (int i = 0; i < s->num_uses; i++) {
    const op_use *u = &s->uses[i];
    printf("%s %s", i ? "," : "", u->name);
    if (u->count > 1) printf(" %d", u->count);
    if (u->version > 1) printf(" (v%d)", (int)u->version);
    if (!u->supported) printf(" [missing]");
  }
  puts(s->missing ? "" : "  (all supported)");
}

static void print_info(const char *path, const mote_model *model, const summary *s, const compiled *c,
                       const mote_metadata *about, const labels *l) {
  const sch_Model *m = model->schema->model;
  char a[40], b[40], d[40], e[40];
  const char *what = purpose(&m->subgraphs.data[0], s, about);
  printf("%s: %s%s%s parameters, %s, ", path, what ? what : "", what ? ", " : "",
         count_text(a, sizeof a, s->parameters), bytes_text(b, sizeof b, mote_model_size(model)));
  if (c->valid) printf("%s multiply-adds, ", count_text(a, sizeof a, c->macs));
  puts("valid");
  if (mote_model_description(model)[0]) {
    char text[300];
    printf("  %s\n", name_text(text, sizeof text, mote_model_description(model)));
  }
  print_tensors("input", &m->subgraphs.data[0], m->subgraphs.data[0].inputs);
  print_tensors("output", &m->subgraphs.data[0], m->subgraphs.data[0].outputs);
  for (uint32_t i = 0; i < m->signature_defs.count; i++) {
    const char *key = m->signature_defs.data[i].signature_key.data;
    char text[200];
    printf("  signature %s (subgraph %u)\n", name_text(text, sizeof text, key ? key : ""),
           m->signature_defs.data[i].subgraph_index);
  }
  if (m->subgraphs.count > 1) printf("  %u subgraphs\n", m->subgraphs.count);
  print_operators(s);
  print_about(about);
  if (l->count) printf("  labels: %zu names [from metadata]\n", l->count);
  if (c->valid)
    printf("  arena %s (lower bound %s), inputs and outputs %s, weights %s\n", bytes_text(a, sizeof a, c->memory.arena),
           bytes_text(b, sizeof b, c->memory.lower_bound), bytes_text(d, sizeof d, c->memory.io),
           bytes_text(e, sizeof e, s->weight_bytes));
  else printf("  cannot run: %s\n", c->error.text);
}

int cmd_info(int argc, char **argv) {
  common c = {0};
  bool plan = false;
  const opt opts[] = {COMMON_OPTS(c), {"plan", OPT_FLAG, &plan}};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (files != 1) return usage_error("info takes one model; mote info --help shows how");
  const mote_config config = config_of(&c);
  mote_model *model = open_model(argv[0], &config);
  if (!model) return EXIT_FAULT;
  static summary s;
  compiled k = {0};
  labels l;
  mote_program *program = NULL;
  summarise(&s, model->schema->model);
  compile(&k, model, config, &program);
  mote_metadata *about = metadata_of(model, argv[0]);
  const bool good = about && labels_load(&l, NULL, about, 0, &c);
  if (good && c.json) {
    json_t *o = info_json(argv[0], model, &s, &k, about, &l);
    if (plan) json_object_set_new(o, "plan", program ? plan_json(mote_program_plan(program)) : json_null());
    print_json(o);
  } else if (good) {
    print_info(argv[0], model, &s, &k, about, &l);
    if (plan && program) fputs(mote_program_plan(program), stdout);
  }
  if (good) labels_free(&l);
  mote_metadata_free(about);
  mote_program_free(program);
  mote_model_free(model);
  return good ? EXIT_DONE : EXIT_FAULT;
}

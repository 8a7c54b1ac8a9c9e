/* session.c: the public session: entries (subgraphs that can be run from outside), their memory, and runs. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fpenv.h"
#include "base/size.h"
#include "runtime/runtime.h"

static const graph *current_graph(const mote_session *s) { return &s->program->graphs.graphs[s->current]; }

/* ---- planning an entry ---- */

/* The shapes that an entry starts with: those of the file, where an open dimension stands as 1. */
static mote_status entry_shapes(mote_session *s, int32_t subgraph, mote_error *e) {
  entry *n = &s->entries[subgraph];
  if (n->shapes) return MOTE_OK;
  const graph *g = &s->program->graphs.graphs[subgraph];
  n->shapes = mem_array(s->mem, (size_t)g->num_inputs + 1, sizeof *n->shapes);
  if (!n->shapes) return err_memory(e, "a session", 0);
  for (int32_t i = 0; i < g->num_inputs; i++) {
    if (g->inputs[i] < 0) continue;
    const graph_value *v = &g->values[g->inputs[i]];
    n->shapes[i][0] = v->rank;
    for (int32_t d = 0; d < v->rank; d++) n->shapes[i][d + 1] = v->dims[d];
  }
  return MOTE_OK;
}

static void drop_frames(mote_session *s) {
  for (int32_t g = 0; g < s->program->graphs.count; g++) {
    for (frame *f = s->frames[g], *next; f; f = next) {
      next = f->next;
      frame_free(s, f);
    }
    s->frames[g] = NULL;
    frame_free(s, s->entries[g].frame);
    s->entries[g].frame = NULL;
  }
}

/* Each part fits a size; all of them together may not. */
static mote_status need_memory(mote_session *s, size_t arena_bytes, size_t io_bytes, mote_error *e) {
  const uint64_t room = UINT64_MAX - arena_bytes,
                 need = io_bytes < room ? io_bytes + (uint64_t)arena_bytes : UINT64_MAX;
  const uint64_t used = atomic_load(&s->mem->used), limit = s->mem->limit;
  if (!limit || (used <= limit && need <= limit - used)) return MOTE_OK;
  return err_set(
      e, MOTE_ERR_LIMIT,
      "the session needs %llu bytes for activations (arena %llu, inputs and outputs %llu) beside the %llu in "
      "use, but the limit is %llu bytes",
      (unsigned long long)need, (unsigned long long)arena_bytes, (unsigned long long)io_bytes, (unsigned long long)used,
      (unsigned long long)limit);
}

/* Memory for a planned entry. The arena is shared by all entries and only grows. */
static mote_status take_memory(mote_session *s, entry *n, mote_error *e) {
  const frame *f = n->frame;
  const bool larger = f->arena_bytes > s->arena_size || !s->arena;
  MOTE_TRY(need_memory(s, larger ? f->arena_bytes : 0, f->io_bytes, e));
  if (larger) {
    mem_free(s->mem, s->arena);
    s->arena_size = 0;
    s->arena = mem_alloc(s->mem, f->arena_bytes ? f->arena_bytes : 1);
    if (!s->arena) return err_memory(e, "the arena", f->arena_bytes);
    s->arena_size = f->arena_bytes;
  }
  mem_free(s->mem, n->io);
  n->io = mem_zalloc(s->mem, f->io_bytes ? f->io_bytes : 1);
  return n->io ? MOTE_OK : err_memory(e, "inputs and outputs", f->io_bytes);
}

/* Another entry may have taken a larger arena since this one was bound. */
static void rebind(mote_session *s) {
  const entry *n = &s->entries[s->current];
  if (n->frame && n->frame->arena_base != s->arena) frame_bind(s, n->frame, s->arena, n->io);
}

static mote_status plan_current(mote_session *s, bool take, mote_error *e) {
  entry *n = &s->entries[s->current];
  MOTE_TRY(entry_shapes(s, s->current, e));
  if (n->frame && !n->stale) {
    if (take) rebind(s);
    return MOTE_OK;
  }
  frame_drop(s, n->frame);
  n->frame = NULL;
  n->stale = false;
  MOTE_TRY(frame_get(s, s->current, (const int32_t(*)[OP_MAX_RANK + 1]) n->shapes, true, &n->frame, e));
  if (!take) return MOTE_OK;
  const mote_status status = take_memory(s, n, e);
  if (status != MOTE_OK) {
    frame_drop(s, n->frame);
    n->frame = NULL;
    return status;
  }
  frame_bind(s, n->frame, s->arena, n->io);
  return MOTE_OK;
}

/* ---- views ---- */

static void show(mote_tensor *view, const frame *f, int32_t v, bool input) {
  const op_tensor *t = &f->tensors[v];
  view->rank = t->rank < 0 ? 0 : t->rank;
  for (int32_t i = 0; i < view->rank; i++) view->dims[i] = t->dims[i];
  /* A constant among the inputs may lie in a read-only map: it is shown without data. */
  const bool hidden = input && (t->flags & OP_CONST);
  view->data = hidden ? NULL : t->data;
  view->size = hidden ? 0 : t->bytes;
}

static void sync_views(mote_session *s) {
  const frame *f = s->entries[s->current].frame;
  const graph *g = current_graph(s);
  for (int32_t i = 0; f && i < g->num_inputs; i++)
    if (g->inputs[i] >= 0) show(&s->inputs[i], f, g->inputs[i], true);
  for (int32_t i = 0; f && i < g->num_outputs; i++) show(&s->outputs[i], f, g->outputs[i], false);
}

static void first_view(mote_tensor *view, const graph_value *v, const char *name) {
  *view = (mote_tensor){.name = name ? name : v->name.data ? v->name.data : "", .type = v->type, .rank = v->rank};
  for (int32_t d = 0; d < v->rank; d++) view->dims[d] = v->dims[d], view->signature[d] = v->signature[d];
  if (v->quant.count == 1) view->scale = v->quant.scale[0], view->zero_point = v->quant.zero_point[0];
}

/* The name that the selected signature gives to a tensor, or NULL. */
static const char *signature_name(const mote_session *s, int32_t tensor, bool input) {
  if (s->signature < 0) return NULL;
  const sch_SignatureDef *d = &s->program->model->schema->model->signature_defs.data[s->signature];
  const uint32_t count = input ? d->inputs.count : d->outputs.count;
  for (uint32_t i = 0; i < count; i++) {
    const sch_TensorMap *m = input ? &d->inputs.data[i] : &d->outputs.data[i];
    if ((int64_t)m->tensor_index == tensor) return m->name.data;
  }
  return NULL;
}

static mote_status make_views(mote_session *s, mote_error *e) {
  const graph *g = current_graph(s);
  mote_tensor *inputs = MEM_ARRAY(s->mem, mote_tensor, (size_t)g->num_inputs + 1);
  mote_tensor *outputs = MEM_ARRAY(s->mem, mote_tensor, (size_t)g->num_outputs + 1);
  if (!inputs || !outputs) {
    mem_free(s->mem, inputs);
    mem_free(s->mem, outputs);
    return err_memory(e, "a session", 0);
  }
  mem_free(s->mem, s->inputs);
  mem_free(s->mem, s->outputs);
  s->inputs = inputs;
  s->outputs = outputs;
  s->num_inputs = g->num_inputs;
  s->num_outputs = g->num_outputs;
  for (int32_t i = 0; i < g->num_inputs; i++) {
    if (g->inputs[i] < 0) inputs[i].name = "";
    else first_view(&inputs[i], &g->values[g->inputs[i]], signature_name(s, g->inputs[i], true));
  }
  for (int32_t i = 0; i < g->num_outputs; i++)
    first_view(&outputs[i], &g->values[g->outputs[i]], signature_name(s, g->outputs[i], false));
  return MOTE_OK;
}

/* ---- making and freeing ---- */

static mem *session_memory(const mote_program *p, const mote_config *config) {
  if (!config || (!config->memory_limit && !config->allocator.allocate)) return mem_retain(p->mem);
  const mote_allocator *fn = config->allocator.allocate ? &config->allocator : &p->mem->fn;
  return mem_new(fn, config->memory_limit);
}

static mote_status choose_pool(mote_session *s, const mote_config *config, mote_error *e) {
  s->pool = config && config->pool ? config->pool : s->program->pool;
  if (!config || config->pool || config->threads == 0 || config->threads == pool_workers(s->pool)) return MOTE_OK;
  if (config->threads == 1) {
    s->pool = NULL;
    return MOTE_OK;
  }
  s->pool = pool_new(s->mem, config->threads, e);
  s->own_pool = s->pool != NULL;
  return s->pool ? MOTE_OK : MOTE_ERR_MEMORY;
}

mote_session *session_open(const mote_program *program, const mote_config *config, session_depth depth, mote_error *e) {
  mem *m = session_memory(program, config);
  mote_session *s = m ? MEM_NEW(m, mote_session) : NULL;
  if (!s) {
    mem_release(m);
    err_memory(e, "a session", sizeof *s);
    return NULL;
  }
  s->mem = m;
  s->program = program_retain(program);
  s->signature = -1;
  s->loop_budget = config && config->loop_budget ? config->loop_budget : program->loop_budget;
  const size_t graphs = (size_t)program->graphs.count + 1;
  s->frames = MEM_ARRAY(m, frame *, graphs);
  s->entries = MEM_ARRAY(m, entry, graphs);
  mote_status status = s->frames && s->entries ? MOTE_OK : err_memory(e, "a session", graphs * sizeof(entry));
  if (status == MOTE_OK) status = state_init(s, e);
  if (status == MOTE_OK) status = choose_pool(s, config, e);
  if (status == MOTE_OK) status = make_views(s, e);
  if (status == MOTE_OK) status = entry_shapes(s, 0, e);
  if (status == MOTE_OK && depth > SESSION_EMPTY) status = plan_current(s, depth == SESSION_READY, e);
  if (status == MOTE_OK) {
    if (depth == SESSION_READY) sync_views(s);
    return s;
  }
  mote_session_free(s);
  return NULL;
}

mote_session *mote_session_new(const mote_program *program, const mote_config *config, mote_error *e) {
  if (program && !program->plan_only) return session_open(program, config, SESSION_READY, e);
  err_set(e, MOTE_ERR_ARGUMENT,
          program ? "the program was made with plan_only and cannot run; make one without it" : "no program was given");
  return NULL;
}

void mote_session_free(mote_session *s) {
  if (!s) return;
  if (s->own_pool) pool_free(s->pool);
  if (s->frames && s->entries) drop_frames(s);
  for (int32_t g = 0; s->entries && g < s->program->graphs.count; g++) {
    mem_free(s->mem, s->entries[g].io);
    mem_free(s->mem, s->entries[g].shapes);
  }
  state_free(s);
  mem_free(s->mem, s->entries);
  mem_free(s->mem, s->frames);
  mem_free(s->mem, s->arena);
  mem_free(s->mem, s->inputs);
  mem_free(s->mem, s->outputs);
  mem *m = s->mem;
  mote_program *p = s->program;
  mem_free(m, s);
  mem_release(m);
  mote_program_free(p);
}

static mote_status no_signature(const sch_Model *m, const char *wanted, mote_error *e) {
  char names[500] = "none", asked[100], one[100];
  size_t used = 0;
  for (uint32_t i = 0; i < m->signature_defs.count && used < sizeof names - 1; i++) {
    const sch_string key = m->signature_defs.data[i].signature_key;
    const int n = snprintf(names + used, sizeof names - used, "%s'%s'", i ? ", " : "",
                           err_name(one, sizeof one, key.data ? key.data : "", key.size));
    used += n > 0 ? (size_t)n : 0;
  }
  return err_set(e, MOTE_ERR_ARGUMENT, "the model has no signature '%s'; it has %s",
                 err_name(asked, sizeof asked, wanted, strlen(wanted)), names);
}

mote_status mote_session_select(mote_session *s, const char *signature, mote_error *e) {
  const sch_Model *m = s->program->model->schema->model;
  int32_t found = -1;
  for (uint32_t i = 0; signature && i < m->signature_defs.count && found < 0; i++) {
    const char *key = m->signature_defs.data[i].signature_key.data;
    if (!strcmp(key ? key : "", signature)) found = (int32_t)i;
  }
  if (signature && found < 0) return no_signature(m, signature, e);
  const int32_t before = s->current, before_signature = s->signature;
  s->current = found < 0 ? 0 : (int32_t)m->signature_defs.data[found].subgraph_index;
  s->signature = found;
  mote_status status = plan_current(s, true, e);
  if (status == MOTE_OK) status = make_views(s, e);
  if (status != MOTE_OK) s->current = before, s->signature = before_signature;
  sync_views(s);
  return status;
}

mote_status session_enter(mote_session *s, int32_t subgraph, mote_error *e) {
  if (s->current == subgraph && s->signature < 0) return MOTE_OK;
  s->current = subgraph;
  s->signature = -1;
  MOTE_TRY(entry_shapes(s, subgraph, e));
  MOTE_TRY(make_views(s, e));
  rebind(s);
  sync_views(s);
  return MOTE_OK;
}

/* ---- inputs and outputs ---- */

int32_t mote_session_input_count(const mote_session *s) { return s->num_inputs; }
int32_t mote_session_output_count(const mote_session *s) { return s->num_outputs; }

mote_tensor *mote_session_input(mote_session *s, int32_t index) {
  return index < 0 || index >= s->num_inputs ? NULL : &s->inputs[index];
}

const mote_tensor *mote_session_output(mote_session *s, int32_t index) {
  return index < 0 || index >= s->num_outputs ? NULL : &s->outputs[index];
}

static mote_tensor *named(mote_tensor *list, int32_t count, const char *name) {
  for (int32_t i = 0; i < count; i++)
    if (!strcmp(list[i].name, name)) return &list[i];
  return NULL;
}

mote_tensor *mote_session_input_named(mote_session *s, const char *name) {
  return named(s->inputs, s->num_inputs, name);
}

const mote_tensor *mote_session_output_named(mote_session *s, const char *name) {
  return named(s->outputs, s->num_outputs, name);
}

mote_status mote_session_resize(mote_session *s, int32_t input, const int32_t *dims, int32_t rank, mote_error *e) {
  if (input < 0 || input >= s->num_inputs || current_graph(s)->inputs[input] < 0)
    return err_set(e, MOTE_ERR_ARGUMENT, "the network has no input %d; it has %d", (int)input, (int)s->num_inputs);
  if (rank < 0 || rank > MOTE_MAX_RANK)
    return err_set(e, MOTE_ERR_ARGUMENT, "a shape of %d dimensions was given for input %d; 0 to %d are taken",
                   (int)rank, (int)input, MOTE_MAX_RANK);
  for (int32_t i = 0; i < rank; i++)
    if (dims[i] < 0)
      return err_set(e, MOTE_ERR_ARGUMENT, "dimension %d of the shape for input %d is %d; it must be 0 or more", (int)i,
                     (int)input, (int)dims[i]);
  const graph_value *v = &current_graph(s)->values[current_graph(s)->inputs[input]];
  int32_t *wanted = s->entries[s->current].shapes[input];
  const bool same = wanted[0] == rank && (!rank || !memcmp(wanted + 1, dims, (size_t)rank * sizeof *dims));
  if (same) return MOTE_OK;
  if (v->is_const || v->is_variable)
    return err_set(e, MOTE_ERR_ARGUMENT, "input %d is a constant or a variable; its shape is fixed", (int)input);
  wanted[0] = rank;
  if (rank) memcpy(wanted + 1, dims, (size_t)rank * sizeof *dims);
  s->entries[s->current].stale = true;
  return MOTE_OK;
}

mote_status mote_session_plan(mote_session *s, mote_error *e) {
  const mote_status status = plan_current(s, true, e);
  sync_views(s);
  return status;
}

/* ---- strings ---- */

static bool string_bytes(const size_t *lengths, size_t count, size_t *bytes) {
  size_t header;
  if (!size_mul(count, 4, &header) || !size_add(header, 8, bytes)) return false;
  for (size_t i = 0; i < count; i++)
    if (!size_add(*bytes, lengths[i], bytes)) return false;
  return *bytes <= INT32_MAX;
}

static void pack_strings(uint8_t *to, const char *const *strings, const size_t *lengths, size_t count) {
  int32_t *header = (int32_t *)(void *)to;
  size_t at = (count + 2) * 4;
  header[0] = (int32_t)count;
  for (size_t i = 0; i < count; i++) {
    header[i + 1] = (int32_t)at;
    if (lengths[i]) memcpy(to + at, strings[i], lengths[i]);
    at += lengths[i];
  }
  header[count + 1] = (int32_t)at;
}

mote_status mote_session_write_strings(mote_session *s, int32_t input, const char *const *strings,
                                       const size_t *lengths, size_t count, mote_error *e) {
  mote_tensor *t = mote_session_input(s, input);
  if (!t || t->type != MOTE_STRING)
    return err_set(e, MOTE_ERR_ARGUMENT, "the network has no string input %d", (int)input);
  size_t bytes, elements = 1;
  if (count > INT32_MAX || !string_bytes(lengths, count, &bytes))
    return err_set(e, MOTE_ERR_LIMIT, "strings of more than 2 GB were given for input %d", (int)input);
  if (!size_dims(t->dims, t->rank, &elements) || elements != count) {
    const int32_t list[1] = {(int32_t)count};
    MOTE_TRY(mote_session_resize(s, input, list, 1, e));
  }
  MOTE_TRY(mote_session_plan(s, e));
  uint8_t *data;
  MOTE_TRY(session_write_moving(s, input, bytes, (void **)&data, e));
  pack_strings(data, strings, lengths, count);
  return MOTE_OK;
}

mote_status session_write_moving(mote_session *s, int32_t input, size_t bytes, void **data, mote_error *e) {
  frame *f = s->entries[s->current].frame;
  const int32_t v = current_graph(s)->inputs[input];
  void **room = &f->late_data[v];
  if (!*room || mem_size(*room) < bytes) {
    mem_free(s->mem, *room);
    *room = mem_alloc(s->mem, bytes);
    f->tensors[v].data = NULL;
    f->tensors[v].bytes = 0;
    if (!*room) return err_memory(e, "a string input", bytes);
  }
  *data = f->tensors[v].data = *room;
  f->tensors[v].bytes = bytes;
  sync_views(s);
  return MOTE_OK;
}

static const int32_t *string_header(const mote_tensor *t) {
  return t && t->type == MOTE_STRING && t->data && t->size >= 8 ? t->data : NULL;
}

size_t mote_tensor_string_count(const mote_tensor *t) {
  const int32_t *header = string_header(t);
  if (!header || header[0] < 0 || ((uint64_t)header[0] + 2) * 4 > t->size) return 0;
  return (size_t)header[0];
}

bool mote_tensor_string(const mote_tensor *t, size_t index, const char **bytes, size_t *length) {
  if (index >= mote_tensor_string_count(t)) return false;
  const int32_t *header = string_header(t);
  const int32_t from = header[index + 1], to = header[index + 2];
  if (from < 0 || to < from || (size_t)to > t->size) return false;
  *bytes = (const char *)t->data + from;
  *length = (size_t)(to - from);
  return true;
}

/* ---- running ---- */

/* A string input that was never written, or was written wrongly by hand, must not reach a kernel (rule D34). */
static mote_status check_strings(const mote_session *s, mote_error *e) {
  const frame *f = s->entries[s->current].frame;
  const graph *g = current_graph(s);
  for (int32_t i = 0; i < g->num_inputs; i++) {
    if (g->inputs[i] < 0) continue;
    const op_tensor *t = &f->tensors[g->inputs[i]];
    if (t->type != MOTE_STRING || (t->flags & OP_CONST)) continue;
    const mote_status status =
        t->data ? sch_check_strings(t->data, t->bytes, op_count(t), e)
                : err_set(e, MOTE_ERR_ARGUMENT, "no strings were written; use mote_session_write_strings");
    if (status == MOTE_OK) continue;
    err_prefix(e, "input %d", (int)i);
    return status;
  }
  return MOTE_OK;
}

static mote_status run_now(mote_session *s, mote_error *e) {
  MOTE_TRY(plan_current(s, true, e));
  MOTE_TRY(check_strings(s, e));
  atomic_store(&s->cancel, 0);
  s->rounds = s->loop_budget;
  const fp_state fp = fp_enter();
  const mote_status status = frame_run(s->entries[s->current].frame, e);
  fp_leave(fp);
  return status;
}

mote_status mote_session_run(mote_session *s, mote_error *e) {
  if (atomic_exchange(&s->busy, 1)) return err_set(e, MOTE_ERR_BUSY, "another thread is running this session");
  const mote_status status = run_now(s, e);
  sync_views(s);
  atomic_store(&s->busy, 0);
  return status;
}

void mote_session_cancel(mote_session *s) { atomic_store(&s->cancel, 1); }

void mote_session_reset(mote_session *s) { state_reset(s); }

void mote_session_profile(mote_session *s, void (*on_step)(void *user, const mote_step *step), void *user) {
  s->on_step = on_step;
  s->on_step_user = user;
}

void mote_session_memory(const mote_session *s, mote_memory *memory) {
  const frame *f = s->entries[s->current].frame;
  const mote_program *p = s->program;
  *memory = (mote_memory){.state = s->state_bytes,
                          .packed = p->packs.bytes + (p->plan_only ? 0 : p->model->packs.bytes),
                          .late = s->late_bytes};
  if (!f) return;
  memory->arena = f->arena_bytes;
  memory->lower_bound = f->lower_bound;
  memory->io = f->io_bytes;
}

mote_status mote_program_memory(const mote_program *program, mote_memory *memory, mote_error *e) {
  mote_error local;
  mote_session *s = session_open(program, NULL, SESSION_PLANNED, e ? e : &local);
  if (!s) return e ? e->code : local.code;
  mote_session_memory(s, memory);
  mote_session_free(s);
  return MOTE_OK;
}

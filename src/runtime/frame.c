/* frame.c: a subgraph for one set of input shapes: infer, plan, lifetimes, places, pointers.
 *
 * A value is placed in one of five ways: constant, state of the session, input or output of an entry (io), arena, or
 * late (its size is known only in the run). Values that may share memory (aliases, in place) form a group: one block
 * of the arena. An arena looks like this, offsets growing to the right; scratch lives for one step only, and the
 * arenas of called subgraphs lie behind the scratch of the calling step:
 *
 *     | values alive over steps ... | scratch of step i | arena of callee ... |
 */
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "runtime/runtime.h"

typedef struct planner {
  mote_session *s;
  frame *f;
  const prog_graph *g;
  mote_error *error;
  int32_t *first, *last; /* lifetimes of values in steps; first -1: from the start; last < first: unused */
  int32_t *group;        /* union-find over values */
  bool *fixed;           /* of a group: holds an input, whose bytes must not be written */
  bool *out;             /* of a group: holds an output */
} planner;

static mote_status no_memory(const planner *k) { return err_memory(k->error, "the plan of the network", 0); }

/* ---- shapes ---- */

static bool tensor_bytes(op_tensor *t) {
  size_t count;
  if (t->type == MOTE_STRING || t->type == MOTE_VARIANT) return false;
  return op_shape_known(t) && size_dims(t->dims, t->rank, &count) && op_type_bytes(t->type, count, &t->bytes);
}

static bool is_moving(const op_tensor *t) { return t->type == MOTE_STRING || t->type == MOTE_VARIANT; }

static mote_status too_large(const planner *k, const op_tensor *t) {
  char shape[100], name[100];
  return err_set(k->error, MOTE_ERR_LIMIT, "tensor %d '%s' of %s x %s elements is larger than this machine can address",
                 (int)t->index, err_name(name, sizeof name, t->name, strlen(t->name)), mote_type_name(t->type),
                 op_shape_text(shape, sizeof shape, t->rank, t->dims));
}

/* Size of a value whose shape was just inferred; late when it is not known yet. */
static mote_status settle(planner *k, op_tensor *t) {
  if (tensor_bytes(t)) return MOTE_OK;
  if (op_shape_known(t) && !is_moving(t)) return too_large(k, t);
  t->flags |= OP_LATE;
  t->bytes = 0;
  k->f->has_late = true;
  return MOTE_OK;
}

static bool inputs_known(const op_ctx *c) {
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (c->in[i] && (c->in[i]->flags & OP_LATE)) return false;
  return true;
}

/* ---- integers that are known before a run: shapes and what is computed from them ---- */

static bool small_integers(const op_tensor *t) {
  const bool integer = t->type == MOTE_INT32 || t->type == MOTE_INT64;
  return integer && !(t->flags & OP_LATE) && op_count(t) <= OP_KNOWN_MAX;
}

static bool known_whole(const op_tensor *t) {
  if (!t->known || !small_integers(t)) return false;
  const size_t n = op_count(t);
  const uint64_t all = n == OP_KNOWN_MAX ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
  return (t->known->mask & all) == all;
}

static void write_known(op_tensor *t) {
  const size_t n = op_count(t);
  for (size_t i = 0; i < n; i++) {
    if (t->type == MOTE_INT64) ((int64_t *)t->data)[i] = t->known->v[i];
    else ((int32_t *)t->data)[i] = (int32_t)t->known->v[i];
  }
}

/* Operands and results are small integers that are there already, and nothing else is touched. */
static bool can_know(const op_ctx *c) {
  if (c->op->traits & (OP_STATEFUL | OP_CALLS | OP_DATA_SHAPE)) return false;
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (c->in[i] && (!op_is_const(c->in[i]) || !c->in[i]->data || c->in[i]->bytes > OP_KNOWN_MAX * sizeof(int64_t)))
      return false;
  for (int32_t i = 0; i < c->num_outputs; i++)
    if (!small_integers(c->out[i])) return false;
  return c->num_inputs > 0;
}

/* Computes what is known while planning. On success the outputs are constants of this frame and the step is done. */
static mote_status settle_known(planner *k, exec_step *s) {
  op_ctx *c = &s->c;
  bool stated = c->num_outputs > 0;
  for (int32_t i = 0; i < c->num_outputs; i++) stated &= known_whole(c->out[i]);
  if (!stated && !can_know(c)) return MOTE_OK;
  for (int32_t i = 0; i < c->num_outputs; i++) {
    c->out[i]->data = arena_alloc(&k->f->records, c->out[i]->bytes);
    if (!c->out[i]->data) return no_memory(k);
    if (stated) write_known(c->out[i]);
  }
  if (!stated) {
    c->scratch = arena_alloc(&k->f->records, c->scratch_size);
    if (!c->scratch) return no_memory(k);
    MOTE_TRY(c->op->run(c));
  }
  for (int32_t i = 0; i < c->num_outputs; i++) {
    c->out[i]->flags |= OP_CONST;
    k->f->places[c->out[i] - k->f->tensors].kind = PLACE_CONST;
  }
  s->done = true;
  c->scratch_size = 0;
  return MOTE_OK;
}

/* Shapes and records of one step, or the mark that they come later. */
static mote_status plan_step(planner *k, exec_step *s) {
  op_ctx *c = &s->c;
  const bool known = inputs_known(c);
  if (known && c->op->infer) MOTE_TRY(c->op->infer(c));
  for (int32_t i = 0; i < c->num_outputs; i++) {
    if (!c->out[i]) continue;
    if (!known) c->out[i]->rank = -1;
    MOTE_TRY(settle(k, c->out[i]));
    s->late |= (c->out[i]->flags & OP_LATE) != 0;
  }
  s->late |= !known;
  if (s->late) return MOTE_OK;
  if (c->op->plan) MOTE_TRY(c->op->plan(c));
  k->f->macs += c->macs;
  return settle_known(k, s);
}

static mote_status plan_steps(planner *k) {
  frame *f = k->f;
  for (int32_t i = 0; i < f->num_steps; i++) {
    exec_step *s = &f->steps[i];
    MOTE_TRY(step_init(s, k->s->program, k->g, i, f->tensors, &f->records, k->error));
    s->session = k->s;
    s->frame = f;
    s->c.workers = pool_workers(k->s->pool);
    MOTE_TRY(plan_step(k, s));
    MOTE_TRY(step_state(s, k->error));
  }
  return MOTE_OK;
}

static mote_status plan_inputs(planner *k) {
  frame *f = k->f;
  for (int32_t i = 0; i < k->g->graph->num_inputs; i++) {
    const int32_t v = k->g->graph->inputs[i];
    if (v < 0) continue;
    op_tensor *t = &f->tensors[v];
    if (t->flags & (OP_CONST | OP_VARIABLE)) continue;
    op_set_shape(t, f->key[i][0], &f->key[i][1]);
    if (is_moving(t)) {
      t->bytes = 0;
      f->places[v].kind = PLACE_LATE;
      continue;
    }
    if (!tensor_bytes(t)) return too_large(k, t);
  }
  return MOTE_OK;
}

static mote_status plan_variables(planner *k) {
  for (int32_t v = 0; v < k->g->graph->num_values; v++) {
    op_tensor *t = &k->f->tensors[v];
    if (t->flags & OP_CONST) k->f->places[v].kind = PLACE_CONST;
    if (!(t->flags & OP_VARIABLE)) continue;
    if (!tensor_bytes(t)) return too_large(k, t);
    k->f->places[v].kind = PLACE_STATE;
    MOTE_TRY(state_variable(k->s, k->f->graph, v, t, &t->data, k->error));
  }
  return MOTE_OK;
}

/* ---- lifetimes and groups ---- */

static void use(planner *k, int32_t v, int32_t step) {
  if (v < 0) return;
  if (k->first[v] > step) k->first[v] = step;
  if (k->last[v] < step) k->last[v] = step;
}

static void lifetimes(planner *k) {
  const graph *g = k->g->graph;
  const int32_t end = k->f->num_steps;
  for (int32_t v = 0; v < g->num_values; v++) k->first[v] = INT32_MAX, k->last[v] = -2, k->group[v] = v;
  for (int32_t i = 0; i < g->num_inputs; i++) use(k, g->inputs[i], -1);
  for (int32_t i = 0; i < end; i++) {
    const graph_node *n = k->g->steps[i].node;
    for (int32_t j = 0; j < n->num_inputs; j++) use(k, n->inputs[j], i);
    for (int32_t j = 0; j < n->num_outputs; j++) use(k, n->outputs[j], i);
  }
  for (int32_t i = 0; i < g->num_outputs; i++) use(k, g->outputs[i], end);
  for (int32_t i = 0; i < g->num_inputs; i++)
    if (g->inputs[i] >= 0) k->fixed[g->inputs[i]] = true;
  for (int32_t i = 0; i < g->num_outputs; i++) k->out[g->outputs[i]] = true;
}

static int32_t root(const planner *k, int32_t v) {
  while (k->group[v] != v) v = k->group[v];
  return v;
}

/* Only values that live in arena or io can share memory. */
static bool groupable(const planner *k, int32_t v) {
  return v >= 0 && k->f->places[v].kind == PLACE_NONE && !(k->f->tensors[v].flags & (OP_CONST | OP_VARIABLE | OP_LATE));
}

/* Joins the group of `out` to that of `in`, whose memory it takes over. */
static void join(planner *k, int32_t in, int32_t out) {
  const int32_t a = root(k, in), b = root(k, out);
  if (a == b) return;
  k->group[b] = a;
  if (k->first[b] < k->first[a]) k->first[a] = k->first[b];
  if (k->last[b] > k->last[a]) k->last[a] = k->last[b];
  k->fixed[a] |= k->fixed[b];
  k->out[a] |= k->out[b];
}

/* An alias shows the same bytes: safe whenever nobody writes into the group later; in place is only done by a last
 * reader, so that holds. Inputs and outputs of the network keep memory of their own. */
static bool try_alias(planner *k, int32_t in, int32_t out) {
  if (!groupable(k, in) || !groupable(k, out) || k->f->tensors[in].bytes != k->f->tensors[out].bytes) return false;
  const int32_t a = root(k, in);
  if ((k->fixed[a] && k->out[out]) || (k->out[a] && k->out[out])) return false;
  join(k, in, out);
  return true;
}

/* How often a step reads a group. */
static int reads_of(const planner *k, const graph_node *n, int32_t group) {
  int reads = 0;
  for (int32_t i = 0; i < n->num_inputs; i++)
    reads += n->inputs[i] >= 0 && groupable(k, n->inputs[i]) && root(k, n->inputs[i]) == group;
  return reads;
}

static bool try_in_place(planner *k, const graph_node *n, int32_t slot, int32_t step) {
  if (slot >= n->num_inputs) return false;
  const int32_t in = n->inputs[slot], out = n->outputs[0];
  if (!groupable(k, in) || !groupable(k, out) || k->f->tensors[in].bytes != k->f->tensors[out].bytes) return false;
  const int32_t a = root(k, in);
  if (k->fixed[a] || k->out[a] || k->last[a] != step || reads_of(k, n, a) != 1) return false;
  join(k, in, out);
  return true;
}

static void share_memory(planner *k) {
  for (int32_t i = 0; i < k->f->num_steps; i++) {
    const graph_node *n = k->g->steps[i].node;
    if (!n->num_outputs || n->outputs[0] < 0 || k->f->steps[i].late) continue;
    if ((n->op->traits & OP_ALIAS) && n->num_inputs && try_alias(k, n->inputs[0], n->outputs[0])) continue;
    if ((n->op->traits & OP_INPLACE_0) && try_in_place(k, n, 0, i)) continue;
    if (n->op->traits & OP_INPLACE_1) try_in_place(k, n, 1, i);
  }
}

/* ---- places ---- */

static bool aligned_end(size_t at, size_t bytes, size_t *end) {
  return size_add(at, bytes, end) && size_align(*end, MEM_ALIGN, end);
}

/* Inputs and outputs of an entry get places of their own, one after the other. */
static bool place_io(planner *k) {
  frame *f = k->f;
  for (int32_t v = 0; v < k->g->graph->num_values; v++) {
    if (!groupable(k, v) || root(k, v) != v || !(k->fixed[v] || k->out[v])) continue;
    f->places[v] = (value_place){PLACE_IO, f->io_bytes};
    if (!aligned_end(f->io_bytes, f->tensors[v].bytes, &f->io_bytes)) return false;
  }
  return true;
}

static bool step_bytes(const exec_step *s, size_t *bytes) {
  if (!size_align(s->c.scratch_size, MEM_ALIGN, bytes)) return false;
  for (int32_t i = 0; i < s->num_callees; i++) {
    s->callee_at[i] = *bytes;
    if (!aligned_end(*bytes, s->callees[i]->arena_bytes, bytes)) return false;
  }
  return true;
}

/* Arena blocks: one a group, then one a step that needs scratch. owner: value index, or -1 - step. */
static mote_status make_blocks(planner *k, block *blocks, int32_t *owner, int32_t *count) {
  const int32_t end = k->f->num_steps;
  for (int32_t v = 0; v < k->g->graph->num_values; v++) {
    if (!groupable(k, v) || root(k, v) != v || k->f->places[v].kind != PLACE_NONE || k->last[v] < k->first[v]) continue;
    block *b = &blocks[*count];
    if (!size_align(k->f->tensors[v].bytes, MEM_ALIGN, &b->size)) return too_large(k, &k->f->tensors[v]);
    b->from = k->first[v] < 0 ? 0 : k->first[v];
    b->to = k->last[v] > end ? end : k->last[v] < b->from ? b->from : k->last[v];
    owner[(*count)++] = v;
  }
  for (int32_t i = 0; i < end; i++) {
    block *b = &blocks[*count];
    if (k->f->steps[i].late) continue;
    if (!step_bytes(&k->f->steps[i], &b->size))
      return err_set(k->error, MOTE_ERR_LIMIT, "operator %d needs more scratch than this machine can address", (int)i);
    if (!b->size) continue;
    b->from = b->to = i;
    owner[(*count)++] = -1 - i;
  }
  return MOTE_OK;
}

static mote_status place_arena(planner *k) {
  frame *f = k->f;
  const size_t most = (size_t)k->g->graph->num_values + (size_t)f->num_steps + 1;
  block *blocks = ARENA_ARRAY(&f->records, block, most);
  int32_t *owner = ARENA_ARRAY(&f->records, int32_t, most), *order = ARENA_ARRAY(&f->records, int32_t, most);
  if (!blocks || !owner || !order) return no_memory(k);
  int32_t count = 0;
  MOTE_TRY(make_blocks(k, blocks, owner, &count));
  if (!place_blocks(blocks, order, count, f->num_steps, &f->arena_bytes, &f->lower_bound, k->s->mem))
    return no_memory(k);
  for (int32_t i = 0; i < count; i++) {
    if (owner[i] >= 0) f->places[owner[i]] = (value_place){PLACE_ARENA, blocks[i].at};
    else f->steps[-1 - owner[i]].scratch_at = blocks[i].at;
  }
  return MOTE_OK;
}

/* Members of a group lie where its root lies; late values wait. */
static void spread_places(planner *k) {
  for (int32_t v = 0; v < k->g->graph->num_values; v++) {
    if (k->f->tensors[v].flags & OP_LATE) k->f->places[v].kind = PLACE_LATE;
    else if (k->f->places[v].kind == PLACE_NONE && root(k, v) != v) k->f->places[v] = k->f->places[root(k, v)];
  }
}

static mote_status plan_memory(planner *k) {
  const size_t n = (size_t)k->g->graph->num_values + 1;
  arena *a = &k->f->records;
  k->first = ARENA_ARRAY(a, int32_t, n);
  k->last = ARENA_ARRAY(a, int32_t, n);
  k->group = ARENA_ARRAY(a, int32_t, n);
  k->fixed = ARENA_ARRAY(a, bool, n);
  k->out = ARENA_ARRAY(a, bool, n);
  if (!k->first || !k->last || !k->group || !k->fixed || !k->out) return no_memory(k);
  lifetimes(k);
  share_memory(k);
  if (k->f->entry && !place_io(k))
    return err_set(k->error, MOTE_ERR_LIMIT, "inputs and outputs are larger than this machine can address");
  MOTE_TRY(place_arena(k));
  spread_places(k);
  return MOTE_OK;
}

/* ---- the frame ---- */

static mote_status plan_frame(planner *k, const int32_t (*key)[OP_MAX_RANK + 1]) {
  frame *f = k->f;
  const size_t values = (size_t)k->g->graph->num_values + 1, inputs = (size_t)k->g->graph->num_inputs + 1;
  f->num_steps = k->g->num_steps;
  f->key = arena_array(&f->records, inputs, sizeof *f->key);
  f->tensors = ARENA_ARRAY(&f->records, op_tensor, values);
  f->places = ARENA_ARRAY(&f->records, value_place, values);
  f->steps = ARENA_ARRAY(&f->records, exec_step, (size_t)f->num_steps + 1);
  f->late_data = ARENA_ARRAY(&f->records, void *, values);
  f->outputs = ARENA_ARRAY(&f->records, const op_tensor *, (size_t)k->g->graph->num_outputs + 1);
  if (!f->key || !f->tensors || !f->places || !f->steps || !f->late_data || !f->outputs) return no_memory(k);
  for (int32_t i = 0; i < k->g->graph->num_outputs; i++) f->outputs[i] = &f->tensors[k->g->graph->outputs[i]];
  memcpy(f->key, key, (inputs - 1) * sizeof *f->key);
  memcpy(f->tensors, k->g->values, (values - 1) * sizeof *f->tensors);
  MOTE_TRY(plan_variables(k));
  MOTE_TRY(plan_inputs(k));
  MOTE_TRY(plan_steps(k));
  return plan_memory(k);
}

void frame_free(mote_session *s, frame *f) {
  if (!f) return;
  for (int32_t v = 0; f->late_data && v < s->program->graphs.graphs[f->graph].num_values; v++)
    mem_free(s->mem, f->late_data[v]);
  mem_free(s->mem, f->late_scratch);
  mem_free(s->mem, f->own);
  arena_free(&f->records);
  mem_free(s->mem, f);
}

static bool same_key(const frame *f, const int32_t (*key)[OP_MAX_RANK + 1], int32_t inputs) {
  for (int32_t i = 0; i < inputs; i++)
    if (key[i][0] != f->key[i][0] || memcmp(&key[i][1], &f->key[i][1], (size_t)key[i][0] * sizeof **key)) return false;
  return true;
}

void frame_drop(mote_session *s, frame *f) {
  for (int32_t i = 0; f && f->steps && i < f->num_steps; i++)
    for (int32_t k = 0; k < f->steps[i].num_callees; k++) f->steps[i].callees[k]->pinned--;
  frame_free(s, f);
}

/* Frames that no call site holds on to are kept only up to this many for each subgraph. */
enum { LOOSE_FRAMES = 4 };

static void drop_loose(mote_session *s, int32_t subgraph) {
  int loose = 0;
  for (frame **at = &s->frames[subgraph]; *at;) {
    frame *f = *at;
    if (f->pinned || f->entry || ++loose < LOOSE_FRAMES) {
      at = &f->next;
      continue;
    }
    *at = f->next;
    frame_drop(s, f);
  }
}

mote_status frame_get(mote_session *s, int32_t subgraph, const int32_t (*key)[OP_MAX_RANK + 1], bool as_entry,
                      frame **out, mote_error *e) {
  const prog_graph *g = &s->program->compiled[subgraph];
  for (frame *f = s->frames[subgraph]; f && !as_entry; f = f->next)
    if (!f->entry && same_key(f, key, g->graph->num_inputs)) {
      *out = f;
      return MOTE_OK;
    }
  if (!as_entry) drop_loose(s, subgraph);
  frame *f = MEM_NEW(s->mem, frame);
  if (!f) return err_memory(e, "the plan of the network", sizeof *f);
  f->graph = subgraph;
  f->entry = as_entry;
  arena_init(&f->records, s->mem);
  planner k = {.s = s, .f = f, .g = g, .error = e};
  const mote_status status = plan_frame(&k, key);
  if (status != MOTE_OK) {
    frame_drop(s, f);
    return status;
  }
  if (!as_entry) f->next = s->frames[subgraph], s->frames[subgraph] = f;
  *out = f;
  return MOTE_OK;
}

void frame_bind(mote_session *s, frame *f, uint8_t *arena_base, uint8_t *io_base) {
  f->arena_base = arena_base;
  f->io_base = io_base;
  const int32_t values = s->program->graphs.graphs[f->graph].num_values;
  for (int32_t v = 0; v < values; v++) {
    const value_place p = f->places[v];
    if (p.kind == PLACE_ARENA) f->tensors[v].data = arena_base + p.at;
    else if (p.kind == PLACE_IO) f->tensors[v].data = io_base + p.at;
  }
  for (int32_t i = 0; i < f->num_steps; i++) f->steps[i].c.scratch = arena_base + f->steps[i].scratch_at;
}

/* loops.c: loops of TensorFlow 1, whose operators (Enter, Merge, Switch, NextIteration, Exit) stand in the graph among
 * the others, are cut out of it: each becomes one While with a condition and a body that are flat graphs. Conditionals
 * of that form are not here.
 *
 * An operator belongs to the frame of the innermost loop whose values it reads. Of a frame, each Merge of an Enter and
 * a NextIteration is a carried value; whatever else the frame reads from outside is captured, and goes around
 * unchanged. Frames are cut from the innermost outwards, so that nothing here calls itself.
 */
#include <string.h>

#include "base/error.h"
#include "import/tensorflow/flat.h"

enum { MAX_LOOPS = 256, MAX_DEPTH = 16, MAX_CARRIED = 1000, MAX_OPS = 1 << 20 };

typedef struct loop {
  const char *path, *name; /* a frame's name is one within a call of a function */
  size_t path_length;
  int32_t parent, depth;
  int32_t *merges; /* one a carried value */
  int32_t num_merges, room;
  tf_edge captured[MAX_CARRIED];
  int32_t num_captured;
  tf_edge *inputs; /* of the While */
  tf_flat parts[2];
} loop;

/* What is being made: the graph between loops, or a condition or body. */
typedef struct region {
  tf_flat *flat;
  int32_t room, frame;
  int32_t arguments[2 * MAX_CARRIED]; /* operators that stand for them, -1: not yet */
} region;

typedef struct cutter {
  arena *arena;
  const tf_op *ops;
  int32_t count, total;
  int32_t *frame;    /* of each operator; 0: none */
  int32_t *variable; /* of a Merge: which carried value it is; else -1 */
  int32_t *made;     /* of each operator, and behind them of each loop: its number in the region */
  int32_t *stack, *next;
  tf_edge **mapped; /* inputs of what is on the way */
  loop *loops;      /* from 1 */
  int32_t num_loops;
  mote_error *error;
} cutter;

static mote_status no_memory(const cutter *c) { return err_memory(c->error, "loops", 0); }
static bool is(const tf_op *op, const char *type) { return op->argument < 0 && !strcmp(op->type, type); }

/* ---- frames ---- */

static int32_t loop_of(cutter *c, const tf_op *enter) {
  const char *name = tf_attr_text(enter->node, "frame_name");
  const size_t path = strlen(enter->name) - strlen(enter->node->name);
  for (int32_t i = 1; i < c->num_loops; i++)
    if (c->loops[i].path_length == path && !memcmp(c->loops[i].path, enter->name, path) &&
        !strcmp(c->loops[i].name, name))
      return i;
  if (c->num_loops == MAX_LOOPS) return -1;
  c->loops[c->num_loops] = (loop){.path = enter->name, .path_length = path, .name = name};
  return c->num_loops++;
}

static bool within(const cutter *c, int32_t inner, int32_t outer) {
  for (int hop = 0; inner && inner != outer && hop <= MAX_DEPTH; hop++) inner = c->loops[inner].parent;
  return inner == outer;
}

static int32_t deepest_input(const cutter *c, const tf_op *op) {
  int32_t frame = 0;
  for (int32_t i = 0; i < op->num_inputs; i++) {
    const int32_t other = c->frame[op->inputs[i].op];
    if (c->loops[other].depth > c->loops[frame].depth) frame = other;
  }
  return frame;
}

/* One pass over all operators; true when something changed. Depths of loops settle as their Enters are seen. */
static mote_status place_all(cutter *c, bool *changed) {
  *changed = false;
  for (int32_t i = 0; i < c->count; i++) {
    const tf_op *op = &c->ops[i];
    int32_t frame = is(op, "NextIteration") ? 0 : deepest_input(c, op);
    if (is(op, "Exit")) frame = c->loops[frame].parent;
    if (is(op, "Enter")) {
      const int32_t inner = loop_of(c, op);
      if (inner < 0)
        return err_set(c->error, MOTE_ERR_LIMIT, "'%.200s': the graph has more than %d loops", op->name, MAX_LOOPS - 1);
      loop *l = &c->loops[inner];
      if (inner != frame && c->loops[frame].depth + 1 > l->depth)
        l->parent = frame, l->depth = c->loops[frame].depth + 1, *changed = true;
      if (l->depth > MAX_DEPTH)
        return err_set(c->error, MOTE_ERR_LIMIT, "'%.200s': loops are nested more than %d deep, or within themselves",
                       op->name, MAX_DEPTH);
      frame = inner;
    }
    *changed |= frame != c->frame[i];
    c->frame[i] = frame;
  }
  return MOTE_OK;
}

/* ---- carried values ---- */

static mote_status note_merge(cutter *c, int32_t number) {
  const tf_op *op = &c->ops[number];
  loop *l = &c->loops[c->frame[number]];
  if (!c->frame[number] || op->num_inputs != 2 || !is(&c->ops[op->inputs[0].op], "Enter") ||
      !is(&c->ops[op->inputs[1].op], "NextIteration"))
    return MOTE_OK;
  if (l->num_merges == MAX_CARRIED)
    return err_set(c->error, MOTE_ERR_LIMIT, "'%.200s': a loop carries more than %d values", op->name, MAX_CARRIED);
  if (l->num_merges == l->room) {
    const int32_t room = 2 * l->room + 8;
    int32_t *more = ARENA_ARRAY(c->arena, int32_t, (size_t)room);
    if (!more) return no_memory(c);
    if (l->num_merges) memcpy(more, l->merges, (size_t)l->num_merges * sizeof *more);
    l->merges = more;
    l->room = room;
  }
  c->variable[number] = l->num_merges;
  l->merges[l->num_merges++] = number;
  return MOTE_OK;
}

/* Which carried value of the operator's frame a Merge, or the Switch behind it, is; -1: none. */
static int32_t variable_of(const cutter *c, const tf_op *op) {
  if (is(op, "Switch") && op->num_inputs == 2) return c->variable[op->inputs[0].op];
  return is(op, "Merge") ? c->variable[op - c->ops] : -1;
}

/* ---- regions ---- */

static mote_status add(cutter *c, region *r, tf_op op, int32_t *number) {
  tf_flat *flat = r->flat;
  if (c->total++ == MAX_OPS)
    return err_set(c->error, MOTE_ERR_LIMIT, "loops hold more than %d operators together", MAX_OPS);
  if (flat->count == r->room) {
    const int32_t room = 2 * r->room + 16;
    tf_op *more = ARENA_ARRAY(c->arena, tf_op, (size_t)room);
    if (!more) return no_memory(c);
    if (flat->count) memcpy(more, flat->ops, (size_t)flat->count * sizeof *more);
    flat->ops = more;
    r->room = room;
  }
  *number = flat->count;
  flat->ops[flat->count++] = op;
  return MOTE_OK;
}

static mote_status argument(cutter *c, region *r, int32_t number, tf_edge *out) {
  *out = (tf_edge){r->arguments[number], 0};
  if (out->op >= 0) return MOTE_OK;
  MOTE_TRY(add(c, r, (tf_op){.name = "carried", .type = TF_ARGUMENT, .argument = number}, &out->op));
  r->arguments[number] = out->op;
  return MOTE_OK;
}

static mote_status capture(cutter *c, region *r, tf_edge from, tf_edge *out) {
  loop *l = &c->loops[r->frame];
  int32_t i = 0;
  while (i < l->num_captured && (l->captured[i].op != from.op || l->captured[i].output != from.output)) i++;
  if (l->num_merges + i >= MAX_CARRIED)
    return err_set(c->error, MOTE_ERR_LIMIT, "loop '%.200s' reads more than %d values", l->name, MAX_CARRIED);
  if (i == l->num_captured) l->captured[l->num_captured++] = from;
  return argument(c, r, l->num_merges + i, out);
}

/* What an edge is in a region: done, with *out; or *want, an operator or (behind them) a loop to be made first. */
static mote_status resolve(cutter *c, region *r, tf_edge from, tf_edge *out, int32_t *want) {
  const tf_op *op = &c->ops[from.op];
  const int32_t frame = c->frame[from.op], variable = variable_of(c, op);
  *want = -1;
  if (r->frame && frame == r->frame && variable >= 0) return argument(c, r, variable, out);
  if (r->frame && frame == r->frame && is(op, "Enter")) return capture(c, r, op->inputs[0], out);
  if (frame != r->frame && within(c, r->frame, frame)) return capture(c, r, from, out);
  if (frame != r->frame || is(op, "Enter"))
    return err_set(c->error, MOTE_ERR_MODEL,
                   "'%.200s' (%.60s) is read outside of its loop, but not through an Exit: save the model anew, with "
                   "outputs behind the loop",
                   op->name, op->type);
  *want = from.op;
  out->output = from.output;
  if (is(op, "Exit")) {
    const tf_op *last = op->num_inputs == 1 ? &c->ops[op->inputs[0].op] : op;
    const int32_t inner = c->frame[last - c->ops];
    out->output = variable_of(c, last);
    if (!inner || c->loops[inner].parent != r->frame || out->output < 0)
      return err_set(c->error, MOTE_ERR_MODEL, "'%.200s' (Exit) leads out of no loop: the graph is damaged", op->name);
    *want = c->count + inner;
  }
  out->op = c->made[*want];
  if (out->op == -2)
    return err_set(c->error, MOTE_ERR_MODEL, "'%.200s' (%.60s) goes in circles without a NextIteration", op->name,
                   op->type);
  if (out->op >= 0) *want = -1;
  return MOTE_OK;
}

static const tf_edge *inputs_of(const cutter *c, int32_t what, int32_t *count) {
  if (what < c->count) return *count = c->ops[what].num_inputs, c->ops[what].inputs;
  const loop *l = &c->loops[what - c->count];
  return *count = l->num_merges + l->num_captured, l->inputs;
}

static mote_status finish(cutter *c, region *r, int32_t what, int32_t count) {
  tf_op op;
  if (what < c->count) {
    op = c->ops[what];
  } else {
    const loop *l = &c->loops[what - c->count];
    op = (tf_op){.name = l->name, .type = "While", .num_inputs = count, .argument = -1, .parts = l->parts};
  }
  op.inputs = c->mapped[what];
  return add(c, r, op, &c->made[what]);
}

static mote_status begin(cutter *c, int32_t what, int32_t *depth) {
  int32_t count;
  inputs_of(c, what, &count);
  c->mapped[what] = ARENA_ARRAY(c->arena, tf_edge, (size_t)count + 1);
  if (!c->mapped[what]) return no_memory(c);
  c->made[what] = -2;
  c->next[what] = 0;
  c->stack[(*depth)++] = what;
  return MOTE_OK;
}

static mote_status make(cutter *c, region *r, tf_edge from, tf_edge *out) {
  int32_t depth = 0, want;
  MOTE_TRY(resolve(c, r, from, out, &want));
  if (want < 0) return MOTE_OK;
  const int32_t top = want;
  MOTE_TRY(begin(c, top, &depth));
  while (depth) {
    const int32_t what = c->stack[depth - 1];
    int32_t count;
    const tf_edge *inputs = inputs_of(c, what, &count);
    if (c->next[what] == count) {
      MOTE_TRY(finish(c, r, what, count));
      depth--;
      continue;
    }
    MOTE_TRY(resolve(c, r, inputs[c->next[what]], &c->mapped[what][c->next[what]], &want));
    if (want >= 0) MOTE_TRY(begin(c, want, &depth));
    else c->next[what]++;
  }
  out->op = c->made[top];
  return MOTE_OK;
}

static void open_region(cutter *c, region *r, tf_flat *flat, int32_t frame) {
  r->flat = flat;
  r->room = 0;
  r->frame = frame;
  for (int32_t i = 0; i < 2 * MAX_CARRIED; i++) r->arguments[i] = -1;
  for (int32_t i = 0; i < c->count + c->num_loops; i++) c->made[i] = -1;
}

/* ---- one loop ---- */

/* What the condition is: every Switch of the loop reads it. */
static const tf_edge *condition(const cutter *c, int32_t frame) {
  for (int32_t i = 0; i < c->count; i++)
    if (c->frame[i] == frame && is(&c->ops[i], "Switch") && variable_of(c, &c->ops[i]) >= 0)
      return &c->ops[i].inputs[1];
  return NULL;
}

/* Captured values, from number first on, leave the body as they came. */
static mote_status pass_captured(cutter *c, region *r, int32_t first, tf_edge *results) {
  const loop *l = &c->loops[r->frame];
  for (int32_t i = l->num_merges + first; i < l->num_merges + l->num_captured; i++)
    MOTE_TRY(argument(c, r, i, &results[i]));
  return MOTE_OK;
}

static mote_status cut_body(cutter *c, region *r, int32_t frame, tf_edge *results) {
  loop *l = &c->loops[frame];
  open_region(c, r, &l->parts[1], frame);
  for (int32_t i = 0; i < l->num_merges; i++) {
    const tf_op *next = &c->ops[c->ops[l->merges[i]].inputs[1].op];
    if (next->num_inputs != 1)
      return err_set(c->error, MOTE_ERR_MODEL, "'%.200s' (NextIteration) has %d inputs; it needs 1", next->name,
                     (int)next->num_inputs);
    MOTE_TRY(make(c, r, next->inputs[0], &results[i]));
  }
  return pass_captured(c, r, 0, results);
}

static mote_status cut(cutter *c, region *r, int32_t frame) {
  loop *l = &c->loops[frame];
  const tf_edge *test = condition(c, frame);
  if (!test || !l->num_merges)
    return err_set(
        c->error, MOTE_ERR_MODEL,
        "loop '%.200s' is entered, but carries no value through Merge, Switch and NextIteration: the graph is "
        "damaged, or cut off before its end",
        l->name);
  tf_edge *results = ARENA_ARRAY(c->arena, tf_edge, MAX_CARRIED), *go_on = ARENA_NEW(c->arena, tf_edge);
  if (!results || !go_on) return no_memory(c);
  MOTE_TRY(cut_body(c, r, frame, results));
  const int32_t room = r->room, captured = l->num_captured;
  open_region(c, r, &l->parts[0], frame);
  MOTE_TRY(make(c, r, *test, go_on));
  l->parts[0].outputs = go_on;
  l->parts[0].num_outputs = 1;
  open_region(c, r, &l->parts[1], frame); /* once more, for what only the condition reads */
  r->room = room;
  MOTE_TRY(pass_captured(c, r, captured, results));
  l->parts[1].outputs = results;
  l->parts[1].num_outputs = l->num_merges + l->num_captured;
  l->inputs = ARENA_ARRAY(c->arena, tf_edge, (size_t)l->parts[1].num_outputs + 1);
  if (!l->inputs) return no_memory(c);
  for (int32_t i = 0; i < l->num_merges; i++) l->inputs[i] = c->ops[c->ops[l->merges[i]].inputs[0].op].inputs[0];
  for (int32_t i = 0; i < l->num_captured; i++) l->inputs[l->num_merges + i] = l->captured[i];
  return MOTE_OK;
}

/* ---- the whole ---- */

/* The graph's own inputs stay the first operators, those nobody reads too. */
static mote_status rest(cutter *c, region *r, tf_flat *flat) {
  tf_flat out = {0};
  tf_edge *outputs = ARENA_ARRAY(c->arena, tf_edge, (size_t)flat->num_outputs + 1);
  if (!outputs) return no_memory(c);
  open_region(c, r, &out, 0);
  for (int32_t i = 0; i < c->count; i++)
    if (c->ops[i].argument >= 0) MOTE_TRY(add(c, r, c->ops[i], &c->made[i]));
  for (int32_t i = 0; i < flat->num_outputs; i++) MOTE_TRY(make(c, r, flat->outputs[i], &outputs[i]));
  out.outputs = outputs;
  out.num_outputs = flat->num_outputs;
  *flat = out;
  return MOTE_OK;
}

static mote_status check_enters(const cutter *c) {
  for (int32_t i = 0; i < c->count; i++) {
    const tf_op *op = &c->ops[i];
    if ((is(op, "Enter") || is(op, "Exit")) && op->num_inputs != 1)
      return err_set(c->error, MOTE_ERR_MODEL, "'%.200s' (%s) has %d inputs; it needs 1", op->name, op->type,
                     (int)op->num_inputs);
  }
  return MOTE_OK;
}

static bool is_of_loop(const tf_op *op) { return is(op, "Enter") || is(op, "Exit") || is(op, "NextIteration"); }

mote_status tf_cut_loops(arena *a, tf_flat *flat, mote_error *e) {
  bool any = false, changed = true;
  for (int32_t i = 0; i < flat->count; i++) any |= is_of_loop(&flat->ops[i]);
  if (!any) return MOTE_OK;
  const size_t all = (size_t)flat->count + MAX_LOOPS;
  cutter c = {.arena = a, .ops = flat->ops, .count = flat->count, .num_loops = 1, .error = e};
  region *r = ARENA_NEW(a, region);
  c.frame = ARENA_ARRAY(a, int32_t, all);
  c.variable = ARENA_ARRAY(a, int32_t, all);
  c.made = ARENA_ARRAY(a, int32_t, all);
  c.stack = ARENA_ARRAY(a, int32_t, all);
  c.next = ARENA_ARRAY(a, int32_t, all);
  c.mapped = ARENA_ARRAY(a, tf_edge *, all);
  c.loops = ARENA_ARRAY(a, loop, MAX_LOOPS);
  if (!r || !c.frame || !c.variable || !c.made || !c.stack || !c.next || !c.mapped || !c.loops) return no_memory(&c);
  MOTE_TRY(check_enters(&c));
  for (int round = 0; changed; round++) {
    if (round > 4 * MAX_DEPTH) return err_set(e, MOTE_ERR_MODEL, "loops of the graph lie within each other in circles");
    MOTE_TRY(place_all(&c, &changed));
  }
  for (int32_t i = 0; i < c.count; i++) c.variable[i] = -1;
  for (int32_t i = 0; i < c.count; i++)
    if (is(&c.ops[i], "Merge")) MOTE_TRY(note_merge(&c, i));
  for (int32_t depth = MAX_DEPTH; depth > 0; depth--)
    for (int32_t i = 1; i < c.num_loops; i++)
      if (c.loops[i].depth == depth) MOTE_TRY(cut(&c, r, i));
  return rest(&c, r, flat);
}

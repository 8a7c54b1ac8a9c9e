/* layers_recurrent.c: recurrent layers: one or more cells (cells.h) run over the time steps.
 *
 * Products of inputs and weights are made for all steps at once; the rest is a WHILE over
 *
 *     step, projected[time, batch, ...], [mask[time, batch, 1...]], states..., [output], [outputs[time, batch, ...]]
 *
 * which keeps no state between runs, and takes any batch and length. An LSTM of a fixed batch with the common
 * activations is the fused operator.
 */
#include <stdio.h>
#include <string.h>

#include "import/keras/cells.h"

#define OP(name) sch_BuiltinOperator_##name

enum { MOST_UNROLLED = 32 };

typedef struct rnn {
  k_cell cells[K_MOST_CELLS];
  int32_t num_cells, num_states;
  bool sequences, state, backwards, unroll, zero_output;
  bool first; /* channels first, of convolutions */
  const json_t *config;
} rnn;

/* What a run over the sequence gives. */
typedef struct ran {
  int32_t outputs; /* [batch, time, ...]; -1 unless they were asked for */
  int32_t last;
  int32_t states[K_MOST_STATES];
} ran;

/* ---- reading ---- */

static void snake_cell(const char *from, char *to, size_t room) {
  static const char *const names[][2] = {
      {"LSTMCell", "lstm_cell"}, {"GRUCell", "gru_cell"}, {"SimpleRNNCell", "simple_rnn_cell"}};
  snprintf(to, room, "%s", from);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(names[i][0], from)) snprintf(to, room, "%s", names[i][1]);
}

static bool read_stacked(k_ctx *c, const json_t *list, const k_scope *weights, rnn *r) {
  char seen[K_MOST_CELLS][40], part[80];
  if (!json_array_size(list) || json_array_size(list) > K_MOST_CELLS)
    return build_fail(c->b, MOTE_ERR_LIMIT, "it stacks %d cells; 1 to %d are taken", (int)json_array_size(list),
                      K_MOST_CELLS) >= 0;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *j = json_array_get(list, i);
    const char *name = json_string_value(json_object_get(j, "class_name"));
    int before = 0;
    snake_cell(name ? name : "", seen[i], sizeof seen[i]);
    for (size_t k = 0; k < i; k++) before += !strcmp(seen[k], seen[i]);
    snprintf(part, sizeof part, before ? "cells/%s_%d" : "cells/%s", seen[i], before);
    k_ctx own = *c;
    own.weights = *weights;
    const k_scope scope = k_part(&own, part);
    if (!k_cell_read(c, name ? name : "", json_object_get(j, "config"), &scope, &r->cells[r->num_cells++]))
      return false;
  }
  return true;
}

/* A layer's settings are its cell's as well, but for RNN, which holds a cell. */
static bool read_cells(k_ctx *c, rnn *r) {
  const k_scope weights = k_part(c, "cell");
  const json_t *cell = json_object_get(c->config, "cell");
  if (strcmp(c->layer->class_name, "RNN"))
    return k_cell_read(c, c->layer->class_name, c->config, &weights, &r->cells[r->num_cells++]);
  const char *name = json_string_value(json_object_get(cell, "class_name"));
  const json_t *config = json_object_get(cell, "config");
  if (json_is_array(cell)) return read_stacked(c, cell, &weights, r);
  if (name && !strcmp(name, "StackedRNNCells")) return read_stacked(c, json_object_get(config, "cells"), &weights, r);
  return k_cell_read(c, name ? name : "", config, &weights, &r->cells[r->num_cells++]);
}

static bool read_rnn(k_ctx *c, rnn *r) {
  *r = (rnn){.sequences = k_flag(c, "return_sequences", false),
             .state = k_flag(c, "return_state", false),
             .backwards = k_flag(c, "go_backwards", false),
             .unroll = k_flag(c, "unroll", false),
             .zero_output = k_flag(c, "zero_output_for_mask", false),
             .config = c->config};
  if (!read_cells(c, r)) return false;
  for (int32_t i = 0; i < r->num_cells; i++) r->num_states += r->cells[i].states;
  r->first = r->cells[0].space && k_first(c);
  const int32_t rank = k_rank(c, c->in[0].value), wanted = 3 + r->cells[0].space;
  if (rank == wanted) return true;
  return build_fail(c->b, MOTE_ERR_MODEL, "its input has %d dimensions, where %d are needed", (int)rank, (int)wanted) >=
         0;
}

/* ---- one step of all cells ---- */

static int32_t step(k_ctx *c, const rnn *r, int32_t projected, const int32_t *state, int32_t *next) {
  int32_t at = 0, y = -1;
  for (int32_t i = 0; i < r->num_cells; i++) {
    const int32_t x = i ? k_cell_project(c, &r->cells[i], y) : projected;
    k_cell_step(c, &r->cells[i], x, state + at, next + at);
    y = next[at];
    at += r->cells[i].states;
  }
  return y;
}

/* Where a step does not count, what was there stays. */
static int32_t masked_step(k_ctx *c, const rnn *r, int32_t projected, int32_t mask, const int32_t *state,
                           int32_t before, int32_t *next) {
  int32_t y = step(c, r, projected, state, next);
  if (mask < 0) return y;
  y = k_op3(c, OP(SELECT_V2), NULL, mask, y, before);
  for (int32_t i = 0; i < r->num_states; i++) next[i] = k_op3(c, OP(SELECT_V2), NULL, mask, next[i], state[i]);
  return y;
}

/* ---- the loop ---- */

enum { MOST_CARRIED = K_MOST_STATES + 5 };

/* What goes around; -1: not there. */
typedef struct carried {
  int32_t at, projected, mask, state, output, outputs; /* places in v */
  int32_t v[MOST_CARRIED];
  int32_t count;
} carried;

/* The carried values as inputs of a new graph. */
static carried inputs_of(k_ctx *c, const carried *from, int32_t caller) {
  carried to = *from;
  for (int32_t i = 0; i < from->count && !c->b->failed; i++) {
    const graph_value v = c->b->set->graphs[caller].values[from->v[i]];
    char name[20];
    snprintf(name, sizeof name, "carried_%d", (int)i);
    to.v[i] = build_input(c->b, name, v.type, v.rank, v.signature);
  }
  return to;
}

static int32_t make_test(k_ctx *c, const carried *from, int32_t caller) {
  const int32_t index = build_graph(c->b, "more_steps");
  const carried v = inputs_of(c, from, caller);
  build_at(c->b, "more_steps");
  const k_size time = k_size_of(c, v.v[v.projected], 0);
  const int32_t end = time.known ? build_int(c->b, "steps", time.v) : k_squeeze(c, time.v, 0);
  build_output(c->b, k_op2(c, OP(LESS), NULL, v.v[v.at], end));
  build_select(c->b, caller);
  return index;
}

/* Element i along the first axis. */
static int32_t pick(k_ctx *c, int32_t x, int32_t i) {
  sch_GatherOptions o = BUILD_OPTIONS(GatherOptions);
  return k_op2(c, OP(GATHER), &o, x, i);
}

/* outputs with y in the place of step `at`. */
static int32_t put(k_ctx *c, int32_t outputs, int32_t y, int32_t at) {
  int32_t parts[OP_MAX_RANK];
  const int32_t rank = k_rank(c, outputs), zero = build_ints(c->b, "zero", 1, &(int32_t){0});
  if (rank < 1) return -1;
  parts[0] = k_expand(c, at, 0);
  for (int32_t i = 1; i < rank; i++) parts[i] = zero;
  return k_op3(c, OP(DYNAMIC_UPDATE_SLICE), NULL, outputs, k_expand(c, y, 0), k_concat(c, parts, rank, 0));
}

static int32_t make_body(k_ctx *c, const rnn *r, const carried *from, int32_t caller) {
  const int32_t index = build_graph(c->b, "time_step");
  const carried v = inputs_of(c, from, caller);
  carried next = v;
  build_at(c->b, "time_step");
  const int32_t at = v.v[v.at], mask = v.mask < 0 ? -1 : pick(c, v.v[v.mask], at);
  const int32_t y = masked_step(c, r, pick(c, v.v[v.projected], at), mask, v.v + v.state,
                                v.output < 0 ? -1 : v.v[v.output], next.v + v.state);
  next.v[v.at] = k_add(c, at, build_int(c->b, "one", 1));
  if (v.output >= 0) next.v[v.output] = y;
  if (v.outputs >= 0) {
    const int32_t shown = mask >= 0 && r->zero_output ? k_mul(c, y, k_cast(c, mask, MOTE_FLOAT32)) : y;
    next.v[v.outputs] = put(c, v.v[v.outputs], shown, at);
  }
  for (int32_t i = 0; i < v.count; i++) build_output(c->b, next.v[i]);
  build_select(c->b, caller);
  return index;
}

static int32_t carry(carried *to, int32_t value) {
  to->v[to->count] = value;
  return to->count++;
}

/* Zeros of [dims..., last] where dims are those of `like` without some at the front and its last. */
static int32_t zeros(k_ctx *c, int32_t like, int32_t skip, int32_t channels) {
  k_size sizes[OP_MAX_RANK];
  int32_t n = 0;
  for (int32_t i = skip; i < k_rank(c, like) - 1; i++) sizes[n++] = k_size_of(c, like, i);
  sizes[n++] = k_known(channels);
  return k_op2(c, OP(FILL), NULL, k_sizes(c, sizes, n), k_float(c, 0));
}

static void loop(k_ctx *c, const rnn *r, int32_t projected, int32_t mask, const int32_t *state, bool sequences,
                 ran *out) {
  const int32_t caller = c->b->graph, units = r->cells[r->num_cells - 1].units;
  carried v = {.mask = -1, .output = -1, .outputs = -1};
  v.at = carry(&v, build_int(c->b, "first_step", 0));
  v.projected = carry(&v, projected);
  if (mask >= 0) v.mask = carry(&v, mask);
  v.state = v.count;
  for (int32_t i = 0; i < r->num_states; i++) carry(&v, state[i]);
  if (mask >= 0) v.output = carry(&v, zeros(c, projected, 1, units));
  if (sequences) v.outputs = carry(&v, zeros(c, projected, 0, units));
  if (c->b->failed) return;
  mote_type types[MOST_CARRIED];
  for (int32_t i = 0; i < v.count; i++) types[i] = build_type(c->b, v.v[i]);
  const sch_string at = c->b->at;
  sch_WhileOptions o = BUILD_OPTIONS(WhileOptions);
  o.cond_subgraph_index = make_test(c, &v, caller);
  o.body_subgraph_index = make_body(c, r, &v, caller);
  build_select(c->b, caller);
  c->b->at = at;
  const int32_t first = build_add(c->b, &(build_node){.code = OP(WHILE),
                                                      .options = &o,
                                                      .num_inputs = v.count,
                                                      .inputs = v.v,
                                                      .num_outputs = v.count,
                                                      .types = types});
  for (int32_t i = 0; i < r->num_states; i++) out->states[i] = first + v.state + i;
  int32_t last = 0; /* the state that is the output: the first of the last cell */
  for (int32_t i = 0; i + 1 < r->num_cells; i++) last += r->cells[i].states;
  out->last = v.output >= 0 ? first + v.output : out->states[last];
  out->outputs = v.outputs >= 0 ? first + v.outputs : -1;
}

/* Step after step as operators of the graph. */
static void unrolled(k_ctx *c, const rnn *r, int32_t projected, int32_t mask, const int32_t *state, int32_t steps,
                     ran *out) {
  int32_t now[K_MOST_STATES], next[K_MOST_STATES], rows[MOST_UNROLLED];
  int32_t y = mask >= 0 ? zeros(c, projected, 1, r->cells[r->num_cells - 1].units) : -1;
  memcpy(now, state, sizeof now);
  for (int32_t t = 0; t < steps; t++) {
    const int32_t at = build_int(c->b, "step", t), counts = mask < 0 ? -1 : pick(c, mask, at);
    y = masked_step(c, r, pick(c, projected, at), counts, now, y, next);
    rows[t] = k_expand(c, counts >= 0 && r->zero_output ? k_mul(c, y, k_cast(c, counts, MOTE_FLOAT32)) : y, 0);
    memcpy(now, next, sizeof now);
  }
  memcpy(out->states, now, sizeof now);
  out->last = y;
  out->outputs = k_concat(c, rows, steps, 0);
}

/* ---- around the loop ---- */

/* The first two axes change places. */
static int32_t swap(k_ctx *c, int32_t x) {
  int32_t perm[OP_MAX_RANK];
  for (int32_t i = 0; i < OP_MAX_RANK; i++) perm[i] = i < 2 ? 1 - i : i;
  return k_transpose(c, x, perm);
}

static int32_t reversed(k_ctx *c, int32_t x, int32_t axis) {
  return k_op2(c, OP(REVERSE_V2), NULL, x, build_ints(c->b, "axis", 1, &axis));
}

/* [batch, time, ...] times the first cell's kernel, as [time, batch, ...]. */
static int32_t project(k_ctx *c, const rnn *r, int32_t x) {
  const k_cell *cell = &r->cells[0];
  x = swap(c, x);
  if (!cell->space) return k_cell_project(c, cell, x);
  const int32_t rank = k_rank(c, x);
  k_size sizes[OP_MAX_RANK], merged[OP_MAX_RANK];
  for (int32_t i = 0; i < rank; i++) sizes[i] = k_size_of(c, x, i);
  merged[0] = k_size_times(c, sizes[0], sizes[1]);
  for (int32_t i = 2; i < rank; i++) merged[i - 1] = sizes[i];
  const int32_t y = k_cell_project(c, cell, k_reshape(c, x, merged, rank - 1));
  for (int32_t i = 2; i < rank; i++) sizes[i] = k_size_of(c, y, i - 1);
  return k_reshape(c, y, sizes, rank);
}

/* A mask [batch, time] as [time, batch, 1, ...], to go with the states. */
static int32_t mask_of_time(k_ctx *c, const rnn *r, int32_t mask) {
  if (mask < 0) return -1;
  int32_t m = k_expand(c, swap(c, mask), 2);
  for (int32_t i = 0; i < r->cells[0].space; i++) m = k_expand(c, m, 2);
  return m;
}

/* [batch, time, channels, space...] to channels last. */
static int32_t frames_to_last(k_ctx *c, int32_t x) {
  int32_t perm[OP_MAX_RANK] = {0, 1};
  const int32_t rank = k_rank(c, x);
  for (int32_t i = 2; i < rank; i++) perm[i] = i + 1 < rank ? i + 1 : 2;
  return k_transpose(c, x, perm);
}

static int32_t frames_to_first(k_ctx *c, int32_t x) {
  int32_t perm[OP_MAX_RANK] = {0, 1};
  const int32_t rank = k_rank(c, x);
  for (int32_t i = 2; i < rank; i++) perm[i] = i == 2 ? rank - 1 : i - 1;
  return k_transpose(c, x, perm);
}

/* ---- the fused operator ---- */

static bool is_plain(const json_t *config, const char *key, const char *name) {
  const char *said = json_string_value(json_object_get(config, key));
  return !json_object_get(config, key) || (said && !strcmp(said, name));
}

/* A batch that is open has no place in the operator: its states have one fixed size. */
static bool may_fuse(k_ctx *c, const rnn *r, int32_t x, int32_t mask, int32_t given) {
  return r->num_cells == 1 && r->cells[0].kind == K_LSTM && mask < 0 && !given && !r->state && !r->unroll &&
         is_plain(r->cells[0].config, "activation", "tanh") &&
         is_plain(r->cells[0].config, "recurrent_activation", "sigmoid") && k_rank(c, x) == 3 &&
         build_dim(c->b, x, 0) > 0;
}

/* Weights of gate g, a row an output. */
static int32_t gate_of(k_ctx *c, const char *name, const k_array *a, int32_t g, int32_t units) {
  float *to = k_floats(c, (size_t)a->dims[0] * (size_t)units);
  for (int32_t i = 0; to && i < units; i++)
    for (int32_t k = 0; k < a->dims[0]; k++)
      to[(size_t)i * (size_t)a->dims[0] + (size_t)k] =
          a->data[(size_t)k * (size_t)a->dims[1] + (size_t)(g * units + i)];
  return k_const(c, name, 2, (int32_t[]){units, a->dims[0]}, to);
}

/* The operator has no state that begins anew: what runs the file clears it, or it is what the last run left. */
static void tell_state(k_ctx *c, const rnn *r) {
  const json_t *stateful = json_object_get(r->config, "stateful");
  if (json_is_true(stateful) || c->e->told_state) return;
  c->e->told_state = true;
  import_note(c->e->options,
              "%s: in .tflite an LSTM of fixed batch keeps its state from run to run, as stateful=True does; reset the "
              "model's variables between sequences, or convert with an open batch",
              c->layer->name);
}

static int32_t fused(k_ctx *c, const k_cell *cell, int32_t x) {
  const int32_t u = cell->units, state[] = {build_dim(c->b, x, 0), u};
  int32_t in[24];
  for (int i = 0; i < 24; i++) in[i] = -1;
  in[0] = x;
  float *none = k_floats(c, (size_t)u);
  for (int32_t g = 0; g < 4; g++) {
    in[1 + g] = gate_of(c, "kernel", cell->kernel, g, u);
    in[5 + g] = gate_of(c, "recurrent_kernel", cell->recurrent, g, u);
    in[12 + g] = k_const(c, "bias", 1, &u, cell->bias ? cell->bias->data + g * u : none);
  }
  in[18] = build_variable(c->b, "state", MOTE_FLOAT32, 2, state);
  in[19] = build_variable(c->b, "cell", MOTE_FLOAT32, 2, state);
  sch_UnidirectionalSequenceLSTMOptions o = BUILD_OPTIONS(UnidirectionalSequenceLSTMOptions);
  o.fused_activation_function = sch_ActivationFunctionType_TANH;
  return build_op(c->b, OP(UNIDIRECTIONAL_SEQUENCE_LSTM), &o, 24, in);
}

/* ---- a layer ---- */

/* Runs over x [batch, time, ...]; given: states to begin with. */
static void run(k_ctx *c, const rnn *r, int32_t x, int32_t mask, const int32_t *given, bool sequences, ran *out) {
  if (r->first) x = frames_to_last(c, x);
  if (r->backwards) {
    x = reversed(c, x, 1);
    if (mask >= 0) mask = reversed(c, mask, 1);
  }
  *out = (ran){.outputs = -1};
  if (may_fuse(c, r, x, mask, given != NULL)) {
    tell_state(c, r);
    out->outputs = fused(c, &r->cells[0], x);
    out->last = k_squeeze(c, k_cut(c, out->outputs, 1, -1, 0), 1);
    return;
  }
  if (json_is_true(json_object_get(r->config, "stateful"))) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED,
               "it keeps its state from run to run (stateful), which an LSTM of fixed batch does, and no other; set "
               "stateful=False, and give and take the state as inputs and outputs (initial_state, return_state)");
    return;
  }
  const int32_t projected = project(c, r, x), time = c->b->failed ? -1 : build_dim(c->b, projected, 0);
  int32_t state[K_MOST_STATES], n = 0;
  for (int32_t i = 0; i < r->num_cells; i++)
    for (int32_t k = 0; k < r->cells[i].states; k++, n++)
      state[n] = given ? given[n] : zeros(c, projected, 1, r->cells[i].units);
  const int32_t m = mask_of_time(c, r, mask);
  if (r->unroll && time > 0 && time <= MOST_UNROLLED) unrolled(c, r, projected, m, state, time, out);
  else loop(c, r, projected, m, state, sequences, out);
  if (sequences) out->outputs = swap(c, out->outputs);
  if (!r->first) return;
  if (sequences) out->outputs = frames_to_first(c, out->outputs);
  out->last = k_to_first(c, out->last);
  for (int32_t i = 0; i < r->num_states; i++) out->states[i] = k_to_first(c, out->states[i]);
}

/* States to begin with: inputs behind the first, or the argument initial_state. */
static int32_t given_states(k_ctx *c, int32_t most, int32_t *to) {
  int32_t n = 0;
  for (int32_t i = 1; i < c->num_in && n < most; i++) to[n++] = c->in[i].value;
  const json_t *list = c->call ? json_object_get(c->call->kwargs, "initial_state") : NULL;
  k_ref ref;
  if (n || !list || c->num_in != c->call->num_in) return n;
  const bool single = k_config_ref(c->run->model, list, &ref);
  for (size_t i = 0; i < (single ? 1 : json_array_size(list)) && n < most; i++) {
    if (!k_config_ref(c->run->model, single ? list : json_array_get(list, i), &ref)) continue;
    const k_result *r = &c->run->results[ref.layer][ref.call];
    if (ref.tensor < r->count) to[n++] = r->v[ref.tensor].value;
  }
  return n;
}

static bool check_given(k_ctx *c, int32_t n, int32_t wanted) {
  if (!n || n == wanted) return true;
  return build_fail(c->b, MOTE_ERR_MODEL, "it is given %d states; it has %d", (int)n, (int)wanted) >= 0;
}

static void recurrent(k_ctx *c) {
  rnn r;
  ran out;
  int32_t given[K_MOST_STATES];
  if (!read_rnn(c, &r)) return;
  const int32_t n = given_states(c, K_MOST_STATES, given);
  if (!check_given(c, n, r.num_states)) return;
  run(c, &r, c->in[0].value, c->in[0].mask, n ? given : NULL, r.sequences, &out);
  c->out[0].value = r.sequences ? out.outputs : out.last;
  if (r.sequences) c->out[0].mask = c->in[0].mask;
  for (int32_t i = 0; r.state && i < r.num_states; i++) c->out[c->num_out++] = (k_tensor){out.states[i], -1};
}

/* ---- both directions ---- */

static int32_t merge(k_ctx *c, const char *mode, int32_t a, int32_t b) {
  if (!strcmp(mode, "concat")) return k_concat(c, (int32_t[]){a, b}, 2, k_rank(c, a) - 1);
  if (!strcmp(mode, "sum")) return k_add(c, a, b);
  if (!strcmp(mode, "mul")) return k_mul(c, a, b);
  if (!strcmp(mode, "ave")) return k_scale(c, k_add(c, a, b), 0.5f);
  return build_fail(c->b, MOTE_ERR_MODEL, "its merge_mode is '%.40s'", mode);
}

static bool read_direction(k_ctx *c, const json_t *j, const char *part, rnn *r) {
  mote_error e;
  const k_layer *layer = k_config_layer(c->e->config, j, c->b->arena, &e);
  if (!layer) return build_fail(c->b, e.code, "%s", e.text) >= 0;
  k_ctx own = *c;
  own.layer = layer;
  own.config = layer->config;
  own.weights = k_part(c, part);
  if (!k_cell_is(layer->class_name) && strcmp(layer->class_name, "RNN"))
    return build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it runs a '%.60s' both ways, which is no recurrent layer",
                      layer->class_name) >= 0;
  return read_rnn(&own, r);
}

static void bidirectional(k_ctx *c) {
  const json_t *layer = json_object_get(c->config, "layer"), *other = json_object_get(c->config, "backward_layer");
  rnn fore, back;
  ran a, b;
  int32_t given[K_MOST_STATES];
  if (!read_direction(c, layer, "forward_layer", &fore) ||
      !read_direction(c, json_is_object(other) ? other : layer, "backward_layer", &back))
    return;
  back.backwards = !fore.backwards;
  const int32_t n = given_states(c, K_MOST_STATES, given);
  if (!check_given(c, n, fore.num_states + back.num_states)) return;
  run(c, &fore, c->in[0].value, c->in[0].mask, n ? given : NULL, fore.sequences, &a);
  run(c, &back, c->in[0].value, c->in[0].mask, n ? given + fore.num_states : NULL, fore.sequences, &b);
  const int32_t one = fore.sequences ? a.outputs : a.last;
  const int32_t two = fore.sequences ? reversed(c, b.outputs, 1) : b.last;
  const k_tensor mask = {-1, fore.sequences ? c->in[0].mask : -1};
  const char *mode = k_text(c, "merge_mode", NULL);
  c->num_out = 0;
  if (mode) c->out[c->num_out++] = (k_tensor){merge(c, mode, one, two), mask.mask};
  else c->out[c->num_out++] = (k_tensor){one, mask.mask}, c->out[c->num_out++] = (k_tensor){two, mask.mask};
  if (!fore.state) return;
  for (int32_t i = 0; i < fore.num_states; i++) c->out[c->num_out++] = (k_tensor){a.states[i], -1};
  for (int32_t i = 0; i < back.num_states; i++) c->out[c->num_out++] = (k_tensor){b.states[i], -1};
}

const k_row k_rows_recurrent[] = {
    {"SimpleRNN", recurrent, 0, false},
    {"LSTM", recurrent, 0, false},
    {"GRU", recurrent, 0, false},
    {"CuDNNLSTM", recurrent, 0, false},
    {"CuDNNGRU", recurrent, 0, false},
    {"RNN", recurrent, 0, false},
    {"ConvLSTM1D", recurrent, 0, false},
    {"ConvLSTM2D", recurrent, 0, false},
    {"ConvLSTM3D", recurrent, 0, false},
    {"Bidirectional", bidirectional, 0, false},
    {NULL, NULL, 0, false},
};

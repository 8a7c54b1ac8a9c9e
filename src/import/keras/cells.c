/* cells.c: see cells.h. Gates stand in the weights side by side: of an LSTM input, forget, cell, output; of a GRU
 * update, reset, new.
 */
#include "import/keras/cells.h"

#include <string.h>

#define OP(name) sch_BuiltinOperator_##name

static const struct kind {
  const char *name; /* of the layer; the cell's has "Cell" behind it */
  k_cell_kind kind;
  int32_t gates, states, space;
} kinds[] = {
    {"SimpleRNN", K_SIMPLE, 1, 1, 0},
    {"LSTM", K_LSTM, 4, 2, 0},
    {"GRU", K_GRU, 3, 1, 0},
    {"CuDNNLSTM", K_LSTM, 4, 2, 0},
    {"CuDNNGRU", K_GRU, 3, 1, 0},
    {"ConvLSTM1D", K_CONV_LSTM, 4, 2, 1},
    {"ConvLSTM2D", K_CONV_LSTM, 4, 2, 2},
    {"ConvLSTM3D", K_CONV_LSTM, 4, 2, 3},
};

static const struct kind *find(const char *name) {
  const size_t n = strlen(name), cell = n > 4 && !strcmp(name + n - 4, "Cell") ? n - 4 : n;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strlen(kinds[i].name) == cell && !strncmp(kinds[i].name, name, cell)) return &kinds[i];
  return NULL;
}

bool k_cell_is(const char *class_name) { return find(class_name) != NULL; }

/* ---- reading ---- */

/* A bias of rows: one for the input, one for the state. Their sum but for a GRU, which keeps them apart. */
static const k_array *two_biases(k_ctx *c, k_cell *cell, const k_array *both, int32_t width) {
  k_array *first = ARENA_NEW(c->b->arena, k_array);
  float *sum = k_floats(c, (size_t)width);
  if (!first || !sum) return NULL;
  for (int32_t i = 0; i < width; i++) sum[i] = both->data[i] + (cell->reset_after ? 0 : both->data[width + i]);
  if (cell->reset_after) cell->recurrent_bias = both->data + width;
  *first = (k_array){1, {width}, (size_t)width, sum};
  return first;
}

static bool read_bias(k_ctx *c, k_cell *cell, int32_t width, bool cudnn) {
  if (!k_flag(c, "use_bias", true)) return true;
  const bool rows = cell->kind == K_GRU && cell->reset_after && !cudnn;
  const int32_t flat = cudnn ? 2 * width : width;
  const k_array *a = rows ? k_take(c, "bias", 2, 2, (int32_t[]){2, width}) : k_take(c, "bias", 2, 1, &flat);
  if (!a) return false;
  cell->bias = rows || cudnn ? two_biases(c, cell, a, width) : a;
  return cell->bias != NULL;
}

bool k_cell_read(k_ctx *c, const char *class_name, const json_t *config, const k_scope *weights, k_cell *out) {
  const struct kind *kind = find(class_name);
  k_ctx own = *c;
  own.config = config;
  own.weights = *weights;
  if (!kind)
    return build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its cell is a '%.60s', which is not known", class_name) >= 0;
  const bool cudnn = !strncmp(class_name, "CuDNN", 5);
  const int32_t units = k_int(&own, "units|output_dim|filters", 0), rank = kind->space + 2;
  if (units < 1 || units > INT32_MAX / 16) return build_fail(c->b, MOTE_ERR_MODEL, "it has %d units", (int)units) >= 0;
  *out = (k_cell){.kind = kind->kind, .config = config, .units = units, .states = kind->states, .space = kind->space};
  out->reset_after = kind->kind == K_GRU && (cudnn || k_flag(&own, "reset_after", false));
  const int32_t width = kind->gates * units;
  int32_t dims[5] = {-1, -1, -1, -1, -1};
  dims[rank - 1] = width;
  out->kernel = k_take(&own, "kernel", 0, rank, dims);
  dims[rank - 2] = units;
  out->recurrent = out->kernel ? k_take(&own, "recurrent kernel", 1, rank, dims) : NULL;
  return out->recurrent && read_bias(&own, out, width, cudnn);
}

/* ---- convolutions, of channels last ---- */

static int32_t convolve(k_ctx *c, const k_cell *cell, int32_t x, const k_array *kernel, int32_t bias, bool input) {
  k_ctx own = *c;
  own.config = cell->config;
  int32_t stride[3] = {1, 1, 1}, dilation[3] = {1, 1, 1};
  if (input) {
    k_ints(&own, "strides", stride, cell->space);
    k_ints(&own, "dilation_rate", dilation, cell->space);
  }
  const int8_t padding = !input || k_is(&own, "padding", "same") ? sch_Padding_SAME : sch_Padding_VALID;
  if (cell->space == 3) {
    sch_Conv3DOptions o = BUILD_OPTIONS(Conv3DOptions);
    o.padding = padding;
    o.stride_d = stride[0], o.stride_h = stride[1], o.stride_w = stride[2];
    o.dilation_d_factor = dilation[0], o.dilation_h_factor = dilation[1], o.dilation_w_factor = dilation[2];
    return k_op3(c, OP(CONV_3D), &o, x, k_const_array(c, "kernel", kernel), bias);
  }
  const bool line = cell->space == 1;
  k_array wide = *kernel;
  if (line) wide = (k_array){4, {1, kernel->dims[0], kernel->dims[1], kernel->dims[2]}, kernel->count, kernel->data};
  sch_Conv2DOptions o = BUILD_OPTIONS(Conv2DOptions);
  o.padding = padding;
  o.stride_h = line ? 1 : stride[0], o.stride_w = stride[line ? 0 : 1];
  o.dilation_h_factor = line ? 1 : dilation[0], o.dilation_w_factor = dilation[line ? 0 : 1];
  const int32_t y = k_op3(c, OP(CONV_2D), &o, line ? k_expand(c, x, 1) : x,
                          k_const_perm(c, "kernel", &wide, (int32_t[]){3, 0, 1, 2}), bias);
  return line ? k_squeeze(c, y, 1) : y;
}

/* ---- a step ---- */

int32_t k_cell_project(k_ctx *c, const k_cell *cell, int32_t x) {
  if (!cell->space) return k_dense(c, x, cell->kernel, cell->bias);
  return convolve(c, cell, x, cell->kernel, cell->bias ? k_const_array(c, "bias", cell->bias) : -1, true);
}

/* Gates of a product, apart. */
static int32_t split(k_ctx *c, int32_t x, int32_t parts) {
  sch_SplitOptions o = BUILD_OPTIONS(SplitOptions);
  o.num_splits = parts;
  const int32_t in[] = {build_int(c->b, "axis", k_rank(c, x) - 1), x};
  return build_add(
      c->b, &(build_node){.code = OP(SPLIT), .options = &o, .num_inputs = 2, .inputs = in, .num_outputs = parts});
}

static int32_t activate(k_ctx *c, const k_cell *cell, int32_t x, const char *key, const char *otherwise) {
  const json_t *a = k_get(cell->config, key);
  return a ? k_activate(c, x, a) : k_activate_name(c, x, otherwise);
}

static int32_t outer(k_ctx *c, const k_cell *cell, int32_t x) { return activate(c, cell, x, "activation", "tanh"); }
static int32_t gate(k_ctx *c, const k_cell *cell, int32_t x) {
  return activate(c, cell, x, "recurrent_activation|inner_activation", "sigmoid");
}

static int32_t recurrent(k_ctx *c, const k_cell *cell, int32_t h) {
  return cell->space ? convolve(c, cell, h, cell->recurrent, -1, false) : k_dense(c, h, cell->recurrent, NULL);
}

static void step_lstm(k_ctx *c, const k_cell *cell, int32_t x, const int32_t *state, int32_t *next) {
  const int32_t z = split(c, k_add(c, x, recurrent(c, cell, state[0])), 4);
  const int32_t in = gate(c, cell, z), forget = gate(c, cell, z + 1), new = outer(c, cell, z + 2);
  next[1] = k_add(c, k_mul(c, forget, state[1]), k_mul(c, in, new));
  next[0] = k_mul(c, gate(c, cell, z + 3), outer(c, cell, next[1]));
}

/* Columns first..end of a kernel, as a kernel. */
static k_array columns(k_ctx *c, const k_array *a, int32_t first, int32_t end) {
  const int32_t n = end - first, width = a->dims[1];
  k_array to = {2, {a->dims[0], n}, (size_t)a->dims[0] * (size_t)n, k_floats(c, (size_t)a->dims[0] * (size_t)n)};
  for (int32_t i = 0; to.data && i < a->dims[0]; i++)
    memcpy(to.data + (size_t)i * (size_t)n, a->data + (size_t)i * (size_t)width + first, (size_t)n * sizeof *to.data);
  return to;
}

static void step_gru(k_ctx *c, const k_cell *cell, int32_t x, const int32_t *state, int32_t *next) {
  const int32_t h = state[0], u = cell->units, x_gates = split(c, x, 3);
  int32_t update, reset, new;
  if (cell->reset_after) {
    const k_array bias = {1, {3 * u}, (size_t)(3 * u), (float *)(uintptr_t)cell->recurrent_bias};
    const int32_t inner = split(c, k_dense(c, h, cell->recurrent, cell->recurrent_bias ? &bias : NULL), 3);
    update = gate(c, cell, k_add(c, x_gates, inner));
    reset = gate(c, cell, k_add(c, x_gates + 1, inner + 1));
    new = k_add(c, x_gates + 2, k_mul(c, reset, inner + 2));
  } else {
    const k_array first = columns(c, cell->recurrent, 0, 2 * u), last = columns(c, cell->recurrent, 2 * u, 3 * u);
    const int32_t inner = split(c, k_dense(c, h, &first, NULL), 2);
    update = gate(c, cell, k_add(c, x_gates, inner));
    reset = gate(c, cell, k_add(c, x_gates + 1, inner + 1));
    new = k_add(c, x_gates + 2, k_dense(c, k_mul(c, reset, h), &last, NULL));
  }
  new = outer(c, cell, new);
  next[0] = k_add(c, new, k_mul(c, update, k_sub(c, h, new)));
}

void k_cell_step(k_ctx *c, const k_cell *cell, int32_t projected, const int32_t *state, int32_t *next) {
  if (cell->kind == K_GRU) step_gru(c, cell, projected, state, next);
  else if (cell->kind == K_SIMPLE) next[0] = outer(c, cell, k_add(c, projected, recurrent(c, cell, state[0])));
  else step_lstm(c, cell, projected, state, next);
}

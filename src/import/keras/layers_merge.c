/* layers_merge.c: layers of several inputs. */
#include <string.h>

#include "import/keras/emit.h"

#define OP(name) sch_BuiltinOperator_##name

/* ---- elementwise: inputs of fewer dimensions get some of size 1 behind the batch ---- */

static int32_t most_rank(k_ctx *c) {
  int32_t rank = 0;
  for (int32_t i = 0; i < c->num_in; i++)
    if (k_rank(c, c->in[i].value) > rank) rank = k_rank(c, c->in[i].value);
  return rank;
}

static int32_t widened(k_ctx *c, int32_t i, int32_t rank) {
  int32_t x = c->in[i].value;
  for (int32_t r = k_rank(c, x); r > 0 && r < rank; r++) x = k_expand(c, x, 1);
  return x;
}

/* A step counts when it does in all that have a mask. */
static void join_masks(k_ctx *c) {
  int32_t mask = -1;
  for (int32_t i = 0; i < c->num_in; i++)
    if (c->in[i].mask >= 0) mask = mask < 0 ? c->in[i].mask : k_op2(c, OP(LOGICAL_AND), NULL, mask, c->in[i].mask);
  c->out[0].mask = mask;
}

static int32_t fold(k_ctx *c, int32_t code) {
  const int32_t rank = most_rank(c);
  int32_t y = widened(c, 0, rank);
  for (int32_t i = 1; i < c->num_in; i++) y = k_op2(c, code, NULL, y, widened(c, i, rank));
  join_masks(c);
  return y;
}

static void add(k_ctx *c) { c->out[0].value = fold(c, OP(ADD)); }
static void multiply(k_ctx *c) { c->out[0].value = fold(c, OP(MUL)); }
static void maximum(k_ctx *c) { c->out[0].value = fold(c, OP(MAXIMUM)); }
static void minimum(k_ctx *c) { c->out[0].value = fold(c, OP(MINIMUM)); }
static void average(k_ctx *c) { c->out[0].value = k_scale(c, fold(c, OP(ADD)), 1 / (float)c->num_in); }
static void subtract(k_ctx *c) {
  if (c->num_in != 2) build_fail(c->b, MOTE_ERR_MODEL, "it takes two inputs, not %d", (int)c->num_in);
  else c->out[0].value = fold(c, OP(SUB));
}

static void concatenate(k_ctx *c) {
  int32_t *values = ARENA_ARRAY(c->b->arena, int32_t, (size_t)c->num_in);
  const int32_t rank = k_rank(c, c->in[0].value), axis = k_axis(c, k_int(c, "axis|concat_axis", -1), rank);
  if (!values || axis < 0) return;
  bool masked = true;
  for (int32_t i = 0; i < c->num_in; i++) values[i] = c->in[i].value, masked &= c->in[i].mask >= 0;
  c->out[0].value = k_concat(c, values, c->num_in, axis);
  if (!masked) return;
  if (axis != 1) {
    join_masks(c);
    return;
  }
  for (int32_t i = 0; i < c->num_in; i++) values[i] = c->in[i].mask;
  c->out[0].mask = k_concat(c, values, c->num_in, 1);
}

/* ---- dot ---- */

static int32_t unit(k_ctx *c, int32_t x, int32_t axis) {
  const int32_t sum = k_reduce(c, OP(SUM), k_mul(c, x, x), &axis, 1, true);
  return k_mul(c, x, k_op1(c, OP(RSQRT), NULL, k_op2(c, OP(MAXIMUM), NULL, sum, k_float(c, 1e-12f))));
}

/* The sum over one axis of each, batch by batch. */
static void dot(k_ctx *c) {
  int32_t axes[2] = {1, 1};
  const int32_t n = k_ints(c, "axes|dot_axes", axes, 2);
  if (c->num_in != 2) {
    build_fail(c->b, MOTE_ERR_MODEL, "it takes two inputs, not %d", (int)c->num_in);
    return;
  }
  int32_t a = c->in[0].value, b = c->in[1].value;
  const int32_t rank_a = k_rank(c, a), rank_b = k_rank(c, b);
  if (n == 0) axes[0] = rank_a - 1, axes[1] = 1;
  axes[0] = k_axis(c, axes[0], rank_a), axes[1] = k_axis(c, axes[1], rank_b);
  if (axes[0] < 0 || axes[1] < 0) return;
  if (k_flag(c, "normalize", false)) a = unit(c, a, axes[0]), b = unit(c, b, axes[1]);
  if (rank_a == 2 && rank_b == 2) {
    c->out[0].value = k_reduce(c, OP(SUM), k_mul(c, a, b), (int32_t[]){1}, 1, true);
    return;
  }
  if (rank_a > 3 || rank_b > 3) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it takes inputs of 2 or 3 dimensions, not %d and %d", (int)rank_a,
               (int)rank_b);
    return;
  }
  if (rank_a == 2) a = k_expand(c, a, 1), axes[0] = 2;
  if (rank_b == 2) b = k_expand(c, b, 2);
  int32_t y = k_matmul(c, a, b, axes[0] == 1, axes[1] == 2);
  if (rank_b == 2) y = k_squeeze(c, y, 2);
  c->out[0].value = rank_a == 2 ? k_squeeze(c, y, 1) : y;
}

const k_row k_rows_merge[] = {
    {"Add", add, 0, false},
    {"Subtract", subtract, 0, false},
    {"Multiply", multiply, 0, false},
    {"Average", average, 0, false},
    {"Maximum", maximum, 0, false},
    {"Minimum", minimum, 0, false},
    {"Concatenate", concatenate, 0, false},
    {"Dot", dot, 0, false},
    {NULL, NULL, 0, false},
};

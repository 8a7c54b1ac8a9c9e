/* layers_norm.c: normalization. */
#include <math.h>
#include <string.h>

#include "import/keras/emit.h"

#define OP(name) sch_BuiltinOperator_##name

/* Axes of a setting, counted from the front and in order; false with a failure. */
static bool axes_of(k_ctx *c, int32_t rank, int32_t *to, int32_t *count) {
  int32_t list[OP_MAX_RANK] = {-1}, n = k_ints(c, "axis", list, OP_MAX_RANK);
  bool used[OP_MAX_RANK] = {false};
  if (!n) n = 1;
  if (json_is_number(k_get(c->config, "axis"))) n = 1;
  for (int32_t i = 0; i < n && i < OP_MAX_RANK; i++) {
    const int32_t axis = k_axis(c, list[i], rank);
    if (axis < 0) return false;
    used[axis] = true;
  }
  *count = 0;
  for (int32_t i = 0; i < rank; i++)
    if (used[i]) to[(*count)++] = i;
  return rank > 0;
}

/* Numbers over some axes of x as a constant that broadcasts over the others. */
static int32_t spread(k_ctx *c, const char *name, const float *v, int32_t x, const int32_t *axes, int32_t count) {
  const int32_t rank = k_rank(c, x);
  int32_t dims[OP_MAX_RANK], used = 0;
  for (int32_t i = 0; i < rank; i++) dims[i] = 1;
  for (int32_t i = 0; i < count; i++) dims[axes[i]] = build_dim(c->b, x, axes[i]);
  for (used = 0; used < rank - 1 && dims[used] == 1; used++) continue;
  return k_const(c, name, rank - used, dims + used, v);
}

/* The array over the axes, checked. */
static const k_array *over(k_ctx *c, const char *what, int index, int32_t x, const int32_t *axes, int32_t count) {
  int32_t dims[OP_MAX_RANK];
  for (int32_t i = 0; i < count; i++) dims[i] = build_dim(c->b, x, axes[i]);
  return k_take(c, what, index, count, dims);
}

/* ---- batch: what was learnt becomes one factor and one offset a channel ---- */

static void batch(k_ctx *c) {
  const int32_t x = k_cast(c, c->in[0].value, MOTE_FLOAT32), rank = k_rank(c, x);
  int32_t axes[OP_MAX_RANK], count, at = 0;
  if (!axes_of(c, rank, axes, &count)) return;
  const k_array *gamma = k_flag(c, "scale", true) ? over(c, "gamma", at++, x, axes, count) : NULL;
  const k_array *beta = k_flag(c, "center", true) ? over(c, "beta", at++, x, axes, count) : NULL;
  const k_array *mean = over(c, "moving mean", at, x, axes, count);
  const k_array *variance = over(c, "moving variance", at + 1, x, axes, count);
  if (!variance) return;
  const double epsilon = k_real(c, "epsilon", 1e-3);
  float *factor = k_floats(c, mean->count), *offset = k_floats(c, mean->count);
  for (size_t i = 0; i < mean->count && factor && offset; i++) {
    const double f = (gamma ? (double)gamma->data[i] : 1) / sqrt((double)variance->data[i] + epsilon);
    factor[i] = (float)f;
    offset[i] = (float)((beta ? (double)beta->data[i] : 0) - (double)mean->data[i] * f);
  }
  c->out[0].value =
      k_add(c, k_mul(c, x, spread(c, "factor", factor, x, axes, count)), spread(c, "offset", offset, x, axes, count));
}

/* ---- layer ---- */

static int32_t rsqrt(k_ctx *c, int32_t x, double epsilon) {
  return k_op1(c, OP(RSQRT), NULL, k_offset(c, x, (float)epsilon));
}

static int32_t variance_of(k_ctx *c, int32_t x, const int32_t *axes, int32_t count) {
  const int32_t mean = k_reduce(c, OP(MEAN), x, axes, count, true);
  return k_reduce(c, OP(MEAN), k_op2(c, OP(SQUARED_DIFFERENCE), NULL, x, mean), axes, count, true);
}

/* (x - mean) / sqrt(variance + epsilon), over axes. */
static int32_t standard(k_ctx *c, int32_t x, const int32_t *axes, int32_t count, double epsilon) {
  const int32_t mean = k_reduce(c, OP(MEAN), x, axes, count, true);
  const int32_t square = k_op2(c, OP(SQUARED_DIFFERENCE), NULL, x, mean);
  const int32_t variance = k_reduce(c, OP(MEAN), square, axes, count, true);
  return k_mul(c, k_sub(c, x, mean), rsqrt(c, variance, epsilon));
}

static int32_t by_root_mean_square(k_ctx *c, int32_t x, const int32_t *axes, int32_t count, double epsilon) {
  return k_mul(c, x, rsqrt(c, k_reduce(c, OP(MEAN), k_mul(c, x, x), axes, count, true), epsilon));
}

static void layer(k_ctx *c) {
  const int32_t x = c->in[0].value, rank = k_rank(c, x);
  int32_t axes[OP_MAX_RANK], count, at = 0;
  if (!axes_of(c, rank, axes, &count)) return;
  const bool rms = k_flag(c, "rms_scaling", false);
  const double epsilon = k_real(c, "epsilon", 1e-3);
  int32_t y =
      rms ? k_mul(c, x, rsqrt(c, variance_of(c, x, axes, count), epsilon)) : standard(c, x, axes, count, epsilon);
  const k_array *gamma = k_flag(c, "scale", true) || rms ? over(c, "gamma", at++, x, axes, count) : NULL;
  const k_array *beta = k_flag(c, "center", true) && !rms ? over(c, "beta", at, x, axes, count) : NULL;
  if (gamma) y = k_mul(c, y, spread(c, "gamma", gamma->data, x, axes, count));
  if (beta) y = k_add(c, y, spread(c, "beta", beta->data, x, axes, count));
  c->out[0].value = y;
}

static void root_mean_square(k_ctx *c) {
  const int32_t x = c->in[0].value, rank = k_rank(c, x);
  int32_t axes[OP_MAX_RANK], count;
  if (!axes_of(c, rank, axes, &count)) return;
  const k_array *scale = over(c, "scale", 0, x, axes, count);
  if (scale)
    c->out[0].value = k_mul(c, by_root_mean_square(c, x, axes, count, k_real(c, "epsilon", 1e-6)),
                            spread(c, "scale", scale->data, x, axes, count));
}

/* ---- groups of channels ---- */

static void group(k_ctx *c) {
  int32_t x = c->in[0].value, axes[OP_MAX_RANK], count;
  const int32_t rank = k_rank(c, x);
  if (!axes_of(c, rank, axes, &count)) return;
  const bool first = axes[0] == 1 && rank > 2;
  if (first) x = k_to_last(c, x);
  const int32_t last = rank - 1, channels = build_dim(c->b, x, last);
  int32_t groups = k_int(c, "groups", 32), at = 0;
  if (groups == -1) groups = channels;
  if (groups < 1 || channels < 1 || channels % groups || rank < 2) {
    build_fail(c->b, MOTE_ERR_MODEL, "%d channels do not make %d groups", (int)channels, (int)groups);
    return;
  }
  k_size shape[OP_MAX_RANK], space = k_known(1);
  for (int32_t i = 0; i < rank; i++) shape[i] = k_size_of(c, x, i);
  for (int32_t i = 1; i < last; i++) space = k_size_times(c, space, shape[i]);
  int32_t y = k_reshape(c, x, (k_size[]){shape[0], space, k_known(groups), k_known(channels / groups)}, 4);
  y = k_reshape(c, standard(c, y, (int32_t[]){1, 3}, 2, k_real(c, "epsilon", 1e-3)), shape, rank);
  if (k_flag(c, "scale", true)) y = k_mul(c, y, k_const_array(c, "gamma", k_take(c, "gamma", at++, 1, &channels)));
  if (k_flag(c, "center", true)) y = k_add(c, y, k_const_array(c, "beta", k_take(c, "beta", at, 1, &channels)));
  c->out[0].value = first ? k_to_first(c, y) : y;
}

/* ---- others ---- */

static void unit(k_ctx *c) {
  const int32_t x = c->in[0].value;
  int32_t axes[OP_MAX_RANK], count;
  if (!axes_of(c, k_rank(c, x), axes, &count)) return;
  const int32_t sum = k_reduce(c, OP(SUM), k_mul(c, x, x), axes, count, true);
  const int32_t least = k_op2(c, OP(MAXIMUM), NULL, sum, k_float(c, 1e-12f));
  c->out[0].value = k_mul(c, x, k_op1(c, OP(RSQRT), NULL, least));
}

/* Numbers of a setting that may be one, a list, or nested lists. */
static bool numbers(k_ctx *c, const json_t *j, float *to, int32_t count) {
  while (json_is_array(j) && json_array_size(j) == 1 && json_is_array(json_array_get(j, 0))) j = json_array_get(j, 0);
  if (json_is_object(j)) j = json_object_get(json_object_get(j, "config"), "value");
  for (int32_t i = 0; i < count; i++) {
    const json_t *v = json_is_array(j) ? json_array_get(j, json_array_size(j) == 1 ? 0 : (size_t)i) : j;
    if (!json_is_number(v))
      return build_fail(c->b, MOTE_ERR_MODEL, "its settings hold fewer numbers than its input has channels") >= 0;
    to[i] = (float)json_number_value(v);
  }
  return true;
}

/* Mean and variance of what it was adapted to, in its settings or its weights. */
static bool adapted(k_ctx *c, int32_t count, float *mean, float *variance) {
  const json_t *said = k_get(c->config, "mean"), *spread_said = k_get(c->config, "variance");
  if (!mean || !variance) return false;
  if (said && !json_is_null(said)) return numbers(c, said, mean, count) && numbers(c, spread_said, variance, count);
  for (int i = 0; i < 2; i++) {
    const char *path = k_scope_take(&c->weights, i, c->b->arena);
    k_array a;
    mote_error e;
    if (!path) return build_fail(c->b, MOTE_ERR_MODEL, "the file does not hold what it was adapted to") >= 0;
    if (k_file_array(c->e->file, path, c->b->arena, &a, &e) != MOTE_OK)
      return build_fail(c->b, e.code, "%s", e.text) >= 0;
    if (a.count != (size_t)count && a.count != 1)
      return build_fail(c->b, MOTE_ERR_MODEL, "it was adapted to %d channels, not %d", (int)a.count, (int)count) >= 0;
    for (int32_t k = 0; k < count; k++) (i ? variance : mean)[k] = a.data[a.count == 1 ? 0 : k];
  }
  return true;
}

static void normalization(k_ctx *c) {
  const int32_t x = k_cast(c, c->in[0].value, MOTE_FLOAT32), rank = k_rank(c, x);
  int32_t axes[OP_MAX_RANK], count = 0, size = 1;
  const json_t *axis = k_get(c->config, "axis");
  if (axis && !json_is_null(axis) && !(json_is_array(axis) && !json_array_size(axis)) &&
      !axes_of(c, rank, axes, &count))
    return;
  if (count > 1) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it normalizes over %d axes; one or none is taken", (int)count);
    return;
  }
  if (count) size = build_dim(c->b, x, axes[0]);
  if (size < 0) {
    build_fail(c->b, MOTE_ERR_MODEL, "its axis has no known size");
    return;
  }
  float *mean = k_floats(c, (size_t)size), *deviation = k_floats(c, (size_t)size);
  if (!adapted(c, size, mean, deviation)) return;
  const bool invert = k_flag(c, "invert", false);
  for (int32_t i = 0; i < size; i++) { /* as one factor and one offset */
    const double d = fmax(sqrt((double)deviation[i]), 1e-7), m = (double)mean[i];
    deviation[i] = (float)(invert ? d : 1 / d);
    mean[i] = (float)(invert ? m : -m / d);
  }
  c->out[0].value =
      k_add(c, k_mul(c, x, spread(c, "factor", deviation, x, axes, count)), spread(c, "offset", mean, x, axes, count));
}

static void rescaling(k_ctx *c) {
  const int32_t x = k_cast(c, c->in[0].value, MOTE_FLOAT32);
  const json_t *scale = k_get(c->config, "scale"), *offset = k_get(c->config, "offset");
  const int32_t one = 1, many = build_dim(c->b, x, -1);
  const int32_t count = json_array_size(scale) > 1 || json_array_size(offset) > 1 ? many : one;
  float *s = k_floats(c, (size_t)(count > 0 ? count : 1)), *o = k_floats(c, (size_t)(count > 0 ? count : 1));
  if (!s || !o || !numbers(c, scale, s, count) || (offset && !numbers(c, offset, o, count))) return;
  bool moves = false;
  for (int32_t i = 0; i < count; i++) moves |= o[i] != 0;
  const int32_t y = k_mul(c, x, k_const(c, "scale", count == 1 ? 0 : 1, &count, s));
  c->out[0].value = moves ? k_add(c, y, k_const(c, "offset", count == 1 ? 0 : 1, &count, o)) : y;
}

const k_row k_rows_norm[] = {
    {"BatchNormalization", batch, 0, true},
    {"SyncBatchNormalization", batch, 0, true},
    {"LayerNormalization", layer, 0, true},
    {"RMSNormalization", root_mean_square, 0, true},
    {"GroupNormalization", group, 0, true},
    {"UnitNormalization", unit, 0, true},
    {"Normalization", normalization, 0, true},
    {"Rescaling", rescaling, 0, true},
    {NULL, NULL, 0, false},
};

/* conv_case.h: random convolutions, depthwise ones too, held against the definition: a sum over the taps of a window.
 *
 * Every kind of operand is tried: float32, int8, uint8, int16, and float32 by int8, with constant and with computed
 * filters, on every instruction set of the machine.
 */
#ifndef SUPPORT_CONV_CASE_H
#define SUPPORT_CONV_CASE_H

#include <math.h>

#include "base/fixed.h"
#include "kernels/dynquant.h"
#include "support/op_case.h"

enum { CONV_CASE_IN = 6000, CONV_CASE_FILTER = 6000, CONV_CASE_OUT = 20000, CONV_CASE_CHANNELS = 80 };

typedef enum conv_case_kind {
  CASE_F32,
  CASE_S8,
  CASE_U8,
  CASE_S16,     /* int64 bias */
  CASE_S16_B32, /* int32 bias */
  CASE_HYBRID,
  CASE_HYBRID_CHANNELS, /* the filter has a scale for each output channel */
  CASE_KINDS
} conv_case_kind;

typedef struct conv_case {
  conv_case_kind kind;
  bool depthwise, constant, biased, same;
  int32_t in[4], filter[4], out[4];
  int32_t groups, stride[2], dilation[2], activation;
  int32_t in_zero, filter_zero, out_zero;
  float in_scale, out_scale, filter_scale[CONV_CASE_CHANNELS];
  int32_t filter_zeros[CONV_CASE_CHANNELS];
  /* operands in the widest type, and as the operator reads them */
  double x[CONV_CASE_IN], w[CONV_CASE_FILTER], b[CONV_CASE_CHANNELS];
  int64_t input[CONV_CASE_IN], filters[CONV_CASE_FILTER], bias[CONV_CASE_CHANNELS];
} conv_case;

static inline mote_type conv_case_type(const conv_case *k, int operand) {
  static const mote_type types[CASE_KINDS][3] = {
      [CASE_F32] = {MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32},
      [CASE_S8] = {MOTE_INT8, MOTE_INT8, MOTE_INT32},
      [CASE_U8] = {MOTE_UINT8, MOTE_UINT8, MOTE_INT32},
      [CASE_S16] = {MOTE_INT16, MOTE_INT8, MOTE_INT64},
      [CASE_S16_B32] = {MOTE_INT16, MOTE_INT8, MOTE_INT32},
      [CASE_HYBRID] = {MOTE_FLOAT32, MOTE_INT8, MOTE_FLOAT32},
      [CASE_HYBRID_CHANNELS] = {MOTE_FLOAT32, MOTE_INT8, MOTE_FLOAT32},
  };
  return types[k->kind][operand];
}

/* ---- making one ---- */

static inline double conv_case_value(op_random *r, mote_type type) {
  switch (type) {
    case MOTE_INT8: return op_random_in(r, -128, 127);
    case MOTE_UINT8: return op_random_in(r, 0, 255);
    case MOTE_INT16: return op_random_in(r, -32768, 32767);
    case MOTE_INT32:
    case MOTE_INT64: return op_random_in(r, -5000, 5000);
    default: return op_random_in(r, -1000, 1000) / 512.0;
  }
}

static inline void conv_case_store(mote_type type, void *to, size_t i, double v) {
  switch (type) {
    case MOTE_INT8: ((int8_t *)to)[i] = (int8_t)v; break;
    case MOTE_UINT8: ((uint8_t *)to)[i] = (uint8_t)v; break;
    case MOTE_INT16: ((int16_t *)to)[i] = (int16_t)v; break;
    case MOTE_INT32: ((int32_t *)to)[i] = (int32_t)v; break;
    case MOTE_INT64: ((int64_t *)to)[i] = (int64_t)v; break;
    default: ((float *)to)[i] = (float)v; break;
  }
}

/* Output size and padding before, of one dimension. */
static inline int32_t conv_case_window(const conv_case *k, int d, int32_t *before) {
  const int32_t span = (k->filter[1 + d] - 1) * k->dilation[d] + 1, in = k->in[1 + d];
  const int32_t out = k->same ? (in + k->stride[d] - 1) / k->stride[d] : (in - span) / k->stride[d] + 1;
  const int32_t total = (out - 1) * k->stride[d] + span - in;
  *before = total > 0 ? total / 2 : 0;
  return out;
}

static inline void conv_case_shapes(conv_case *k, op_random *r) {
  const int32_t inputs = op_random_in(r, 1, op_random_below(r, 4) ? 8 : 20), outputs = op_random_in(r, 1, 24);
  k->groups = op_random_below(r, 3) ? 1 : op_random_in(r, 1, 4);
  k->same = op_random_below(r, 2);
  for (int d = 0; d < 2; d++) {
    k->stride[d] = op_random_in(r, 1, 3);
    k->dilation[d] = op_random_below(r, 3) ? 1 : op_random_in(r, 1, 3);
    k->filter[1 + d] = op_random_below(r, 3) ? op_random_in(r, 1, 4) : 1;
    const int32_t span = (k->filter[1 + d] - 1) * k->dilation[d] + 1;
    k->in[1 + d] = op_random_in(r, k->same ? 1 : span, span + 7);
  }
  k->in[0] = op_random_in(r, 1, 3);
  if (k->depthwise) {
    const int32_t multiplier = op_random_below(r, 2) ? 1 : op_random_in(r, 1, 4);
    k->groups = k->in[3] = inputs;
    k->filter[0] = 1;
    k->filter[3] = k->out[3] = inputs * multiplier;
  } else {
    k->in[3] = (inputs + k->groups - 1) / k->groups * k->groups;
    k->filter[3] = k->in[3] / k->groups;
    k->filter[0] = k->out[3] = (outputs + k->groups - 1) / k->groups * k->groups;
  }
}

/* Random shapes; false when they came out too large. */
static inline bool conv_case_make(conv_case *k, op_random *r, conv_case_kind kind, bool depthwise) {
  memset(k, 0, sizeof *k);
  k->kind = kind;
  k->depthwise = depthwise;
  k->constant = op_random_below(r, 2);
  k->biased = op_random_below(r, 4);
  const int32_t activations[] = {sch_ActivationFunctionType_NONE, sch_ActivationFunctionType_RELU,
                                 sch_ActivationFunctionType_RELU6};
  k->activation = activations[op_random_below(r, 3)];
  conv_case_shapes(k, r);
  int32_t before;
  k->out[0] = k->in[0];
  for (int d = 0; d < 2; d++) k->out[1 + d] = conv_case_window(k, d, &before);
  size_t in = 0, filter = 0, out = 0;
  if (!size_dims(k->in, 4, &in) || !size_dims(k->filter, 4, &filter) || !size_dims(k->out, 4, &out)) return false;
  if (in > CONV_CASE_IN || filter > CONV_CASE_FILTER || out > CONV_CASE_OUT || k->out[3] > CONV_CASE_CHANNELS)
    return false;
  for (size_t i = 0; i < in; i++) k->x[i] = conv_case_value(r, conv_case_type(k, 0));
  for (size_t i = 0; i < filter; i++) k->w[i] = conv_case_value(r, conv_case_type(k, 1));
  for (int32_t i = 0; i < k->out[3] && k->biased; i++) k->b[i] = conv_case_value(r, conv_case_type(k, 2));
  for (size_t i = 0; i < in; i++) conv_case_store(conv_case_type(k, 0), k->input, i, k->x[i]);
  for (size_t i = 0; i < filter; i++) conv_case_store(conv_case_type(k, 1), k->filters, i, k->w[i]);
  for (int32_t i = 0; i < k->out[3]; i++) conv_case_store(conv_case_type(k, 2), k->bias, (size_t)i, k->b[i]);
  k->in_zero = kind == CASE_S8 ? op_random_in(r, -128, 127) : kind == CASE_U8 ? op_random_in(r, 0, 255) : 0;
  k->out_zero = kind == CASE_S8 ? op_random_in(r, -128, 127) : kind == CASE_U8 ? op_random_in(r, 0, 255) : 0;
  k->filter_zero = kind == CASE_U8 ? op_random_in(r, 0, 255) : 0;
  k->in_scale = 0.02f;
  k->out_scale = kind == CASE_S16 || kind == CASE_S16_B32 ? 0.5f : 2.0f;
  for (int32_t i = 0; i < k->out[3]; i++) k->filter_scale[i] = (float)op_random_in(r, 1, 1000) / 8000;
  return true;
}

static inline bool conv_case_per_channel(const conv_case *k) {
  return k->kind != CASE_F32 && k->kind != CASE_U8 && k->kind != CASE_HYBRID;
}

/* ---- the definition ---- */

/* Hybrid: images have a zero point, and the filter's scale comes first. A CONV_2D does so only when scales differ. */
static inline bool conv_case_apart(const conv_case *k) {
  for (int32_t i = 1; k->kind == CASE_HYBRID_CHANNELS && i < k->out[3]; i++)
    if (k->filter_scale[i] != k->filter_scale[0]) return true;
  return k->depthwise;
}

/* An image as a hybrid convolution quantizes it. */
typedef struct conv_case_image {
  float scale;
  int32_t offset;
  int8_t q[CONV_CASE_IN];
} conv_case_image;

static inline void conv_case_quantize(const conv_case *k, int32_t n, conv_case_image *image) {
  const size_t size = (size_t)k->in[1] * (size_t)k->in[2] * (size_t)k->in[3];
  const float *const x = (const float *)k->input + (size_t)n * size;
  image->offset = 0;
  if (conv_case_apart(k)) image->scale = dynquant_asymmetric(x, size, image->q, &image->offset);
  else image->scale = dynquant_symmetric(x, size, image->q);
}

/* Sum over the taps of one output element; *size: the sum of magnitudes. */
static inline double conv_case_sum(const conv_case *k, const int32_t *at, const conv_case_image *image, double *size) {
  int32_t before[2];
  double sum = 0;
  *size = 0;
  for (int d = 0; d < 2; d++) (void)conv_case_window(k, d, &before[d]);
  const int32_t per_group = k->in[3] / k->groups, group = at[3] / (k->out[3] / k->groups);
  for (int32_t y = 0; y < k->filter[1]; y++)
    for (int32_t x = 0; x < k->filter[2]; x++)
      for (int32_t c = 0; c < per_group; c++) {
        const int32_t in_y = at[1] * k->stride[0] - before[0] + y * k->dilation[0];
        const int32_t in_x = at[2] * k->stride[1] - before[1] + x * k->dilation[1];
        if (in_y < 0 || in_y >= k->in[1] || in_x < 0 || in_x >= k->in[2]) continue;
        const size_t i = op_offset(4, k->in, (int32_t[]){image ? 0 : at[0], in_y, in_x, group * per_group + c});
        const size_t f = k->depthwise ? op_offset(4, k->filter, (int32_t[]){0, y, x, at[3]})
                                      : op_offset(4, k->filter, (int32_t[]){at[3], y, x, c});
        const double in = image ? image->q[i] - image->offset : k->x[i] - k->in_zero;
        const double product = (k->kind == CASE_F32 ? (double)(float)in : in) * (k->w[f] - k->filter_zero);
        sum += product;
        *size += fabs(product);
      }
  return sum;
}

static inline int32_t conv_case_requantize(const conv_case *k, int64_t sum, int32_t channel, int32_t lo, int32_t hi) {
  const float w = k->filter_scale[conv_case_per_channel(k) ? channel : 0];
  const double real = k->kind == CASE_U8 ? (double)(k->in_scale * w) / (double)k->out_scale
                                         : (double)k->in_scale * (double)w / (double)k->out_scale;
  const fx_mult mult = fx_quantize_multiplier(real);
  const int32_t y = k->kind == CASE_S16 ? fx_mbqm64(sum, mult) : fx_mbqm((int32_t)sum, mult);
  int32_t least = lo, most = hi;
  if (k->activation != sch_ActivationFunctionType_NONE) least = fx_clamp(k->out_zero, lo, hi);
  if (k->activation == sch_ActivationFunctionType_RELU6)
    most = fx_clamp(k->out_zero + (int64_t)roundf(6 / k->out_scale), lo, hi);
  return fx_clamp((int64_t)y + k->out_zero, least, most);
}

static inline float conv_case_clamp(const conv_case *k, float y) {
  if (k->activation != sch_ActivationFunctionType_NONE && y < 0) y = 0;
  return k->activation == sch_ActivationFunctionType_RELU6 && y > 6 ? 6 : y;
}

/* True when element `at` of the operator's output is what the definition says. */
static inline bool conv_case_right(const conv_case *k, const int32_t *at, const conv_case_image *image,
                                   const op_tensor *out) {
  const size_t i = op_offset(4, k->out, at);
  const bool hybrid = k->kind == CASE_HYBRID || k->kind == CASE_HYBRID_CHANNELS;
  double size;
  const double sum = conv_case_sum(k, at, hybrid ? image : NULL, &size);
  const int64_t whole = (int64_t)sum + (int64_t)k->b[at[3]];
  switch (k->kind) {
    case CASE_S8: return ((int8_t *)out->data)[i] == conv_case_requantize(k, whole, at[3], -128, 127);
    case CASE_U8: return ((uint8_t *)out->data)[i] == conv_case_requantize(k, whole, at[3], 0, 255);
    case CASE_S16:
    case CASE_S16_B32: return ((int16_t *)out->data)[i] == conv_case_requantize(k, whole, at[3], -32768, 32767);
    default: break;
  }
  float want = (float)(sum + k->b[at[3]]);
  if (hybrid) {
    const float w = k->filter_scale[conv_case_per_channel(k) ? at[3] : 0];
    want = conv_case_apart(k) ? (float)sum * w * image->scale : (float)sum * (image->scale * w);
    want += (float)k->b[at[3]];
  }
  const float y = ((float *)out->data)[i];
  return fabs((double)(y - conv_case_clamp(k, want))) <= (hybrid ? 1e-6 : 2e-6) * (1 + size);
}

/* ---- running it ---- */

static inline void conv_case_operands(const conv_case *k, op_case *c, op_quant *q) {
  const uint32_t flags = k->constant ? OP_CONST : 0;
  op_tensor *const in = op_case_input(c, conv_case_type(k, 0), 4, k->in, k->input, 0);
  op_tensor *const filter = op_case_input(c, conv_case_type(k, 1), 4, k->filter, k->filters, flags);
  if (k->biased) op_case_input(c, conv_case_type(k, 2), 1, &k->out[3], k->bias, flags);
  op_tensor *const out = op_case_output(c, conv_case_type(k, 0));
  if (k->kind == CASE_F32) return;
  in->scale = k->in_scale, in->zero_point = k->in_zero;
  out->scale = k->out_scale, out->zero_point = k->out_zero;
  *q = (op_quant){.count = conv_case_per_channel(k) ? k->out[3] : 1,
                  .axis = k->depthwise ? 3 : 0,
                  .scale = k->filter_scale,
                  .zero_point = conv_case_per_channel(k) ? k->filter_zeros : &k->filter_zero};
  filter->quant = q;
  if (q->count == 1) filter->scale = k->filter_scale[0], filter->zero_point = k->filter_zero;
}

/* Runs the case on a level; false, with a line that says where, when the output is not as defined. */
static inline bool conv_case_holds(const conv_case *k, const mote_op *op, const void *options, cpu_level level) {
  static conv_case_image image;
  op_case c;
  op_quant q;
  op_case_begin(&c, op, options);
  c.c.isa = level;
  c.c.workers = 3;
  conv_case_operands(k, &c, &q);
  bool good = op_case_run(&c) == MOTE_OK;
  if (!good) fprintf(stderr, "%s\n", c.error.text);
  for (int d = 0; d < 4 && good; d++) good = c.out[0].rank == 4 && c.out[0].dims[d] == k->out[d];
  int32_t at[4], now = -1;
  for (size_t i = 0; good && i < op_count(&c.out[0]); i++) {
    op_coordinates(i, 4, k->out, at);
    if (k->kind >= CASE_HYBRID && at[0] != now) conv_case_quantize(k, now = at[0], &image);
    good = conv_case_right(k, at, &image, &c.out[0]);
    if (!good)
      fprintf(stderr, "kind %d on %s: output %d,%d,%d,%d differs\n", k->kind, cpu_name(level), at[0], at[1], at[2],
              at[3]);
  }
  return op_case_end(&c) && good;
}

#endif

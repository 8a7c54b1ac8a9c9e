/* reduce.c: reductions over axes: MEAN, SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_ANY, REDUCE_ALL.
 *
 * Dimensions are merged until kept and reduced ones alternate. A task owns blocks of outputs that lie side by side and
 * passes over all that is reduced into them: sums are split by outputs only, so they do not depend on threads.
 */
#include "kernels/reduce.h"

#include <float.h>
#include <string.h>

#include "base/fixed.h"
#include "kernels/fold.h"
#include "kernels/map.h"
#include "operators/op.h"

enum { BLOCK = 256, TASK_ELEMENTS = 16 * 1024 };

/* Part of what a program prepares: requantization of the sum or product. */
typedef struct reduce_params {
  fx_mult mult;
  int32_t flip, x_zero, y_zero; /* x_zero with flip added */
  int32_t lo, hi;
} reduce_params;

typedef struct reduce_plan {
  uint64_t dims[OP_MAX_RANK];
  int32_t rank;
  uint32_t reduced; /* bit i: dimension i is reduced */
  uint64_t count;   /* inputs to one output */
  uint64_t outputs;
  fx_mult mult; /* of a quantized result: for MEAN the division is in it; for REDUCE_PROD of each product */
} reduce_plan;

static bool is_quantized(const op_ctx *c) {
  const mote_type type = c->in[0]->type;
  return type == MOTE_INT8 || type == MOTE_UINT8 || type == MOTE_INT16;
}

static bool is_mean(const op_ctx *c) { return c->op->code == sch_BuiltinOperator_MEAN; }

/* True of what gives one of its elements. */
static bool is_extreme(const op_ctx *c) {
  return c->op->code == sch_BuiltinOperator_REDUCE_MAX || c->op->code == sch_BuiltinOperator_REDUCE_MIN;
}

/* ---- check, infer ---- */

static mote_status check_equal_scales(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  reduce_params *p = c->params;
  p->flip = x->type == MOTE_INT8 ? 0x80 : 0;
  OP_REQUIRE(
      c, x->scale == y->scale && x->zero_point == y->zero_point, MOTE_ERR_MODEL,
      "the result is one of the elements, so input and output need one scale and zero point; they are %g and %d, "
      "and %g and %d",
      (double)x->scale, (int)x->zero_point, (double)y->scale, (int)y->zero_point);
  return MOTE_OK;
}

static mote_status check(op_ctx *c) {
  if (!is_quantized(c)) return MOTE_OK;
  const op_tensor *x = c->in[0], *y = c->out[0];
  if (is_extreme(c)) return check_equal_scales(c);
  MOTE_TRY(op_need_scale(c, x));
  MOTE_TRY(op_need_scale(c, y));
  reduce_params *p = c->params;
  p->flip = x->type == MOTE_INT8 ? 0x80 : 0;
  p->x_zero = x->zero_point + p->flip;
  p->y_zero = y->zero_point;
  p->mult = fx_quantize_multiplier((double)x->scale / (double)y->scale);
  op_type_range(y->type, &p->lo, &p->hi);
  return MOTE_OK;
}

/* Bits of the reduced dimensions; *known is false while the axes are not there. Duplicates fold; a scalar has no axis
 * that could be wrong. */
static mote_status axes_of(op_ctx *c, uint32_t *mask, bool *known) {
  const op_tensor *x = c->in[0], *axes = c->in[1];
  *mask = 0;
  *known = op_shape_known(axes) && (axes->data || op_count(axes) == 0);
  if (!*known || x->rank == 0) return MOTE_OK;
  const size_t n = op_count(axes);
  for (size_t i = 0; i < n; i++) {
    int32_t axis;
    MOTE_TRY(op_axis(c, op_int_at(axes, i), x->rank, &axis));
    *mask |= UINT32_C(1) << axis;
  }
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *x = c->in[0];
  op_tensor *y = c->out[0];
  const bool keep = ((const sch_ReducerOptions *)c->options)->keep_dims;
  uint32_t mask = 0;
  bool known = false;
  if (x->rank >= 0) MOTE_TRY(axes_of(c, &mask, &known));
  y->rank = -1;
  if (!known) return MOTE_OK;
  y->rank = 0;
  for (int32_t i = 0; i < x->rank; i++) {
    const bool reduced = mask >> i & 1;
    if (reduced && !keep) continue;
    y->dims[y->rank++] = reduced ? 1 : x->dims[i];
  }
  return MOTE_OK;
}

typedef union sums {
  uint8_t u8[BLOCK];
  int16_t i16[BLOCK];
  float f32[BLOCK];
  int32_t i32[BLOCK];
  int64_t i64[BLOCK];
} sums;

typedef struct walk walk;

/* What an operator folds by. */
typedef struct reduction {
  fx_mult (*mult)(const op_ctx *c, uint64_t count); /* of a quantized result of `count` > 0 inputs */
  reduce_fn (*kernel)(mote_type type, cpu_level isa);
  void (*begin)(const walk *w, sums *s, size_t n);
  void (*finish)(const walk *w, const sums *s, size_t n, size_t at);
} reduction;

/* ---- plan ---- */

/* The reference's way to divide by count: as many bits of headroom as there are go into the multiplier first. */
static fx_mult mult_mean(const op_ctx *c, uint64_t count) {
  const fx_mult mult = ((const reduce_params *)c->params)->mult;
  int bits = 0;
  while (count >> (bits + 1)) bits++;
  int shift = bits < 32 ? bits : 32;
  if (shift > 31 + mult.shift) shift = 31 + mult.shift;
  if (shift < 0) return (fx_mult){0, 0};
  const int64_t scaled = (int64_t)((uint64_t)mult.m << shift);
  return (fx_mult){.m = (int32_t)(scaled / (int64_t)count), .shift = mult.shift - shift};
}

static fx_mult mult_product(const op_ctx *c, uint64_t count) {
  return fx_quantize_multiplier((double)c->in[0]->scale / pow((double)c->out[0]->scale, 1.0 / (double)count));
}

static fx_mult mult_plain(const op_ctx *c, uint64_t count) {
  (void)count;
  return ((const reduce_params *)c->params)->mult;
}

static mote_status plan(op_ctx *c) {
  reduce_plan *p = c->record;
  const op_tensor *x = c->in[0];
  uint32_t mask;
  bool known;
  MOTE_TRY(axes_of(c, &mask, &known));
  int before = -1;
  p->count = 1;
  p->outputs = op_count(c->out[0]);
  for (int32_t i = 0; i < x->rank; i++) {
    const int reduced = mask >> i & 1;
    if (reduced) p->count *= (uint64_t)x->dims[i];
    if (x->dims[i] == 1) continue;
    if (reduced == before) p->dims[p->rank - 1] *= (uint64_t)x->dims[i];
    else {
      p->reduced |= (uint32_t)reduced << p->rank;
      p->dims[p->rank++] = (uint64_t)x->dims[i];
    }
    before = reduced;
  }
  const bool scales = is_quantized(c) && p->count;
  p->mult = scales ? ((const reduction *)c->op->variant)->mult(c, p->count) : ((const reduce_params *)c->params)->mult;
  /* Products are kept in 64 bits, where the multiplier has 16 and shifts right by 15 - shift. */
  OP_REQUIRE(
      c, !scales || c->op->code != sch_BuiltinOperator_REDUCE_PROD || p->mult.shift <= 14, MOTE_ERR_MODEL,
      "of products of %llu elements the input scale %g over that root of the output scale %g must be below 2^14; "
      "give the output a larger scale",
      (unsigned long long)p->count, (double)c->in[0]->scale, (double)c->out[0]->scale);
  return MOTE_OK;
}

/* ---- run ---- */

struct walk {
  const reduction *by;
  const reduce_plan *plan;
  const reduce_params *params;
  reduce_fn sum;
  map_fn requant; /* of 8 and 16 bits */
  mote_type type;
  bool mean;
  float y_scale;
  const char *x;
  char *y;
  size_t bytes;                       /* of an element */
  size_t step[OP_MAX_RANK];           /* of the input, in elements */
  int32_t side;                       /* the innermost kept dimension, -1: none */
  int32_t inner;                      /* the innermost reduced dimension, -1: none */
  size_t width;                       /* outputs side by side */
  reduce_shape shape;                 /* of what the kernel does at a time, but for its rows */
  size_t blocks, units, units_a_task; /* blocks of a row of outputs, in all, and in a task */
};

/* ---- what n results are before anything has been folded into them ---- */

static void begin_zeros(const walk *w, sums *s, size_t n) {
  (void)w, (void)n;
  memset(s, 0, sizeof *s);
}

static void begin_true(const walk *w, sums *s, size_t n) {
  (void)w;
  memset(s, 1, n);
}

static void begin_product(const walk *w, sums *s, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (w->type == MOTE_FLOAT32) s->f32[i] = 1;
    else s->i64[i] = w->type == MOTE_INT32 || w->type == MOTE_INT64 ? 1 : FOLD_NOTHING;
  }
}

static void begin_max(const walk *w, sums *s, size_t n) {
  for (size_t i = 0; i < n; i++) switch ((int)w->type) {
      case MOTE_FLOAT32: s->f32[i] = -FLT_MAX; break;
      case MOTE_INT16: s->i16[i] = INT16_MIN; break;
      case MOTE_INT32: s->i32[i] = INT32_MIN; break;
      case MOTE_INT64: s->i64[i] = INT64_MIN; break;
      default: s->u8[i] = 0; break;
    }
}

static void begin_min(const walk *w, sums *s, size_t n) {
  for (size_t i = 0; i < n; i++) switch ((int)w->type) {
      case MOTE_FLOAT32: s->f32[i] = FLT_MAX; break;
      case MOTE_INT16: s->i16[i] = INT16_MAX; break;
      case MOTE_INT32: s->i32[i] = INT32_MAX; break;
      case MOTE_INT64: s->i64[i] = INT64_MAX; break;
      default: s->u8[i] = UINT8_MAX; break;
    }
}

/* ---- n results as outputs, from output `at` on ---- */

static void finish_sums(const walk *w, const sums *s, size_t n, size_t at) {
  const uint64_t count = w->plan->count;
  const int64_t divisor = w->mean && count ? (int64_t)count : 1;
  switch ((int)w->type) {
    case MOTE_FLOAT32:
      if (divisor == 1) memcpy(w->y + at * w->bytes, s->f32, n * sizeof(float));
      else
        for (size_t i = 0; i < n; i++) ((float *)w->y)[at + i] = s->f32[i] / (float)divisor;
      return;
    case MOTE_INT32:
      for (size_t i = 0; i < n; i++) ((int32_t *)w->y)[at + i] = (int32_t)(s->i64[i] / divisor);
      return;
    case MOTE_INT64:
      for (size_t i = 0; i < n; i++) ((int64_t *)w->y)[at + i] = s->i64[i] / divisor;
      return;
  }
  const reduce_params *p = w->params;
  const map_requant q = {.x_zero = (int32_t)((uint32_t)p->x_zero * (uint32_t)count),
                         .y_zero = p->y_zero,
                         .mult = w->plan->mult,
                         .lo = p->lo,
                         .hi = p->hi};
  w->requant(s->i32, w->y + at * w->bytes, n, &q);
}

/* Quantized products; the product of nothing is 1. */
static void finish_product(const walk *w, const sums *s, size_t n, size_t at) {
  const reduce_params *p = w->params;
  if (w->bytes >= 4) {
    finish_sums(w, s, n, at);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const int32_t v =
        s->i64[i] == FOLD_NOTHING ? fx_to_i32(fx_round(1 / (double)w->y_scale)) : fx_mbqm64(s->i64[i], w->plan->mult);
    const int32_t q = fx_clamp((int64_t)v + p->y_zero, p->lo, p->hi);
    if (w->type == MOTE_INT16) ((int16_t *)w->y)[at + i] = (int16_t)q;
    else ((int8_t *)w->y)[at + i] = (int8_t)q;
  }
}

/* Results that are elements. */
static void finish_elements(const walk *w, const sums *s, size_t n, size_t at) {
  memcpy(w->y + at * w->bytes, s, n * w->bytes);
  if (w->params->flip)
    for (size_t i = 0; i < n; i++) w->y[at + i] ^= (char)0x80;
}

/* Adds everything that is reduced into n neighbouring outputs; x is where the first of them begins. The kernel passes
 * along the innermost reduced dimension, this along the others. */
static void pass(const walk *w, const char *x, sums *s, size_t n) {
  const reduce_plan *p = w->plan;
  reduce_shape shape = w->shape;
  shape.rows = n;
  size_t at[OP_MAX_RANK] = {0};
  for (;;) {
    w->sum(s, x, &shape);
    int32_t i = w->inner - 1;
    for (; i >= 0; i--) {
      if (!(p->reduced >> i & 1)) continue;
      x += w->step[i] * w->bytes;
      if (++at[i] < p->dims[i]) break;
      x -= w->step[i] * (size_t)p->dims[i] * w->bytes;
      at[i] = 0;
    }
    if (i < 0) return;
  }
}

static void unit(const walk *w, size_t index) {
  const reduce_plan *p = w->plan;
  size_t row = index / w->blocks;
  const size_t first = index % w->blocks * BLOCK, rest = w->width - first, n = rest < BLOCK ? rest : BLOCK;
  const size_t at = row * w->width + first;
  size_t offset = w->side < 0 ? 0 : first * w->step[w->side];
  for (int32_t i = w->side - 1; i >= 0; i--) {
    if (p->reduced >> i & 1) continue;
    offset += row % (size_t)p->dims[i] * w->step[i];
    row /= (size_t)p->dims[i];
  }
  sums s;
  w->by->begin(w, &s, n);
  if (p->count) pass(w, w->x + offset * w->bytes, &s, n);
  w->by->finish(w, &s, n, at);
}

static void task(void *arg, size_t index, int worker) {
  (void)worker;
  const walk *w = arg;
  const size_t first = index * w->units_a_task;
  const size_t last = w->units - first < w->units_a_task ? w->units : first + w->units_a_task;
  for (size_t i = first; i < last; i++) unit(w, i);
}

static reduce_fn sum_of(mote_type type, cpu_level isa) {
  switch ((int)type) {
    case MOTE_FLOAT32: return reduce_sum_f32[isa];
    case MOTE_INT16: return reduce_sum_16[isa];
    case MOTE_INT32: return reduce_sum_32[isa];
    case MOTE_INT64: return reduce_sum_64[isa];
    default: return reduce_sum_8[isa];
  }
}

static reduce_fn max_of(mote_type type, cpu_level isa) {
  (void)isa;
  switch ((int)type) {
    case MOTE_FLOAT32: return fold_max_f32;
    case MOTE_INT16: return fold_max_16;
    case MOTE_INT32: return fold_max_32;
    case MOTE_INT64: return fold_max_64;
    default: return fold_max_8;
  }
}

static reduce_fn min_of(mote_type type, cpu_level isa) {
  (void)isa;
  switch ((int)type) {
    case MOTE_FLOAT32: return fold_min_f32;
    case MOTE_INT16: return fold_min_16;
    case MOTE_INT32: return fold_min_32;
    case MOTE_INT64: return fold_min_64;
    default: return fold_min_8;
  }
}

static reduce_fn any_of(mote_type type, cpu_level isa) {
  (void)type, (void)isa;
  return fold_any;
}

static reduce_fn all_of(mote_type type, cpu_level isa) {
  (void)type, (void)isa;
  return fold_all;
}

static reduce_fn product_of(mote_type type, cpu_level isa) {
  (void)isa;
  switch ((int)type) {
    case MOTE_FLOAT32: return fold_product_f32;
    case MOTE_INT16: return fold_product_q16;
    case MOTE_INT32: return fold_product_32;
    case MOTE_INT64: return fold_product_64;
    default: return fold_product_q8;
  }
}

/* Steps of the input, and which dimensions the kernel works along: outputs side by side in `side`, inputs in `inner`,
 * one of which is the last. */
static void set_steps(walk *w) {
  const reduce_plan *p = w->plan;
  size_t step = 1;
  w->side = w->inner = -1;
  for (int32_t i = p->rank - 1; i >= 0; i--) {
    int32_t *innermost = p->reduced >> i & 1 ? &w->inner : &w->side;
    if (*innermost < 0) *innermost = i;
    w->step[i] = step;
    step *= (size_t)p->dims[i];
  }
  w->width = w->side < 0 ? 1 : (size_t)p->dims[w->side];
  w->shape = (reduce_shape){.row_step = w->side < 0 ? 0 : w->step[w->side],
                            .n = 1,
                            .flip = w->params->flip,
                            .zero = w->params->x_zero,
                            .mult = p->mult};
  if (w->inner < 0) return;
  w->shape.n = (size_t)p->dims[w->inner];
  w->shape.step = w->step[w->inner];
}

static mote_status run(op_ctx *c) {
  const reduce_plan *p = c->record;
  if (p->outputs == 0) return MOTE_OK;
  walk w = {.plan = p, .params = c->params, .type = c->in[0]->type, .mean = is_mean(c)};
  w.by = c->op->variant;
  w.sum = w.by->kernel(w.type, c->isa);
  w.y_scale = c->out[0]->scale;
  w.x = c->in[0]->data;
  w.y = c->out[0]->data;
  w.bytes = (size_t)mote_type_bits(w.type) / 8;
  w.requant = (w.type == MOTE_INT16 ? map_requant_32_16 : map_requant_32_8)[c->isa];
  set_steps(&w);
  w.blocks = (w.width + BLOCK - 1) / BLOCK;
  w.units = (size_t)p->outputs / w.width * w.blocks;
  const uint64_t each = p->count * (w.width < BLOCK ? w.width : BLOCK);
  w.units_a_task = each >= TASK_ELEMENTS ? 1 : TASK_ELEMENTS / (size_t)(each + 1) + 1;
  op_parallel(c, (w.units + w.units_a_task - 1) / w.units_a_task, task, &w);
  return MOTE_OK;
}

#define REDUCE_COMMON(...)                                                                                             \
  .options = sch_BuiltinOptions_ReducerOptions, .inputs_min = 2, .inputs_max = 2, .outputs_min = 1, .outputs_max = 1,  \
  .params_size = sizeof(reduce_params), .record_size = sizeof(reduce_plan), .check = check, .infer = infer,            \
  .plan = plan, .run = run, .variant = &(const reduction) {                                                            \
    __VA_ARGS__                                                                                                        \
  }

const mote_op op_mean = {
    .name = "MEAN",
    .code = sch_BuiltinOperator_MEAN,
    .versions = 3,
    .types = "f32|i32|i64|i8|u8|i16 i32 > =",
    REDUCE_COMMON(mult_mean, sum_of, begin_zeros, finish_sums),
    .notes = "Integer means truncate; the mean of nothing is 0.",
};

const mote_op op_sum = {
    .name = "SUM",
    .code = sch_BuiltinOperator_SUM,
    .versions = 2,
    .types = "f32|i32|i64|i8|u8|i16 i32 > =",
    REDUCE_COMMON(mult_plain, sum_of, begin_zeros, finish_sums),
};

const mote_op op_reduce_prod = {
    .name = "REDUCE_PROD",
    .code = sch_BuiltinOperator_REDUCE_PROD,
    .versions = 2,
    .types = "f32|i32|i64|i8|i16 i32 > =",
    REDUCE_COMMON(mult_product, product_of, begin_product, finish_product),
    .notes = "Quantized products are rescaled at each step; the product of nothing is 1.",
};

const mote_op op_reduce_max = {
    .name = "REDUCE_MAX",
    .code = sch_BuiltinOperator_REDUCE_MAX,
    .versions = 3,
    .types = "f32|i32|i64|i8|u8|i16 i32 > =",
    REDUCE_COMMON(mult_plain, max_of, begin_max, finish_elements),
    .notes = "NaN is passed over; of nothing, the lowest finite value.",
};

const mote_op op_reduce_min = {
    .name = "REDUCE_MIN",
    .code = sch_BuiltinOperator_REDUCE_MIN,
    .versions = 3,
    .types = "f32|i32|i64|i8|u8|i16 i32 > =",
    REDUCE_COMMON(mult_plain, min_of, begin_min, finish_elements),
    .notes = "NaN is passed over; of nothing, the highest finite value.",
};

const mote_op op_reduce_any = {
    .name = "REDUCE_ANY",
    .code = sch_BuiltinOperator_REDUCE_ANY,
    .versions = 1,
    .types = "bool i32 > bool",
    REDUCE_COMMON(mult_plain, any_of, begin_zeros, finish_elements),
};

const mote_op op_reduce_all = {
    .name = "REDUCE_ALL",
    .code = sch_BuiltinOperator_REDUCE_ALL,
    .versions = 1,
    .types = "bool i32 > bool",
    REDUCE_COMMON(mult_plain, all_of, begin_true, finish_elements),
};

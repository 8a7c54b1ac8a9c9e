/* log_softmax.c: LOG_SOFTMAX over the last dimension: y = (x - max) - log(sum of e^(x - max)).
 *
 * In 8 bits all is fixed point: differences in Q5.26, the sum in Q12.19, its logarithm in Q5.26.
 */
#include <math.h>

#include "base/fixed.h"
#include "operators/op.h"

enum { DIFFERENCE_BITS = 5, SUM_BITS = 12, OUTPUT_BITS = 4, TASK_ELEMENTS = 16 * 1024 };

typedef struct log_softmax_params {
  fx_mult to_q5, from_q5; /* between differences of input integers and Q5.26 */
  int32_t least;          /* differences below it do not count */
} log_softmax_params;

static mote_status check(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  log_softmax_params *p = c->params;
  if (x->type == MOTE_FLOAT32) return MOTE_OK;
  MOTE_TRY(op_need_scale(c, x));
  MOTE_TRY(op_need_scale(c, y));
  const int32_t zero_point = y->type == MOTE_INT8 ? INT8_MAX : UINT8_MAX;
  OP_REQUIRE(c, y->scale == 16.0f / 256 && y->zero_point == zero_point, MOTE_ERR_MODEL,
             "the output has scale %g and zero point %d; %s needs 1/16 and %d", (double)y->scale, (int)y->zero_point,
             mote_type_name(y->type), (int)zero_point);
  p->to_q5 = fx_quantize_multiplier(fmin((double)x->scale * (1 << (31 - DIFFERENCE_BITS)), 2147483647.0));
  p->from_q5 = fx_quantize_multiplier(ldexp(1, 31 - p->to_q5.shift) / (double)p->to_q5.m);
  p->least = -fx_to_i32(floor(ldexp((1 << DIFFERENCE_BITS) - 1, 31 - DIFFERENCE_BITS - p->to_q5.shift)));
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  OP_REQUIRE(c, c->in[0]->rank != 0, MOTE_ERR_SHAPE, "a scalar has no last dimension to go over");
  op_same_shape(c->out[0], c->in[0]);
  return MOTE_OK;
}

/* ---- 8 bits ---- */

static int32_t sat_add(int64_t a, int64_t b) { return fx_clamp(a + b, INT32_MIN, INT32_MAX); }

/* Natural logarithm of a number of at least 1 with SUM_BITS integer bits, Q5.26. x is 2^e r with r near
 * sqrt(sqrt(1/2)): two ways to choose e are tried, a half apart, and the one with the smaller r is taken; then log r is
 * a quotient of polynomials in q = 2 (r - sqrt(sqrt(1/2))). Constants are Q0.31. */
static int32_t log_q5(int32_t x) {
  enum {
    ACCUMULATOR_BITS = DIFFERENCE_BITS + 1, /* e log 2 may not saturate before log r is added */
    LOG_2 = 1488522236,
    ROOT_ROOT_HALF = 1805811301,
    ROOT_HALF = 1518500250,
    QUARTER = 1 << (31 - ACCUMULATOR_BITS - 2),
    ALPHA_N = 117049297,
    ALPHA_D = 127690142,
    ALPHA_I = 1057819769,
    ALPHA_F = 638450708
  };
  const int zeros_a = __builtin_clz((uint32_t)x);
  const int32_t r_a = fx_mul_pot32(fx_srdhm32(fx_mul_pot32(x, zeros_a - 1), ROOT_HALF), 1);
  const int32_t e_a = sat_add(fx_mul_pot32(SUM_BITS - zeros_a, 31 - ACCUMULATOR_BITS), QUARTER);
  const int zeros_b = __builtin_clz((uint32_t)fx_srdhm32(x, ROOT_HALF)) - 1;
  const int32_t r_b = fx_mul_pot32(x, zeros_b);
  const int32_t e_b = sat_add(fx_mul_pot32(SUM_BITS - zeros_b, 31 - ACCUMULATOR_BITS), -QUARTER);
  const int32_t r = r_a < r_b ? r_a : r_b, e = e_a > e_b ? e_a : e_b;
  const int32_t p = fx_half_sum(r, ROOT_ROOT_HALF), q = 2 * (r - ROOT_ROOT_HALF);
  const int32_t square = fx_srdhm32(q, q);
  const int32_t numerator = fx_srdhm32(q, r) + fx_srdhm32(fx_srdhm32(q, square), ALPHA_N);
  const int32_t denominator = fx_srdhm32(p, ALPHA_I + q + fx_srdhm32(ALPHA_D, square)) + fx_srdhm32(ALPHA_F, q);
  const int32_t log_r = fx_srdhm32(fx_mul_pot32(numerator, -ACCUMULATOR_BITS), fx_one_over_one_plus(denominator));
  return fx_mul_pot32(fx_srdhm32(e, LOG_2) + log_r, 1);
}

/* answer[d]: the output, from 0 to 255, where the input is d below the largest. */
static void answers(const log_softmax_params *p, int32_t sum, uint8_t answer[256]) {
  const int32_t log_sum = log_q5(sum);
  const int32_t within = fx_mbqm((int32_t)((uint32_t)log_sum + (UINT32_C(1) << 31)), p->from_q5);
  const int32_t least = within > p->least - 1 ? within : p->least - 1;
  for (int32_t d = 0; d < 256; d++) {
    const int32_t q5 = -d > least ? fx_mbqm(-d, p->to_q5) : 0;
    const int32_t y = fx_rdbp((int32_t)((uint32_t)q5 - (uint32_t)log_sum), 31 - DIFFERENCE_BITS - OUTPUT_BITS);
    answer[d] = -d > least ? (uint8_t)fx_clamp((int64_t)y + UINT8_MAX, 0, UINT8_MAX) : 0;
  }
}

/* Bytes are taken as uint8 after an exclusive or with `flip`, on both sides. */
static void row_8(const log_softmax_params *p, const uint8_t *x, uint8_t *y, size_t n, uint8_t flip) {
  int64_t sum = 0;
  int max = 0;
  uint8_t answer[256];
  for (size_t i = 0; i < n; i++) max = (x[i] ^ flip) > max ? x[i] ^ flip : max;
  for (size_t i = 0; i < n; i++) {
    const int32_t d = (x[i] ^ flip) - max;
    if (d >= p->least) sum += fx_rdbp(fx_exp_negative(fx_mbqm(d, p->to_q5), DIFFERENCE_BITS), SUM_BITS);
  }
  answers(p, (int32_t)(sum > INT32_MAX ? INT32_MAX : sum), answer);
  for (size_t i = 0; i < n; i++) y[i] = answer[max - (x[i] ^ flip)] ^ flip;
}

/* ---- float32 ---- */

static void row_f32(const float *x, float *y, size_t n) {
  float max = -INFINITY, sum = 0;
  for (size_t i = 0; i < n; i++) max = x[i] > max ? x[i] : max;
  for (size_t i = 0; i < n; i++) sum += expf(x[i] - max);
  const float log_sum = logf(sum);
  for (size_t i = 0; i < n; i++) y[i] = x[i] - max - log_sum;
}

/* ---- all rows ---- */

typedef struct job {
  op_ctx *c;
  size_t rows, depth, rows_a_task;
} job;

static void task(void *arg, size_t index, int worker) {
  (void)worker;
  const job *j = arg;
  const op_tensor *x = j->c->in[0], *y = j->c->out[0];
  const size_t first = index * j->rows_a_task, n = j->depth;
  const size_t last = j->rows - first < j->rows_a_task ? j->rows : first + j->rows_a_task;
  for (size_t i = first; i < last; i++) {
    if (x->type == MOTE_FLOAT32) row_f32((const float *)x->data + i * n, (float *)y->data + i * n, n);
    else
      row_8(j->c->params, (const uint8_t *)x->data + i * n, (uint8_t *)y->data + i * n, n,
            x->type == MOTE_INT8 ? 0x80 : 0);
  }
}

static mote_status run(op_ctx *c) {
  const op_tensor *x = c->in[0];
  job j = {.c = c, .rows = op_span(x, 0, x->rank - 1), .depth = (size_t)x->dims[x->rank - 1]};
  if (!j.rows || !j.depth) return MOTE_OK;
  j.rows_a_task = TASK_ELEMENTS / j.depth + 1;
  op_parallel(c, (j.rows + j.rows_a_task - 1) / j.rows_a_task, task, &j);
  return MOTE_OK;
}

const mote_op op_log_softmax = {
    .name = "LOG_SOFTMAX",
    .code = sch_BuiltinOperator_LOG_SOFTMAX,
    .versions = 2,
    .options = sch_BuiltinOptions_LogSoftmaxOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|i8|u8 > =",
    .traits = OP_INPLACE_0,
    .params_size = sizeof(log_softmax_params),
    .check = check,
    .infer = infer,
    .run = run,
    .notes = "Goes over the last dimension; in 8 bits the output scale is 1/16.",
};

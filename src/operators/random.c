/* random.c: random numbers that the session's state draws: RANDOM_UNIFORM, RANDOM_STANDARD_NORMAL and MULTINOMIAL from
 * Philox, and the custom RandomUniform, RandomUniformInt, RandomStandardNormal and Multinomial from the "minimal
 * standard" generator, which is the default one of the C++ library that the reference is built with. All go on from run
 * to run.
 */
#include "operators/random.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/size.h"
#include "operators/move.h"

static const double two_pi = 6.283185307179586;

/* ---- Philox, as the builtin operators keep it ---- */

typedef struct philox_state {
  uint32_t key[2], counter[4];
  bool seeded;
} philox_state;

/* Some bits that differ from run to run, for operators that ask for no seed. Not for secrets. */
static uint64_t entropy(const void *salt) {
  struct timespec now = {0};
  timespec_get(&now, TIME_UTC);
  uint64_t x = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
  x ^= (uint64_t)(uintptr_t)salt << 20 ^ (uint64_t)clock() << 44;
  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return x ^ x >> 31;
}

static philox_state *state_of(op_ctx *c) {
  philox_state *const s = c->state;
  if (s->seeded) return s;
  const sch_RandomOptions *const o = c->options;
  uint64_t seed = (uint64_t)o->seed, seed2 = (uint64_t)o->seed2;
  if (seed == 0 && seed2 == 0) seed = entropy(s), seed2 = entropy(&seed);
  *s = (philox_state){{(uint32_t)seed, (uint32_t)(seed >> 32)}, {0, 0, (uint32_t)seed2, (uint32_t)(seed2 >> 32)}, true};
  return s;
}

/* Adds to the 128-bit counter. */
static void skip(philox_state *s, uint64_t n) {
  const uint64_t low = (uint64_t)s->counter[1] << 32 | s->counter[0], sum = low + n;
  s->counter[0] = (uint32_t)sum;
  s->counter[1] = (uint32_t)(sum >> 32);
  if (sum < low && ++s->counter[2] == 0) s->counter[3]++;
}

static void draw(philox_state *s, uint32_t words[4]) {
  philox(s->key, s->counter, words);
  skip(s, 1);
}

/* [0, 1) from 23 bits, and from 52. */
static float to_float(uint32_t x) {
  const uint32_t bits = 127u << 23 | (x & 0x7fffffu);
  float f;
  memcpy(&f, &bits, 4);
  return f - 1.0f;
}

static double to_double(uint32_t high, uint32_t low) {
  const uint64_t bits = UINT64_C(1023) << 52 | (uint64_t)(high & 0xfffffu) << 32 | low;
  double d;
  memcpy(&d, &bits, 8);
  return d - 1.0;
}

/* ---- RANDOM_UNIFORM, RANDOM_STANDARD_NORMAL ---- */

static mote_status shape_infer(op_ctx *c) {
  const op_tensor *const shape = c->in[0];
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  OP_REQUIRE(c, shape->rank == 1 || shape->rank < 0, MOTE_ERR_SHAPE, "the shape has %d dimensions; it must be a vector",
             (int)shape->rank);
  const bool known = op_ints(c, 0, v, &count);
  if (!known) count = shape->rank == 1 ? shape->dims[0] : -1;
  OP_REQUIRE(c, count <= OP_MAX_RANK, MOTE_ERR_SHAPE, "%d dimensions are too many; at most %d are supported",
             (int)count, OP_MAX_RANK);
  move_unknown(c->out[0], count);
  for (int32_t i = 0; known && i < count; i++) MOTE_TRY(move_set_dim(c, i, v[i]));
  return move_check_size(c);
}

/* Two normal numbers from two uniform ones (Box and Muller). */
static void box_muller(uint32_t a, uint32_t b, float to[2]) {
  const float u = fmaxf(to_float(a), 1.0e-7f), angle = (float)(two_pi * (double)to_float(b));
  const float radius = sqrtf(-2.0f * logf(u));
  to[0] = sinf(angle) * radius;
  to[1] = cosf(angle) * radius;
}

/* Four numbers a draw; what a last draw has too much is thrown away. */
static mote_status fill_run(op_ctx *c) {
  const size_t n = op_count(c->out[0]);
  const bool normal = c->op->code == sch_BuiltinOperator_RANDOM_STANDARD_NORMAL;
  philox_state *const s = state_of(c);
  for (size_t i = 0; i < n; i += 4) {
    uint32_t words[4];
    float four[4];
    draw(s, words);
    if (normal) box_muller(words[0], words[1], four), box_muller(words[2], words[3], four + 2);
    for (int k = 0; k < 4 && !normal; k++) four[k] = to_float(words[k]);
    memcpy((float *)c->out[0]->data + i, four, (n - i < 4 ? n - i : 4) * sizeof(float));
  }
  return MOTE_OK;
}

const mote_op op_random_uniform = {
    .name = "RANDOM_UNIFORM",
    .code = sch_BuiltinOperator_RANDOM_UNIFORM,
    .versions = 1,
    .options = sch_BuiltinOptions_RandomOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i32 > f32",
    .traits = OP_STATEFUL,
    .state_size = sizeof(philox_state),
    .infer = shape_infer,
    .run = fill_run,
    .notes = "Philox; without seeds every session draws other numbers.",
};

const mote_op op_random_standard_normal = {
    .name = "RANDOM_STANDARD_NORMAL",
    .code = sch_BuiltinOperator_RANDOM_STANDARD_NORMAL,
    .versions = 1,
    .options = sch_BuiltinOptions_RandomOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i32 > f32",
    .traits = OP_STATEFUL,
    .state_size = sizeof(philox_state),
    .infer = shape_infer,
    .run = fill_run,
    .notes = "Philox; without seeds every session draws other numbers.",
};

/* ---- choices by logits ---- */

static mote_status choices_infer(op_ctx *c) {
  const op_tensor *const logits = c->in[0];
  int64_t samples = -1;
  OP_REQUIRE(c, logits->rank == 2 || logits->rank < 0, MOTE_ERR_SHAPE,
             "the logits have %d dimensions; they must have 2: batch, classes", (int)logits->rank);
  OP_REQUIRE(c, logits->rank < 0 || logits->dims[1] != 0, MOTE_ERR_SHAPE, "there are no classes to choose from");
  OP_REQUIRE(c, !op_shape_known(c->in[1]) || op_count(c->in[1]) == 1, MOTE_ERR_SHAPE,
             "the number of samples must be one number");
  move_unknown(c->out[0], 2);
  if (logits->rank == 2) c->out[0]->dims[0] = logits->dims[0];
  if (move_scalar(c, 1, &samples)) MOTE_TRY(move_set_dim(c, 1, samples));
  return move_check_size(c);
}

static mote_status choices_plan(op_ctx *c) {
  OP_REQUIRE(c, size_mul((size_t)c->in[0]->dims[1], sizeof(double), &c->scratch_size), MOTE_ERR_LIMIT,
             "%d classes are more than memory can hold", (int)c->in[0]->dims[1]);
  return MOTE_OK;
}

static void put_choice(const op_tensor *out, size_t i, size_t choice) {
  if (out->type == MOTE_INT64) ((int64_t *)out->data)[i] = (int64_t)choice;
  else ((int32_t *)out->data)[i] = (int32_t)choice;
}

/* How many of the ascending sums are below x, or, with `equal`, not above it. */
static size_t sums_below(const double *sums, size_t n, double x, bool equal) {
  size_t lo = 0;
  for (size_t hi = n; lo < hi;) {
    const size_t middle = lo + (hi - lo) / 2;
    if (sums[middle] < x || (equal && sums[middle] == x)) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

/* ---- MULTINOMIAL ---- */

/* Sums of exp(logit - largest); what is not finite counts nothing. */
static double sum_odds(const float *logits, size_t n, double *sums) {
  float most = -FLT_MAX;
  double total = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(logits[i]) && logits[i] > most) most = logits[i];
  for (size_t i = 0; i < n; i++) {
    if (isfinite(logits[i])) total += exp((double)logits[i] - (double)most);
    sums[i] = total;
  }
  return total;
}

/* A run draws from a copy of the generator and moves the generator itself on by a fixed number of steps, so that it
 * does not matter how many were drawn: as in TensorFlow. */
static mote_status multinomial_run(op_ctx *c) {
  const op_tensor *const out = c->out[0];
  const size_t batch = (size_t)out->dims[0], samples = (size_t)out->dims[1], classes = (size_t)c->in[0]->dims[1];
  double *const sums = c->scratch;
  philox_state s = *state_of(c);
  uint32_t words[4];
  size_t used = 4;
  skip(c->state, (uint64_t)batch * ((samples + 3) / 4 * 4) * 2 * 256);
  for (size_t b = 0; b < batch; b++) {
    const double total = sum_odds((const float *)c->in[0]->data + b * classes, classes, sums);
    for (size_t i = 0; i < samples; i++, used += 2) {
      if (used == 4) draw(&s, words), used = 0;
      const size_t choice = sums_below(sums, classes, to_double(words[used], words[used + 1]) * total, true);
      put_choice(out, b * samples + i, choice);
    }
  }
  return MOTE_OK;
}

const mote_op op_multinomial = {
    .name = "MULTINOMIAL",
    .code = sch_BuiltinOperator_MULTINOMIAL,
    .versions = 1,
    .options = sch_BuiltinOptions_RandomOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 i32 > i32|i64",
    .traits = OP_STATEFUL,
    .state_size = sizeof(philox_state),
    .infer = choices_infer,
    .plan = choices_plan,
    .run = multinomial_run,
    .notes = "Philox; without seeds every session draws other numbers.",
};

/* ---- the minimal standard generator: x' = 16807 x mod 2^31 - 1, from 1 on ---- */

enum { MINSTD_MOST = 2147483646 };
static const uint64_t minstd_span = MINSTD_MOST - 1; /* largest of next_minstd */

/* In [0, 2^31 - 3]. state 0: just reset. */
static uint64_t next_minstd(uint32_t *state) {
  *state = (uint32_t)((uint64_t)(*state ? *state : 1) * 16807 % 2147483647);
  return *state - 1;
}

/* In [0, 1), by one draw for a float and two for a double. */
static float minstd_float(uint32_t *state) {
  const float x = (float)next_minstd(state) / (float)MINSTD_MOST;
  return x < 1.0f ? x : 1.0f - FLT_EPSILON / 2;
}

static double minstd_double(uint32_t *state) {
  const double low = (double)next_minstd(state), high = (double)next_minstd(state), span = (double)MINSTD_MOST;
  const double x = (low + high * span) / (span * span);
  return x < 1.0 ? x : 1.0 - DBL_EPSILON / 2;
}

/* In [0, most], most < 2^31 - 3, without bias: draws that do not fill the range evenly are drawn again. */
static uint64_t minstd_31(uint32_t *state, uint64_t most) {
  if (most >= minstd_span) return next_minstd(state);
  const uint64_t scale = minstd_span / (most + 1), past = (most + 1) * scale;
  uint64_t x;
  do x = next_minstd(state);
  while (x >= past);
  return x / scale;
}

/* Wider ranges: digits to the base of the generator's range, the higher ones drawn by `upper`. */
static uint64_t minstd_wide(uint32_t *state, uint64_t most, uint64_t (*upper)(uint32_t *, uint64_t)) {
  uint64_t high, x;
  do {
    high = MINSTD_MOST * upper(state, most / MINSTD_MOST);
    x = high + next_minstd(state);
  } while (x > most || x < high);
  return x;
}

static uint64_t minstd_62(uint32_t *state, uint64_t most) {
  return most <= minstd_span ? minstd_31(state, most) : minstd_wide(state, most, minstd_31);
}

static uint64_t minstd_64(uint32_t *state, uint64_t most) {
  return most <= minstd_span ? minstd_31(state, most) : minstd_wide(state, most, minstd_62);
}

/* ---- RandomUniform ---- */

static mote_status uniform_run(op_ctx *c) {
  const op_tensor *const out = c->out[0];
  const size_t n = op_count(out);
  for (size_t i = 0; i < n; i++) {
    if (out->type == MOTE_FLOAT32) ((float *)out->data)[i] = minstd_float(c->state);
    else ((double *)out->data)[i] = minstd_double(c->state);
  }
  return MOTE_OK;
}

const mote_op op_random_uniform_custom = {
    .name = "RandomUniform",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i32|i64 any ... > f32|f64",
    .traits = OP_STATEFUL,
    .state_size = sizeof(uint32_t),
    .infer = shape_infer,
    .run = uniform_run,
    .notes = "The same numbers in every session: there is no seed.",
};

/* ---- RandomStandardNormal ---- */

/* Two normal numbers from a point in the unit circle (Marsaglia); the C++ library gives the second one first. */
static void polar(uint32_t *state, bool wide, double to[2]) {
  double x, y, r;
  do {
    x = 2.0 * (wide ? minstd_double(state) : (double)minstd_float(state)) - 1.0;
    y = 2.0 * (wide ? minstd_double(state) : (double)minstd_float(state)) - 1.0;
    r = x * x + y * y;
  } while (r > 1.0 || r == 0.0);
  const double stretch = sqrt(-2.0 * log(r) / r);
  to[0] = y * stretch;
  to[1] = x * stretch;
}

static mote_status normal_run(op_ctx *c) {
  const op_tensor *const out = c->out[0];
  const size_t n = op_count(out);
  const bool wide = out->type == MOTE_FLOAT64;
  double two[2] = {0};
  for (size_t i = 0; i < n; i++) {
    if (i % 2 == 0) polar(c->state, wide, two);
    if (wide) ((double *)out->data)[i] = two[i % 2];
    else ((float *)out->data)[i] = (float)two[i % 2];
  }
  return MOTE_OK;
}

const mote_op op_random_standard_normal_custom = {
    .name = "RandomStandardNormal",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i32|i64 any ... > f32|f64",
    .traits = OP_STATEFUL,
    .state_size = sizeof(uint32_t),
    .infer = shape_infer,
    .run = normal_run,
    .notes = "The same numbers in every session: there is no seed.",
};

/* ---- RandomUniformInt ---- */

static mote_status integers_infer(op_ctx *c) {
  for (int i = 1; i <= 2; i++)
    OP_REQUIRE(c, !op_shape_known(c->in[i]) || op_count(c->in[i]) == 1, MOTE_ERR_SHAPE, "input %d must be one number",
               i);
  return shape_infer(c);
}

static mote_status integers_run(op_ctx *c) {
  const op_tensor *const out = c->out[0];
  const size_t n = op_count(out), element = (size_t)move_element(out->type);
  const int64_t low = op_int_at(c->in[1], 0), high = op_int_at(c->in[2], 0);
  OP_REQUIRE(c, low < high, MOTE_ERR_RUN, "the smallest number is %lld and the largest %lld; the first must be smaller",
             (long long)low, (long long)high);
  const uint64_t most = (uint64_t)high - (uint64_t)low;
  for (size_t i = 0; i < n; i++) {
    const uint64_t v = (uint64_t)low + minstd_64(c->state, most);
    memcpy((char *)out->data + i * element, &v, element); /* the low bytes, little-endian */
  }
  return MOTE_OK;
}

const mote_op op_random_uniform_int = {
    .name = "RandomUniformInt",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 3,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i32|i64 i8|i32|i64 i8|i32|i64 any ... > i8|i32|i64",
    .traits = OP_STATEFUL,
    .state_size = sizeof(uint32_t),
    .infer = integers_infer,
    .run = integers_run,
    .notes = "From the smallest to the largest number, both included; the same in every session.",
};

/* ---- Multinomial ---- */

/* Odds are computed in the logits' type and added up in it. */
static double sum_custom_odds(const op_tensor *logits, size_t row, size_t n, double *sums) {
  const float *const f = (const float *)logits->data + row * n;
  const double *const d = (const double *)logits->data + row * n;
  const bool wide = logits->type == MOTE_FLOAT64;
  double most = wide ? -DBL_MAX : (double)-FLT_MAX, total = 0;
  for (size_t i = 0; i < n; i++) {
    const double v = wide ? d[i] : (double)f[i];
    if (v > most) most = v;
  }
  for (size_t i = 0; i < n; i++) {
    if (wide) total += exp(d[i] - most);
    else total = (double)(float)((double)expf(f[i] - (float)most) + total);
    sums[i] = total;
  }
  return total;
}

static mote_status custom_multinomial_run(op_ctx *c) {
  const op_tensor *const out = c->out[0];
  const size_t batch = (size_t)out->dims[0], samples = (size_t)out->dims[1], classes = (size_t)c->in[0]->dims[1];
  double *const sums = c->scratch;
  for (size_t b = 0; b < batch; b++) {
    const double total = sum_custom_odds(c->in[0], b, classes, sums);
    for (size_t i = 0; i < samples; i++) {
      const size_t choice = sums_below(sums, classes, minstd_double(c->state) * total, false);
      put_choice(out, b * samples + i, choice);
    }
  }
  return MOTE_OK;
}

const mote_op op_multinomial_custom = {
    .name = "Multinomial",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|f64 i32 > i32|i64",
    .traits = OP_STATEFUL,
    .state_size = sizeof(uint32_t),
    .infer = choices_infer,
    .plan = choices_plan,
    .run = custom_multinomial_run,
    .notes = "The same choices in every session: there is no seed.",
};

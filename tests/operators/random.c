/* Random numbers: the sequences that are published, what follows in the next run, distributions, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/move_case.h"

#include <math.h>

#include "operators/random.h"

extern const mote_op op_random_uniform, op_random_standard_normal, op_multinomial, op_stablehlo_rng_bit_generator;
extern const mote_op op_random_standard_normal_custom, op_random_uniform_custom, op_random_uniform_int,
    op_multinomial_custom;

/* Known answers of the paper's own library (Random123, kat_vectors). */
static void generators_are_the_published_ones(void **state) {
  (void)state;
  uint32_t out[4];
  philox((uint32_t[]){0, 0}, (uint32_t[]){0, 0, 0, 0}, out);
  assert_memory_equal(out, ((uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}), 16);
  philox((uint32_t[]){~0u, ~0u}, (uint32_t[]){~0u, ~0u, ~0u, ~0u}, out);
  assert_memory_equal(out, ((uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}), 16);
  threefry((uint32_t[]){0, 0}, (uint32_t[]){0, 0}, out);
  assert_memory_equal(out, ((uint32_t[]){0x6b200159, 0x99ba4efe}), 8);
  threefry((uint32_t[]){~0u, ~0u}, (uint32_t[]){~0u, ~0u}, out);
  assert_memory_equal(out, ((uint32_t[]){0x1cb996fc, 0xbb002be7}), 8);
}

enum { MANY = 20000 };

/* Two runs, one after the other, on one state. */
static void draw(const mote_op *op, int64_t seed, int32_t n, float *first, float *second) {
  uint64_t memory[8] = {0};
  assert_true(op->state_size <= sizeof memory);
  for (int run = 0; run < 2; run++) {
    op_case k;
    op_case_begin(&k, op, op->options ? (const void *)&(sch_RandomOptions){.seed = seed, .seed2 = seed} : NULL);
    k.c.state = memory;
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, &n, OP_CONST);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    memcpy(run ? second : first, k.out[0].data, 4 * (size_t)n);
    assert_true(op_case_end(&k));
  }
}

static void moments(const float *x, double *mean, double *variance) {
  *mean = *variance = 0;
  for (int i = 0; i < MANY; i++) *mean += (double)x[i] / MANY;
  for (int i = 0; i < MANY; i++) *variance += ((double)x[i] - *mean) * ((double)x[i] - *mean) / MANY;
}

static void numbers_are_distributed(void **state) {
  (void)state;
  static float a[MANY], b[MANY], c[MANY];
  double mean, variance;
  draw(&op_random_uniform, 7, MANY, a, b);
  moments(a, &mean, &variance);
  assert_true(fabs(mean - 0.5) < 0.01 && fabs(variance - 1.0 / 12) < 0.005);
  for (int i = 0; i < MANY; i++) assert_true(a[i] >= 0 && a[i] < 1);
  assert_memory_not_equal(a, b, sizeof a);
  draw(&op_random_uniform, 7, MANY, c, b);
  assert_memory_equal(a, c, sizeof a);
  draw(&op_random_standard_normal, 7, MANY, a, b);
  moments(a, &mean, &variance);
  assert_true(fabs(mean) < 0.03 && fabs(variance - 1) < 0.05);
  draw(&op_random_standard_normal_custom, 0, MANY, a, b);
  moments(b, &mean, &variance);
  assert_true(fabs(mean) < 0.03 && fabs(variance - 1) < 0.05);
  draw(&op_random_uniform_custom, 0, MANY, a, b);
  moments(b, &mean, &variance);
  assert_true(fabs(mean - 0.5) < 0.01 && fabs(variance - 1.0 / 12) < 0.005);
}

/* Groups of four: a last one that is not used up is thrown away. */
static void runs_go_on(void **state) {
  (void)state;
  float five[5], more[5], twelve[12], rest[12];
  draw(&op_random_uniform, 3, 5, five, more);
  draw(&op_random_uniform, 3, 12, twelve, rest);
  assert_memory_equal(five, twelve, 20);
  assert_memory_equal(more, twelve + 8, 16);
  draw(&op_random_uniform, 0, 5, five, more);
  draw(&op_random_uniform, 0, 5, twelve, rest);
  assert_memory_not_equal(five, twelve, 20); /* no seed: other numbers */
}

static void choose(const mote_op *op, mote_type type, const void *logits, int32_t *counts) {
  uint64_t memory[8] = {0};
  const int32_t samples = 3000;
  op_case k;
  op_case_begin(&k, op, op->options ? (const void *)&(sch_RandomOptions){.seed = 5} : NULL);
  k.c.state = memory;
  op_case_input(&k, type, 2, (int32_t[]){1, 3}, logits, 0);
  op_case_input(&k, MOTE_INT32, 0, NULL, &samples, OP_CONST);
  op_case_output(&k, MOTE_INT64);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  memset(counts, 0, 12);
  for (int32_t i = 0; i < samples; i++) counts[op_int_at(&k.out[0], (size_t)i)]++;
  assert_true(op_case_end(&k));
}

static void choices_follow_their_odds(void **state) {
  (void)state;
  int32_t n[3];
  choose(&op_multinomial, MOTE_FLOAT32, (float[]){0, 0.6931472f, -INFINITY}, n);
  assert_true(n[2] == 0 && abs(n[1] - 2000) < 120);
  choose(&op_multinomial_custom, MOTE_FLOAT32, (float[]){0, 0.6931472f, -1000}, n);
  assert_true(n[2] == 0 && abs(n[1] - 2000) < 120);
  choose(&op_multinomial_custom, MOTE_FLOAT64, (double[]){0, 0, 0.6931471805599453}, n);
  assert_true(abs(n[2] - 1500) < 120);
}

/* The range, both ends included; wider than the generator too. */
static mote_status integers(int64_t low, int64_t high, mote_type to, int64_t *least, int64_t *most) {
  uint64_t memory = 0;
  const int32_t n = 4000;
  op_case k;
  op_case_begin(&k, &op_random_uniform_int, NULL);
  k.c.state = &memory;
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, &n, OP_CONST);
  op_case_input(&k, MOTE_INT64, 0, NULL, &low, OP_CONST);
  op_case_input(&k, MOTE_INT64, 0, NULL, &high, OP_CONST);
  op_case_output(&k, to);
  const mote_status status = op_case_run(&k);
  *least = INT64_MAX, *most = INT64_MIN;
  for (int32_t i = 0; status == MOTE_OK && i < n; i++) {
    const int64_t v = op_int_at(&k.out[0], (size_t)i);
    if (v < *least) *least = v;
    if (v > *most) *most = v;
  }
  op_case_end(&k);
  return status;
}

static void integers_fill_their_range(void **state) {
  (void)state;
  int64_t least, most;
  assert_int_equal(integers(-3, 5, MOTE_INT8, &least, &most), MOTE_OK);
  assert_true(least == -3 && most == 5);
  assert_int_equal(integers(0, INT64_C(1) << 40, MOTE_INT64, &least, &most), MOTE_OK);
  assert_true(least >= 0 && least < INT64_C(1) << 31 && most <= INT64_C(1) << 40 && most > INT64_C(1) << 39);
  assert_int_equal(integers(INT64_MIN, INT64_MAX, MOTE_INT64, &least, &most), MOTE_OK);
  assert_true(least < INT64_MIN / 2 && most > INT64_MAX / 2);
  assert_int_equal(integers(5, 5, MOTE_INT32, &least, &most), MOTE_ERR_RUN);
}

/* state {key, counter}: both runs of one element give one step each. */
static void bits_go_on(void **state) {
  (void)state;
  const uint64_t initial[2] = {1, UINT32_MAX};
  uint32_t wanted[4];
  philox((uint32_t[]){1, 0}, (uint32_t[]){UINT32_MAX, 0, 1, 0}, wanted);
  op_case k;
  op_case_begin(&k, &op_stablehlo_rng_bit_generator,
                &(sch_StablehloRngBitGeneratorOptions){.algorithm = sch_RngAlgorithm_PHILOX});
  op_case_input(&k, MOTE_UINT64, 1, (int32_t[]){2}, initial, 0);
  op_case_output(&k, MOTE_UINT64);
  op_set_shape(op_case_output(&k, MOTE_UINT32), 1, (int32_t[]){3});
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[1].data, wanted, 12);
  assert_memory_equal(k.out[0].data, ((uint64_t[]){1, UINT64_C(1) << 32}), 16);
  assert_true(op_case_end(&k));
}

static mote_status bits(int32_t algorithm, int32_t words, int32_t shape) {
  op_case k;
  op_case_begin(&k, &op_stablehlo_rng_bit_generator, &(sch_StablehloRngBitGeneratorOptions){.algorithm = algorithm});
  op_case_input(&k, MOTE_UINT64, 1, &words, NULL, 0);
  op_case_output(&k, MOTE_UINT64);
  op_set_shape(op_case_output(&k, MOTE_UINT32), 1, &shape);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static mote_status multinomial(int32_t rank, int32_t classes, int32_t samples) {
  op_case k;
  op_case_begin(&k, &op_multinomial, NULL);
  op_case_input(&k, MOTE_FLOAT32, rank, (int32_t[]){2, classes}, NULL, 0);
  op_case_input(&k, MOTE_INT32, 0, NULL, &samples, OP_CONST);
  op_case_output(&k, MOTE_INT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void refuses(void **state) {
  (void)state;
  assert_int_equal(bits(sch_RngAlgorithm_THREEFRY, 2, 4), MOTE_OK);
  assert_int_equal(bits(sch_RngAlgorithm_THREEFRY, 3, 4), MOTE_ERR_SHAPE);
  assert_int_equal(bits(sch_RngAlgorithm_DEFAULT, 3, 4), MOTE_OK);
  assert_int_equal(bits(sch_RngAlgorithm_DEFAULT, 4, 4), MOTE_ERR_SHAPE);
  assert_int_equal(bits(sch_RngAlgorithm_DEFAULT, 2, -1), MOTE_ERR_SHAPE);
  assert_int_equal(bits(7, 2, 4), MOTE_ERR_MODEL);
  assert_int_equal(multinomial(2, 3, 5), MOTE_OK);
  assert_int_equal(multinomial(2, 0, 5), MOTE_ERR_SHAPE);
  assert_int_equal(multinomial(1, 3, 5), MOTE_ERR_SHAPE);
  assert_int_equal(multinomial(2, 3, -1), MOTE_ERR_SHAPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(generators_are_the_published_ones),
      cmocka_unit_test(numbers_are_distributed),
      cmocka_unit_test(runs_go_on),
      cmocka_unit_test(choices_follow_their_odds),
      cmocka_unit_test(integers_fill_their_range),
      cmocka_unit_test(bits_go_on),
      cmocka_unit_test(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

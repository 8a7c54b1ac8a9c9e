/* SHAPE, RANK, EXPAND_DIMS, BroadcastGradientArgs, DENSIFY, DenseImageWarp, Resampler, aeq.hadamard_rotation: answers
 * and refusals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/move_case.h"

extern const mote_op op_shape, op_rank, op_expand_dims, op_broadcast_gradient_args, op_densify;
extern const mote_op op_dense_image_warp, op_resampler, op_hadamard_rotation;

static op_known known;

static op_known *know(op_ctx *c, int output) {
  known = (op_known){.count = OP_KNOWN_MAX};
  return c->out[output]->known = &known;
}

/* What is known of a shape before it is known whole. */
static void tells_shapes_early(void **state) {
  (void)state;
  op_host host = op_case_host;
  host.know = know;
  op_case k;
  op_case_begin(&k, &op_shape, NULL);
  k.c.host = &host;
  op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){2, -1, 4}, NULL, 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_int_equal(k.out[0].dims[0], 3);
  assert_int_equal(known.mask, 5);
  assert_true(known.v[0] == 2 && known.v[2] == 4);
  op_case_end(&k);
  op_case_begin(&k, &op_rank, NULL);
  k.c.host = &host;
  op_case_input(&k, MOTE_STRING, 3, (int32_t[]){2, -1, 4}, NULL, 0);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_infer(&k), MOTE_OK);
  assert_true(k.out[0].rank == 0 && known.mask == 1 && known.v[0] == 3);
  op_case_end(&k);
}

static void writes_shapes(void **state) {
  (void)state;
  op_case k;
  op_case_begin(&k, &op_shape, NULL);
  op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){2, 0, 4}, NULL, 0);
  op_case_output(&k, MOTE_INT64);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, ((int64_t[]){2, 0, 4}), 24);
  assert_true(op_case_end(&k));
}

static mote_status expand(int32_t axis, int32_t *where) {
  op_case k;
  op_case_begin(&k, &op_expand_dims, NULL);
  op_case_input(&k, MOTE_INT8, 2, (int32_t[]){3, 5}, move_case_bytes(), 0);
  op_case_input(&k, MOTE_INT32, 0, NULL, &axis, OP_CONST);
  op_case_output(&k, MOTE_INT8);
  const mote_status status = op_case_run(&k);
  for (int32_t i = 0; status == MOTE_OK && i < 3; i++)
    if (k.out[0].dims[i] == 1) *where = i;
  op_case_end(&k);
  return status;
}

static void expands(void **state) {
  (void)state;
  int32_t where = -1;
  assert_int_equal(expand(0, &where), MOTE_OK);
  assert_int_equal(where, 0);
  assert_int_equal(expand(-1, &where), MOTE_OK);
  assert_int_equal(where, 2);
  assert_int_equal(expand(3, &where), MOTE_ERR_SHAPE);
  assert_int_equal(expand(-4, &where), MOTE_ERR_SHAPE);
}

/* TFSA-2021-160: an axis far outside. */
static void tfsa_2021_160_expand_dims(void **state) {
  (void)state;
  int32_t where = -1;
  assert_int_equal(expand(-100000, &where), MOTE_ERR_SHAPE);
  assert_int_equal(expand(INT32_MIN, &where), MOTE_ERR_SHAPE);
}

static mote_status axes(int32_t na, const int32_t *a, int32_t nb, const int32_t *b, const char *wanted_a,
                        const char *wanted_b) {
  op_case k;
  op_case_begin(&k, &op_broadcast_gradient_args, NULL);
  op_case_input(&k, MOTE_INT32, 1, &na, a, OP_CONST);
  op_case_input(&k, MOTE_INT32, 1, &nb, b, OP_CONST);
  op_case_output(&k, MOTE_INT32);
  op_case_output(&k, MOTE_INT32);
  const mote_status status = op_case_run(&k);
  for (int o = 0; status == MOTE_OK && o < 2; o++) {
    const char *const wanted = o ? wanted_b : wanted_a;
    assert_int_equal(k.out[o].dims[0], strlen(wanted));
    for (size_t i = 0; wanted[i]; i++) assert_int_equal(op_int_at(&k.out[o], i), wanted[i] - '0');
  }
  op_case_end(&k);
  return status;
}

static void undoes_broadcasts(void **state) {
  (void)state;
  assert_int_equal(axes(3, (int32_t[]){3, 1, 2}, 3, (int32_t[]){3, 1, 2}, "", ""), MOTE_OK);
  assert_int_equal(axes(3, (int32_t[]){3, 1, 2}, 3, (int32_t[]){3, 1, 1}, "1", "12"), MOTE_OK);
  assert_int_equal(axes(3, (int32_t[]){3, 4, 2}, 1, (int32_t[]){1}, "", "012"), MOTE_OK);
  assert_int_equal(axes(0, NULL, 2, (int32_t[]){3, 4}, "01", ""), MOTE_OK);
  assert_int_equal(axes(2, (int32_t[]){3, 4}, 2, (int32_t[]){3, 5}, "", ""), MOTE_ERR_SHAPE);
}

static void densifies_constants_alone(void **state) {
  (void)state;
  for (uint32_t flags = 0; flags <= OP_CONST; flags++) {
    op_case k;
    op_case_begin(&k, &op_densify, NULL);
    op_case_input(&k, MOTE_INT8, 1, (int32_t[]){3}, move_case_bytes(), flags);
    op_case_output(&k, MOTE_INT8);
    assert_int_equal(op_case_run(&k), flags ? MOTE_OK : MOTE_ERR_MODEL);
    if (flags) assert_memory_equal(k.out[0].data, move_case_bytes(), 3);
    op_case_end(&k);
  }
}

static mote_status warp(int32_t height, int32_t channels, const float *flow, float *out) {
  const float image[6] = {0, 1, 10, 11, 20, 21};
  op_case k;
  op_case_begin(&k, &op_dense_image_warp, NULL);
  op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){1, height, 2, 1}, image, 0);
  op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){1, height, 2, channels}, flow, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_run(&k);
  if (status == MOTE_OK) memcpy(out, k.out[0].data, 24);
  op_case_end(&k);
  return status;
}

static void warps(void **state) {
  (void)state;
  const uint32_t nan = 0x7fc00000u;
  float flow[12] = {0, 0, 0, 0.5f, 0.25f, 0, -100, 0, 1e30f, -1e30f, -1e30f, 0}, out[6];
  assert_int_equal(warp(3, 2, flow, out), MOTE_OK);
  assert_memory_equal(out, ((float[]){0, 0.5f, 7.5f, 21, 1, 21}), 24);
  memcpy(flow, &nan, 4);
  assert_int_equal(warp(3, 2, flow, out), MOTE_OK); /* no number is no address */
  assert_int_equal(warp(1, 2, flow, out), MOTE_ERR_SHAPE);
  assert_int_equal(warp(3, 1, flow, out), MOTE_ERR_SHAPE);
}

static float pixel(const float *image, int32_t h, int32_t w, int32_t y, int32_t x, int32_t k) {
  return y < 0 || x < 0 || y >= h || x >= w ? 0 : image[(y * w + x) * 2 + k];
}

/* Two images of two channels, against the definition, at points in a shape of any rank. */
static void resamples_points(void **state) {
  (void)state;
  enum { H = 5, W = 3, POINTS = 12 };
  float images[2 * H * W * 2], points[2 * POINTS * 2];
  op_random r = {11};
  for (size_t i = 0; i < sizeof images / sizeof *images; i++) images[i] = (float)op_random_in(&r, -256, 256) / 256;
  for (size_t i = 0; i < sizeof points / sizeof *points; i++) points[i] = (float)op_random_in(&r, -512, 1600) / 256;
  points[0] = NAN, points[3] = INFINITY, points[4] = -1, points[6] = W, points[8] = W - 1, points[9] = H - 1;
  static const int32_t shapes[][6] = {{2, POINTS, 2}, {2, 4, 3, 2}, {2, 1, 2, 3, 2, 2}};
  static const int32_t ranks[] = {3, 4, 6};
  for (int s = 0; s < 3; s++) {
    op_case k;
    op_case_begin(&k, &op_resampler, NULL);
    op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){2, H, W, 2}, images, 0);
    op_case_input(&k, MOTE_FLOAT32, ranks[s], shapes[s], points, 0);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_int_equal(k.out[0].rank, ranks[s]);
    for (int32_t i = 0; i < 2 * POINTS * 2; i++) {
      const float x = points[i / 2 * 2], y = points[i / 2 * 2 + 1];
      const bool inside = x > -1 && y > -1 && x < W && y < H;
      const int32_t x0 = inside ? (int32_t)floorf(x) : -9, y0 = inside ? (int32_t)floorf(y) : -9;
      const float *const image = images + i / (POINTS * 2) * H * W * 2;
      const float ax = x - (float)x0, ay = y - (float)y0;
      const float upper = pixel(image, H, W, y0, x0, i % 2) * (1 - ax) + pixel(image, H, W, y0, x0 + 1, i % 2) * ax;
      const float below =
          pixel(image, H, W, y0 + 1, x0, i % 2) * (1 - ax) + pixel(image, H, W, y0 + 1, x0 + 1, i % 2) * ax;
      const float want = inside ? upper * (1 - ay) + below * ay : 0;
      assert_true(fabsf(((const float *)k.out[0].data)[i] - want) < 1e-5f);
    }
    op_case_end(&k);
  }
}

static void resampling_that_is_refused(void **state) {
  (void)state;
  static const struct {
    int32_t rank, dims[4], points_rank, points[3];
    mote_status status;
  } cases[] = {{4, {2, 5, 3, 2}, 3, {2, 7, 2}, MOTE_OK},        {4, {2, 0, 3, 2}, 3, {2, 7, 2}, MOTE_OK},
               {4, {2, 5, 3, 0}, 3, {2, 7, 2}, MOTE_OK},        {4, {2, 5, 3, 2}, 3, {2, 0, 2}, MOTE_OK},
               {3, {5, 3, 2}, 3, {2, 7, 2}, MOTE_ERR_SHAPE},    {4, {2, 5, 3, 2}, 1, {2}, MOTE_ERR_SHAPE},
               {4, {2, 5, 3, 2}, 3, {2, 7, 3}, MOTE_ERR_SHAPE}, {4, {2, 5, 3, 2}, 3, {1, 7, 2}, MOTE_ERR_SHAPE}};
  static const float zeros[60];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    op_case k;
    op_case_begin(&k, &op_resampler, NULL);
    op_case_input(&k, MOTE_FLOAT32, cases[i].rank, cases[i].dims, zeros, 0);
    op_case_input(&k, MOTE_FLOAT32, cases[i].points_rank, cases[i].points, zeros, 0);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), cases[i].status);
    op_case_end(&k);
  }
}

/* {"hadamard_size": n} as a FlexBuffer. */
static mote_status rotate(uint8_t n, int32_t width, float *out) {
  const uint8_t options[] = {'h', 'a', 'd', 'a', 'm', 'a', 'r', 'd', '_', 's', 'i',  'z',
                             'e', 0,   1,   15,  1,   1,   1,   n,   4,   2,   0x24, 1};
  const float data[8] = {1, 2, 3, 4, 1, 1, 1, 1};
  op_case k;
  op_case_begin(&k, &op_hadamard_rotation, NULL);
  k.c.custom = options;
  k.c.custom_size = sizeof options;
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){8 / width, width}, data, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_run(&k);
  if (status == MOTE_OK) memcpy(out, k.out[0].data, 32);
  op_case_end(&k);
  return status;
}

static void rotates(void **state) {
  (void)state;
  float out[8];
  assert_int_equal(rotate(4, 4, out), MOTE_OK);
  assert_memory_equal(out, ((float[]){5, -1, -2, 0, 2, 0, 0, 0}), 32);
  assert_int_equal(rotate(1, 2, out), MOTE_OK);
  assert_memory_equal(out, ((float[]){1, 2, 3, 4, 1, 1, 1, 1}), 32);
  assert_int_equal(rotate(3, 4, out), MOTE_ERR_MODEL);
  assert_int_equal(rotate(0, 4, out), MOTE_ERR_MODEL);
  assert_int_equal(rotate(8, 4, out), MOTE_ERR_SHAPE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tells_shapes_early),
      cmocka_unit_test(writes_shapes),
      cmocka_unit_test(expands),
      cmocka_unit_test(undoes_broadcasts),
      cmocka_unit_test(warps),
      cmocka_unit_test(resamples_points),
      cmocka_unit_test(resampling_that_is_refused),
      cmocka_unit_test(densifies_constants_alone),
      cmocka_unit_test(rotates),
      cmocka_unit_test(tfsa_2021_160_expand_dims),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR against their formulas, pixel by pixel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/op_case.h"

#include <math.h>

extern const mote_op op_resize_bilinear, op_resize_nearest_neighbor;

enum { LIMIT = 4000 };

static uint8_t bytes[4 * LIMIT];
static float floats[LIMIT];

static void fill(op_random *r) {
  for (int i = 0; i < 4 * LIMIT; i++) bytes[i] = (uint8_t)op_random_below(r, 256);
  for (int i = 0; i < LIMIT; i++) floats[i] = (float)op_random_in(r, -1000, 1000) / 100;
}

typedef struct grid {
  bool align, half;
} grid;

static const grid grids[] = {{false, false}, {true, false}, {false, true}};

/* Shapes of a random resize; false when there is nothing in it. */
static bool random_resize(op_random *r, int32_t *dims, int32_t *size) {
  const size_t n = op_random_dims(r, 4, LIMIT, dims);
  size[0] = op_random_in(r, 1, 20);
  size[1] = op_random_in(r, 1, 20);
  return n > 0;
}

static void begin(op_case *k, const mote_op *op, const void *o, mote_type type, const int32_t *dims, const void *data,
                  const int32_t *size) {
  op_case_begin(k, op, o);
  op_case_input(k, type, 4, dims, data, 0);
  op_case_input(k, MOTE_INT32, 1, (int32_t[]){2}, size, OP_CONST);
  op_case_output(k, type);
}

static int32_t limit(int32_t x, int32_t n) { return x < 0 ? 0 : x >= n ? n - 1 : x; }

static double position(int32_t i, int32_t in, int32_t out, grid g) {
  const double scale = g.align && out > 1 ? (in - 1.0) / (out - 1.0) : (double)in / out;
  return g.half ? (i + 0.5) * scale - 0.5 : i * scale;
}

static double bilinear(const float *in, const int32_t *dims, const int32_t *at, const int32_t *size, grid g) {
  const double y = position(at[1], dims[1], size[0], g), x = position(at[2], dims[2], size[1], g);
  double sum = 0;
  for (int corner = 0; corner < 4; corner++) {
    const int32_t cy = (int32_t)floor(y) + (corner >> 1), cx = (int32_t)floor(x) + (corner & 1);
    const int32_t from[] = {at[0], limit(cy, dims[1]), limit(cx, dims[2]), at[3]};
    sum += (1 - fabs(y - cy)) * (1 - fabs(x - cx)) * (double)in[op_offset(4, dims, from)];
  }
  return sum;
}

static void bilinear_of_floats(void **state) {
  (void)state;
  op_random r = {1};
  fill(&r);
  for (int round = 0; round < 600; round++) {
    int32_t dims[4], size[2], at[4];
    if (!random_resize(&r, dims, size)) continue;
    const grid g = grids[round % 3];
    const sch_ResizeBilinearOptions o = {.align_corners = g.align, .half_pixel_centers = g.half};
    op_case k;
    begin(&k, &op_resize_bilinear, &o, MOTE_FLOAT32, dims, floats, size);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t n = 0; n < op_count(&k.out[0]); n++) {
      op_coordinates(n, 4, k.out[0].dims, at);
      const double expected = bilinear(floats, dims, at, size, g);
      assert_true(fabs((double)((float *)k.out[0].data)[n] - expected) < 1e-4);
    }
    assert_true(op_case_end(&k));
  }
}

static int32_t integer_at(const void *data, mote_type type, size_t n) {
  return type == MOTE_UINT8  ? ((const uint8_t *)data)[n]
         : type == MOTE_INT8 ? ((const int8_t *)data)[n]
                             : ((const int16_t *)data)[n];
}

/* Positions in steps of 1/1024. */
static int64_t fixed_position(int32_t i, int32_t in, int32_t out, grid g) {
  const int64_t step = g.align && out > 1 ? ((in - 1) * 1024 + (out - 1) / 2) / (out - 1) : (in * 1024 + out / 2) / out;
  return i * step + (g.half ? step / 2 - 512 : 0);
}

static int64_t bilinear_fixed(mote_type type, const int32_t *dims, const int32_t *at, const int32_t *size, grid g) {
  const int64_t y = fixed_position(at[1], dims[1], size[0], g), x = fixed_position(at[2], dims[2], size[1], g);
  int64_t sum = 0;
  for (int corner = 0; corner < 4; corner++) {
    const int64_t cy = (y >> 10) + (corner >> 1), cx = (x >> 10) + (corner & 1);
    const int32_t from[] = {at[0], limit((int32_t)cy, dims[1]), limit((int32_t)cx, dims[2]), at[3]};
    const int64_t weight = (1024 - llabs(y - cy * 1024)) * (1024 - llabs(x - cx * 1024));
    sum += weight * integer_at(bytes, type, op_offset(4, dims, from));
  }
  return (sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20);
}

/* int8 and int16 are exact; uint8 is computed in float and may differ where the exact value is a tie. */
static void bilinear_of_integers(void **state) {
  (void)state;
  op_random r = {2};
  fill(&r);
  static float exact[4 * LIMIT];
  for (int i = 0; i < 4 * LIMIT; i++) exact[i] = bytes[i];
  const mote_type types[] = {MOTE_UINT8, MOTE_INT8, MOTE_INT16};
  for (int round = 0; round < 900; round++) {
    int32_t dims[4], size[2], at[4];
    if (!random_resize(&r, dims, size)) continue;
    const mote_type type = types[round % 3];
    const grid g = grids[round / 3 % 3];
    const sch_ResizeBilinearOptions o = {.align_corners = g.align, .half_pixel_centers = g.half};
    op_case k;
    begin(&k, &op_resize_bilinear, &o, type, dims, bytes, size);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t n = 0; n < op_count(&k.out[0]); n++) {
      op_coordinates(n, 4, k.out[0].dims, at);
      const int32_t v = integer_at(k.out[0].data, type, n);
      if (type == MOTE_UINT8) assert_true(fabs(v - bilinear(exact, dims, at, size, g)) < 0.51);
      else assert_int_equal(v, bilinear_fixed(type, dims, at, size, g));
    }
    assert_true(op_case_end(&k));
  }
}

static void nearest(void **state) {
  (void)state;
  op_random r = {3};
  fill(&r);
  const mote_type types[] = {MOTE_UINT8, MOTE_INT16, MOTE_FLOAT32};
  for (int round = 0; round < 900; round++) {
    int32_t dims[4], size[2], at[4];
    if (!random_resize(&r, dims, size)) continue;
    const mote_type type = types[round % 3];
    const size_t element = (size_t)mote_type_bits(type) / 8;
    const grid g = grids[round / 3 % 3];
    const sch_ResizeNearestNeighborOptions o = {.align_corners = g.align, .half_pixel_centers = g.half};
    op_case k;
    begin(&k, &op_resize_nearest_neighbor, &o, type, dims, bytes, size);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t n = 0; n < op_count(&k.out[0]); n++) {
      op_coordinates(n, 4, k.out[0].dims, at);
      for (int i = 1; i <= 2; i++) {
        const int32_t in = dims[i], out = size[i - 1];
        const float scale = g.align && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
        const float x = ((float)at[i] + (g.half ? 0.5f : 0)) * scale;
        at[i] = limit((int32_t)(g.align ? roundf(x) : floorf(x)), in);
      }
      assert_memory_equal((char *)k.out[0].data + n * element, bytes + op_offset(4, dims, at) * element, element);
    }
    assert_true(op_case_end(&k));
  }
}

static mote_status infer(int32_t rank, const int32_t *dims, int32_t count, const int32_t *size) {
  op_case k;
  op_case_begin(&k, &op_resize_bilinear, NULL);
  op_case_input(&k, MOTE_FLOAT32, rank, dims, NULL, 0);
  op_case_input(&k, MOTE_INT32, 1, &count, size, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void refuses_impossible_sizes(void **state) {
  (void)state;
  const int32_t dims[] = {1, 2, 3, 4}, empty[] = {1, 0, 3, 4};
  assert_int_equal(infer(4, dims, 2, (int32_t[]){5, 6}), MOTE_OK);
  assert_int_equal(infer(4, dims, 2, (int32_t[]){0, 6}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(4, dims, 2, (int32_t[]){5, -1}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(4, dims, 3, (int32_t[]){5, 6, 7}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(3, dims, 2, (int32_t[]){5, 6}), MOTE_ERR_SHAPE);
  assert_int_equal(infer(4, empty, 2, (int32_t[]){5, 6}), MOTE_ERR_SHAPE);
  op_case k;
  const sch_ResizeBilinearOptions both = {.align_corners = true, .half_pixel_centers = true};
  begin(&k, &op_resize_bilinear, &both, MOTE_FLOAT32, dims, floats, (int32_t[]){5, 6});
  assert_int_equal(op_case_infer(&k), MOTE_ERR_MODEL);
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bilinear_of_floats),
      cmocka_unit_test(bilinear_of_integers),
      cmocka_unit_test(nearest),
      cmocka_unit_test(refuses_impossible_sizes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

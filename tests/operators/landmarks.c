/* landmarks.c: the maps that Landmarks2TransformMatrix makes, point by point in double; landmarks and images under
 * maps; what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/flex.h"
#include "support/op_case.h"

extern const mote_op op_landmarks_to_transform_matrix, op_transform_landmarks, op_transform_tensor,
    op_transform_tensor_bilinear;

static void begin(op_case *k, const mote_op *op, int32_t version, const flex_entry *entries, uint32_t n) {
  static uint8_t blob[FLEX_ROOM];
  op_case_begin(k, op, NULL);
  k->c.version = version;
  k->c.custom = blob;
  k->c.custom_size = flex_write_entries(entries, n, blob);
}

static float noise(op_random *r) { return (float)op_random_in(r, -1000, 1000) / 250; }

/* ---- Landmarks2TransformMatrix ---- */

static const int32_t subset[] = {3, 0, 5, 5, 1};
enum { SUBSET = 5, LANDMARKS = 7, LEFT = 2, RIGHT = 4 };

/* The box around the subset when all is turned by `angle`: centre, and size, in turned coordinates. */
static void box(const float *x, double angle, double centre[2], double size[2]) {
  double lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY};
  for (int i = 0; i < SUBSET; i++) {
    const double px = (double)x[3 * subset[i]], py = (double)x[3 * subset[i] + 1];
    const double at[2] = {px * cos(angle) - py * sin(angle), px * sin(angle) + py * cos(angle)};
    for (int k = 0; k < 2; k++) lo[k] = fmin(lo[k], at[k]), hi[k] = fmax(hi[k], at[k]);
  }
  for (int k = 0; k < 2; k++) centre[k] = (lo[k] + hi[k]) / 2, size[k] = hi[k] - lo[k];
}

/* Where a point of the crop, given as a part of its size from its centre, lies in the image. */
static void place(const double *centre, const double *size, double angle, double u, double v, double to[2]) {
  const double x = centre[0] + size[0] * u, y = centre[1] + size[1] * v;
  to[0] = x * cos(angle) + y * sin(angle);
  to[1] = -x * sin(angle) + y * cos(angle);
}

static void expect_point(const float *m, double x, double y, double want_x, double want_y) {
  assert_true(fabs((double)m[0] * x + (double)m[1] * y + (double)m[3] - want_x) < 1e-3 * (1 + fabs(want_x)));
  assert_true(fabs((double)m[4] * x + (double)m[5] * y + (double)m[7] - want_y) < 1e-3 * (1 + fabs(want_y)));
  const float rest[] = {m[2], m[6], m[8], m[9], m[10] - 1, m[11], m[12], m[13], m[14], m[15] - 1};
  for (int i = 0; i < 10; i++) assert_true(rest[i] == 0);
}

static void crops_of_version_1(void **state) {
  (void)state;
  static const int32_t in_hw[] = {192, 256}, out_hw[] = {64, 32};
  const flex_entry options[] = {
      {.key = "bbox_size_multiplier", .value = 1.5f}, {.key = "dimensions", .value = 3},
      {.key = "input_hw", .list = in_hw, .count = 2}, {.key = "landmarks_range", .value = 8},
      {.key = "left_rotation_idx", .value = LEFT},    {.key = "output_hw", .list = out_hw, .count = 2},
      {.key = "right_rotation_idx", .value = RIGHT},  {.key = "subset", .list = subset, .count = SUBSET}};
  op_random r = {3};
  for (int turn = 0; turn < 200; turn++) {
    float x[3 * LANDMARKS];
    double centre[2], size[2], want[2];
    op_case k;
    for (int i = 0; i < 3 * LANDMARKS; i++) x[i] = noise(&r) + 4;
    x[3 * RIGHT] = x[3 * LEFT] + 1 + (float)turn / 50;
    begin(&k, &op_landmarks_to_transform_matrix, 1, options, 8);
    op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){1, 1, 1, 3 * LANDMARKS}, x, 0);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const double angle = -atan((double)(x[3 * RIGHT + 1] - x[3 * LEFT + 1]) / (double)(x[3 * RIGHT] - x[3 * LEFT]));
    box(x, angle, centre, size);
    for (int n = 0; n < 9; n++) {
      const double px = n % 3 * 15.5, py = n / 3 * 31.5; /* 31 and 63 are the last */
      place(centre, size, angle, (px / 31 - 0.5) * 1.5, (py / 63 - 0.5) * 1.5, want);
      expect_point(k.out[0].data, px, py, want[0] / 8 * 255, want[1] / 8 * 191);
    }
    assert_true(op_case_end(&k));
  }
}

static void crops_of_version_2(void **state) {
  (void)state;
  const flex_entry options[] = {{.key = "left_rotation_idx", .value = LEFT},
                                {.key = "output_height", .value = 64},
                                {.key = "output_width", .value = 32},
                                {.key = "right_rotation_idx", .value = RIGHT},
                                {.key = "scale_x", .value = 1.5f},
                                {.key = "scale_y", .value = 1.25f},
                                {.key = "subset_idxs", .list = subset, .count = SUBSET},
                                {.key = "target_rotation_radians", .value = 0.5f}};
  op_random r = {4};
  for (int turn = 0; turn < 200; turn++) {
    float x[3 * LANDMARKS];
    double centre[2], size[2], want[2];
    op_case k;
    for (int i = 0; i < 3 * LANDMARKS; i++) x[i] = noise(&r);
    begin(&k, &op_landmarks_to_transform_matrix, 2, options, 8);
    op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){1, LANDMARKS, 3}, x, 0);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const double angle =
        0.5 - atan2((double)(x[3 * RIGHT + 1] - x[3 * LEFT + 1]), (double)(x[3 * RIGHT] - x[3 * LEFT]));
    box(x, angle, centre, size);
    for (int n = 0; n < 9; n++) {
      const double px = n % 3 * 16, py = n / 3 * 32; /* 32 and 64 are behind the last */
      place(centre, size, angle, (px / 32 - 0.5) * 1.5, (py / 64 - 0.5) * 1.25, want);
      expect_point(k.out[0].data, px, py, want[0], want[1]);
    }
    assert_true(op_case_end(&k));
  }
}

static mote_status crop(int32_t version, const char *key, const flex_entry *instead, int32_t rank, int32_t numbers) {
  static const int32_t hw[] = {4, 4};
  flex_entry options[] = {{.key = "bbox_size_multiplier", .value = 1.5f},
                          {.key = "dimensions", .value = 3},
                          {.key = "input_hw", .list = hw, .count = 2},
                          {.key = "landmarks_range", .value = 8},
                          {.key = "left_rotation_idx", .value = LEFT},
                          {.key = "output_hw", .list = hw, .count = 2},
                          {.key = "right_rotation_idx", .value = RIGHT},
                          {.key = version == 1 ? "subset" : "subset_idxs", .list = subset, .count = SUBSET},
                          {.key = "output_height", .value = 64},
                          {.key = "output_width", .value = 32},
                          {.key = "scale_x", .value = 1.5f},
                          {.key = "scale_y", .value = 1.25f},
                          {.key = "target_rotation_radians", .value = 0.5f}};
  for (size_t i = 0; i < 13; i++)
    if (key && !strcmp(options[i].key, key)) options[i] = *instead;
  op_case k;
  begin(&k, &op_landmarks_to_transform_matrix, version, options, 13);
  op_case_input(&k, MOTE_FLOAT32, rank, (int32_t[]){1, 1, numbers, 1}, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void crops_that_are_refused(void **state) {
  (void)state;
  static const int32_t negative[] = {1, -1}, large[] = {7}, zero[] = {0, 4};
  static const struct {
    int32_t version;
    flex_entry instead;
    mote_status status;
  } cases[] = {
      {1, {.key = "bbox_size_multiplier", .value = 0}, MOTE_ERR_MODEL},
      {1, {.key = "dimensions", .value = 2}, MOTE_ERR_MODEL},
      {1, {.key = "input_hw", .list = zero, .count = 2}, MOTE_ERR_MODEL},
      {1, {.key = "input_hw", .list = large, .count = 1}, MOTE_ERR_MODEL},
      {1, {.key = "landmarks_range", .value = 0}, MOTE_ERR_MODEL},
      {1, {.key = "left_rotation_idx", .value = -1}, MOTE_ERR_MODEL},
      {1, {.key = "left_rotation_idx", .value = 7}, MOTE_ERR_SHAPE},
      {1, {.key = "output_hw", .list = zero, .count = 2}, MOTE_ERR_MODEL},
      {1, {.key = "subset", .list = large, .count = 0}, MOTE_ERR_MODEL},
      {1, {.key = "subset", .list = negative, .count = 2}, MOTE_ERR_MODEL},
      {1, {.key = "subset", .list = large, .count = 1}, MOTE_ERR_SHAPE},
      {1, {.key = "subset", .value = 1}, MOTE_ERR_MODEL},
      {2, {.key = "output_height", .value = 0}, MOTE_ERR_MODEL},
      {2, {.key = "output_width", .value = -4}, MOTE_ERR_MODEL},
      {2, {.key = "right_rotation_idx", .value = -1}, MOTE_ERR_MODEL},
      {2, {.key = "scale_x", .value = 0}, MOTE_ERR_MODEL},
      {2, {.key = "scale_y", .value = -1}, MOTE_ERR_MODEL},
      {2, {.key = "subset_idxs", .list = negative, .count = 2}, MOTE_ERR_MODEL},
      {2, {.key = "target_rotation_radians", .text = "none"}, MOTE_ERR_MODEL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(crop(cases[i].version, cases[i].instead.key, &cases[i].instead, 5 - cases[i].version, 21),
                     cases[i].status);
  for (int32_t version = 1; version < 3; version++) {
    assert_int_equal(crop(version, NULL, NULL, 5 - version, 18), MOTE_OK);
    assert_int_equal(crop(version, NULL, NULL, 5 - version, 17), MOTE_ERR_SHAPE);
    assert_int_equal(crop(version, NULL, NULL, 2 + version, 21), MOTE_ERR_SHAPE);
  }
}

/* ---- TransformLandmarks ---- */

static const float matrix[16] = {0.5f, -2, 9, 3, 1.5f, 0.25f, 9, -1, 9, 9, 9, 9, 9, 9, 9, 9};

static void points(int32_t version, int32_t rank, const int32_t *dims, int32_t size, float scale) {
  const flex_entry options[] = {{.key = "dimensions", .value = (float)size}, {.key = "scale", .value = scale}};
  float x[200];
  op_random r = {6};
  op_case k;
  for (int i = 0; i < 200; i++) x[i] = noise(&r);
  begin(&k, &op_transform_landmarks, version, options, version == 1 ? 2 : 0);
  op_case_input(&k, MOTE_FLOAT32, rank, dims, x, 0);
  op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){1, 4, 4}, matrix, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_true(op_same_dims(&k.in[0], &k.out[0]));
  for (size_t i = 0; i < op_count(&k.in[0]); i++) {
    const size_t axis = i % (size_t)size, from = i - axis;
    const float want =
        axis == 2 ? x[i]
                  : matrix[4 * axis] * x[from] + matrix[4 * axis + 1] * x[from + 1] + matrix[4 * axis + 3] * scale;
    assert_true(fabsf(((float *)k.out[0].data)[i] - want) < 1e-4f);
  }
  assert_true(op_case_end(&k));
}

static void landmarks_are_mapped(void **state) {
  (void)state;
  points(1, 4, (int32_t[]){1, 1, 1, 30}, 3, 1);
  points(1, 4, (int32_t[]){2, 1, 3, 12}, 2, 0.25f);
  points(1, 4, (int32_t[]){1, 0, 1, 30}, 3, 1);
  points(2, 3, (int32_t[]){1, 10, 3}, 3, 1);
  points(2, 3, (int32_t[]){2, 7, 2}, 2, 1);
}

static mote_status map_shapes(const mote_op *op, int32_t version, const flex_entry *option, int32_t rank,
                              const int32_t *dims, int32_t matrix_rows) {
  op_case k;
  begin(&k, op, version, option, option ? 1 : 0);
  op_case_input(&k, MOTE_FLOAT32, rank, dims, NULL, 0);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){matrix_rows, 4}, NULL, 0);
  op_case_output(&k, MOTE_FLOAT32);
  const mote_status status = op_case_infer(&k);
  op_case_end(&k);
  return status;
}

static void landmarks_that_are_refused(void **state) {
  (void)state;
  const mote_op *const op = &op_transform_landmarks;
  const int32_t dims[] = {1, 1, 1, 30}, odd[] = {1, 1, 1, 31}, four[] = {1, 5, 4};
  assert_int_equal(map_shapes(op, 1, NULL, 4, dims, 4), MOTE_OK);
  assert_int_equal(map_shapes(op, 1, NULL, 4, odd, 4), MOTE_ERR_SHAPE);
  assert_int_equal(map_shapes(op, 1, NULL, 4, dims, 3), MOTE_ERR_SHAPE);
  assert_int_equal(map_shapes(op, 1, NULL, 3, dims, 4), MOTE_ERR_SHAPE);
  assert_int_equal(map_shapes(op, 2, NULL, 4, dims, 4), MOTE_ERR_SHAPE);
  assert_int_equal(map_shapes(op, 2, NULL, 3, four, 4), MOTE_ERR_SHAPE);
  assert_int_equal(map_shapes(op, 1, &(flex_entry){.key = "dimensions", .value = 4}, 4, dims, 4), MOTE_ERR_MODEL);
  assert_int_equal(map_shapes(op, 1, &(flex_entry){.key = "scale", .value = 0}, 4, dims, 4), MOTE_ERR_MODEL);
  assert_int_equal(map_shapes(op, 1, &(flex_entry){.key = "scale", .text = "x"}, 4, dims, 4), MOTE_ERR_MODEL);
}

/* ---- TransformTensorBilinear ---- */

/* An image as it is between its pixels: a tent of each, and nothing outside. */
static double tents(const op_tensor *x, int32_t image, int32_t k, double at_x, double at_y) {
  double sum = 0;
  if (at_x < 0 || at_y < 0 || at_x > x->dims[2] - 1 || at_y > x->dims[1] - 1) return 0;
  for (int32_t i = 0; i < x->dims[1]; i++)
    for (int32_t j = 0; j < x->dims[2]; j++)
      sum += fmax(0, 1 - fabs(at_x - j)) * fmax(0, 1 - fabs(at_y - i)) *
             (double)((float *)x->data)[op_offset(4, x->dims, (int32_t[]){image, i, j, k})];
  return sum;
}

/* Multiples of 1/8 keep places exact, so that both sides agree where the image ends. */
static void warp(op_random *r, const mote_op *op, int32_t version) {
  const int32_t size[] = {op_random_in(r, 1, 6), op_random_in(r, 1, 6)};
  const flex_entry v1[] = {{.key = "mode", .text = "bilinear"}, {.key = "output_size", .list = size, .count = 2}};
  const flex_entry v2[] = {{.key = "output_height", .value = (float)size[0]},
                           {.key = "output_width", .value = (float)size[1]}};
  float x[600], m[16];
  op_case k;
  for (int i = 0; i < 600; i++) x[i] = noise(r);
  for (int i = 0; i < 16; i++) m[i] = (float)op_random_in(r, -12, 12) / 8;
  begin(&k, op, version, version == 1 ? v1 : v2, 2);
  op_case_input(&k, MOTE_FLOAT32, 4,
                (int32_t[]){op_random_in(r, 1, 2), op_random_in(r, 1, 9), op_random_in(r, 1, 9), op_random_in(r, 1, 3)},
                x, 0);
  op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){4, 4}, m, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_true(k.out[0].dims[0] == k.in[0].dims[0] && k.out[0].dims[3] == k.in[0].dims[3]);
  assert_true(k.out[0].dims[1] == size[0] && k.out[0].dims[2] == size[1]);
  const double half = version == 1 ? 0 : 0.5;
  for (size_t n = 0; n < op_count(&k.out[0]); n++) {
    int32_t at[OP_MAX_RANK];
    op_coordinates(n, 4, k.out[0].dims, at);
    const double px = at[2] + half, py = at[1] + half;
    const double sx = (double)m[0] * px + (double)m[1] * py + (double)m[3] - half;
    const double sy = (double)m[4] * px + (double)m[5] * py + (double)m[7] - half;
    assert_true(fabs((double)((float *)k.out[0].data)[n] - tents(&k.in[0], at[0], at[3], sx, sy)) < 1e-4);
  }
  assert_true(op_case_end(&k));
}

static void images_are_mapped(void **state) {
  (void)state;
  op_random r = {7};
  for (int turn = 0; turn < 200; turn++) {
    warp(&r, &op_transform_tensor_bilinear, 1 + turn % 2);
    warp(&r, &op_transform_tensor, 1);
  }
}

static void images_that_are_refused(void **state) {
  (void)state;
  const mote_op *const op = &op_transform_tensor_bilinear;
  static const int32_t dims[] = {1, 4, 4, 3}, size[] = {2, 3, 4}, zero[] = {0, 2}, huge[] = {INT32_MAX, INT32_MAX};
  const flex_entry two = {.key = "output_size", .list = size, .count = 2};
  assert_int_equal(map_shapes(op, 1, &two, 4, dims, 4), MOTE_OK);
  assert_int_equal(map_shapes(op, 1, &two, 3, dims, 4), MOTE_ERR_SHAPE);
  assert_int_equal(map_shapes(op, 1, &two, 4, dims, 5), MOTE_ERR_SHAPE);
  assert_int_equal(map_shapes(op, 2, &two, 4, dims, 4), MOTE_ERR_MODEL);
  assert_int_equal(map_shapes(op, 1, NULL, 4, dims, 4), MOTE_ERR_MODEL);
  assert_int_equal(map_shapes(op, 1, &(flex_entry){.key = "mode", .text = "nearest"}, 4, dims, 4), MOTE_ERR_MODEL);
  for (uint32_t n = 1; n < 4; n += 2)
    assert_int_equal(map_shapes(op, 1, &(flex_entry){.key = "output_size", .list = size, .count = n}, 4, dims, 4),
                     MOTE_ERR_MODEL);
  assert_int_equal(map_shapes(op, 1, &(flex_entry){.key = "output_size", .list = zero, .count = 2}, 4, dims, 4),
                   MOTE_ERR_MODEL);
  assert_int_not_equal(map_shapes(op, 1, &(flex_entry){.key = "output_size", .list = huge, .count = 2}, 4, dims, 4),
                       MOTE_OK);
}

/* Places that are no numbers, infinite or far outside give 0. */
static void maps_to_nowhere(void **state) {
  (void)state;
  static const int32_t size[] = {1, 1};
  static const float x[4] = {1, 2, 3, 4}, nowhere[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f};
  const flex_entry option = {.key = "output_size", .list = size, .count = 2};
  for (int i = 0; i < 10; i++) {
    float m[16] = {1, 0, 0, 0, 0, 1};
    op_case k;
    m[i % 2 ? 3 : 7] = nowhere[i / 2];
    begin(&k, &op_transform_tensor_bilinear, 1, &option, 1);
    op_case_input(&k, MOTE_FLOAT32, 4, (int32_t[]){1, 2, 2, 1}, x, 0);
    op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){4, 4}, m, 0);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_true(*(float *)k.out[0].data == 0);
    assert_true(op_case_end(&k));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(crops_of_version_1),         cmocka_unit_test(crops_of_version_2),
      cmocka_unit_test(crops_that_are_refused),     cmocka_unit_test(landmarks_are_mapped),
      cmocka_unit_test(landmarks_that_are_refused), cmocka_unit_test(images_are_mapped),
      cmocka_unit_test(images_that_are_refused),    cmocka_unit_test(maps_to_nowhere),
  };
  return cmocka_run_group_tests_name("operators: landmarks", tests, NULL, NULL);
}

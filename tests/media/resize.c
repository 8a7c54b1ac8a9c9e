/* Resizing, channels, layouts and numbers of mote_image_to_tensor, against a naive version in double. */
#include <math.h>

#include "make.h"

static mote_error error;

static mote_image *make_image(int width, int height, int channels, unsigned seed) {
  uint8_t *pixels = malloc((size_t)width * (size_t)height * (size_t)channels);
  assert_non_null(pixels);
  for (int i = 0; i < width * height * channels; i++) {
    seed = seed * 1664525u + 1013904223u;
    pixels[i] = (uint8_t)(seed >> 24);
  }
  mote_image *image = mote_image_from_pixels(pixels, width, height, channels, NULL, &error);
  free(pixels);
  assert_non_null(image);
  return image;
}

/* A pixel in the wanted channels, in 0 .. 255. */
static double wanted(const mote_image *m, int x, int y, int c, int want) {
  const uint8_t *p = m->pixels + (y * m->width + x) * m->channels;
  const double alpha = m->channels % 2 ? 255 : p[m->channels - 1];
  if (want == 4 && c == 3) return alpha;
  const double a = want == 4 ? 1 : alpha / 255;
  double rgb[3];
  for (int i = 0; i < 3; i++) rgb[i] = a * p[m->channels >= 3 ? i : 0] + (1 - a) * 255;
  return want > 1 ? rgb[c] : m->channels < 3 ? rgb[0] : 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

static double triangle(double at, int out, int in, int size) {
  const double scale = (double)in / size, radius = scale > 1 ? scale : 1;
  return fmax(0, 1 - fabs(at + 0.5 - (out + 0.5) * scale) / radius);
}

static double naive(const mote_image *m, const int box[4], int x, int y, int c, int w, int h, int want) {
  double sum = 0, weights = 0;
  for (int j = 0; j < box[3]; j++) {
    const double wy = triangle(j, y, box[3], h);
    for (int i = 0; wy > 0 && i < box[2]; i++) {
      const double weight = wy * triangle(i, x, box[2], w);
      if (weight <= 0) continue;
      weights += weight;
      sum += weight * wanted(m, box[0] + i, box[1] + j, c, want);
    }
  }
  return sum / weights;
}

static void compare(int in_w, int in_h, int has, int w, int h, int want, bool crop) {
  mote_image *image = make_image(in_w, in_h, has, (unsigned)(in_w * 31 + in_h));
  float *data = malloc((size_t)(w * h * want) * sizeof *data);
  assert_non_null(data);
  mote_tensor t = {.name = "x",
                   .type = MOTE_FLOAT32,
                   .rank = 4,
                   .dims = {1, h, w, want},
                   .data = data,
                   .size = (size_t)(w * h * want) * sizeof *data};
  const mote_image_prep prep = {.crop = crop};
  assert_int_equal(mote_image_to_tensor(image, &prep, &t, &error), MOTE_OK);
  const int side = in_w < in_h ? in_w : in_h;
  const int whole[4] = {0, 0, in_w, in_h}, square[4] = {(in_w - side) / 2, (in_h - side) / 2, side, side};
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      for (int c = 0; c < want; c++) {
        const double right = naive(image, crop ? square : whole, x, y, c, w, h, want);
        assert_true(fabs(data[(y * w + x) * want + c] - right) < 1e-3);
      }
  free(data);
  mote_image_free(image);
}

static void resizing_equals_the_formula(void **state) {
  (void)state;
  static const int sizes[][4] = {{9, 7, 9, 7}, {40, 30, 8, 8}, {7, 5, 20, 16}, {31, 3, 5, 9},
                                 {1, 1, 6, 4}, {64, 1, 1, 1},  {3, 200, 3, 7}, {100, 67, 99, 66}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (int has = 1; has <= 4; has++)
      for (int want = 1; want <= 4; want++) {
        if (want == 2) continue;
        compare(sizes[i][0], sizes[i][1], has, sizes[i][2], sizes[i][3], want, false);
        compare(sizes[i][0], sizes[i][1], has, sizes[i][2], sizes[i][3], want, true);
      }
}

static void equal_size_keeps_bytes(void **state) {
  (void)state;
  mote_image *image = make_image(17, 13, 3, 5);
  uint8_t data[17 * 13 * 3];
  mote_tensor t = {.type = MOTE_UINT8, .rank = 4, .dims = {1, 13, 17, 3}, .data = data, .size = sizeof data};
  assert_int_equal(mote_image_to_tensor(image, NULL, &t, &error), MOTE_OK);
  assert_memory_equal(data, image->pixels, sizeof data);
  int8_t shifted[17 * 13 * 3];
  t.type = MOTE_INT8;
  t.data = shifted;
  assert_int_equal(mote_image_to_tensor(image, NULL, &t, &error), MOTE_OK);
  for (size_t i = 0; i < sizeof data; i++) assert_int_equal(shifted[i], data[i] - 128);
  mote_image_free(image);
}

static void layouts_hold_the_same_numbers(void **state) {
  (void)state;
  mote_image *image = make_image(10, 6, 3, 9);
  float nhwc[6 * 10 * 3], other[6 * 10 * 3];
  mote_tensor t = {.type = MOTE_FLOAT32, .rank = 4, .dims = {1, 6, 10, 3}, .data = nhwc, .size = sizeof nhwc};
  assert_int_equal(mote_image_to_tensor(image, NULL, &t, &error), MOTE_OK);
  const mote_tensor hwc = {.type = MOTE_FLOAT32, .rank = 3, .dims = {6, 10, 3}, .data = other, .size = sizeof other};
  const mote_tensor nchw = {
      .type = MOTE_FLOAT32, .rank = 4, .dims = {1, 3, 6, 10}, .data = other, .size = sizeof other};
  mote_tensor s = hwc;
  assert_int_equal(mote_image_to_tensor(image, NULL, &s, &error), MOTE_OK);
  assert_memory_equal(nhwc, other, sizeof nhwc);
  s = nchw;
  assert_int_equal(mote_image_to_tensor(image, NULL, &s, &error), MOTE_OK);
  for (int y = 0; y < 6; y++)
    for (int x = 0; x < 10; x++)
      for (int c = 0; c < 3; c++) assert_true(other[(c * 6 + y) * 10 + x] == nhwc[(y * 10 + x) * 3 + c]);
  float grey[60];
  mote_tensor hw = {.type = MOTE_FLOAT32, .rank = 2, .dims = {6, 10}, .data = grey, .size = sizeof grey};
  assert_int_equal(mote_image_to_tensor(image, NULL, &hw, &error), MOTE_OK);
  mote_image_free(image);
}

static void numbers_follow_the_formula(void **state) {
  (void)state;
  const uint8_t pixels[6] = {0, 100, 200, 255, 1, 128};
  mote_image *image = mote_image_from_pixels(pixels, 2, 1, 3, NULL, &error);
  float f[6];
  uint8_t u[6];
  int8_t i8[6];
  int16_t i16[6];
  int32_t i32[6];
  mote_tensor t = {.type = MOTE_FLOAT32, .rank = 4, .dims = {1, 1, 2, 3}, .data = f, .size = sizeof f};
  assert_int_equal(mote_image_to_tensor(image, NULL, &t, &error), MOTE_OK);
  for (int i = 0; i < 6; i++) assert_true(f[i] == ((float)pixels[i] - 127.5f) / 127.5f);
  const mote_image_prep prep = {.normalise = true, .mean = {0, 100, 50}, .std = {255, 2, 10}};
  t.type = MOTE_UINT8, t.data = u, t.size = sizeof u, t.scale = 0.25f, t.zero_point = 3;
  assert_int_equal(mote_image_to_tensor(image, &prep, &t, &error), MOTE_OK);
  const uint8_t expected[6] = {3, 3, 63, 7, 0, 34}; /* (1 - 100) / 2 clamps; (128 - 50) / 10 / 0.25 = 31.2 */
  assert_memory_equal(u, expected, 6);
  t.type = MOTE_INT8, t.data = i8, t.zero_point = -128;
  assert_int_equal(mote_image_to_tensor(image, &prep, &t, &error), MOTE_OK);
  assert_int_equal(i8[2], -128 + 60);
  assert_int_equal(i8[4], -128);
  t.type = MOTE_INT16, t.data = i16, t.size = sizeof i16, t.zero_point = 0, t.scale = 0x1p-15f;
  assert_int_equal(mote_image_to_tensor(image, NULL, &t, &error), MOTE_OK);
  assert_int_equal(i16[0], -32768);
  assert_int_equal(i16[3], 32767);
  t.type = MOTE_INT32, t.data = i32, t.size = sizeof i32, t.scale = 0;
  assert_int_equal(mote_image_to_tensor(image, NULL, &t, &error), MOTE_OK);
  for (int i = 0; i < 6; i++) assert_int_equal(i32[i], pixels[i]);
  assert_int_equal(mote_image_to_tensor(image, &prep, &t, &error), MOTE_ERR_TYPE);
  mote_image_free(image);
}

static void wrong_tensors_are_refused(void **state) {
  (void)state;
  mote_image *image = make_image(4, 4, 3, 1);
  float data[64] = {0};
  static const struct {
    int32_t rank, dims[8];
  } shapes[] = {{1, {64}},         {4, {2, 4, 4, 1}}, {4, {1, 5, 4, 2}}, {3, {5, 4, 2}}, {5, {1, 1, 4, 4, 1}},
                {4, {1, 0, 4, 3}}, {0, {0}}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    mote_tensor t = {.name = "x\n%s", .type = MOTE_FLOAT32, .rank = shapes[i].rank, .data = data, .size = sizeof data};
    memcpy(t.dims, shapes[i].dims, sizeof t.dims);
    assert_false(mote_tensor_takes_image(&t));
    assert_int_equal(mote_image_to_tensor(image, NULL, &t, &error), MOTE_ERR_SHAPE);
  }
  mote_tensor t = {.type = MOTE_INT64, .rank = 4, .dims = {1, 2, 2, 1}, .data = data, .size = 32};
  assert_int_equal(mote_image_to_tensor(image, NULL, &t, &error), MOTE_ERR_TYPE);
  t.type = MOTE_FLOAT32;
  assert_int_equal(mote_image_to_tensor(image, NULL, &t, &error), MOTE_ERR_ARGUMENT); /* 16 bytes, not 32 */
  t.size = 16;
  const mote_image_prep by_zero = {.normalise = true};
  assert_int_equal(mote_image_to_tensor(image, &by_zero, &t, &error), MOTE_ERR_ARGUMENT);
  t.data = NULL;
  assert_int_equal(mote_image_to_tensor(image, NULL, &t, NULL), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_image_to_tensor(NULL, NULL, &t, &error), MOTE_ERR_ARGUMENT);
  mote_image_free(image);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(resizing_equals_the_formula),   cmocka_unit_test(equal_size_keeps_bytes),
      cmocka_unit_test(layouts_hold_the_same_numbers), cmocka_unit_test(numbers_follow_the_formula),
      cmocka_unit_test(wrong_tensors_are_refused),
  };
  return cmocka_run_group_tests_name("media: pictures into tensors", tests, NULL, NULL);
}

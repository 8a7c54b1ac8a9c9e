/* All eight EXIF orientations, in both byte orders, against their definition; damaged EXIF is upright. */
#include "make.h"

/* Where pixel (x, y) of the stored picture belongs, from the words of the EXIF standard: orientation n says at which
 * side the stored row 0 and column 0 are seen. */
static void seen_at(int n, int x, int y, int w, int h, int *sx, int *sy) {
  switch (n) {
    case 1: *sx = x, *sy = y; break;                 /* row 0 top, column 0 left */
    case 2: *sx = w - 1 - x, *sy = y; break;         /* top, right */
    case 3: *sx = w - 1 - x, *sy = h - 1 - y; break; /* bottom, right */
    case 4: *sx = x, *sy = h - 1 - y; break;         /* bottom, left */
    case 5: *sx = y, *sy = x; break;                 /* row 0 left, column 0 top */
    case 6: *sx = h - 1 - y, *sy = x; break;         /* right, top */
    case 7: *sx = h - 1 - y, *sy = w - 1 - x; break; /* right, bottom */
    default: *sx = y, *sy = w - 1 - x; break;        /* left, bottom */
  }
}

static void check(bytes b, int n, int w, int h, int channels, int tolerance) {
  mote_error e;
  mote_image *image = mote_image_from_memory(b.data, b.size, "turned", NULL, &e);
  assert_non_null(image);
  assert_int_equal(image->orientation, n);
  assert_int_equal(image->width, n >= 5 ? h : w);
  assert_int_equal(image->height, n >= 5 ? w : h);
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++) {
      int sx, sy;
      seen_at(n, x, y, w, h, &sx, &sy);
      const uint8_t *pixel = image->pixels + (sy * image->width + sx) * channels;
      for (int c = 0; c < channels; c++) assert_true(abs(pixel[c] - sample(x, y, c)) <= tolerance);
    }
  mote_image_free(image);
  done(&b);
}

static void photos_are_turned_upright(void **state) {
  (void)state;
#ifdef MOTE_HAVE_JPEG
  for (int n = 1; n <= 8; n++)
    for (int big = 0; big < 2; big++)
      check(make_jpeg(11, 6, (jpeg_options){.channels = 3, .orientation = n, .big_endian = big}), n, 11, 6, 3, 6);
#endif
#ifdef MOTE_HAVE_PNG
  for (int n = 1; n <= 8; n++)
    check(make_png(11, 6, (png_options){.color = 4, .depth = 8, .orientation = n}), n, 11, 6, 2, 0);
#endif
}

#ifdef MOTE_HAVE_JPEG
/* The field says nonsense, or the header is bent at any byte: the picture is read all the same. */
static void damaged_exif_is_passed_over(void **state) {
  (void)state;
  mote_error e;
  static const int wrong[] = {9, 255, 65535};
  for (int i = 0; i < 3; i++) {
    bytes b = make_jpeg(8, 8, (jpeg_options){.channels = 1, .orientation = wrong[i]});
    mote_image *image = mote_image_from_memory(b.data, b.size, NULL, NULL, &e);
    assert_non_null(image);
    assert_int_equal(image->orientation, 1);
    mote_image_free(image);
    done(&b);
  }
  bytes b = make_jpeg(8, 4, (jpeg_options){.channels = 1, .orientation = 6});
  const size_t exif = 20 + 4; /* behind the JFIF marker and the length of this one */
  for (size_t i = 0; i < 44; i++)
    for (int bit = 0; bit < 8; bit++) {
      b.data[exif + i] ^= (uint8_t)(1 << bit);
      mote_image *image = mote_image_from_memory(b.data, b.size, NULL, NULL, &e);
      assert_non_null(image);
      mote_image_free(image);
      b.data[exif + i] ^= (uint8_t)(1 << bit);
    }
  done(&b);
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(photos_are_turned_upright),
#ifdef MOTE_HAVE_JPEG
      cmocka_unit_test(damaged_exif_is_passed_over),
#endif
  };
  return cmocka_run_group_tests_name("media: orientation", tests, NULL, NULL);
}

/* Pictures of every format and depth are decoded to the pixels they were made from, and what is no picture is named. */
#include "make.h"

static mote_error error;

static mote_image *decode(bytes *b) {
  error = (mote_error){0};
  mote_image *image = mote_image_from_memory(b->data, b->size, "test", NULL, &error);
  if (error.code) print_message("%s\n", error.text);
  done(b);
  return image;
}

static void expect(const mote_image *image, int width, int height, int channels) {
  assert_non_null(image);
  assert_int_equal(image->width, width);
  assert_int_equal(image->height, height);
  assert_int_equal(image->channels, channels);
}

static uint8_t at(const mote_image *image, int x, int y, int c) {
  return image->pixels[(y * image->width + x) * image->channels + c];
}

static void expect_samples(mote_image *image, int width, int height, int channels, int tolerance) {
  expect(image, width, height, channels);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < channels; c++) assert_true(abs(at(image, x, y, c) - sample(x, y, c)) <= tolerance);
  mote_image_free(image);
}

#ifdef MOTE_HAVE_JPEG
static void jpeg_of_all_kinds(void **state) {
  (void)state;
  for (int progressive = 0; progressive < 2; progressive++) {
    bytes grey = make_jpeg(17, 9, (jpeg_options){.channels = 1, .progressive = progressive});
    expect_samples(decode(&grey), 17, 9, 1, 3);
    bytes rgb = make_jpeg(13, 11, (jpeg_options){.channels = 3, .progressive = progressive});
    expect_samples(decode(&rgb), 13, 11, 3, 6);
  }
  bytes cmyk = make_jpeg(13, 11, (jpeg_options){.channels = 4}); /* with libjpeg's Adobe marker: inverted, no black */
  expect_samples(decode(&cmyk), 13, 11, 3, 6);
}

static void jpeg_without_end_marker_is_read(void **state) {
  (void)state;
  for (int progressive = 0; progressive < 2; progressive++) {
    bytes b = make_jpeg(13, 11, (jpeg_options){.channels = 3, .progressive = progressive});
    b.size -= 2;
    expect_samples(decode(&b), 13, 11, 3, 6);
    b = make_jpeg(13, 11, (jpeg_options){.channels = 3, .progressive = progressive});
    b.size /= 2;
    assert_null(decode(&b));
    assert_non_null(strstr(error.text, "truncated"));
  }
}
#endif

#ifdef MOTE_HAVE_PNG
static void png_of_all_kinds(void **state) {
  (void)state;
  static const struct { int color, channels; } kinds[] = {{0, 1}, {2, 3}, {4, 2}, {6, 4}};
  for (int interlaced = 0; interlaced < 2; interlaced++)
    for (int depth = 8; depth <= 16; depth += 8)
      for (int k = 0; k < 4; k++) {
        bytes b = make_png(13, 9, (png_options){.color = kinds[k].color, .depth = depth, .interlaced = interlaced});
        expect_samples(decode(&b), 13, 9, kinds[k].channels, 0);
      }
}

static void png_of_few_bits(void **state) {
  (void)state;
  for (int depth = 1; depth <= 4; depth *= 2) {
    bytes b = make_png(11, 5, (png_options){.color = 0, .depth = depth});
    mote_image *grey = decode(&b);
    expect(grey, 11, 5, 1);
    b = make_png(11, 5, (png_options){.color = 3, .depth = depth, .transparent = true});
    mote_image *palette = decode(&b);
    expect(palette, 11, 5, 4);
    for (int y = 0; y < 5; y++)
      for (int x = 0; x < 11; x++) {
        const int v = (x + y) % (1 << depth);
        assert_int_equal(at(grey, x, y, 0), v * 255 / ((1 << depth) - 1));
        const uint8_t color[4] = {(uint8_t)(v * 16), (uint8_t)(255 - v), (uint8_t)(v * 3), (uint8_t)(v * 17)};
        assert_memory_equal(palette->pixels + (y * 11 + x) * 4, color, 4);
      }
    mote_image_free(grey);
    mote_image_free(palette);
  }
}

static void png_with_a_transparent_colour_has_alpha(void **state) {
  (void)state;
  bytes b = make_png(4, 4, (png_options){.color = 2, .depth = 8, .transparent = true});
  mote_image *image = decode(&b);
  expect(image, 4, 4, 4);
  assert_int_equal(at(image, 0, 0, 3), 255);
  mote_image_free(image);
}

/* A header of a few bytes that promises 2^62 pixels, or a gigabyte. */
static void png_bombs_cost_nothing(void **state) {
  (void)state;
  bytes b = make_png(2, 2, (png_options){.color = 6, .depth = 8});
  const mote_media_config config = {.max_pixels = UINT64_MAX, .memory_limit = 1 << 20};
  b.data[16] = 0x40;
  b.data[20] = 0x40;
  b.data[29] ^= 1;
  assert_null(mote_image_from_memory(b.data, b.size, "test", &config, &error));
  b.data[16] = b.data[20] = 0;
  assert_null(mote_image_from_memory(b.data, b.size, "test", NULL, &error)); /* the CRC is wrong */
  assert_int_equal(error.code, MOTE_ERR_FORMAT);
  done(&b);
}
#endif

static void bmp_of_all_kinds(void **state) {
  (void)state;
  for (int sign = -1; sign <= 1; sign += 2) {
    for (int bits = 24; bits <= 32; bits += 8) {
      bytes b = make_bmp(7, 5 * sign, bits, true);
      expect_samples(decode(&b), 7, 5, 3, 0);
    }
    bytes b = make_bmp(7, 5 * sign, 16, true);
    expect_samples(decode(&b), 7, 5, 3, 7);
    b = make_bmp(7, 5 * sign, 8, false);
    expect_samples(decode(&b), 7, 5, 1, 0);
    for (int bits = 1; bits <= 8; bits += bits == 1 ? 3 : 4)
      for (int colored = 0; colored < 2; colored++) {
        if (bits == 8 && !colored) continue;
        b = make_bmp(13, 5 * sign, bits, colored);
        mote_image *image = decode(&b);
        expect(image, 13, 5, colored ? 3 : 1);
        for (int y = 0; y < 5; y++)
          for (int x = 0; x < 13; x++) {
            const int entries = 1 << bits, v = (x + y) % entries, grey = v * 255 / (entries - 1);
            assert_int_equal(at(image, x, y, 0), grey);
            if (!colored) continue;
            assert_int_equal(at(image, x, y, 1), 255 - grey);
            assert_int_equal(at(image, x, y, 2), v);
          }
        mote_image_free(image);
      }
  }
}

/* A version 4 header with masks in another order, and alpha. */
static bytes make_bmp_masks(uint32_t alpha_mask, uint32_t pixel) {
  bytes b = {0};
  put_text(&b, "BM");
  put_le(&b, 0, 8);
  put_le(&b, 14 + 108, 4);
  put_le(&b, 108, 4);
  put_le(&b, 1, 4);
  put_le(&b, 1, 4);
  put_le(&b, 1, 2);
  put_le(&b, 32, 2);
  put_le(&b, 3, 4);
  for (int i = 0; i < 5; i++) put_le(&b, 0, 4);
  put_le(&b, 0x3ff, 4); /* ten bits of red */
  put_le(&b, 0xff000, 4);
  put_le(&b, 0xf00000, 4);
  put_le(&b, alpha_mask, 4);
  while (b.size < 14 + 108) put_le(&b, 0, 1);
  put_le(&b, pixel, 4);
  return b;
}

static void bmp_masks_are_scaled(void **state) {
  (void)state;
  bytes b = make_bmp_masks(0xff000000, 0x80f423ff);
  mote_image *image = decode(&b);
  expect(image, 1, 1, 4);
  const uint8_t color[4] = {255, 0x42, 255, 0x80}; /* red 3ff, green 42, blue f, alpha 80 */
  assert_memory_equal(image->pixels, color, 4);
  mote_image_free(image);
  b = make_bmp_masks(0xff000000, 0x00f423ff); /* alpha 0 everywhere: not meant */
  image = decode(&b);
  expect(image, 1, 1, 4);
  assert_int_equal(at(image, 0, 0, 3), 255);
  mote_image_free(image);
  b = make_bmp_masks(0x5000000, 0);
  assert_null(decode(&b));
  assert_non_null(strstr(error.text, "mask"));
}

static void bmp_compression_is_refused_by_name(void **state) {
  (void)state;
  bytes b = make_bmp(8, 8, 8, false);
  b.data[30] = 1;
  assert_null(decode(&b));
  assert_int_equal(error.code, MOTE_ERR_UNSUPPORTED);
  assert_non_null(strstr(error.text, "RLE8"));
}

static void pnm_of_all_kinds(void **state) {
  (void)state;
  static const int most[] = {255, 65535, 100};
  for (int variant = 1; variant <= 6; variant++)
    for (int m = 0; m < 3; m++) {
      bytes b = make_pnm(11, 5, variant, most[m]);
      mote_image *image = decode(&b);
      if (variant % 3 != 1) {
        expect_samples(image, 11, 5, variant % 3 ? 1 : 3, most[m] < 255 ? 3 : 0);
        continue;
      }
      expect(image, 11, 5, 1);
      for (int y = 0; y < 5; y++)
        for (int x = 0; x < 11; x++) assert_int_equal(at(image, x, y, 0), (x + y) % 2 ? 0 : 255);
      mote_image_free(image);
    }
}

static void huge_headers_are_refused(void **state) {
  (void)state;
  static const char huge[] = "P6 99999 99999 255 ", wide[] = "P5 4294967295 4294967295 255 ", empty[] = "P5 0 4 255 ";
  assert_null(mote_image_from_memory(huge, sizeof huge, "huge.ppm", NULL, &error));
  assert_int_equal(error.code, MOTE_ERR_LIMIT);
  assert_non_null(strstr(error.text, "99999 x 99999"));
  assert_null(mote_image_from_memory(wide, sizeof wide, NULL, NULL, &error));
  assert_int_equal(error.code, MOTE_ERR_LIMIT);
  assert_null(mote_image_from_memory(empty, sizeof empty, NULL, NULL, &error));
  assert_int_equal(error.code, MOTE_ERR_FORMAT);
  const mote_media_config config = {.max_pixels = 50, .memory_limit = 100};
  bytes b = make_bmp(8, 7, 24, true), fits = make_bmp(8, 6, 24, true);
  assert_null(mote_image_from_memory(b.data, b.size, "b", &config, &error));
  assert_int_equal(error.code, MOTE_ERR_LIMIT);
  assert_null(mote_image_from_memory(fits.data, fits.size, "b", &config, &error));
  assert_int_equal(error.code, MOTE_ERR_MEMORY);
  done(&b);
  done(&fits);
}

static void what_is_no_picture_is_named(void **state) {
  (void)state;
  static const struct {
    const char *data;
    const char *named;
  } cases[] = {
      {"GIF89a....", "GIF"},
      {"RIFF....WEBPVP8 ", "WebP"},
      {"PK\3\4....", "zip"},
      {"\x1c...TFL3", ".tflite"},
      {"BMI is a number of doctors", "text"},
      {"  <!DOCTYPE html><p>404", "HTML"},
      {"version https://git-lfs.github.com/spec/v1", "git-LFS"},
      {"\x93NUMPY\1", "NumPy"},
      {"\1\2\3\4", "no kind of file"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_null(mote_image_from_memory(cases[i].data, strlen(cases[i].data), "x.jpg", NULL, &error));
    assert_int_equal(error.code, MOTE_ERR_FORMAT);
    assert_non_null(strstr(error.text, "x.jpg is no picture"));
    assert_non_null(strstr(error.text, cases[i].named));
  }
  assert_null(mote_image_from_memory("", 0, "x.jpg", NULL, &error));
  assert_non_null(strstr(error.text, "empty"));
  assert_null(mote_image_open("/nowhere/x.jpg", NULL, &error));
  assert_int_equal(error.code, MOTE_ERR_IO);
  assert_null(mote_image_open("/", NULL, &error));
  assert_non_null(strstr(error.text, "directory"));
  assert_null(mote_image_open("/dev/zero", NULL, &error)); /* which never ends */
  assert_non_null(strstr(error.text, "device"));
}

/* The pictures that come with the models, when they are there. */
static void shared_pictures_are_read(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int width, height, channels;
  } pictures[] = {
      {"cat.bmp", 512, 341, 3},
      {"grace_hopper.bmp", 512, 600, 3},
      {"mnist_nine.bmp", 28, 28, 1},
#ifdef MOTE_HAVE_JPEG
      {"cats_and_dogs.jpg", 1200, 600, 3},
      {"hot_dog.jpg", 512, 384, 3},
#endif
#ifdef MOTE_HAVE_PNG
      {"sparrow.png", 1280, 851, 4},
#endif
  };
  const char *shared = getenv("MOTE_SHARED") ? getenv("MOTE_SHARED") : "../shared";
  for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/images/%s", shared, pictures[i].name);
    FILE *file = fopen(path, "rb");
    if (!file) {
      print_message("skipped: %s is not there\n", path);
      continue;
    }
    fclose(file);
    mote_image *image = mote_image_open(path, NULL, &error);
    expect(image, pictures[i].width, pictures[i].height, pictures[i].channels);
    assert_int_equal(image->damage, 0);
    mote_image_free(image);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
#ifdef MOTE_HAVE_JPEG
      cmocka_unit_test(jpeg_of_all_kinds),
      cmocka_unit_test(jpeg_without_end_marker_is_read),
#endif
#ifdef MOTE_HAVE_PNG
      cmocka_unit_test(png_of_all_kinds),
      cmocka_unit_test(png_of_few_bits),
      cmocka_unit_test(png_with_a_transparent_colour_has_alpha),
      cmocka_unit_test(png_bombs_cost_nothing),
#endif
      cmocka_unit_test(bmp_of_all_kinds),
      cmocka_unit_test(bmp_masks_are_scaled),
      cmocka_unit_test(bmp_compression_is_refused_by_name),
      cmocka_unit_test(pnm_of_all_kinds),
      cmocka_unit_test(huge_headers_are_refused),
      cmocka_unit_test(what_is_no_picture_is_named),
      cmocka_unit_test(shared_pictures_are_read),
  };
  return cmocka_run_group_tests_name("media: pictures", tests, NULL, NULL);
}

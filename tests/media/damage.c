/* Truncated and bent files of every format are refused or read, within limits; and every allocation may fail. */
#include "make.h"

/* Reads by every reader; true when one of them took it. A fresh block lets a sanitizer see reads behind the end. */
static bool read_any(const uint8_t *data, size_t size, const mote_media_config *config) {
  uint8_t *copy = malloc(size ? size : 1);
  assert_non_null(copy);
  if (size) memcpy(copy, data, size);
  mote_error e = {0};
  mote_image *image = mote_image_from_memory(copy, size, "x", config, &e);
  if (!image) assert_true(e.code != MOTE_OK && e.text[0]);
  mote_sound *sound = mote_sound_from_memory(copy, size, "x", config, NULL);
  mote_array *array = mote_array_from_memory(copy, size, "x", config, NULL);
  const bool read = image || sound || array;
  mote_image_free(image);
  mote_sound_free(sound);
  mote_array_free(array);
  free(copy);
  return read;
}

static const mote_media_config tight = {.max_pixels = 1 << 16, .memory_limit = 8 << 20};

static void truncated_files_are_refused(void **state) {
  (void)state;
  bytes files[MAKE_ALL];
  const size_t n = make_all(files);
  for (size_t f = 0; f < n; f++) {
    assert_true(read_any(files[f].data, files[f].size, &tight));
    /* the last 2 bytes of a JPEG are its end marker, those of text may be white space */
    for (size_t size = 0; size + 3 < files[f].size; size += files[f].size < 300 ? 1 : 16)
      assert_false(read_any(files[f].data, size, &tight));
    done(&files[f]);
  }
}

static void bent_files_do_no_harm(void **state) {
  (void)state;
  bytes files[MAKE_ALL];
  const size_t n = make_all(files);
  for (size_t f = 0; f < n; f++) {
    for (size_t i = 0; i < files[f].size; i++)
      for (int bit = 0; bit < 8; bit++) {
        files[f].data[i] ^= (uint8_t)(1 << bit);
        read_any(files[f].data, files[f].size, &tight);
        files[f].data[i] ^= (uint8_t)(1 << bit);
      }
    done(&files[f]);
  }
}

/* An allocator that gives nothing from the n-th call on, and knows what is out. */
typedef struct failing {
  int left, out;
} failing;

static void *fail_allocate(void *user, size_t size) {
  failing *f = user;
  if (f->left-- <= 0) return NULL;
  f->out++;
  return malloc(size);
}

static void fail_release(void *user, void *block) {
  ((failing *)user)->out--;
  free(block);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  bytes files[MAKE_ALL];
  const size_t n = make_all(files);
  for (size_t f = 0; f < n; f++) {
    bool read = false;
    for (int limit = 0; !read; limit++) {
      assert_true(limit < 200);
      failing counter = {.left = limit};
      const mote_media_config config = {.allocator = {fail_allocate, fail_release, &counter}};
      mote_image *image = mote_image_from_memory(files[f].data, files[f].size, "x", &config, NULL);
      mote_sound *sound = image ? NULL : mote_sound_from_memory(files[f].data, files[f].size, "x", &config, NULL);
      mote_array *array = image ? NULL : mote_array_from_memory(files[f].data, files[f].size, "x", &config, NULL);
      if (image) {
        float data[4 * 4 * 3];
        mote_tensor t = {.type = MOTE_FLOAT32, .rank = 3, .dims = {4, 4, 3}, .data = data, .size = sizeof data};
        read = mote_image_to_tensor(image, NULL, &t, NULL) == MOTE_OK;
      } else read = sound || array;
      mote_image_free(image);
      mote_sound_free(sound);
      mote_array_free(array);
      assert_int_equal(counter.out, 0);
    }
    done(&files[f]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(truncated_files_are_refused),
      cmocka_unit_test(bent_files_do_no_harm),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests_name("media: damage", tests, NULL, NULL);
}

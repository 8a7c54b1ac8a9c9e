/* write.c: records to a file and back: the same model, the same bytes, and what is appended is kept. */
#include "schema/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file read from bytes. */
typedef struct opened {
  file_view view;
  sch_file *file;
} opened;

static opened open_bytes(mem *m, const void *data, size_t size) {
  opened o;
  mote_error e;
  assert_int_equal(file_from_memory(&o.view, m, data, size, false, &e), MOTE_OK);
  if (sch_read(&o.view, m, NULL, &o.file, &e)) fail_msg("%s", e.text);
  return o;
}

static uint8_t *joined(mem *m, const sch_file *file, const sch_write_options *options, size_t *size) {
  sch_image image;
  mote_error e;
  uint8_t *data;
  if (sch_write(file, m, options, &image, &e)) fail_msg("%s", e.text);
  assert_int_equal(sch_image_join(&image, m, &data, size, &e), MOTE_OK);
  sch_image_free(&image);
  return data;
}

static void copies(mem *m, const sch_file *file) {
  static const sch_write_options ways[] = {{.outside = false}, {.outside = true}, {.inside_most = 1000}};
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    size_t size, again_size;
    uint8_t *data = joined(m, file, &ways[i], &size);
    opened copy = open_bytes(m, data, size);
    assert_true(same_model(file, copy.file));
    const sch_range a = sch_appended(file), b = sch_appended(copy.file);
    assert_int_equal(a.size, b.size);
    uint8_t *again = joined(m, copy.file, &ways[i], &again_size);
    assert_int_equal(size, again_size);
    assert_memory_equal(data, again, size);
    sch_close(copy.file);
    mem_free(m, data);
    mem_free(m, again);
  }
}

static void a_small_model_comes_back(void **state) {
  (void)state;
  arena a;
  size_t size;
  mem *m = mem_new(NULL, 0);
  arena_init(&a, m);
  uint8_t *data = file_of(m, small_model(&a), NULL, &size);
  opened o = open_bytes(m, data, size);
  copies(m, o.file);
  sch_close(o.file);
  mem_free(m, data);
  arena_free(&a);
  assert_int_equal(atomic_load(&m->used), 0);
  mem_release(m);
}

static void data_is_aligned(void **state) {
  (void)state;
  arena a;
  size_t size;
  mem *m = mem_new(NULL, 0);
  arena_init(&a, m);
  for (int outside = 0; outside < 2; outside++) {
    const sch_write_options way = {.outside = outside};
    uint8_t *data = file_of(m, small_model(&a), &way, &size);
    opened o = open_bytes(m, data, size);
    for (uint32_t i = 1; i < o.file->model->buffers.count; i++) {
      const sch_range range = sch_buffer_range(o.file->model, i);
      assert_int_equal(range.offset % 16, 0);
      assert_true((range.offset >= o.file->flatbuffer_size) == outside);
    }
    sch_close(o.file);
    mem_free(m, data);
  }
  arena_free(&a);
  mem_release(m);
}

static void unknown_options_cannot_be_written(void **state) {
  (void)state;
  arena a;
  mote_error e;
  sch_image image;
  mem *m = mem_new(NULL, 0);
  arena_init(&a, m);
  sch_Model *model = small_model(&a);
  op(model, OP_SUM)->builtin_options_type = 250;
  const sch_file source = {.model = model};
  assert_int_equal(sch_write(&source, m, NULL, &image, &e), MOTE_ERR_UNSUPPORTED);
  assert_non_null(strstr(e.text, "250"));
  arena_free(&a);
  assert_int_equal(atomic_load(&m->used), 0);
  mem_release(m);
}

/* ---- appended archives ---- */

/* A zip of one empty file "a", whose offsets count from `base`. */
static size_t make_zip(uint8_t *to, uint32_t base) {
  static const uint8_t local[31] = {'P', 'K', 3, 4, 20, [26] = 1, [30] = 'a'};
  static const uint8_t entry[47] = {'P', 'K', 1, 2, 20, 0, 20, [28] = 1, [46] = 'a'};
  static const uint8_t end[22] = {'P', 'K', 5, 6, [8] = 1, [10] = 1, [12] = 47};
  memcpy(to, local, 31);
  memcpy(to + 31, entry, 47);
  memcpy(to + 78, end, 22);
  set32(to + 31, 42, base);
  set32(to + 78, 16, base + 31);
  return 100;
}

static void check_zip(bool from_file_start) {
  arena a;
  size_t size, new_size;
  mem *m = mem_new(NULL, 0);
  arena_init(&a, m);
  sch_Model *model = small_model(&a);
  uint8_t *data = file_of(m, model, NULL, &size);
  data = mem_resize(m, data, size + 100);
  make_zip(data + size, from_file_start ? (uint32_t)size : 0);
  opened o = open_bytes(m, data, size + 100);
  const sch_range zip = sch_appended(o.file);
  assert_int_equal(zip.offset, size);
  assert_int_equal(zip.size, 100);
  /* The model grows: its description does. */
  sch_Model changed = *o.file->model;
  changed.description = text("a small model with a much longer description than it had");
  sch_file file = *o.file;
  file.model = &changed;
  uint8_t *copy = joined(m, &file, NULL, &new_size);
  const size_t at = new_size - 100;
  assert_true(at > size);
  assert_memory_equal(copy + at, "PK\3\4", 4);
  assert_int_equal(get32(copy, at + 31 + 42), from_file_start ? at : 0);
  assert_int_equal(get32(copy, at + 78 + 16), from_file_start ? at + 31 : 31);
  const sch_write_options drop = {.drop_appended = true};
  uint8_t *bare = joined(m, &file, &drop, &new_size);
  assert_int_equal(new_size, at);
  mem_free(m, bare);
  mem_free(m, copy);
  sch_close(o.file);
  mem_free(m, data);
  arena_free(&a);
  mem_release(m);
}

static void an_archive_that_counts_from_itself_is_kept(void **state) {
  (void)state;
  check_zip(false);
}

static void an_archive_that_counts_from_the_file_is_moved(void **state) {
  (void)state;
  check_zip(true);
}

/* ---- over 2 GiB ---- */

static void write_all(int fd, const sch_image *image) {
  for (size_t i = 0; i < image->count; i++)
    assert_int_equal(write(fd, image->parts[i].data, image->parts[i].size), image->parts[i].size);
}

/* A sparse file with data at 3 GiB; nothing of that size is read or kept. */
static void data_beyond_2_gib(void **state) {
  (void)state;
  if (sizeof(void *) < 8) {
    print_message("skipped: files over 2 GiB need a 64-bit machine\n");
    return;
  }
  const uint64_t far = 3ull << 30;
  const sch_write_options way = {.outside = true};
  char path[] = "/tmp/mote-write-XXXXXX";
  arena a;
  mote_error e;
  sch_image image;
  mem *m = mem_new(NULL, 0);
  arena_init(&a, m);
  sch_Model *model = small_model(&a);
  const sch_file source = {.model = model};
  assert_int_equal(sch_write(&source, m, &way, &image, &e), MOTE_OK);
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  write_all(fd, &image);
  /* The weights of w go to the far end. */
  const float w[4] = {5, 6, 7, 8};
  assert_int_equal(pwrite(fd, w, sizeof w, (off_t)far), sizeof w);
  const size_t root = get32(image.tables, 0), field = field_at(image.tables, root, 4);
  const size_t list = field + get32(image.tables, field), entry = list + 4 + 4 * B_W;
  const size_t buffer = entry + get32(image.tables, entry);
  assert_int_equal(pwrite(fd, &far, 8, (off_t)field_at(image.tables, buffer, 1)), 8);
  close(fd);
  sch_image_free(&image);

  file_view v;
  sch_file *file;
  const void *data;
  uint64_t size;
  assert_int_equal(file_open(&v, m, path, false, &e), MOTE_OK);
  assert_int_equal(sch_read(&v, m, NULL, &file, &e), MOTE_OK);
  assert_true(sch_buffer(file, B_W, &data, &size));
  assert_int_equal(size, sizeof w);
  assert_memory_equal(data, w, sizeof w);
  assert_int_equal(sch_appended(file).size, 0);
  sch_close(file);
  file_close(&v);

  /* A list that would reach beyond 2 GiB is named as that, and not as a file cut short. */
  const uint32_t many = 0x7fffffff;
  const int again = open(path, O_RDWR);
  assert_int_equal(pwrite(again, &many, 4, (off_t)list), 4);
  close(again);
  assert_int_equal(file_open(&v, m, path, false, &e), MOTE_OK);
  assert_int_equal(sch_read(&v, m, NULL, &file, &e), MOTE_ERR_LIMIT);
  assert_non_null(strstr(e.text, "F20"));
  file_close(&v);
  unlink(path);
  arena_free(&a);
  assert_int_equal(atomic_load(&m->used), 0);
  mem_release(m);
}

/* Writes the parts of an image; long ones are left as holes, which read as the zeros they are. */
static void write_with_holes(int fd, const sch_image *image) {
  off_t at = 0;
  for (size_t i = 0; i < image->count; i++) {
    const file_part *part = &image->parts[i];
    if (part->size < 1 << 20) assert_int_equal(pwrite(fd, part->data, part->size, at), part->size);
    at += (off_t)part->size;
  }
  assert_int_equal(ftruncate(fd, at), 0);
}

static void more_than_2_gib_goes_outside(void **state) {
  (void)state;
  if (sizeof(void *) < 8) {
    print_message("skipped: files over 2 GiB need a 64-bit machine\n");
    return;
  }
  const size_t large = (size_t)3 << 30;
  char path[] = "/tmp/mote-write-XXXXXX";
  arena a;
  mote_error e;
  sch_image image;
  file_view v;
  sch_file *file;
  mem *m = mem_new(NULL, 0);
  arena_init(&a, m);
  void *zeros = mmap(NULL, large, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  assert_true(zeros != MAP_FAILED);
  sch_Model *model = small_model(&a);
  m->limit = 1 << 24; /* no copy of the weights is made */
  tensor(model, MAIN, T_QUANT)->shape = ints(&a, 2, 3, 1 << 30);
  tensor(model, MAIN, T_QUANT)->quantization = NULL;
  model->buffers.data[B_QUANT].data = bytes(zeros, large);
  const sch_file source = {.model = model};
  assert_int_equal(sch_write(&source, m, NULL, &image, &e), MOTE_OK);
  assert_true(image.size > large);
  const int fd = mkstemp(path);
  write_with_holes(fd, &image);
  close(fd);
  assert_int_equal(file_open(&v, m, path, false, &e), MOTE_OK);
  if (sch_read(&v, m, NULL, &file, &e)) fail_msg("%s", e.text);
  assert_true(file->flatbuffer_size < 10000);
  assert_int_equal(sch_buffer_range(file->model, B_QUANT).size, large);
  sch_close(file);
  file_close(&v);
  unlink(path);
  sch_image_free(&image);
  munmap(zeros, large);
  arena_free(&a);
  mem_release(m);
}

/* ---- real models ---- */

static void real_models_come_back(void **state) {
  (void)state;
  char folder[500], path[900];
  if (!shared_path(folder, sizeof folder, "models")) skip();
  mem *m = mem_new(NULL, 0);
  DIR *dir = opendir(folder);
  assert_non_null(dir);
  int count = 0;
  for (struct dirent *d; (d = readdir(dir));) {
    if (!strstr(d->d_name, ".tflite")) continue;
    snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
    file_view v;
    mote_error e;
    sch_file *file;
    assert_int_equal(file_open(&v, m, path, false, &e), MOTE_OK);
    if (sch_read(&v, m, NULL, &file, &e)) fail_msg("%s: %s", path, e.text);
    copies(m, file);
    sch_close(file);
    file_close(&v);
    count++;
  }
  closedir(dir);
  assert_true(count > 0);
  print_message("%d models come back\n", count);
  mem_release(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_small_model_comes_back),
      cmocka_unit_test(data_is_aligned),
      cmocka_unit_test(unknown_options_cannot_be_written),
      cmocka_unit_test(an_archive_that_counts_from_itself_is_kept),
      cmocka_unit_test(an_archive_that_counts_from_the_file_is_moved),
      cmocka_unit_test(data_beyond_2_gib),
      cmocka_unit_test(more_than_2_gib_goes_outside),
      cmocka_unit_test(real_models_come_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Files of many samples: idx, .npy, .npz, gzip, tables and tar archives; what is damaged is refused. */
#include <math.h>

#ifdef MOTE_HAVE_ZLIB
#include <zlib.h>
#endif

#include "make.h"
#include "media/tar.h"

static mote_error error;

static bytes make_idx(int type, int rank, const int *dims, const void *data, size_t size) {
  bytes b = {0};
  put_be(&b, (uint64_t)type << 8 | (uint64_t)rank, 4);
  for (int i = 0; i < rank; i++) put_be(&b, (uint64_t)dims[i], 4);
  put(&b, data, size);
  return b;
}

static bytes make_npy(const char *type, bool fortran, const char *shape, const void *data, size_t size) {
  bytes b = {0};
  char header[200];
  const int n = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }", type,
                         fortran ? "True" : "False", shape);
  put(&b, "\x93NUMPY\1\0", 8);
  put_le(&b, (uint64_t)n, 2);
  put(&b, header, (size_t)n);
  put(&b, data, size);
  return b;
}

static void idx_is_read(void **state) {
  (void)state;
  static const uint8_t pixels[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  bytes b = make_idx(8, 3, (const int[]){3, 2, 2}, pixels, sizeof pixels);
  mote_arrays *a = mote_arrays_from_memory(b.data, b.size, "x", NULL, &error);
  assert_non_null(a);
  assert_int_equal(a->count, 1);
  mote_array one;
  assert_int_equal(mote_array_slice(&a->arrays[0], 1, &one, &error), MOTE_OK);
  assert_int_equal(one.rank, 2);
  assert_int_equal(one.size, 4);
  assert_memory_equal(one.data, pixels + 4, 4);
  assert_int_equal(mote_array_slice(&a->arrays[0], 3, &one, &error), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_array_slice(&a->arrays[0], -1, &one, &error), MOTE_ERR_ARGUMENT);
  mote_arrays_free(a);
  assert_null(mote_arrays_from_memory(b.data, b.size - 1, "x", NULL, &error));
  assert_non_null(strstr(error.text, "truncated"));
  assert_null(mote_arrays_from_memory(b.data, 9, "x", NULL, &error));
  done(&b);
}

static void numbers_of_idx_are_big_endian(void **state) {
  (void)state;
  bytes b = make_idx(12, 1, (const int[]){2}, "\0\0\1\2\xff\xff\xff\xfe", 8);
  mote_arrays *a = mote_arrays_from_memory(b.data, b.size, "x", NULL, &error);
  assert_non_null(a);
  assert_int_equal(((const int32_t *)a->arrays[0].data)[0], 258);
  assert_int_equal(((const int32_t *)a->arrays[0].data)[1], -2);
  mote_arrays_free(a);
  done(&b);
}

static void columns_first_become_rows_first(void **state) {
  (void)state;
  static const float stored[6] = {1, 4, 2, 5, 3, 6}, wanted[3] = {4, 5, 6};
  bytes b = make_npy("<f4", true, "2, 3", stored, sizeof stored);
  mote_arrays *a = mote_arrays_from_memory(b.data, b.size, "x.npy", NULL, &error);
  assert_non_null(a);
  mote_array one;
  assert_int_equal(mote_array_slice(&a->arrays[0], 1, &one, &error), MOTE_OK);
  assert_memory_equal(one.data, wanted, sizeof wanted);
  mote_arrays_free(a);
  done(&b);
}

static void other_files_are_named(void **state) {
  (void)state;
  assert_null(mote_arrays_from_memory("hello", 5, "x.txt", NULL, &error));
  assert_non_null(strstr(error.text, "it looks like text"));
}

#ifdef MOTE_HAVE_ZLIB
static void gzip_is_unpacked(void **state) {
  (void)state;
  uint8_t pixels[4096] = {7}, packed[4096];
  bytes b = make_idx(9, 2, (const int[]){4, 1024}, pixels, sizeof pixels);
  z_stream z = {0};
  assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  z.next_in = b.data;
  z.avail_in = (uInt)b.size;
  z.next_out = packed;
  z.avail_out = sizeof packed;
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  const size_t size = z.total_out;
  deflateEnd(&z);
  mote_arrays *a = mote_arrays_from_memory(packed, size, "x.gz", NULL, &error);
  assert_non_null(a);
  assert_int_equal(a->arrays[0].size, 4096);
  assert_memory_equal(a->arrays[0].data, pixels, sizeof pixels);
  mote_arrays_free(a);
  for (size_t cut = 1; cut < size; cut++) assert_null(mote_arrays_from_memory(packed, cut, "x.gz", NULL, &error));
  const mote_media_config small = {.memory_limit = 3000};
  assert_null(mote_arrays_from_memory(packed, size, "x.gz", &small, &error));
  assert_int_equal(error.code, MOTE_ERR_LIMIT);
  done(&b);
}
#endif

static mote_table *table(const char *text) {
  mote_table *t = mote_table_from_memory(text, strlen(text), "x.csv", NULL, &error);
  assert_non_null(t);
  return t;
}

static void tables_are_read(void **state) {
  (void)state;
  mote_table *t = table("\xef\xbb\xbfwidth, \"the, name\",label\r\n1.5,\"a \"\"b\"\"\",3\n\n-2e-3,,4\r\n7,8\n");
  char text[20];
  double v[3];
  assert_int_equal(t->rows, 3);
  assert_int_equal(t->columns, 3);
  assert_string_equal(t->names[1], "the, name");
  assert_int_equal(mote_table_numbers(t, 0, v, &error), MOTE_OK);
  assert_true(v[0] == 1.5 && isnan(v[1]) && v[2] == 3);
  assert_int_equal(mote_table_text(t, 0, 1, text, sizeof text), 5);
  assert_string_equal(text, "a \"b\"");
  assert_int_equal(mote_table_text(t, 0, 1, text, 3), 5);
  assert_string_equal(text, "a ");
  assert_int_equal(mote_table_numbers(t, 1, v, &error), MOTE_OK);
  assert_true(fabs(v[0] + 0.002) < 1e-12 && isnan(v[1]) && v[2] == 4);
  assert_int_equal(mote_table_numbers(t, 2, v, &error), MOTE_ERR_FORMAT);
  assert_non_null(strstr(error.text, "2 cells"));
  assert_int_equal(mote_table_numbers(t, 3, v, &error), MOTE_ERR_ARGUMENT);
  mote_table_free(t);
}

static void headers_and_separators_are_told(void **state) {
  (void)state;
  double v[3];
  mote_table *t = table("1;2;3\n4;5;6");
  assert_null(t->names);
  assert_int_equal(t->rows, 2);
  assert_int_equal(mote_table_numbers(t, 1, v, &error), MOTE_OK);
  assert_true(v[2] == 6);
  mote_table_free(t);
  t = table("a.jpg\tcat\nb.jpg\tdog\n");
  assert_null(t->names);
  assert_int_equal(t->columns, 2);
  mote_table_free(t);
  t = table("File\tClass\nb.jpg\tdog\n");
  assert_non_null(t->names);
  assert_int_equal(t->rows, 1);
  mote_table_free(t);
  assert_null(mote_table_from_memory("\n \n", 3, "x", NULL, &error));
  assert_null(mote_table_from_memory("\x93NUMPY", 6, "x", NULL, &error));
}

static void put_member(bytes *b, const char *name, char kind, const char *data) {
  uint8_t h[512] = {0};
  snprintf((char *)h, 100, "%s", name);
  snprintf((char *)h + 124, 12, "%011o", (unsigned)strlen(data));
  h[156] = (uint8_t)kind;
  memcpy(h + 257, "ustar\0", 6);
  put(b, h, sizeof h);
  put_text(b, data);
  while (b->size % 512) put(b, "", 1);
}

static void archives_are_listed(void **state) {
  (void)state;
  bytes b = {0};
  char end[1024] = {0};
  put_member(&b, "folder", '5', "");
  put_member(&b, "folder/one.txt", '0', "hello");
  put_member(&b, "././@LongLink", 'L', "a/long/name.txt");
  put_member(&b, "a/lo", '0', "there");
  put(&b, end, sizeof end);
  media_source s;
  tar_file f;
  size_t at = 0;
  assert_int_equal(media_from_memory(&s, b.data, b.size, "x.tar", NULL, &error), MOTE_OK);
  assert_true(tar_next(&s, &at, &f, &error));
  assert_string_equal(f.name, "folder/one.txt");
  assert_int_equal(f.size, 5);
  assert_memory_equal(f.data, "hello", 5);
  assert_true(tar_next(&s, &at, &f, &error));
  assert_string_equal(f.name, "a/long/name.txt");
  assert_false(tar_next(&s, &at, &f, &error));
  assert_int_equal(error.code, MOTE_OK);
  s.size = 1024 + 3;
  at = 0;
  assert_false(tar_next(&s, &at, &f, &error));
  assert_non_null(strstr(error.text, "truncated"));
  media_close(&s);
  done(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(idx_is_read),
      cmocka_unit_test(numbers_of_idx_are_big_endian),
      cmocka_unit_test(columns_first_become_rows_first),
      cmocka_unit_test(other_files_are_named),
#ifdef MOTE_HAVE_ZLIB
      cmocka_unit_test(gzip_is_unpacked),
#endif
      cmocka_unit_test(tables_are_read),
      cmocka_unit_test(headers_and_separators_are_told),
      cmocka_unit_test(archives_are_listed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

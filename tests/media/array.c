/* .npy files: what is written is read again, headers are checked, and numbers are converted by scale and zero point. */
#include <unistd.h>

#include "make.h"

static mote_error error;

static bytes make_npy(int version, const char *header, const void *data, size_t size) {
  bytes b = {0};
  put(&b, "\x93NUMPY", 6);
  put_le(&b, (uint64_t)version, 1);
  put_le(&b, 0, 1);
  put_le(&b, strlen(header), version == 1 ? 2 : 4);
  put_text(&b, header);
  put(&b, data, size);
  return b;
}

static mote_array *read_npy(int version, const char *header, const void *data, size_t size) {
  bytes b = make_npy(version, header, data, size);
  mote_array *a = mote_array_from_memory(b.data, b.size, "x.npy", NULL, &error);
  done(&b);
  return a;
}

static char *temporary(void) {
  static char path[] = "/tmp/mote_array_XXXXXX";
  strcpy(path + sizeof path - 7, "XXXXXX");
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  return path;
}

static void all_types_survive_the_round_trip(void **state) {
  (void)state;
  static const mote_type types[] = {MOTE_FLOAT32, MOTE_FLOAT16, MOTE_FLOAT64,   MOTE_INT8,      MOTE_INT16,
                                    MOTE_INT32,   MOTE_INT64,   MOTE_UINT8,     MOTE_UINT16,    MOTE_UINT32,
                                    MOTE_UINT64,  MOTE_BOOL,    MOTE_COMPLEX64, MOTE_COMPLEX128};
  static const int32_t shapes[][5] = {{0}, {1, 6}, {2, 2, 3}, {4, 1, 2, 1, 3}, {3, 4, 0, 2}};
  uint8_t data[6 * 16];
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 7 & 1);
  char *path = temporary();
  for (size_t k = 0; k < sizeof types / sizeof *types; k++)
    for (int s = 0; s < 5; s++) {
      mote_tensor t = {.type = types[k], .rank = shapes[s][0], .data = data};
      size_t count = 1;
      for (int d = 0; d < t.rank; d++) count *= (size_t)(t.dims[d] = shapes[s][d + 1]);
      t.size = count * (size_t)mote_type_bits(t.type) / 8;
      assert_int_equal(mote_array_write(path, &t, false, &error), MOTE_OK);
      mote_array *a = mote_array_open(path, NULL, &error);
      assert_non_null(a);
      assert_int_equal(a->type, t.type);
      assert_int_equal(a->rank, t.rank);
      assert_memory_equal(a->dims, t.dims, sizeof t.dims);
      assert_int_equal(a->size, t.size);
      assert_memory_equal(a->data, data, t.size);
      uint8_t copy[sizeof data];
      t.data = copy;
      assert_int_equal(mote_array_to_tensor(a, "x.npy", false, &t, &error), MOTE_OK);
      assert_memory_equal(copy, data, t.size);
      mote_array_free(a);
    }
  unlink(path);
}

static void headers_of_all_versions(void **state) {
  (void)state;
  const int16_t data[6] = {1, 2, 3, 4, 5, 6};
  static const char *const headers[] = {
      "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }            \n",
      "{\"shape\":(2L,3L),\"fortran_order\":False,\"descr\":\"<i2\"}",
      " { 'fortran_order' : False , 'descr' : '=i2' , 'shape' : ( 2 , 3 , ) , } ",
  };
  for (int version = 1; version <= 3; version++)
    for (size_t i = 0; i < 3; i++) {
      mote_array *a = read_npy(version, headers[i], data, sizeof data);
      assert_non_null(a);
      assert_int_equal(a->rank, 2);
      assert_int_equal(a->dims[1], 3);
      assert_memory_equal(a->data, data, sizeof data);
      mote_array_free(a);
    }
}

static void fortran_order_is_transposed(void **state) {
  (void)state;
  uint8_t stored[24], expected[24];
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 3; j++)
      for (int k = 0; k < 4; k++) {
        stored[i + 2 * (j + 3 * k)] = (uint8_t)(100 * i + 10 * j + k);
        expected[(i * 3 + j) * 4 + k] = (uint8_t)(100 * i + 10 * j + k);
      }
  mote_array *a = read_npy(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }", stored, 24);
  assert_non_null(a);
  assert_memory_equal(a->data, expected, 24);
  mote_array_free(a);
}

static void strings_become_packed(void **state) {
  (void)state;
  static const int32_t header[4] = {2, 16, 18, 22};
  mote_array *a = read_npy(1, "{'descr': '|S4', 'fortran_order': False, 'shape': (2,), }", "ab\0\0long", 8);
  assert_non_null(a);
  assert_int_equal(a->type, MOTE_STRING);
  assert_int_equal(a->size, 22);
  assert_memory_equal(a->data, header, 16);
  assert_memory_equal((const char *)a->data + 16, "ablong", 6);

  char *path = temporary();
  mote_tensor t = {.type = MOTE_STRING, .rank = 1, .dims = {2}, .data = (void *)(uintptr_t)a->data, .size = a->size};
  assert_int_equal(mote_array_write(path, &t, false, &error), MOTE_OK);
  mote_array *again = mote_array_open(path, NULL, &error);
  assert_non_null(again);
  assert_int_equal(again->size, a->size);
  assert_memory_equal(again->data, a->data, a->size);
  t.size = 20;
  assert_int_equal(mote_array_write(path, &t, false, &error), MOTE_ERR_ARGUMENT);
  mote_array_free(a);
  mote_array_free(again);
  unlink(path);

  const uint32_t text[4] = {0xe4, 0x20ac, 0x1f600, 0}; /* two, three and four bytes in UTF-8 */
  a = read_npy(1, "{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }", text, sizeof text);
  assert_non_null(a);
  assert_int_equal(a->size, 16 + 9);
  assert_memory_equal((const char *)a->data + 16, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9);
  mote_array_free(a);
}

static void bad_headers_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *header;
    mote_status code;
  } cases[] = {
      {"", MOTE_ERR_FORMAT},
      {"{", MOTE_ERR_FORMAT},
      {"{'descr': '<f4', 'fortran_order': False, }", MOTE_ERR_FORMAT},
      {"{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }", MOTE_ERR_FORMAT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x", MOTE_ERR_FORMAT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1 1), }", MOTE_ERR_FORMAT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", MOTE_ERR_FORMAT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", MOTE_ERR_FORMAT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,), }", MOTE_ERR_UNSUPPORTED},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", MOTE_ERR_UNSUPPORTED},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647,2147483647,2147483647), }", MOTE_ERR_LIMIT},
      {"{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", MOTE_ERR_UNSUPPORTED},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", MOTE_ERR_UNSUPPORTED},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", MOTE_ERR_UNSUPPORTED},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_null(read_npy(1, cases[i].header, "\0\0\0", 4));
    assert_int_equal(error.code, cases[i].code);
  }
  assert_null(read_npy(4, cases[3].header, "\0\0\0", 4));
}

static void numbers_are_converted(void **state) {
  (void)state;
  const float data[4] = {-1, 0.26f, 100, -1000};
  mote_array *a = read_npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", data, sizeof data);
  assert_non_null(a);
  int8_t q[4];
  mote_tensor t = {
      .name = "x", .type = MOTE_INT8, .rank = 1, .dims = {4}, .data = q, .size = 4, .scale = 0.5f, .zero_point = 10};
  assert_int_equal(mote_array_to_tensor(a, "x.npy", false, &t, &error), MOTE_ERR_TYPE);
  assert_non_null(strstr(error.text, "--float"));
  assert_int_equal(mote_array_to_tensor(a, "x.npy", true, &t, &error), MOTE_OK);
  const int8_t expected[4] = {8, 11, 127, -128};
  assert_memory_equal(q, expected, 4);
  char *path = temporary();
  assert_int_equal(mote_array_write(path, &t, true, &error), MOTE_OK);
  mote_array *back = mote_array_open(path, NULL, &error);
  assert_non_null(back);
  assert_int_equal(back->type, MOTE_FLOAT32);
  const float real[4] = {-1, 0.5f, 58.5f, -69};
  assert_memory_equal(back->data, real, sizeof real);
  float again[4];
  mote_tensor f = {.type = MOTE_FLOAT32, .rank = 1, .dims = {4}, .data = again, .size = sizeof again};
  t.dims[0] = 5;
  assert_int_equal(mote_array_to_tensor(a, "x.npy", true, &t, &error), MOTE_ERR_SHAPE);
  assert_int_equal(mote_array_to_tensor(back, "x.npy", false, &f, &error), MOTE_OK);
  mote_array_free(a);
  mote_array_free(back);

  const uint8_t packed[2] = {0x8f, 0x07}; /* int4: -1, -8, 7 */
  const int8_t unpacked[3] = {-1, -8, 7};
  mote_tensor small = {.type = MOTE_INT4, .rank = 1, .dims = {3}, .data = (void *)(uintptr_t)packed, .size = 2};
  assert_int_equal(mote_array_write(path, &small, false, &error), MOTE_OK);
  back = mote_array_open(path, NULL, &error);
  assert_non_null(back);
  assert_int_equal(back->type, MOTE_INT8);
  assert_memory_equal(back->data, unpacked, 3);
  mote_array_free(back);
  unlink(path);
}

static void raw_files_hold_the_bytes(void **state) {
  (void)state;
  char *path = temporary();
  float data[3] = {1, 2, 3}, back[3] = {0};
  mote_tensor t = {.name = "x", .type = MOTE_FLOAT32, .rank = 1, .dims = {3}, .data = data, .size = sizeof data};
  assert_int_equal(mote_raw_write(path, &t, &error), MOTE_OK);
  t.data = back;
  assert_int_equal(mote_raw_read(path, &t, &error), MOTE_OK);
  assert_memory_equal(back, data, sizeof data);
  t.size = 8;
  assert_int_equal(mote_raw_read(path, &t, &error), MOTE_ERR_SHAPE);
  unlink(path);
  assert_int_equal(mote_raw_read(path, &t, &error), MOTE_ERR_IO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_types_survive_the_round_trip), cmocka_unit_test(headers_of_all_versions),
      cmocka_unit_test(fortran_order_is_transposed),      cmocka_unit_test(strings_become_packed),
      cmocka_unit_test(bad_headers_are_refused),          cmocka_unit_test(numbers_are_converted),
      cmocka_unit_test(raw_files_hold_the_bytes),
  };
  return cmocka_run_group_tests_name("media: arrays", tests, NULL, NULL);
}

/* rewrite.c: any bytes that the verifier accepts are written again, as they were read and by way of JSON: both copies
 * verify, and print the same JSON. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "schema/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct text {
  char *data;
  size_t size, room;
} text;

static int append(const char *piece, size_t size, void *user) {
  text *t = user;
  if (t->size + size > t->room) {
    t->room = 2 * (t->size + size);
    t->data = realloc(t->data, t->room);
    if (!t->data) abort();
  }
  memcpy(t->data + t->size, piece, size);
  t->size += size;
  return 0;
}

/* Options of a kind that only newer formats have are read past, and cannot be written. */
static void must(mote_status status, const mote_error *e) {
  if (status == MOTE_OK || status == MOTE_ERR_MEMORY || status == MOTE_ERR_UNSUPPORTED) return;
  fprintf(stderr, "%s\n", e->text);
  abort();
}

/* The copy of an accepted file, read and printed; false when memory ran out. */
static bool print_copy(const sch_file *file, mem *m, text *to) {
  sch_image image;
  uint8_t *copy;
  size_t size;
  file_view view;
  sch_file *again;
  mote_error e;
  mote_status status = sch_write(file, m, NULL, &image, &e);
  must(status, &e);
  if (status != MOTE_OK) return false;
  status = sch_image_join(&image, m, &copy, &size, &e);
  must(status, &e);
  sch_image_free(&image);
  if (status != MOTE_OK) return false;
  if ((status = file_from_memory(&view, m, copy, size, false, &e)) == MOTE_OK &&
      (status = sch_read(&view, m, NULL, &again, &e)) == MOTE_OK) {
    status = sch_json_print(again, 0, append, to, &e);
    sch_close(again);
    file_close(&view);
  }
  must(status, &e);
  mem_free(m, copy);
  return status == MOTE_OK;
}

static void must_equal(const text *a, const text *b) {
  if (a->size == b->size && memcmp(a->data, b->data, a->size) == 0) return;
  fprintf(stderr, "before: %.*s\nafter: %.*s\n", (int)a->size, a->data, (int)b->size, b->data);
  abort();
}

static void write_again(const sch_file *file, mem *m) {
  text before = {0}, after = {0}, parsed = {0};
  sch_file *records;
  mote_error e;
  mote_status status = sch_json_print(file, 0, append, &before, &e);
  must(status, &e);
  if (status == MOTE_OK && print_copy(file, m, &after)) must_equal(&before, &after);
  if (status == MOTE_OK) must(status = sch_json_parse(before.data, before.size, m, &records, &e), &e);
  if (status == MOTE_OK) {
    if (print_copy(records, m, &parsed)) must_equal(&before, &parsed);
    sch_close(records);
  }
  free(before.data);
  free(after.data);
  free(parsed.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mem *m = mem_new(NULL, 256 << 20);
  file_view view;
  sch_file *file;
  mote_error e;
  if (file_from_memory(&view, m, data, size, false, &e) == MOTE_OK && sch_read(&view, m, NULL, &file, &e) == MOTE_OK) {
    write_again(file, m);
    sch_close(file);
    file_close(&view);
  }
  mem_release(m);
  return 0;
}

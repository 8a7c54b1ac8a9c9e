/* json.c: any text as a model in JSON: what is read is written as a file, verified, and printed again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "schema/json.h"
#include "schema/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count_bytes(const char *piece, size_t size, void *user) {
  (void)piece;
  *(size_t *)user += size;
  return 0;
}

/* A file that the verifier accepts is printed, and its text can be read. */
static void verify_and_print(const uint8_t *bytes, size_t size, mem *m) {
  file_view view;
  sch_file *file;
  mote_error e;
  if (file_from_memory(&view, m, bytes, size, false, &e) != MOTE_OK) return;
  if (sch_read(&view, m, NULL, &file, &e) != MOTE_OK) return;
  size_t printed = 0;
  if (sch_json_print(file, 0, count_bytes, &printed, &e) == MOTE_OK && !printed) abort();
  sch_close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mem *m = mem_new(NULL, 256 << 20);
  sch_file *records = NULL;
  sch_image image;
  mote_error e;
  uint8_t *bytes;
  size_t count;
  if (sch_json_parse((const char *)data, size, m, &records, &e) == MOTE_OK) {
    if (sch_write(records, m, NULL, &image, &e) == MOTE_OK) {
      if (sch_image_join(&image, m, &bytes, &count, &e) == MOTE_OK) {
        verify_and_print(bytes, count, m);
        mem_free(m, bytes);
      }
      sch_image_free(&image);
    }
    sch_close(records);
  }
  mem_release(m);
  return 0;
}

/* view.c: any bytes that the verifier accepts are drawn: what the page's script reads is JSON, and ends no tag. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "schema/read.h"
#include "view/model_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_json(const text *t) {
  json_error_t e;
  json_t *const read = json_loadb(t->data, t->size, JSON_ALLOW_NUL, &e);
  if (!read || memchr(t->data, '<', t->size)) {
    fprintf(stderr, "%s\n%.*s\n", e.text, (int)t->size, t->data);
    abort();
  }
  json_decref(read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mem *const m = mem_new(NULL, 1 << 30);
  file_view view;
  sch_file *file = NULL;
  mote_error e;
  if (m && file_from_memory(&view, m, data, size, true, &e) == MOTE_OK) {
    if (sch_read(&view, m, NULL, &file, &e) == MOTE_OK) {
      text t = {.mem = m};
      if (model_data(file, "a.tflite", size, &t, &e) == MOTE_OK) must_be_json(&t);
      text_free(&t);
      sch_close(file);
    }
    file_close(&view);
  }
  mem_release(m);
  return 0;
}

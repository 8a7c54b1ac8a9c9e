/* model.c: models, versions, and where errors go. */
#include <stdio.h>
#include <stdlib.h>

#include "bindings/tflite_c/tflite_c.h"

/* ---- reporting ---- */

void report_va(const reporter *r, const char *format, va_list args) {
  if (r->fn) {
    r->fn(r->user, format, args);
    return;
  }
  fputs("ERROR: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
}

void report(const reporter *r, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report_va(r, format, args);
  va_end(args);
}

/* ---- versions ---- */

/* The release of TensorFlow Lite whose interface this is. */
const char *TfLiteVersion(void) { return "2.20.0"; }
const char *TfLiteExtensionApisVersion(void) { return "1.0.0"; }
int TfLiteSchemaVersion(void) { return 3; }

/* ---- models ---- */

static TfLiteModel *wrap_model(mote_model *model, const mote_error *e, const reporter *r) {
  if (!model) {
    report(r, "%s", e->text);
    return NULL;
  }
  TfLiteModel *m = malloc(sizeof *m);
  if (m) m->model = model;
  else mote_model_free(model);
  return m;
}

TfLiteModel *TfLiteModelCreateWithErrorReporter(const void *data, size_t size, report_fn fn, void *user) {
  const reporter r = {fn, user};
  mote_error e = {0};
  return wrap_model(mote_model_from_memory(data, size, NULL, &e), &e, &r);
}

TfLiteModel *TfLiteModelCreate(const void *data, size_t size) {
  return TfLiteModelCreateWithErrorReporter(data, size, NULL, NULL);
}

TfLiteModel *TfLiteModelCreateFromFileWithErrorReporter(const char *path, report_fn fn, void *user) {
  const reporter r = {fn, user};
  mote_error e = {0};
  return wrap_model(mote_model_open(path, NULL, &e), &e, &r);
}

TfLiteModel *TfLiteModelCreateFromFile(const char *path) {
  return TfLiteModelCreateFromFileWithErrorReporter(path, NULL, NULL);
}

void TfLiteModelDelete(TfLiteModel *m) {
  if (!m) return;
  mote_model_free(m->model);
  free(m);
}

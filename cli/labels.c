/* labels.c: what outputs mean: classes, their names, and normalisation, from files named on the command line or from
 * the model itself. */
#include <string.h>

#include "cli/cli.h"

bool holds_scores(const mote_tensor *t) {
  if (!t || t->rank < 1) return false;
  for (int32_t i = 0; i + 1 < t->rank; i++)
    if (t->dims[i] != 1) return false;
  const bool numbers = t->type == MOTE_FLOAT32 || t->type == MOTE_UINT8 || t->type == MOTE_INT8;
  return numbers && t->dims[t->rank - 1] >= 2;
}

mote_metadata *metadata_of(const mote_model *model, const char *path) {
  const void *metadata = NULL;
  size_t size = 0;
  mote_model_metadata(model, "TFLITE_METADATA", &metadata, &size);
  mote_error e;
  mote_metadata *about =
      mote_metadata_new(metadata, size, mote_model_data(model), (size_t)mote_model_size(model), path, NULL, &e);
  if (!about) fault("%s", e.text);
  return about;
}

bool labels_load(labels *l, const char *path, const mote_metadata *about, size_t output, const common *c) {
  *l = (labels){.source = "none"};
  mote_error e;
  const mote_meta_file *file = mote_metadata_label_file(about, output);
  if (!path && !file) return true;
  l->source = path ? path : "metadata";
  l->lines = path ? mote_lines_open(path, NULL, &e) : mote_metadata_lines(about, file, &e);
  if (!l->lines && !path && e.code == MOTE_ERR_UNSUPPORTED) {
    note(c, "%s; there are no labels", e.text);
    l->source = "none";
    return true;
  }
  if (!l->lines) return fault("%s", e.text), false;
  l->count = l->lines->count;
  l->line = l->lines->line;
  return true;
}

void labels_free(labels *l) { mote_lines_free(l->lines); }

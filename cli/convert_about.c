/* convert_about.c: what mote convert is told to say of the network in its file: labels, mean and std. */
#include <string.h>

#include "cli/convert.h"

/* The file's name, where it can stand in the model's archive. */
static const char *plain_name(const char *path) {
  const char *const slash = strrchr(path, '/'), *const name = slash ? slash + 1 : path;
  return *name && !strstr(name, "..") && !strpbrk(name, "\\:") ? name : "labels.txt";
}

bool about_load(about_options *o, mote_convert_config *config) {
  mote_error e;
  config->mean = o->mean.v;
  config->num_mean = o->mean.count;
  config->std = o->std.v;
  config->num_std = o->std.count;
  if (!o->labels) return true;
  o->lines = mote_lines_open(o->labels, NULL, &e);
  if (!o->lines) return fault("%s", e.text), false;
  if (!o->lines->count) return fault("%s has no lines: labels are names of classes, one a line", o->labels), false;
  config->labels = o->lines->line;
  config->num_labels = o->lines->count;
  config->labels_name = plain_name(o->labels);
  return true;
}

void about_free(about_options *o) { mote_lines_free(o->lines); }

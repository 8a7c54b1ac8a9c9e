/* tflite.c: see tflite.h. */
#include "import/tflite.h"

#include <string.h>

/* The identifier at byte 4; or JSON, which begins with a brace and names what only a model has. */
static bool takes(const import_source *s) {
  if (s->size >= 8 && !memcmp(s->head + 4, "TFL", 3)) return true;
  size_t at = 0;
  while (at < s->size && memchr(" \t\r\n", s->head[at], 4)) at++;
  if (at == s->size || s->head[at] != '{') return false;
  for (; at + 16 <= s->size; at++)
    if (!memcmp(s->head + at, "\"operator_codes\"", 16)) return true;
  return false;
}

static mote_graph *read_network(const import_source *s, const mote_convert_config *config, mote_convert_report *report,
                                mote_error *e) {
  mote_graph *const g = mote_graph_open(s->path, config->memory, e);
  for (int32_t i = 0; g && i < g->set.count; i++) report->layers += g->set.graphs[i].num_nodes;
  return g;
}

const importer import_tflite = {.kind = "TensorFlow Lite", .takes = takes, .read = read_network};

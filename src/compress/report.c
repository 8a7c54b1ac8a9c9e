/* report.c: see report.h. */
#include "compress/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

mote_status report_progress(const mote_watch *watch, const char *what, double done, mote_error *e) {
  if (!watch->on_progress || watch->on_progress(watch->user, what, done)) return MOTE_OK;
  return err_set(e, MOTE_ERR_CANCELLED, "cancelled at %.0f %% of '%s'; the network is as it was", 100 * done, what);
}

void report_note(const mote_watch *watch, const char *format, ...) {
  if (!watch->on_note) return;
  char text[MOTE_ERROR_TEXT];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  watch->on_note(watch->user, text);
}

mote_status report_size(mote_graph *g, mote_size *out, mote_error *e) {
  const void *data;
  size_t size;
  MOTE_TRY(mote_graph_bytes(g, &data, &size, e));
  *out = mote_size_of(data, size);
  return MOTE_OK;
}

const char *report_name(const graph_set *set, const layer *l, arena *a) {
  const sch_string s = layer_graph(set, l)->values[layer_node(set, l)->outputs[0]].name;
  return arena_string(a, s.data ? s.data : "", s.size);
}

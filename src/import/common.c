/* common.c: see common.h. */
#include "import/common.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* ---- faults ---- */

mote_status import_fault(import_faults *f, arena *a, const char *line) {
  const size_t n = strlen(line);
  if (f->size + n + 2 > f->room) {
    const size_t room = 2 * (f->size + n + 2);
    char *more = arena_alloc(a, room);
    if (!more) return MOTE_ERR_MEMORY;
    if (f->size) memcpy(more, f->text, f->size);
    f->text = more;
    f->room = room;
  }
  memcpy(f->text + f->size, line, n);
  f->text[f->size + n] = '\n';
  f->text[f->size + n + 1] = 0;
  f->size += n + 1;
  f->count++;
  return MOTE_OK;
}

const char *import_sentence(const graph_builder *b) {
  const char *text = b->error.text;
  if (*text == '\'' && !strncmp(text + 1, b->at.data, b->at.size) && !strncmp(text + 1 + b->at.size, "': ", 3))
    text += b->at.size + 4;
  return text;
}

mote_status import_report(const import_faults *f, const mote_convert_config *config, const char *kind, mote_error *e) {
  char line[MOTE_ERROR_TEXT];
  for (const char *at = f->text; *at && f->count > 1 && config->on_fault; at += strcspn(at, "\n") + 1) {
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
    config->on_fault(config->on_fault_user, line);
  }
  const int first = (int)strcspn(f->text, "\n");
  if (f->count == 1) return err_set(e, MOTE_ERR_UNSUPPORTED, "%.*s", first, f->text);
  return err_set(e, MOTE_ERR_UNSUPPORTED, "%d %s cannot be converted, the first: %.*s", (int)f->count, kind, first,
                 f->text);
}

/* ---- values ---- */

static bool is_own(const graph *g, int32_t value) {
  bool own = !g->values[value].is_const;
  for (int32_t i = 0; i < g->num_inputs; i++) own &= g->inputs[i] != value;
  for (int32_t i = 0; i < g->num_outputs; i++) own &= g->outputs[i] != value;
  return own;
}

void import_output(graph_builder *b, int32_t value, const char *name) {
  if (!is_own(&b->set->graphs[0], value)) {
    const int32_t shape = build_op(b, sch_BuiltinOperator_SHAPE, NULL, 1, &value);
    value = build_op(b, sch_BuiltinOperator_RESHAPE, NULL, 2, (const int32_t[]){value, shape});
  }
  build_rename(b, value, name);
  build_output(b, value);
}

int32_t import_cast(graph_builder *b, int32_t value, mote_type to) {
  if (b->failed || value < 0 || build_type(b, value) == to) return value;
  sch_CastOptions o = BUILD_OPTIONS(CastOptions);
  o.in_data_type = (int32_t)build_type(b, value);
  o.out_data_type = (int32_t)to;
  return build_add(
      b,
      &(build_node){.code = sch_BuiltinOperator_CAST, .options = &o, .num_inputs = 1, .inputs = &value, .types = &to});
}

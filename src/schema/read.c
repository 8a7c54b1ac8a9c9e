/* read.c: the order of verification, how rules report, and the life of a sch_file. */
#include "schema/read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "schema/rules.h"

/* ---- reports ---- */

/* "operator 3 (CONV_2D) of subgraph 0: " */
static void place_text(const checker *c, place where, char *to, size_t room) {
  to[0] = 0;
  const sch_Model *m = c->model;
  if (!m || where.subgraph < 0 || (uint32_t)where.subgraph >= m->subgraphs.count) return;
  const sch_SubGraph *g = &m->subgraphs.data[where.subgraph];
  char name[80];
  if (where.op >= 0 && (uint32_t)where.op < g->operators.count) {
    sch_op_name(name, sizeof name, sch_code_of(m, &g->operators.data[where.op]));
    snprintf(to, room, "operator %d (%s) of subgraph %d: ", where.op, name, where.subgraph);
  } else if (where.tensor >= 0 && (uint32_t)where.tensor < g->tensors.count) {
    const sch_string *s = &g->tensors.data[where.tensor].name;
    err_name(name, sizeof name, s->data ? s->data : "", s->size);
    snprintf(to, room, "tensor %d '%s' of subgraph %d: ", where.tensor, name, where.subgraph);
  } else {
    snprintf(to, room, "subgraph %d: ", where.subgraph);
  }
}

static void report(checker *c, place where, const char *rule, bool warning, const char *text) {
  if (!c->options->on_fault) return;
  const mote_fault fault = {rule, warning, where.subgraph, where.op, where.tensor, where.offset, text};
  c->options->on_fault(c->options->on_fault_user, &fault);
}

mote_status rule_fault(checker *c, place where, mote_status status, const char *rule, const char *format, ...) {
  char text[MOTE_ERROR_TEXT];
  place_text(c, where, text, sizeof text);
  const size_t used = strlen(text);
  va_list args;
  va_start(args, format);
  vsnprintf(text + used, sizeof text - used, format, args);
  va_end(args);
  report(c, where, rule, false, text);
  if (!c->faults++) {
    c->status = err_set(c->error, status, "%.900s (rule %s)", text, rule);
    if (c->error) {
      c->error->subgraph = where.subgraph;
      c->error->op = where.op;
      c->error->tensor = where.tensor;
      c->error->offset = where.offset;
    }
  }
  return status;
}

void rule_warn(checker *c, place where, const char *rule, const char *format, ...) {
  c->file->warnings++;
  if (!c->options->on_fault) return;
  char text[MOTE_ERROR_TEXT];
  place_text(c, where, text, sizeof text);
  const size_t used = strlen(text);
  va_list args;
  va_start(args, format);
  vsnprintf(text + used, sizeof text - used, format, args);
  va_end(args);
  report(c, where, rule, true, text);
}

bool rule_stop(const checker *c) {
  return c->faults && (!c->options->on_fault || c->status == MOTE_ERR_MEMORY || c->faults > 1000);
}

mote_status rule_no_memory(checker *c, uint64_t bytes) {
  if (!c->faults++) c->status = err_memory(c->error, "verifying the file", bytes);
  return MOTE_ERR_MEMORY;
}

char *rule_shape(char *to, size_t room, const sch_i32s *dims) {
  size_t used = 0;
  to[0] = 0;
  for (uint32_t i = 0; i < dims->count && used < room; i++)
    used += (size_t)snprintf(to + used, room - used, i ? "x%d" : "%d", dims->data[i]);
  if (!dims->count) snprintf(to, room, "scalar");
  return to;
}

/* ---- order ---- */

static bool make_marks(checker *c) {
  uint32_t most = 0;
  for (uint32_t i = 0; i < c->model->subgraphs.count; i++)
    if (c->model->subgraphs.data[i].tensors.count > most) most = c->model->subgraphs.data[i].tensors.count;
  c->marks = arena_alloc(&c->scratch, most);
  if (!c->marks) rule_no_memory(c, most);
  return c->marks != NULL;
}

/* Groups of rules: one that found a fault ends the row, since those behind it rely on what it tests. */
static void check_rules(checker *c) {
  static void (*const groups[])(checker *) = {rules_model,      rules_buffers,      rules_tensors,
                                              rules_operators,  rules_flow,         rules_calls,
                                              rules_signatures, rules_quantization, rules_sparsity};
  if (!make_marks(c)) return;
  for (size_t i = 0; i < sizeof groups / sizeof groups[0] && !c->faults; i++) groups[i](c);
  if (c->options->deep && !c->faults) rules_contents(c);
}

mote_status sch_read(const file_view *view, mem *m, const sch_read_options *options, sch_file **out, mote_error *e) {
  static const sch_read_options plain = {0};
  *out = NULL;
  sch_file *file = MEM_NEW(m, sch_file);
  if (!file) return err_memory(e, "reading the file", sizeof *file);
  arena_init(&file->arena, m);
  file->data = view->data;
  file->size = view->size;
  checker c = {.options = options ? options : &plain, .file = file, .error = e};
  arena_init(&c.scratch, m);
  sch_Model *model;
  if (!sch_decode(&c, view->data, view->size, &model, &file->flatbuffer_size)) {
    c.model = file->model = model;
    check_rules(&c);
  }
  arena_free(&c.scratch);
  if (c.faults) sch_close(file);
  else *out = file;
  return c.faults ? c.status : MOTE_OK;
}

void sch_close(sch_file *file) {
  if (!file) return;
  mem *const m = file->arena.mem;
  arena_free(&file->arena);
  mem_free(m, file);
}

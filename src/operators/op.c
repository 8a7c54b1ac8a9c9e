/* op.c: the list of operators, and how an operator says that it failed.
 *
 * Types are matched in types.c, shapes computed in shape.c, quantization read in quant.c.
 */
#include "operators/op.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OP(x) extern const mote_op op_##x;
#include "operators/list.def"
#undef OP

const mote_op *const op_list[] = {
#define OP(x) &op_##x,
#include "operators/list.def"
#undef OP
    NULL};

const mote_op *op_find(int32_t code) {
  if (code == sch_BuiltinOperator_CUSTOM) return NULL;
  for (const mote_op *const *op = op_list; *op; op++)
    if ((*op)->code == code) return *op;
  return NULL;
}

const mote_op *op_find_custom(const char *name, size_t length) {
  for (const mote_op *const *op = op_list; *op; op++)
    if ((*op)->code == sch_BuiltinOperator_CUSTOM && strlen((*op)->name) == length &&
        !memcmp((*op)->name, name, length))
      return *op;
  return NULL;
}

char *op_shape_text(char *to, size_t room, int32_t rank, const int32_t *dims) {
  if (rank < 0) snprintf(to, room, "?");
  else if (rank == 0) snprintf(to, room, "scalar");
  size_t used = 0;
  for (int32_t i = 0; i < rank && used < room; i++) {
    const char *const before = i ? "x" : "";
    const int n = dims[i] < 0 ? snprintf(to + used, room - used, "%s?", before)
                              : snprintf(to + used, room - used, "%s%d", before, (int)dims[i]);
    if (n < 0) break;
    used += (size_t)n;
  }
  return to;
}

/* Appends "; input 0 'x' is float32 1x2x3" to the sentence in e. */
static void append_operand(mote_error *e, const char *kind, int32_t i, const op_tensor *t) {
  char name[64], shape[128];
  const size_t used = strlen(e->text);
  if (t)
    snprintf(e->text + used, sizeof e->text - used, "; %s %d '%s' is %s %s", kind, (int)i,
             err_name(name, sizeof name, t->name ? t->name : "", t->name ? strlen(t->name) : 0),
             mote_type_name(t->type), op_shape_text(shape, sizeof shape, t->rank, t->dims));
  else snprintf(e->text + used, sizeof e->text - used, "; %s %d is omitted", kind, (int)i);
}

static void append_operands(op_ctx *c) {
  enum { NAMED = 4 }; /* more would bury the sentence */
  mote_error *const e = c->error;
  const int32_t inputs = c->num_inputs < NAMED ? c->num_inputs : NAMED;
  const int32_t outputs = c->num_outputs < NAMED ? c->num_outputs : NAMED;
  for (int32_t i = 0; i < inputs; i++) append_operand(e, "input", i, c->in[i]);
  for (int32_t i = 0; i < outputs; i++) append_operand(e, "output", i, c->out[i]);
}

mote_status op_fail(op_ctx *c, mote_status code, const char *format, ...) {
  mote_error *const e = c->error;
  if (!e) return code;
  char sentence[MOTE_ERROR_TEXT / 2];
  va_list args;
  va_start(args, format);
  vsnprintf(sentence, sizeof sentence, format, args);
  va_end(args);
  err_set(e, code, "%s (operator %d): %s", c->op->name, (int)c->index, sentence);
  e->subgraph = c->subgraph;
  e->op = c->index;
  append_operands(c);
  return code;
}

mote_status op_no_memory(op_ctx *c, size_t bytes) {
  char what[128];
  snprintf(what, sizeof what, "%s (operator %d)", c->op->name, (int)c->index);
  err_memory(c->error, what, bytes);
  if (c->error) {
    c->error->subgraph = c->subgraph;
    c->error->op = c->index;
  }
  return MOTE_ERR_MEMORY;
}

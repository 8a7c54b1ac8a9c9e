/* rules_state.c: variables, which become constants: a converted model is one for inference, and nothing in it assigns
 * to them. */
#include <string.h>

#include "import/tensorflow/emit.h"
#include "import/tensorflow/variables.h"

/* The value that a handle stands for, at the handle itself: reading it then is passing it on. */
static void rule_variable(tf_ctx *c) {
  const char *shared = tf_attr_text(c->node, "shared_name");
  tf_saved saved;
  mote_error e;
  if (tf_variable(c->emitter->variables, c->node->name, shared, &saved, &e) != MOTE_OK) {
    build_fail(c->b, e.code, "%s", e.text);
    return;
  }
  build_at(c->b, *shared ? shared : c->node->name);
  c->out[0] = tf_saved_const(c, "", &saved);
}

static void rule_read(tf_ctx *c) { c->out[0] = c->in[0]; }

const tf_row tf_rows_state[] = {
    {"VarHandleOp", rule_variable, 0},
    {"Variable", rule_variable, 0},
    {"VariableV2", rule_variable, 0},
    {"ReadVariableOp", rule_read, 0},
    {NULL, NULL, 0},
};

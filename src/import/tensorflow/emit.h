/* emit.h: operators of TensorFlow become operators of .tflite: one rule a type, in tables by family (rules_*.c). */
#ifndef IMPORT_TENSORFLOW_EMIT_H
#define IMPORT_TENSORFLOW_EMIT_H

#include "import/common.h"
#include "import/tensorflow/flat.h"
#include "import/tensorflow/variables.h"

enum {
  TF_LIST = 64, /* elements of a list that steers: axes, sizes, paddings */
  TF_FEW = 8,   /* more than any rule reads by number */
  TF_MOST_OUT = 256
};

typedef struct tf_emitter tf_emitter;

/* One operator on its way. A rule reads in[] and sets out[]; what it cannot do it says through build_fail. */
typedef struct tf_ctx {
  tf_emitter *emitter;
  graph_builder *b;
  const tf_op *op;
  const Tf__Node *node;
  int32_t code;      /* of the type's row */
  const int32_t *in; /* values; -1: absent. TF_FEW can be read, however few there are */
  int32_t num_in;
  int32_t *out; /* set by the rule: one value an output that may be read; -1 at first. TF_MOST_OUT */
} tf_ctx;

typedef void (*tf_rule)(tf_ctx *c);

typedef struct tf_row {
  const char *type;
  tf_rule rule;
  int32_t code; /* sch_BuiltinOperator_..., for rules that serve several */
} tf_row;

/* The row of a type; NULL when it is not known. */
const tf_row *tf_find_row(const char *type);
/* All rows, table by table; ends with NULL. */
extern const tf_row *const tf_tables[];
extern const tf_row tf_rows_math[], tf_rows_array[], tf_rows_nn[], tf_rows_state[], tf_rows_flow[], tf_rows_list[];

/* ---- what rules read ---- */

/* .tflite's type of one of TensorFlow's; false (and a failure) when it has none. */
bool tf_type(tf_ctx *c, int32_t dtype, mote_type *out);
/* Whole numbers that input i holds, when they are known: constants, and what follows from shapes. */
bool tf_ints(const tf_ctx *c, int32_t i, int64_t *to, int32_t *count);
/* The same, with a failure when they are not known. `what` is "axis", "paddings". */
bool tf_need_ints(tf_ctx *c, int32_t i, const char *what, int64_t *to, int32_t *count);
/* One whole number. */
bool tf_need_int(tf_ctx *c, int32_t i, const char *what, int64_t *to);
/* The value behind an index. */
const graph_value *tf_value(const tf_ctx *c, int32_t value);
/* float32 data of a constant; NULL when it is none. */
const float *tf_floats(const tf_ctx *c, int32_t value);
int64_t tf_count(const graph_value *v);

/* ---- what rules make ---- */

static inline int32_t tf_op1(tf_ctx *c, int32_t code, const void *options, int32_t a) {
  return build_op(c->b, code, options, 1, &a);
}
static inline int32_t tf_op2(tf_ctx *c, int32_t code, const void *options, int32_t a, int32_t b) {
  return build_op(c->b, code, options, 2, (const int32_t[]){a, b});
}
static inline int32_t tf_op3(tf_ctx *c, int32_t code, const void *options, int32_t x, int32_t y, int32_t z) {
  return build_op(c->b, code, options, 3, (const int32_t[]){x, y, z});
}
/* A node with several outputs, as out[0 ..]. */
void tf_outputs(tf_ctx *c, const build_node *n);
int32_t tf_transpose(tf_ctx *c, int32_t value, int32_t rank, const int32_t *perm);
int32_t tf_reshape(tf_ctx *c, int32_t value, int32_t rank, const int32_t *dims);
static inline int32_t tf_cast(tf_ctx *c, int32_t value, mote_type to) { return import_cast(c->b, value, to); }
int32_t tf_float(tf_ctx *c, float v);
/* A constant of the element type of `like` (float or integer), a scalar. */
int32_t tf_scalar_like(tf_ctx *c, int32_t like, double v);

/* rules_list.c: a list of `size` elements of these dimensions as a value [size, dims...], zeros at first. -1 with a
 * failure when a dimension is open. */
int32_t tf_new_list(tf_ctx *c, int32_t size, mote_type type, int32_t rank, const int32_t *dims);

/* ---- tensors ---- */

/* A constant from a TensorProto, or from a value of a checkpoint. */
int32_t tf_const(tf_ctx *c, const char *name, const Tf__Tensor *t);
int32_t tf_saved_const(tf_ctx *c, const char *name, const tf_saved *s);

/* ---- emitting ---- */

struct tf_emitter {
  graph_builder *b;
  tf_program *program;
  tf_source *source;
  tf_variables *variables;
  const tf_flat *flat; /* of the graph that is being made */
  int32_t **values;    /* of each operator of it */
  import_faults faults;
  int depth;         /* of functions within functions */
  int bodies_again;  /* of loops made a second time */
  bool allow_custom; /* what has no rule becomes a custom operator (custom.h) */
};

/* Emits a flat graph into the builder's current graph; arguments are there already. outputs[i] is the value of output
 * i. What fails is noted in e->faults, and the rest goes on. */
mote_status tf_emit(tf_emitter *e, const tf_flat *flat, const int32_t *arguments, int32_t *outputs);

#endif

/* emit.h: layers become operators of .tflite: one function a class, in tables by family (layers_*.c). */
#ifndef IMPORT_KERAS_EMIT_H
#define IMPORT_KERAS_EMIT_H

#include "import/common.h"
#include "import/import.h"
#include "import/keras/config.h"
#include "import/keras/weights.h"

/* A value on its way, and which of its time steps count: a mask [batch, time] of BOOL; -1: all do. */
typedef struct k_tensor {
  int32_t value, mask;
} k_tensor;

/* What one call of a layer gave. */
typedef struct k_result {
  k_tensor *v;
  int32_t count; /* 0: not yet; -1: it failed */
} k_result;

/* A model in the course of being emitted. */
typedef struct k_run {
  const k_model *model;
  k_result **results; /* of each layer, of each call */
} k_run;

typedef struct k_cached {
  const char *path; /* of an array in the file */
  k_array array;
  struct k_cached *next;
} k_cached;

typedef struct k_emitter {
  graph_builder *b;
  const mote_convert_config *options;
  k_config *config;
  k_file *file;
  k_cached *arrays;
  import_faults faults;
  int depth;       /* of models within models */
  int32_t layers;  /* emitted */
  bool told_state; /* that a state outlives a run */
} k_emitter;

enum { K_MOST_OUT = 64 };

/* One call on its way. A layer reads in[] and sets out[]; what it cannot do it says through build_fail. */
typedef struct k_ctx {
  k_emitter *e;
  graph_builder *b;
  const k_layer *layer;
  const json_t *config; /* of the layer */
  const k_call *call;   /* NULL: of a layer inside another */
  const k_run *run;
  k_scope weights;
  const k_tensor *in;
  int32_t num_in;
  k_tensor *out; /* K_MOST_OUT */
  int32_t num_out;
} k_ctx;

typedef void (*k_emit)(k_ctx *c);

typedef struct k_row {
  const char *class_name;
  k_emit emit;
  int32_t code;    /* for functions that serve several: an operator, or a number of dimensions */
  bool keeps_mask; /* the mask of what goes in is the mask of what comes out */
} k_row;

extern const k_row *const k_tables[]; /* ends with NULL; each table with a row without a name */
extern const k_row k_rows_core[], k_rows_conv[], k_rows_pool[], k_rows_norm[], k_rows_activation[], k_rows_merge[],
    k_rows_recurrent[], k_rows_reshape[], k_rows_wrap[], k_rows_attention[], k_rows_lookup[], k_rows_operation[];
const k_row *k_find_row(const char *class_name);
/* An operation of Keras 3, by its class. */
void k_emit_operation(k_ctx *c);

/* The model's layers into the builder's current graph. What fails is noted in e->faults, and the rest goes on. */
mote_status k_emit_model(k_emitter *e, const k_model *m, const k_scope *weights, const k_tensor *in, int32_t num_in,
                         k_tensor *out);
/* A layer inside another, with the given inputs: c->out and c->num_out are filled. */
void k_emit_inner(const k_ctx *outer, const k_layer *layer, const k_scope *weights, const k_tensor *in, int32_t num_in,
                  k_tensor *out, int32_t *num_out);

/* ---- settings: the first that is there of "name|other name" ---- */

const json_t *k_get(const json_t *config, const char *keys);
int32_t k_int(const k_ctx *c, const char *keys, int32_t otherwise);
double k_real(const k_ctx *c, const char *keys, double otherwise);
bool k_flag(const k_ctx *c, const char *keys, bool otherwise);
const char *k_text(const k_ctx *c, const char *keys, const char *otherwise);
bool k_is(const k_ctx *c, const char *keys, const char *text);
/* Up to `most` whole numbers; one alone stands for all. Returns how many the file has, 0 when it has none. */
int32_t k_ints(const k_ctx *c, const char *keys, int32_t *to, int32_t most);
/* "channels_first"? */
bool k_first(const k_ctx *c);

/* ---- weights ---- */

/* The next array of the layer: number `index` of its group in Keras 3. NULL, with a failure, when there is none, or
 * its rank or a dimension that is not -1 differs. The names of dims are for the message. */
const k_array *k_take(k_ctx *c, const char *what, int index, int32_t rank, const int32_t *dims);
/* The layer's part of that name, which has weights of its own. */
k_scope k_part(k_ctx *c, const char *part);

float *k_floats(k_ctx *c, size_t count);
int32_t k_const(k_ctx *c, const char *name, int32_t rank, const int32_t *dims, const float *data);
/* An array with its dimensions in another order; and as a constant. */
float *k_permuted(k_ctx *c, const k_array *a, const int32_t *perm);
int32_t k_const_perm(k_ctx *c, const char *name, const k_array *a, const int32_t *perm);
int32_t k_const_array(k_ctx *c, const char *name, const k_array *a);

/* ---- operators ---- */

static inline int32_t k_op1(k_ctx *c, int32_t code, const void *options, int32_t a) {
  return build_op(c->b, code, options, 1, &a);
}
static inline int32_t k_op2(k_ctx *c, int32_t code, const void *options, int32_t a, int32_t b) {
  return build_op(c->b, code, options, 2, (const int32_t[]){a, b});
}
static inline int32_t k_op3(k_ctx *c, int32_t code, const void *options, int32_t x, int32_t y, int32_t z) {
  return build_op(c->b, code, options, 3, (const int32_t[]){x, y, z});
}
int32_t k_transpose(k_ctx *c, int32_t x, const int32_t *perm);
int32_t k_cast(k_ctx *c, int32_t x, mote_type to);
int32_t k_float(k_ctx *c, float v);
int32_t k_mul(k_ctx *c, int32_t a, int32_t b);
int32_t k_add(k_ctx *c, int32_t a, int32_t b);
int32_t k_sub(k_ctx *c, int32_t a, int32_t b);
/* x * v, x + v. */
int32_t k_scale(k_ctx *c, int32_t x, float v);
int32_t k_offset(k_ctx *c, int32_t x, float v);
/* MEAN, SUM, REDUCE_MAX, ... over axes. */
int32_t k_reduce(k_ctx *c, int32_t code, int32_t x, const int32_t *axes, int32_t count, bool keep);
int32_t k_expand(k_ctx *c, int32_t x, int32_t axis);
int32_t k_squeeze(k_ctx *c, int32_t x, int32_t axis);
int32_t k_concat(k_ctx *c, const int32_t *values, int32_t count, int32_t axis);
int32_t k_softmax(k_ctx *c, int32_t x, int32_t axis);
/* Elements begin..end (0: to the end) of one axis. */
int32_t k_cut(k_ctx *c, int32_t x, int32_t axis, int32_t begin, int32_t end);
/* Zeros around: before and after of each axis. */
int32_t k_pad(k_ctx *c, int32_t x, const int32_t *before_after);
/* a[..., m, k] times b[..., k, n]. */
int32_t k_matmul(k_ctx *c, int32_t a, int32_t b, bool transpose_a, bool transpose_b);

int32_t k_rank(k_ctx *c, int32_t x);
/* An axis counted from the front; -1 with a failure. */
int32_t k_axis(k_ctx *c, int32_t axis, int32_t rank);
/* Axis 1 to the end, and back. */
int32_t k_to_last(k_ctx *c, int32_t x);
int32_t k_to_first(k_ctx *c, int32_t x);

/* An activation by name, or in the words of a file; JSON null is none. */
int32_t k_activate(k_ctx *c, int32_t x, const json_t *activation);
int32_t k_activate_name(k_ctx *c, int32_t x, const char *name);

/* ---- sizes, known or computed as the model runs ---- */

typedef struct k_size {
  bool known;
  int32_t v; /* the size, or a value: a list of one int32 */
} k_size;

static inline k_size k_known(int32_t v) { return (k_size){true, v}; }
k_size k_size_of(k_ctx *c, int32_t x, int32_t axis);
k_size k_size_times(k_ctx *c, k_size a, k_size b);
k_size k_size_plus(k_ctx *c, k_size a, int32_t v);
/* The list as a value of int32, constant when all are known. */
int32_t k_sizes(k_ctx *c, const k_size *sizes, int32_t count);
/* Reshapes; one open size is left for the operator to find. */
int32_t k_reshape(k_ctx *c, int32_t x, const k_size *sizes, int32_t count);

/* ---- layers that others are made of ---- */

/* x * kernel + bias over the last axis; kernel[in, out]. bias may be NULL. */
int32_t k_dense(k_ctx *c, int32_t x, const k_array *kernel, const k_array *bias);
/* Numbers of categories as one_hot, multi_hot or count. */
int32_t k_encode(k_ctx *c, int32_t x, int32_t depth, const char *mode);

#endif

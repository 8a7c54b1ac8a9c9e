/* flat.h: what a TensorFlow graph computes between its ends, as one list of operators: calls of functions inlined,
 * operators that only pass on a value gone, everything that no output needs left out, each operator behind those it
 * reads. Bodies of While and branches of If stay functions; each is flattened when it is asked for.
 */
#ifndef IMPORT_TENSORFLOW_FLAT_H
#define IMPORT_TENSORFLOW_FLAT_H

#include "import/tensorflow/source.h"

/* Output `output` of operator `op`. */
typedef struct tf_edge {
  int32_t op, output;
} tf_edge;

typedef struct tf_flat tf_flat;

typedef struct tf_op {
  const char *name; /* path of calls and name: "model/dense/MatMul" */
  const char *type; /* "MatMul"; TF_ARGUMENT for what is given from outside */
  const Tf__Node *node;
  const tf_edge *inputs;
  int32_t num_inputs;
  int32_t argument;     /* which input of the flat graph this is; -1: none */
  const tf_flat *parts; /* of a loop of TensorFlow 1: condition and body; node is NULL then. NULL: of all others */
} tf_op;

/* The type of operators that stand for inputs of the graph. */
#define TF_ARGUMENT "_Arg"

struct tf_flat {
  tf_op *ops;
  int32_t count;
  const tf_edge *outputs;
  int32_t num_outputs;
};

/* Where flattening takes from; made once for a source. */
typedef struct tf_program tf_program;
mote_status tf_program_new(tf_program **out, const tf_source *source, mote_error *e);

/* The main graph between tensors: names as TensorFlow writes them, "node:0" or "node". An input may be any tensor of
 * the graph; what comes before it is left out. */
mote_status tf_flatten(tf_program *p, const char *const *inputs, int32_t num_inputs, const char *const *outputs,
                       int32_t num_outputs, tf_flat *out, mote_error *e);
/* loops.c: makes each loop of TensorFlow 1 one While. Both functions that flatten do so. */
mote_status tf_cut_loops(arena *a, tf_flat *flat, mote_error *e);
/* A function of the library: its arguments are the inputs, its results the outputs. */
mote_status tf_flatten_function(tf_program *p, const char *name, tf_flat *out, mote_error *e);
/* The signature of a function; NULL when there is none of that name. */
const Tf__Signature *tf_function(const tf_program *p, const char *name);
/* A node of the main graph, by a name of n characters; NULL when there is none. And its number there, or -1. */
const Tf__Node *tf_node(const tf_program *p, const char *name, size_t n);
int32_t tf_node_number(const tf_program *p, const char *name, size_t n);

/* Tells which variable of the main graph gets which entry of the checkpoint, as the operator `restore` says it. */
mote_status tf_restored(tf_program *p, const char *restore,
                        mote_status (*each)(void *user, const char *variable, const char *key, mote_error *e),
                        void *user, mote_error *e);

/* ---- attributes ---- */

const Tf__Attr *tf_attr(const Tf__Node *node, const char *key);
int64_t tf_attr_int(const Tf__Node *node, const char *key, int64_t absent);
float tf_attr_float(const Tf__Node *node, const char *key, float absent);
bool tf_attr_bool(const Tf__Node *node, const char *key, bool absent);
int32_t tf_attr_type(const Tf__Node *node, const char *key, int32_t absent);
/* A string, or the name of a function; "" when absent. */
const char *tf_attr_text(const Tf__Node *node, const char *key);
bool tf_attr_is(const Tf__Node *node, const char *key, const char *text);
/* Up to `room` whole numbers of a list; returns how many there are (0: absent). */
int32_t tf_attr_ints(const Tf__Node *node, const char *key, int64_t *to, int32_t room);

#endif

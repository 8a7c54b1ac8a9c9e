/* rewrite.h: what a rewrite is, and what its function may do to a graph.
 *
 * A rewrite is one small function that looks at one node, the last of its pattern, and puts something better in its
 * place. It never changes which values are inputs and outputs of the graph, nor their names. Where its result is made
 * by rw_become, the old value stays and only its maker changes, so that readers, names and ends need no care.
 *
 * When a function returns false everything it added is taken back, so it may build first and find out later.
 */
#ifndef GRAPH_REWRITE_REWRITE_H
#define GRAPH_REWRITE_REWRITE_H

#include "graph/build.h"
#include "graph/passes.h"

typedef struct rewriting {
  graph_set *set;
  graph *g;
  graph_builder b;
  const passes_options *options;
  arena index; /* of the arrays below, made anew after each rewrite */
  int32_t num_values, num_nodes;
  int32_t *maker; /* of each value: node, -1: none */
  int32_t *reads; /* of each value: operands and graph outputs that are it */
  bool *is_output, *is_input;
  bool *dead; /* [room]: nodes that are gone */
  int32_t room_dead;
  arena keep;     /* of `dead` */
  bool refined;   /* a shape is known better: those behind it are to be found anew */
  int64_t budget; /* of work, in nodes and values looked at; who looks at many takes them off */
} rewriting;

struct rewrite {
  const char *name, *reason; /* "fold-batch-norm"; why it is done, for people */
  uint32_t marks;            /* REWRITE_... */
  bool (*apply)(rewriting *w, int32_t node);
};

#define REWRITE(name) extern const rewrite rewrite_##name;
#include "graph/rewrite/list.def"
#undef REWRITE

/* ---- looking ---- */

static inline const graph_node *rw_node(const rewriting *w, int32_t node) { return &w->g->nodes[node]; }
static inline const graph_value *rw_value(const rewriting *w, int32_t value) { return &w->g->values[value]; }
static inline bool rw_is(const rewriting *w, int32_t node, int32_t code) { return w->g->nodes[node].op->code == code; }

/* The node that makes a value; -1 for inputs, constants and variables. */
int32_t rw_maker(const rewriting *w, int32_t value);
/* The same when it is of this operator, else -1. */
int32_t rw_made_by(const rewriting *w, int32_t value, int32_t code);
/* One operand reads the value, and it is no output of the graph: its maker may be taken in. */
bool rw_only(const rewriting *w, int32_t value);

/* Input i of a node; -1 when it is omitted or there are fewer. */
int32_t rw_input(const rewriting *w, int32_t node, int32_t i);
/* The first output; -1 when the node has none. */
static inline int32_t rw_output(const rewriting *w, int32_t node) {
  return w->g->nodes[node].num_outputs > 0 ? w->g->nodes[node].outputs[0] : -1;
}

bool rw_is_const(const rewriting *w, int32_t value);
/* Elements of a dense float32 constant; NULL when it is none. */
const float *rw_floats(const rewriting *w, int32_t value, size_t *count);
/* A float32 constant of one element, or of equal ones. */
bool rw_scalar(const rewriting *w, int32_t value, float *is);
/* Elements of an integer constant, or integers known of a value; at most OP_KNOWN_MAX. */
bool rw_ints(const rewriting *w, int32_t value, int64_t *v, int32_t *count);

bool rw_float32(const rewriting *w, int32_t value);
/* Equal types and quantization: bytes of one mean the same in the other. */
bool rw_same_kind(const rewriting *w, int32_t a, int32_t b);
/* Equal ranks and dimensions; at most one of them open. */
bool rw_same_shape(const rewriting *w, int32_t a, int32_t b);
bool rw_shape_known(const rewriting *w, int32_t value);
/* Elements, all dimensions being known. */
size_t rw_count(const rewriting *w, int32_t value);

/* The option "fused_activation_function" in a record of a node's options; NULL when the operator has none. */
const int32_t *rw_activation(const graph_node *n);
bool rw_no_activation(const rewriting *w, int32_t node);

/* Whether the result may hold this operator (old runtimes lack some). */
bool rw_may_use(const rewriting *w, int32_t code, int32_t version);

/* ---- changing ---- */

/* A constant; the data is copied. Its name is that of `like`, a value, with a number behind it. */
int32_t rw_const(rewriting *w, int32_t like, mote_type type, int32_t rank, const int32_t *dims, const void *data);
int32_t rw_int32s(rewriting *w, int32_t like, int32_t count, const int32_t *v);
/* A new constant float32 of `like`'s shape; *data is to be filled. */
int32_t rw_like(rewriting *w, int32_t like, float **data);

/* A copy of a node's options, to be changed. */
void *rw_options(rewriting *w, int32_t node);

/* A node whose output is new, in the quantization of `like` when it is of like's type. */
int32_t rw_add(rewriting *w, int32_t like, int32_t code, const void *options, int32_t count, const int32_t *inputs);

/* Puts a new node in the place of `node`, whose only output it makes from now on. False when type or shape would
 * differ. */
bool rw_become(rewriting *w, int32_t node, int32_t code, const void *options, int32_t count, const int32_t *inputs);
/* The same where the new shape may be known better than the old one was: then shapes behind it are found anew. */
bool rw_refine(rewriting *w, int32_t node, int32_t code, int32_t count, const int32_t *inputs);
/* The same operator with other inputs or options (NULL: as they are). */
bool rw_change(rewriting *w, int32_t node, const void *options, int32_t count, const int32_t *inputs);

/* Takes out a node whose output equals `value`: readers read that. False where the graph's ends forbid it. */
bool rw_bypass(rewriting *w, int32_t node, int32_t value);

/* Takes out a node that is not needed any more. */
void rw_kill(rewriting *w, int32_t node);

#endif

/* graph.h: the working form of a network: flat arrays of values and nodes, indices instead of pointers.
 *
 * It is made from a verified file (lift.c), later also by importers and by hand, and it is the only form that is ever
 * rewritten. One graph is one subgraph; a graph_set is all of a model. Shapes and types are here, memory is not.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include "base/arena.h"
#include "base/file.h"
#include "operators/op.h"
#include "schema/read.h"

typedef struct graph_value {
  sch_string name;
  mote_type type;
  int32_t rank; /* -1: unknown */
  int32_t dims[OP_MAX_RANK];
  int32_t signature[OP_MAX_RANK]; /* -1 where the file leaves the dimension open */
  op_quant quant;
  const sch_SparsityParameters *sparsity;
  bool is_const, is_variable;
  bool has_rank;    /* as the file says: tells a scalar from an unknown rank */
  const void *data; /* constants; NULL when the constant is empty */
  size_t bytes;
  const op_known *known; /* integers that follow from shapes; NULL: none */
  int32_t tensor;        /* index in the file; -1: an output that the file omits */
} graph_value;

typedef struct graph_node {
  const mote_op *op;
  const void *options; /* decoded, defaults when the file has none; NULL when the operator has none */
  const uint8_t *custom;
  size_t custom_size;
  int32_t version;
  const int32_t *inputs; /* value indices, -1: omitted */
  const int32_t *outputs;
  const int32_t *intermediates;
  int32_t num_inputs, num_outputs, num_intermediates;
  int32_t index; /* operator index in the file, -1: made by a rewrite */
} graph_node;

typedef struct graph {
  int32_t subgraph; /* index in the file */
  sch_string name;
  graph_value *values;
  graph_node *nodes;
  int32_t *inputs, *outputs; /* value indices; -1 among the inputs: absent */
  int32_t num_values, num_nodes, num_inputs, num_outputs;
  int32_t num_tensors;                                        /* values that have a number in the file */
  int32_t room_values, room_nodes, room_inputs, room_outputs; /* of arrays that grow (build.h); else 0 */
} graph;

typedef struct graph_set {
  graph *graphs;
  int32_t count, room;
  sch_SignatureDef *signatures; /* tensor indices are value indices */
  uint32_t num_signatures, room_signatures;
} graph_set;

/* Descriptors that go before those of this build: of custom operators, or of others that stand in for a builtin one.
 * NULL: there is none, this build's is meant. */
typedef struct graph_lookup {
  const mote_op *(*find)(void *user, const sch_OperatorCode *code);
  void *user;
} graph_lookup;

/* Lifts every subgraph of a verified file. Records live in `a`; constants point into the file, or into `a` when the
 * file stores them below their type's natural alignment. All operators that this build lacks are named in one
 * sentence. lookup may be NULL. */
mote_status graph_lift(const sch_file *file, const graph_lookup *lookup, arena *a, graph_set *out, mote_error *e);

/* Room for one more element of `size` bytes in an array that lives in an arena: moves it to a larger one when it is
 * full. False when memory ran out. */
bool graph_grow(arena *a, void *array, int32_t count, int32_t *room, size_t size);

/* order.c: puts nodes in an order in which each comes after those whose outputs it reads; one that is so already stays.
 * Fails on a circle. */
mote_status graph_order(graph *g, arena *scratch, mote_error *e);
/* Makes the names of values unique, by numbers behind them; inputs and outputs are the last to change, and what has no
 * name gets none. */
mote_status graph_name(graph *g, arena *a, mote_error *e);

/* compact.c: drops values that no node, input or output names, and numbers the rest anew: those that a file holds come
 * first. Indices that were taken before are void; signatures and scales of blocks follow. */
mote_status graph_compact(graph_set *set, arena *a, mote_error *e);

/* copy.c: a set of its own over the same constants, options and names, which must outlive it. */
mote_status graph_copy(const graph_set *from, arena *a, graph_set *to, mote_error *e);

/* check.c: whether a set holds together: indices, one producer a value, order, types, and shapes that are what infer
 * says. `final` asks what a file needs on top: names that differ, and no operator of a source format. Meant for our own
 * mistakes; the sentence says which node and value. */
mote_status graph_check(const graph_set *set, bool final, mem *m, mote_error *e);

#endif

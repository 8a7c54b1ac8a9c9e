/* eval.h: one node through its own descriptor, outside of any program: check, infer, run.
 *
 * This is what builds graphs, checks them and folds constants. Nothing is kept: records live in an arena of the call.
 * Operators that need a session (variables, tables, random numbers) are checked and inferred, never run.
 */
#ifndef GRAPH_EVAL_H
#define GRAPH_EVAL_H

#include "graph/graph.h"

typedef struct eval {
  op_ctx c; /* stands first: services get from it to the rest */
  const graph_set *set;
  arena *arena;
  int depth; /* of calls: a subgraph that calls itself ends there */
} eval;

/* What of a value does not depend on a run: type, quantization, data of constants; the shape has -1 where it is open.
 */
void eval_tensor(const graph_value *v, op_tensor *t);

/* Takes node n of g; its operands are described anew in `a`. `index` is for messages. */
mote_status eval_open(eval *v, const graph_set *set, const graph *g, const graph_node *n, int32_t index, arena *a,
                      mote_error *e);

/* Counts of operands, types, then what the descriptor's check says. Types of outputs must be set. */
mote_status eval_check(eval *v);
/* The number of operands alone. */
mote_status eval_arity(op_ctx *c);
/* Sets shapes of outputs, and the integers that are known of them. */
mote_status eval_infer(eval *v);

/* Keeps in g what eval_infer found of the outputs of n; integers that are known go to `a`. False: no memory. */
bool eval_keep(const eval *v, graph *g, const graph_node *n, arena *a);

/* Whether a node's outputs are fixed by its operator, its options and the contents of its inputs alone. */
bool eval_pure(const op_ctx *c);
/* After eval_infer, when all inputs have data and all outputs have shapes: gives outputs memory and computes them.
 * False, without an error, when the operator cannot be run here or the outputs need more than `most` bytes. */
bool eval_run(eval *v, size_t most);

/* Shapes of all values, anew from those of inputs, constants and variables; for graphs that came from a file, whose
 * shapes may be old or left out. */
mote_status graph_infer(graph_set *set, arena *a, mote_error *e);
/* The same for one graph, whose nodes are in order. */
mote_status graph_infer_nodes(graph_set *set, graph *g, arena *a, mote_error *e);

#endif

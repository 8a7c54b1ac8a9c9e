/* build.h: graphs made one value and one node at a time: by importers, by people (mote/graph.h), by rewrites.
 *
 *     arena a;
 *     arena_init(&a, m);
 *     graph_set set;
 *     graph_builder b;
 *     build_begin(&b, &a, &set);
 *     build_graph(&b, "main");
 *     const int32_t x = build_input(&b, "image", MOTE_FLOAT32, 4, (int32_t[]){-1, 28, 28, 1});
 *     build_at(&b, "conv1");                                     names what follows, in messages and in the file
 *     sch_Conv2DOptions o = BUILD_OPTIONS(Conv2DOptions);
 *     o.stride_w = o.stride_h = 2;
 *     const int32_t w = build_const(&b, "kernel", MOTE_FLOAT32, 4, (int32_t[]){8, 3, 3, 1}, weights, BUILD_COPY);
 *     const int32_t bias = build_const(&b, "bias", MOTE_FLOAT32, 1, (int32_t[]){8}, biases, BUILD_COPY);
 *     const int32_t y = build_op(&b, sch_BuiltinOperator_CONV_2D, &o, 3, (int32_t[]){x, w, bias});
 *     build_output(&b, y);
 *     build_signature(&b, "serving_default", (const char *[]){"image"}, (const char *[]){"scores"});
 *     if (build_finish(&b, e) != MOTE_OK) ...
 *     lower_graphs(&set, NULL, &a, &model, e);                   lower/lower.h, schema/write.h
 *
 * Types and shapes of a node's outputs come from its descriptor as soon as it is added, so that b->set tells them at
 * every moment (build_rank, build_dim, build_type); a dimension is -1 while it is open, and integers computed from
 * shapes are followed, so that a RESHAPE to a computed shape has one.
 *
 * Errors stick: after the first one every call returns -1 and does nothing, build_finish reports it, and the code in
 * between needs no tests. Who wants to go on, to find all faults at once, reads b->error and calls build_forgive.
 *
 * A value is an index; indices stay, pointers into the arrays do not outlive the next call. -1 as an input of a node is
 * an omitted one. All memory is of the arena.
 */
#ifndef GRAPH_BUILD_H
#define GRAPH_BUILD_H

#include "graph/graph.h"

typedef struct graph_builder {
  arena *arena;
  graph_set *set;
  int32_t graph; /* the one that is being built */
  sch_string at; /* of build_at */
  mote_error error;
  bool failed;
} graph_builder;

/* An options struct of schema.h with every field at the format's default. */
#define BUILD_OPTIONS(table) (*(const sch_##table *)sch_table_##table.defaults)

typedef enum build_data {
  BUILD_COPY,
  BUILD_BORROW /* stays until the file is written; aligned for its type */
} build_data;

/* Begins an empty set; build_resume goes on with one that is there (lifted, or built before). */
void build_begin(graph_builder *b, arena *a, graph_set *set);
void build_resume(graph_builder *b, arena *a, graph_set *set, int32_t index);

/* A new graph, which becomes the current one; returns its index, which WHILE, IF and CALL_ONCE name in their options.
 * Graph 0 is the main one. build_select goes back to another. */
int32_t build_graph(graph_builder *b, const char *name);
void build_select(graph_builder *b, int32_t index);

/* Names what follows: messages begin with it, and values of nodes are called after it. */
void build_at(graph_builder *b, const char *name);

/* ---- values ---- */

int32_t build_input(graph_builder *b, const char *name, mote_type type, int32_t rank, const int32_t *dims);
/* Not an input: a value that something else will make, or a variable tensor (state, zero at first). */
int32_t build_value(graph_builder *b, const char *name, mote_type type, int32_t rank, const int32_t *dims);
int32_t build_variable(graph_builder *b, const char *name, mote_type type, int32_t rank, const int32_t *dims);
/* A constant; its size follows from type and dims. Strings: give `bytes` with build_strings. */
int32_t build_const(graph_builder *b, const char *name, mote_type type, int32_t rank, const int32_t *dims,
                    const void *data, build_data how);
int32_t build_strings(graph_builder *b, const char *name, int32_t rank, const int32_t *dims, const void *packed,
                      size_t bytes);
/* A list of int32 (shapes, permutations, axes, paddings), and scalars. */
int32_t build_ints(graph_builder *b, const char *name, int32_t count, const int32_t *v);
int32_t build_int(graph_builder *b, const char *name, int32_t v);
int32_t build_float(graph_builder *b, const char *name, float v);

/* Gives a value another name, or quantization (lists are copied). */
void build_rename(graph_builder *b, int32_t value, const char *name);
void build_quantize(graph_builder *b, int32_t value, const op_quant *quant);

/* What is known of a value. */
mote_type build_type(const graph_builder *b, int32_t value);
int32_t build_rank(const graph_builder *b, int32_t value);           /* -1: unknown */
int32_t build_dim(const graph_builder *b, int32_t value, int32_t i); /* -1: open; negative i counts from behind */

/* ---- nodes ---- */

/* A builtin operator with one output: code of schema.h, options as a record of its table (copied; lists in it are not),
 * NULL for defaults. Returns the output's value. */
int32_t build_op(graph_builder *b, int32_t code, const void *options, int32_t count, const int32_t *inputs);

typedef struct build_node {
  const mote_op *op;   /* NULL: by code */
  int32_t code;        /* sch_BuiltinOperator_... */
  const void *options; /* as above */
  const uint8_t *custom;
  size_t custom_size;
  int32_t num_inputs;
  const int32_t *inputs;
  int32_t num_outputs;      /* 0: the fewest that the operator has */
  const mote_type *types;   /* of the outputs; NULL: as the descriptor says */
  const op_quant *quant;    /* of output 0 (QUANTIZE needs it); NULL: none */
  const char *const *names; /* of the outputs; NULL: made from build_at's */
} build_node;

/* The same for any node. Returns the first output; the others follow it, +1, +2, ...; for a node without outputs 0. */
int32_t build_add(graph_builder *b, const build_node *n);

/* ---- ends ---- */

void build_output(graph_builder *b, int32_t value);
/* Names of the current graph's inputs and outputs, as many as it has by now. */
void build_signature(graph_builder *b, const char *key, const char *const *inputs, const char *const *outputs);

/* Puts nodes in an order in which each comes after those it reads, makes names of values unique, and counts what was
 * made as tensors of the file. Reports the first error since build_begin. */
mote_status build_finish(graph_builder *b, mote_error *e);

/* Takes note of an error of the caller's own, with the name of build_at before it; returns -1. */
__attribute__((format(printf, 3, 4))) int32_t build_fail(graph_builder *b, mote_status code, const char *format, ...);
void build_forgive(graph_builder *b);

#endif

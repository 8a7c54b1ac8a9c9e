/* bench.h: a network before and after a rewrite: which operators are left, and whether the numbers stay.
 *
 *     bench t;
 *     bench_begin(&t);
 *     const int32_t x = bench_input(&t, "x", 2, (int32_t[]){2, 3});
 *     bench_output(&t, OP(&t, EXP, NULL, x));
 *     bench_end(&t, "drop-unused", "EXP", 1e-6);       only this rewrite; these operators after it; bound of the range
 */
#ifndef GRAPH_BENCH_H
#define GRAPH_BENCH_H

#include "graph/build.h"
#include "graph/passes.h"

typedef struct bench {
  mem *mem;
  arena arena;
  graph_set set;
  graph_builder b;
  uint32_t chance;
} bench;

void bench_begin(bench *t);
int32_t bench_input(bench *t, const char *name, int32_t rank, const int32_t *dims);
/* A constant of random numbers in [-1, 1]. */
int32_t bench_const(bench *t, int32_t rank, const int32_t *dims);
void bench_output(bench *t, int32_t value);
/* Compares answers on random inputs before and after. `only` NULL: all rewrites that fit a file; `operators` NULL: any
 * may be left. */
void bench_end(bench *t, const char *only, const char *operators, double bound);

/* An operator under its own name. */
int32_t bench_op(bench *t, int32_t code, const void *options, int32_t count, const int32_t *inputs);
#define OP(t, code, options, ...)                                                                                      \
  bench_op((t), sch_BuiltinOperator_##code, (options), sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t),             \
           (int32_t[]){__VA_ARGS__})
#define INTS(t, ...)                                                                                                   \
  build_ints(&(t)->b, "ints", sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t), (int32_t[]){__VA_ARGS__})
#define NUMBER(t, v) build_float(&(t)->b, "number", (v))
#define DIMS(...)                                                                                                      \
  sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t), (int32_t[]) { __VA_ARGS__ }

#endif

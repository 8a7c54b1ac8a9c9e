/* support.h: small networks with weights by chance, and what they answer. */
#ifndef TESTS_COMPRESS_SUPPORT_H
#define TESTS_COMPRESS_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lower/network.h"
#include "mote/compress.h"

static uint32_t chance_state = 1;

/* -1 to 1. */
static inline float chance(void) {
  chance_state = chance_state * 1664525u + 1013904223u;
  return (float)(chance_state >> 8) / 8388608.0f - 1;
}

static inline size_t elements(int32_t rank, const int32_t *dims) {
  size_t n = 1;
  for (int32_t i = 0; i < rank; i++) n *= (size_t)dims[i];
  return n;
}

/* A constant of numbers by chance; along `axis` (-1: none) the coordinates named by the bits of `zeros` are zero. */
static inline mote_value weights(mote_graph *g, const char *name, int32_t rank, const int32_t *dims, int32_t axis,
                                 uint64_t zeros) {
  const size_t count = elements(rank, dims);
  float *const w = malloc((count + 1) * sizeof *w);
  size_t step = 1;
  for (int32_t d = axis + 1; axis >= 0 && d < rank; d++) step *= (size_t)dims[d];
  for (size_t i = 0; i < count; i++) {
    w[i] = chance();
    if (axis >= 0 && zeros >> (i / step % (size_t)dims[axis]) & 1) w[i] = 0;
  }
  const mote_value v = mote_graph_const(g, name, MOTE_FLOAT32, rank, dims, w);
  free(w);
  return v;
}

/* A convolution of 3x3 or 1x1 to `to` channels with RELU, of which those in `zeros` are zero. */
static inline mote_value conv(mote_graph *g, const char *name, mote_value x, int32_t size, int32_t from, int32_t to,
                              uint64_t zeros) {
  const mote_value w = weights(g, "weights", 4, (int32_t[]){to, size, size, from}, 0, zeros);
  const mote_value b = weights(g, "bias", 1, &to, 0, zeros);
  return MOTE_OP(g, name, "CONV_2D", "padding: SAME, stride_w: 1, stride_h: 1, fused_activation_function: RELU", x, w,
                 b);
}

static inline mote_value dense(mote_graph *g, const char *name, mote_value x, int32_t from, int32_t to) {
  const mote_value w = weights(g, "weights", 2, (int32_t[]){to, from}, -1, 0), b = weights(g, "bias", 1, &to, -1, 0);
  return MOTE_OP(g, name, "FULLY_CONNECTED", NULL, x, w, b);
}

/* What the network answers to numbers by chance, those of `seed`; all outputs one after the other. Freed by the caller.
 */
static inline float *answer(mote_graph *g, uint32_t seed, size_t *count) {
  mote_error e;
  const void *data;
  size_t size;
  if (mote_graph_bytes(g, &data, &size, &e)) fail_msg("%s", e.text);
  const mote_config deep = {.deep = true};
  mote_model *const m = mote_model_from_memory(data, size, &deep, &e);
  mote_program *const p = m ? mote_program_new(m, NULL, &e) : NULL;
  mote_session *const s = p ? mote_session_new(p, NULL, &e) : NULL;
  if (!s) fail_msg("%s", e.text);
  chance_state = seed;
  for (int32_t i = 0; i < mote_session_input_count(s); i++) {
    mote_tensor *const t = mote_session_input(s, i);
    for (size_t k = 0; t->type == MOTE_FLOAT32 && k < t->size / 4; k++) ((float *)t->data)[k] = chance();
    for (size_t k = 0; t->type == MOTE_INT8 && k < t->size; k++) ((int8_t *)t->data)[k] = (int8_t)(chance() * 127);
  }
  if (mote_session_run(s, &e)) fail_msg("%s", e.text);
  float *all = NULL;
  *count = 0;
  for (int32_t i = 0; i < mote_session_output_count(s); i++) {
    const mote_tensor *const t = mote_session_output(s, i);
    const size_t n = t->type == MOTE_FLOAT32 ? t->size / 4 : t->size;
    all = realloc(all, (*count + n + 1) * sizeof *all);
    for (size_t k = 0; k < n; k++)
      all[*count + k] = t->type == MOTE_FLOAT32 ? ((const float *)t->data)[k] : ((const int8_t *)t->data)[k];
    *count += n;
  }
  mote_session_free(s);
  mote_program_free(p);
  mote_model_free(m);
  return all;
}

/* The largest difference of what two networks answer, as a share of the largest answer. */
static inline double difference(mote_graph *a, mote_graph *b, uint32_t seed) {
  size_t count_a, count_b;
  float *const x = answer(a, seed, &count_a), *const y = answer(b, seed, &count_b);
  double worst = 0, most = 1e-9;
  assert_int_equal(count_a, count_b);
  for (size_t i = 0; i < count_a; i++) {
    if (fabs((double)x[i]) > most) most = fabs((double)x[i]);
    if (fabs((double)x[i] - (double)y[i]) > worst) worst = fabs((double)x[i] - (double)y[i]);
  }
  free(x);
  free(y);
  return worst / most;
}

#endif

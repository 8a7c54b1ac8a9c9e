/* codes.h: numbers of 8 bits that stand for floats: what DEQUANTIZE reads, and steps that FAKE_QUANT rounds to. */
#ifndef GRAPH_REWRITE_CODES_H
#define GRAPH_REWRITE_CODES_H

#include "graph/rewrite/rewrite.h"

/* The int8 or uint8 value whose DEQUANTIZE makes `value`, quantized as a whole or by channels; -1: there is none. */
int32_t codes_of(const rewriting *w, int32_t value);
/* The same where it is one scale and zero point. */
int32_t codes_of_one(const rewriting *w, int32_t value);

/* A constant int8 in the name of `like`; one scale, or `count` along the axis. zero_points NULL: all 0. */
int32_t codes_const(rewriting *w, int32_t like, int32_t rank, const int32_t *dims, const int8_t *data, int32_t count,
                    int32_t axis, const float *scales, const int32_t *zero_points);
/* A node whose output is new and has this quantization, of the type of codes. */
int32_t codes_add(rewriting *w, int32_t like, int32_t code, const void *options, int32_t count, const int32_t *inputs,
                  mote_type type, const op_quant *quant);

/* Every channel of a value's elements: element i belongs to the scale (i / inner) % count. */
static inline size_t codes_channel(const graph_value *v, size_t i) {
  size_t inner = 1;
  if (v->quant.count <= 1) return 0;
  for (int32_t d = v->quant.axis + 1; d < v->rank; d++) inner *= (size_t)v->dims[d];
  return i / inner % (size_t)v->quant.count;
}

#endif

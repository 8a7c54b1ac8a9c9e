/* linear.h: operators that are linear in their input, with weights and a bias: what folding needs to know of them. */
#ifndef GRAPH_REWRITE_LINEAR_H
#define GRAPH_REWRITE_LINEAR_H

#include "graph/rewrite/rewrite.h"

typedef struct linear {
  int32_t node, code;
  int32_t input, weights, bias; /* values; bias -1: none */
  int32_t at_input, at_bias;    /* where they stand among the operands */
  const float *w, *b;           /* b NULL: none; w NULL: the weights are codes */
  int32_t codes;                /* constant of 8 bits whose DEQUANTIZE the weights are; -1: none */
  size_t count;                 /* of weights */
  size_t channels, inputs;      /* outputs there are; inputs that one weight row has */
  size_t groups;                /* of input channels; depthwise: as many as there are */
} linear;

/* A convolution, transposed convolution or dense layer in float32 with constant weights (floats, or codes of 8
 * bits) and bias. */
bool linear_of(const rewriting *w, int32_t node, linear *l);

/* The output channel and the input channel that weight i belongs to. */
size_t linear_output_of(const linear *l, size_t i);
size_t linear_input_of(const linear *l, size_t i);

/* `node` (the operator itself, or what follows it) becomes the operator on `input` with other weights and bias (-1: as
 * they are) and this activation. */
bool linear_become(rewriting *w, int32_t node, const linear *l, int32_t input, int32_t weights, int32_t bias,
                   int32_t activation);

#endif

/* rnn.h: the simple recurrent cell over a sequence: h = activation(x W + aux A + h R + bias), in float32 or with 8-bit
 * weights. Its operators are in rnn.c.
 */
#ifndef OPERATORS_RNN_H
#define OPERATORS_RNN_H

#include "operators/lstm.h"
#include "operators/product.h"

enum { RNN_WEIGHTS, RNN_RECURRENT, RNN_AUX, RNN_MATRICES };

/* aux and its weights may be NULL, both. */
typedef struct rnn_operands {
  const op_tensor *input, *aux, *matrix[RNN_MATRICES], *bias, *hidden;
  const op_tensor *output;
  size_t column; /* of the output, where this cell's results begin */
} rnn_operands;

typedef struct rnn_params {
  lstm_activation activation;
  bool time_major, backward, asymmetric;
  const void *block[RNN_MATRICES];
} rnn_params;

typedef struct rnn_record {
  uint64_t steps, rows, gates;
  product_record product[RNN_MATRICES];
} rnn_record;

mote_status rnn_check(op_ctx *c, const rnn_operands *o);
mote_status rnn_prepare(op_ctx *c, const rnn_operands *o, rnn_params *p);
/* Sets out: the shape of the input with as many elements as the cell has units. */
mote_status rnn_infer(op_ctx *c, const rnn_operands *o, op_tensor *out);
mote_status rnn_plan(op_ctx *c, const rnn_operands *o, const rnn_params *p, rnn_record *r);
mote_status rnn_run(op_ctx *c, const rnn_operands *o, const rnn_params *p, const rnn_record *r);

#endif

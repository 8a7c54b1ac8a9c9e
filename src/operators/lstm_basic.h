/* lstm_basic.h: the cell of LSTM with kernel type BASIC: five operands, all gates in one matrix. The phases of the
 * descriptor in unidirectional_sequence_lstm.c.
 */
#ifndef OPERATORS_LSTM_BASIC_H
#define OPERATORS_LSTM_BASIC_H

#include "base/fixed.h"
#include "operators/op.h"
#include "operators/product.h"

enum { LSTM_BASIC_INPUTS = 5, LSTM_BASIC_OUTPUTS = 4 };

#define LSTM_BASIC_TYPES "f32 ... > f32 ...;u8 u8 u8 i32 i16 > u8 i16 u8 i16"

typedef struct lstm_basic_params {
  const void *block; /* packed weights; NULL: made in the run */
  fx_mult gates;     /* uint8: from sums of products to Q3.12 */
} lstm_basic_params;

typedef struct lstm_basic_record {
  product_record product;
  uint64_t sums; /* uint8: of staged rows */
} lstm_basic_record;

mote_status lstm_basic_check(op_ctx *c);
mote_status lstm_basic_prepare(op_ctx *c);
mote_status lstm_basic_infer(op_ctx *c);
mote_status lstm_basic_plan(op_ctx *c);
mote_status lstm_basic_run(op_ctx *c);

#endif

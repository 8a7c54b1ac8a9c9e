/* low_bits.h: weights of 4 and 2 bits for operators that multiply by int8.
 *
 * Each phase of such an operator is called through low_bits_phase and sees int8 weights in their place. Constant ones
 * are widened once for all programs of the model, others in each run.
 */
#ifndef OPERATORS_LOW_BITS_H
#define OPERATORS_LOW_BITS_H

#include "operators/op.h"

enum { LOW_BITS_INPUTS = 4 };

/* Types that are widened, as mote_op.types takes them. */
#define LOW_BITS "i4|i2"

/* Stands in params. */
typedef struct low_bits {
  const int8_t *wide; /* constant weights; NULL: made in each run */
} low_bits;

typedef enum low_bits_when {
  LOW_BITS_CHECK,
  LOW_BITS_PREPARE,
  LOW_BITS_INFER,
  LOW_BITS_PLAN,
  LOW_BITS_RUN
} low_bits_when;

/* Calls `phase` with input i, where that is int4 or int2, as int8. The operator has at most LOW_BITS_INPUTS inputs. */
mote_status low_bits_phase(op_ctx *c, int i, low_bits *l, low_bits_when when, op_phase phase);

/* Elements [first, first + n) of packed weights as int8. */
void low_bits_widen(mote_type type, const void *packed, size_t first, size_t n, int8_t *to);

#endif

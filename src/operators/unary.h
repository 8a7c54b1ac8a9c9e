/* unary.h: what operators of one operand share: running a kernel over a whole tensor, and tables of functions. */
#ifndef OPERATORS_UNARY_H
#define OPERATORS_UNARY_H

#include "kernels/map.h"
#include "operators/op.h"

enum { UNARY_LUT_SIZE = 513 };

/* f on all elements of input 0, to output 0, on the threads there are. */
void unary_run(op_ctx *c, map_fn f, const void *params);
/* The same from x to y, of as many elements. Of packed types a run begins with a whole byte. */
void unary_run_on(op_ctx *c, const op_tensor *x, const op_tensor *y, map_fn f, const void *params);

/* The output has the input's shape. */
mote_status unary_infer(op_ctx *c);
/* Both sides have a scale. */
mote_status unary_need_scales(op_ctx *c);

static inline bool unary_is_8_bit(const op_tensor *t) { return t->type == MOTE_INT8 || t->type == MOTE_UINT8; }

/* The value that a byte of an 8-bit tensor means, before its zero point. */
static inline int32_t unary_byte(const op_tensor *t, int byte) { return t->type == MOTE_INT8 ? (int8_t)byte : byte; }

/* A real function; y is what its values are written to, for what it gives where it is not defined. */
typedef float (*unary_function)(float x, const op_tensor *y);

/* The table of an 8-bit function by the byte, all in float as the reference has it. */
void unary_fill_table(const op_tensor *x, const op_tensor *y, unary_function f, uint8_t table[256]);
/* The table of an int16 function for kern_lut_16. */
void unary_fill_lut(const op_tensor *x, const op_tensor *y, unary_function f, int16_t lut[UNARY_LUT_SIZE]);
/* int16 LOGISTIC and TANH: the input as Q3.12 times 3, the step of their table: exactly when its scale is 2^-12 (or up
 * to 2^most_left times that), else by a 15-bit multiplier. Fails unless zero points are 0 and the output's scale is
 * 2^-15. */
mote_status unary_logistic16(op_ctx *c, int most_left, map_logistic16 *p);

#endif

/* binary.h: y[i] = f(a[i], b[i]) over n elements, all three dense; y may be a or b.
 *
 * Broadcasting is the operators' (operators/broadcast.h). int8 and uint8 are one type here, "8": bytes are taken as
 * uint8 after an exclusive or with `flip`, 0x80 for int8, so that int8 x is met as x + 128; zero points of such
 * operands are given 128 higher. Results are bytes of either kind: lo and hi say which.
 */
#ifndef KERNELS_BINARY_H
#define KERNELS_BINARY_H

#include <stddef.h>
#include <stdint.h>

#include "base/fixed.h"
#include "kernels/entry.h"

typedef void binary_loop(const void *a, const void *b, void *y, size_t n, const void *params);
typedef binary_loop *binary_fn;

/* min(max(f(a, b), lo), hi); NaN stays NaN. MAX and MIN give b where an operand is NaN, and are not clamped. */
typedef struct binary_f32 {
  float lo, hi;
} binary_f32;

/* Integers wrap, then are clamped; lo and hi lie within the type. */
typedef struct binary_int {
  int64_t lo, hi;
} binary_int;

/* Quantized operands, by TFLite's rules. With a' = a - a_zero, b' = b - b_zero and Q_x = fx_mbqm by multiplier x, the
 * result is clamp(r + y_zero), where r is
 *   add       Q_y(Q_a(a' << left) + Q_b(b' << left))
 *   sub       Q_y(Q_a(a' << left) - Q_b(b' << left))
 *   squared_difference  Q_y(d * d), d being the difference in sub
 *   mul       Q_y(a' * b')
 *   div       a' / b' by a reciprocal in fixed point, times the multiplier y; b' is not 0
 *   prelu     a' >= 0 ? Q_a(a') : Q_y(a' * b')
 *   add_pot16 sat16(a' / 2^-a.shift + b' / 2^-b.shift), rounded by fx_rdbp: int16 with power-of-two scales; sub_pot16
 *             subtracts
 *   mul_q15_8 fx_rdbp(fx_srdhm16(a', b'), 8): Q0.15 to 8 bits
 * and comparisons are of Q_a(a' << left) with Q_b(b' << left). */
typedef struct binary_quant {
  int32_t flip; /* 8 bits only */
  int32_t a_zero, b_zero, y_zero;
  fx_mult a, b, y;
  int32_t left;
  int32_t lo, hi;
} binary_quant;

/* Entries, and what their params are. Comparisons give bool, false where one operand is NaN (not_equal: true). What is
 * not here kernels/arith.h does. */
#define BINARY_ENTRIES(X)                                                                                              \
  X(binary_loop, binary_add_f32)                /* binary_f32 */                                                       \
  X(binary_loop, binary_mul_f32)                /* binary_f32 */                                                       \
  X(binary_loop, binary_sub_f32)                /* binary_f32 */                                                       \
  X(binary_loop, binary_div_f32)                /* binary_f32 */                                                       \
  X(binary_loop, binary_squared_difference_f32) /* binary_f32 */                                                       \
  X(binary_loop, binary_max_f32)                /* NULL */                                                             \
  X(binary_loop, binary_min_f32)                /* NULL */                                                             \
  X(binary_loop, binary_add_i16)                /* binary_int */                                                       \
  X(binary_loop, binary_mul_i16)                /* binary_int */                                                       \
  X(binary_loop, binary_add_i32)                /* binary_int */                                                       \
  X(binary_loop, binary_mul_i32)                /* binary_int */                                                       \
  X(binary_loop, binary_sub_i32)                /* binary_int */                                                       \
  X(binary_loop, binary_add_i64)                /* binary_int */                                                       \
  X(binary_loop, binary_mul_i64)                /* binary_int */                                                       \
  X(binary_loop, binary_add_q8)                 /* binary_quant */                                                     \
  X(binary_loop, binary_mul_q8)                 /* binary_quant */                                                     \
  X(binary_loop, binary_sub_q8)                 /* binary_quant */                                                     \
  X(binary_loop, binary_div_q8)                 /* binary_quant */                                                     \
  X(binary_loop, binary_squared_difference_q8)  /* binary_quant */                                                     \
  X(binary_loop, binary_add_q16)                /* binary_quant */                                                     \
  X(binary_loop, binary_mul_q16)                /* binary_quant */                                                     \
  X(binary_loop, binary_sub_q16)                /* binary_quant */                                                     \
  X(binary_loop, binary_div_q16)                /* binary_quant */                                                     \
  X(binary_loop, binary_add_pot16)              /* binary_quant */                                                     \
  X(binary_loop, binary_sub_pot16)              /* binary_quant */                                                     \
  X(binary_loop, binary_mul_q15_8)              /* binary_quant */                                                     \
  X(binary_loop, binary_max_8)                  /* binary_quant: flip alone */                                         \
  X(binary_loop, binary_min_8)                  /* binary_quant: flip alone */                                         \
  X(binary_loop, binary_prelu_f32)              /* NULL */                                                             \
  X(binary_loop, binary_prelu_q8)               /* binary_quant */                                                     \
  X(binary_loop, binary_prelu_q16)              /* binary_quant */                                                     \
  X(binary_loop, binary_less_f32)               /* NULL */                                                             \
  X(binary_loop, binary_less_i16)               /* NULL */                                                             \
  X(binary_loop, binary_less_i32)               /* NULL */                                                             \
  X(binary_loop, binary_less_i64)               /* NULL */                                                             \
  X(binary_loop, binary_less_equal_f32)         /* NULL */                                                             \
  X(binary_loop, binary_less_equal_i16)         /* NULL */                                                             \
  X(binary_loop, binary_less_equal_i32)         /* NULL */                                                             \
  X(binary_loop, binary_less_equal_i64)         /* NULL */                                                             \
  X(binary_loop, binary_equal_f32)              /* NULL */                                                             \
  X(binary_loop, binary_equal_i32)              /* NULL */                                                             \
  X(binary_loop, binary_not_equal_f32)          /* NULL */                                                             \
  X(binary_loop, binary_not_equal_i32)          /* NULL */                                                             \
  X(binary_loop, binary_less_q8)                /* binary_quant */                                                     \
  X(binary_loop, binary_less_equal_q8)          /* binary_quant */                                                     \
  X(binary_loop, binary_equal_q8)               /* binary_quant */                                                     \
  X(binary_loop, binary_not_equal_q8)           /* binary_quant */                                                     \
  X(binary_loop, binary_equal_q16)              /* binary_quant */                                                     \
  X(binary_loop, binary_not_equal_q16)          /* binary_quant */
BINARY_ENTRIES(KERN_DECLARE)

#endif

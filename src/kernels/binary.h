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

#include "base/cpu.h"
#include "base/fixed.h"

typedef void (*binary_fn)(const void *a, const void *b, void *y, size_t n, const void *params);

typedef enum binary_kind {
  BINARY_ADD,
  BINARY_MUL,
  BINARY_SUB,
  BINARY_DIV,
  BINARY_SQUARED_DIFFERENCE,
  BINARY_MAX,
  BINARY_MIN,
  BINARY_KINDS
} binary_kind;
typedef enum compare_kind {
  COMPARE_LESS,
  COMPARE_LESS_EQUAL,
  COMPARE_EQUAL,
  COMPARE_NOT_EQUAL,
  COMPARE_KINDS
} compare_kind;

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

/* Entries by type; parameters beside. Comparisons give bool, false where one operand is NaN (not_equal: true). Kinds
 * that a type has no entry for are NULL; kernels/arith.h does them. */
typedef struct binary_kernels {
  binary_fn f32[BINARY_KINDS], i16[BINARY_KINDS], i32[BINARY_KINDS], i64[BINARY_KINDS]; /* binary_f32, binary_int */
  binary_fn q8[BINARY_KINDS], q16[BINARY_KINDS], add_pot16, sub_pot16, mul_q15_8;       /* binary_quant */
  binary_fn max_8, min_8;                                                               /* binary_quant: flip alone */
  binary_fn prelu_f32;                                                                  /* NULL */
  binary_fn prelu_q8, prelu_q16;                                                        /* binary_quant */

  binary_fn compare_f32[COMPARE_KINDS], compare_i16[COMPARE_KINDS]; /* NULL */
  binary_fn compare_i32[COMPARE_KINDS], compare_i64[COMPARE_KINDS]; /* NULL */
  binary_fn compare_q8[COMPARE_KINDS], equal_q16, not_equal_q16;    /* binary_quant */
} binary_kernels;

const binary_kernels *kern_binary(cpu_level level);

#endif

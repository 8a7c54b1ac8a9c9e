/* binary.inc.h: body of binary.h. */
#include <stdbool.h>
#include <string.h>

#include "kernels/binary.h"
#include "kernels/body/level.h"
#include "kernels/body/quant.h"

static inline float clamp_f32(float x, binary_f32 p) {
  x = x < p.lo ? p.lo : x;
  return x > p.hi ? p.hi : x;
}

static inline int64_t clamp_i64(int64_t x, int64_t lo, int64_t hi) {
  x = x < lo ? lo : x;
  return x > hi ? hi : x;
}

/* Sums and products of int32 that wrap, as all integer operators do. */
static inline int32_t wrap_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
static inline int32_t wrap_mul(int32_t a, int32_t b) { return (int32_t)((uint32_t)a * (uint32_t)b); }

#define NAME binary_add_f32
#define IN float
#define OUT float
#define PARAMS binary_f32
#define EXPR(a, b) clamp_f32((a) + (b), p)
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_mul_f32
#define IN float
#define OUT float
#define PARAMS binary_f32
#define EXPR(a, b) clamp_f32((a) * (b), p)
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_sub_f32
#define IN float
#define OUT float
#define PARAMS binary_f32
#define EXPR(a, b) clamp_f32((a) - (b), p)
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_div_f32
#define IN float
#define OUT float
#define PARAMS binary_f32
#define EXPR(a, b) clamp_f32((a) / (b), p)
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_squared_difference_f32
#define IN float
#define OUT float
#define PARAMS binary_f32
#define EXPR(a, b) clamp_f32(((a) - (b)) * ((a) - (b)), p)
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_max_f32
#define IN float
#define OUT float
#define EXPR(a, b) ((a) > (b) ? (a) : (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_min_f32
#define IN float
#define OUT float
#define EXPR(a, b) ((a) < (b) ? (a) : (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_max_8
#define IN uint8_t
#define OUT uint8_t
#define PARAMS binary_quant
#define EXPR(a, b) (((a) ^ p.flip) > ((b) ^ p.flip) ? (a) : (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_min_8
#define IN uint8_t
#define OUT uint8_t
#define PARAMS binary_quant
#define EXPR(a, b) (((a) ^ p.flip) < ((b) ^ p.flip) ? (a) : (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_sub_i32
#define IN int32_t
#define OUT int32_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i32((int32_t)((uint32_t)(a) - (uint32_t)(b)), (int32_t)p.lo, (int32_t)p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_add_i16
#define IN int16_t
#define OUT int16_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i32((int16_t)((a) + (b)), (int32_t)p.lo, (int32_t)p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_mul_i16
#define IN int16_t
#define OUT int16_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i32((int16_t)((a) * (b)), (int32_t)p.lo, (int32_t)p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_add_i32
#define IN int32_t
#define OUT int32_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i32(wrap_add(a, b), (int32_t)p.lo, (int32_t)p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_mul_i32
#define IN int32_t
#define OUT int32_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i32(wrap_mul(a, b), (int32_t)p.lo, (int32_t)p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_add_i64
#define IN int64_t
#define OUT int64_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i64((int64_t)((uint64_t)(a) + (uint64_t)(b)), p.lo, p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_mul_i64
#define IN int64_t
#define OUT int64_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i64((int64_t)((uint64_t)(a) * (uint64_t)(b)), p.lo, p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_prelu_f32
#define IN float
#define OUT float
#define EXPR(a, b) ((a) >= 0 ? (a) : (a) * (b))
#include "kernels/body/binary_loop.inc.h"

/* Quantized entries: a block of both operands is widened to int32 less its zero point, combined, and narrowed. */

typedef void (*combine_fn)(int32_t *a, int32_t *b, size_t n, const binary_quant *p); /* to a; b may be spoilt */

static void combine_add(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  quant_scale(a, n, p->left, p->a);
  quant_scale(b, n, p->left, p->b);
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) a[i] = wrap_add(a[i], b[i]);
  quant_scale(a, n, 0, p->y);
}

/* Both operands at one scale, and their difference. */
static void difference(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  quant_scale(a, n, p->left, p->a);
  quant_scale(b, n, p->left, p->b);
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) a[i] = (int32_t)((uint32_t)a[i] - (uint32_t)b[i]);
}

static void combine_sub(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  difference(a, b, n, p);
  quant_scale(a, n, 0, p->y);
}

static void combine_squared_difference(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  difference(a, b, n, p);
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) a[i] = wrap_mul(a[i], a[i]);
  quant_scale(a, n, 0, p->y);
}

/* a' moved up until its leading bit is next to the sign, times the reciprocal of b' as Q0.31; b' is made positive
 * first. A quotient too large saturates. */
static int32_t divide(int32_t a, int32_t b, fx_mult y) {
  int over;
  if (b < 0) a = -a, b = -b;
  const int32_t reciprocal = fx_reciprocal(b, 31, &over);
  const int headroom = a == 0 || a == -1 ? 31 : __builtin_clz((uint32_t)(a < 0 ? ~a : a)) - 1;
  const int32_t quotient = fx_srdhm32(fx_shl(a, headroom), reciprocal);
  const int shift = over + headroom - y.shift;
  const int32_t x = fx_srdhm32(quotient, y.m);
  /* Beyond 31 bits the reference's division by a power of two keeps the low bits of the distance, and so do recorded
   * answers: 0 / b may be 1 where the divisor's scale is large. */
  return shift < 0 || shift > 31 ? wrap_add(x >> (shift & 31), x >= 0) : fx_rdbp(x, shift);
}

static void combine_div(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  for (size_t i = 0; i < n; i++) a[i] = divide(a[i], b[i], p->y);
}

static void multiply(int32_t *a, const int32_t *b, size_t n) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) a[i] = wrap_mul(a[i], b[i]);
}

static void combine_mul(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  multiply(a, b, n);
  quant_scale(a, n, 0, p->y);
}

static void combine_prelu(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) b[i] = a[i] >= 0 ? a[i] : wrap_mul(a[i], b[i]);
  quant_scale_by_sign(b, a, n, p->a, p->y);
  memcpy(a, b, n * sizeof *a);
}

static void combine_pot(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  const int shift_a = -p->a.shift, shift_b = -p->b.shift;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++)
    a[i] = clamp_i32(fx_rdbp(a[i], shift_a) + fx_rdbp(b[i], shift_b), INT16_MIN, INT16_MAX);
}

static void combine_sub_pot(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  const int shift_a = -p->a.shift, shift_b = -p->b.shift;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++)
    a[i] = clamp_i32(fx_rdbp(a[i], shift_a) - fx_rdbp(b[i], shift_b), INT16_MIN, INT16_MAX);
}

static void combine_q15(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  (void)p;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) a[i] = fx_rdbp(fx_srdhm16((int16_t)a[i], (int16_t)b[i]), 8);
}

static void quant_8(const uint8_t *a, const uint8_t *b, uint8_t *y, size_t n, const binary_quant *p, combine_fn f) {
  int32_t wide_a[QUANT_BLOCK], wide_b[QUANT_BLOCK];
  for (size_t i = 0; i < n; i += QUANT_BLOCK) {
    const size_t m = n - i < QUANT_BLOCK ? n - i : QUANT_BLOCK;
    quant_widen_8(a + i, wide_a, m, p->flip, p->a_zero);
    quant_widen_8(b + i, wide_b, m, p->flip, p->b_zero);
    f(wide_a, wide_b, m, p);
    quant_narrow_8(wide_a, y + i, m, p->y_zero, p->lo, p->hi);
  }
}

/* y is int16, or 8 bits where `bytes` says so. */
static void quant_16(const int16_t *a, const int16_t *b, void *y, bool bytes, size_t n, const binary_quant *p,
                     combine_fn f) {
  int32_t wide_a[QUANT_BLOCK], wide_b[QUANT_BLOCK];
  for (size_t i = 0; i < n; i += QUANT_BLOCK) {
    const size_t m = n - i < QUANT_BLOCK ? n - i : QUANT_BLOCK;
    quant_widen_16(a + i, wide_a, m, p->a_zero);
    quant_widen_16(b + i, wide_b, m, p->b_zero);
    f(wide_a, wide_b, m, p);
    if (bytes) quant_narrow_8(wide_a, (uint8_t *)y + i, m, p->y_zero, p->lo, p->hi);
    else quant_narrow_16(wide_a, (int16_t *)y + i, m, p->y_zero, p->lo, p->hi);
  }
}

void KERN_FN(binary_add_q8)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_add);
}
void KERN_FN(binary_mul_q8)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_mul);
}
void KERN_FN(binary_sub_q8)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_sub);
}
void KERN_FN(binary_div_q8)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_div);
}
void KERN_FN(binary_squared_difference_q8)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_squared_difference);
}
void KERN_FN(binary_prelu_q8)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_prelu);
}
void KERN_FN(binary_add_q16)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, false, n, p, combine_add);
}
void KERN_FN(binary_mul_q16)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, false, n, p, combine_mul);
}
void KERN_FN(binary_sub_q16)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, false, n, p, combine_sub);
}
void KERN_FN(binary_div_q16)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, false, n, p, combine_div);
}
void KERN_FN(binary_prelu_q16)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, false, n, p, combine_prelu);
}
void KERN_FN(binary_add_pot16)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, false, n, p, combine_pot);
}

void KERN_FN(binary_sub_pot16)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, false, n, p, combine_sub_pot);
}

void KERN_FN(binary_mul_q15_8)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, true, n, p, combine_q15);
}

/* Comparisons. */

#define NAME binary_less_f32
#define IN float
#define OUT uint8_t
#define EXPR(a, b) ((a) < (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_less_i16
#define IN int16_t
#define OUT uint8_t
#define EXPR(a, b) ((a) < (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_less_i32
#define IN int32_t
#define OUT uint8_t
#define EXPR(a, b) ((a) < (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_less_i64
#define IN int64_t
#define OUT uint8_t
#define EXPR(a, b) ((a) < (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_less_equal_f32
#define IN float
#define OUT uint8_t
#define EXPR(a, b) ((a) <= (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_less_equal_i16
#define IN int16_t
#define OUT uint8_t
#define EXPR(a, b) ((a) <= (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_less_equal_i32
#define IN int32_t
#define OUT uint8_t
#define EXPR(a, b) ((a) <= (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_less_equal_i64
#define IN int64_t
#define OUT uint8_t
#define EXPR(a, b) ((a) <= (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_equal_f32
#define IN float
#define OUT uint8_t
#define EXPR(a, b) ((a) == (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_not_equal_f32
#define IN float
#define OUT uint8_t
#define EXPR(a, b) ((a) != (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_equal_i32
#define IN int32_t
#define OUT uint8_t
#define EXPR(a, b) ((a) == (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME binary_not_equal_i32
#define IN int32_t
#define OUT uint8_t
#define EXPR(a, b) ((a) != (b))
#include "kernels/body/binary_loop.inc.h"

static void combine_less(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  quant_scale(a, n, p->left, p->a);
  quant_scale(b, n, p->left, p->b);
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) a[i] = a[i] < b[i];
}

static void combine_less_equal(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  quant_scale(a, n, p->left, p->a);
  quant_scale(b, n, p->left, p->b);
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) a[i] = a[i] <= b[i];
}

/* 0 where they are equal. */
static void combine_xor(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  quant_scale(a, n, p->left, p->a);
  quant_scale(b, n, p->left, p->b);
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) a[i] ^= b[i];
}

static void combine_equal(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  combine_xor(a, b, n, p);
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) a[i] = a[i] == 0;
}

static void combine_not_equal(int32_t *a, int32_t *b, size_t n, const binary_quant *p) {
  combine_xor(a, b, n, p);
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) a[i] = a[i] != 0;
}

void KERN_FN(binary_equal_q8)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_equal);
}
void KERN_FN(binary_not_equal_q8)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_not_equal);
}
void KERN_FN(binary_equal_q16)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, true, n, p, combine_equal);
}
void KERN_FN(binary_not_equal_q16)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, true, n, p, combine_not_equal);
}
void KERN_FN(binary_less_q8)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_less);
}
void KERN_FN(binary_less_equal_q8)(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_less_equal);
}

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

#define NAME add_f32
#define IN float
#define OUT float
#define PARAMS binary_f32
#define EXPR(a, b) clamp_f32((a) + (b), p)
#include "kernels/body/binary_loop.inc.h"

#define NAME mul_f32
#define IN float
#define OUT float
#define PARAMS binary_f32
#define EXPR(a, b) clamp_f32((a) * (b), p)
#include "kernels/body/binary_loop.inc.h"

#define NAME add_i16
#define IN int16_t
#define OUT int16_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i32((int16_t)((a) + (b)), (int32_t)p.lo, (int32_t)p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME mul_i16
#define IN int16_t
#define OUT int16_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i32((int16_t)((a) * (b)), (int32_t)p.lo, (int32_t)p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME add_i32
#define IN int32_t
#define OUT int32_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i32(wrap_add(a, b), (int32_t)p.lo, (int32_t)p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME mul_i32
#define IN int32_t
#define OUT int32_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i32(wrap_mul(a, b), (int32_t)p.lo, (int32_t)p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME add_i64
#define IN int64_t
#define OUT int64_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i64((int64_t)((uint64_t)(a) + (uint64_t)(b)), p.lo, p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME mul_i64
#define IN int64_t
#define OUT int64_t
#define PARAMS binary_int
#define EXPR(a, b) clamp_i64((int64_t)((uint64_t)(a) * (uint64_t)(b)), p.lo, p.hi)
#include "kernels/body/binary_loop.inc.h"

#define NAME prelu_f32
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

static void add_q8(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_add);
}
static void mul_q8(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_mul);
}
static void prelu_q8(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_prelu);
}
static void add_q16(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, false, n, p, combine_add);
}
static void mul_q16(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, false, n, p, combine_mul);
}
static void prelu_q16(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, false, n, p, combine_prelu);
}
static void add_pot16(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, false, n, p, combine_pot);
}

static void mul_q15_8(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_16(a, b, y, true, n, p, combine_q15);
}

/* Comparisons. */

#define NAME less_f32
#define IN float
#define OUT uint8_t
#define EXPR(a, b) ((a) < (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME less_i16
#define IN int16_t
#define OUT uint8_t
#define EXPR(a, b) ((a) < (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME less_i32
#define IN int32_t
#define OUT uint8_t
#define EXPR(a, b) ((a) < (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME less_i64
#define IN int64_t
#define OUT uint8_t
#define EXPR(a, b) ((a) < (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME less_equal_f32
#define IN float
#define OUT uint8_t
#define EXPR(a, b) ((a) <= (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME less_equal_i16
#define IN int16_t
#define OUT uint8_t
#define EXPR(a, b) ((a) <= (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME less_equal_i32
#define IN int32_t
#define OUT uint8_t
#define EXPR(a, b) ((a) <= (b))
#include "kernels/body/binary_loop.inc.h"

#define NAME less_equal_i64
#define IN int64_t
#define OUT uint8_t
#define EXPR(a, b) ((a) <= (b))
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

static void less_q8(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_less);
}
static void less_equal_q8(const void *a, const void *b, void *y, size_t n, const void *p) {
  quant_8(a, b, y, n, p, combine_less_equal);
}

const binary_kernels KERN_TABLE(binary_kernels) = {
    .f32 = {[BINARY_ADD] = add_f32, [BINARY_MUL] = mul_f32},
    .i16 = {[BINARY_ADD] = add_i16, [BINARY_MUL] = mul_i16},
    .i32 = {[BINARY_ADD] = add_i32, [BINARY_MUL] = mul_i32},
    .i64 = {[BINARY_ADD] = add_i64, [BINARY_MUL] = mul_i64},
    .q8 = {[BINARY_ADD] = add_q8, [BINARY_MUL] = mul_q8},
    .q16 = {[BINARY_ADD] = add_q16, [BINARY_MUL] = mul_q16},
    .add_pot16 = add_pot16,
    .mul_q15_8 = mul_q15_8,
    .prelu_f32 = prelu_f32,
    .prelu_q8 = prelu_q8,
    .prelu_q16 = prelu_q16,
    .compare_f32 = {[COMPARE_LESS] = less_f32, [COMPARE_LESS_EQUAL] = less_equal_f32},
    .compare_i16 = {[COMPARE_LESS] = less_i16, [COMPARE_LESS_EQUAL] = less_equal_i16},
    .compare_i32 = {[COMPARE_LESS] = less_i32, [COMPARE_LESS_EQUAL] = less_equal_i32},
    .compare_i64 = {[COMPARE_LESS] = less_i64, [COMPARE_LESS_EQUAL] = less_equal_i64},
    .compare_q8 = {[COMPARE_LESS] = less_q8, [COMPARE_LESS_EQUAL] = less_equal_q8},
};

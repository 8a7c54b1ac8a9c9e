/* arith.c: see arith.h. */
#include "kernels/arith.h"

#include <math.h>

#include "kernels/unroll.h"

#define REAL float
#define M(name) name##f
#include "kernels/body/arith_real.inc.h"

#define REAL double
#define M(name) name
#include "kernels/body/arith_real.inc.h"

/* ---- integers ---- */

/* uint64 alone does not fit: what depends on the order is done with the sign bit turned or on unsigned numbers. */
static bool is_u64(const arith *p) { return p->type == MOTE_UINT64; }

static inline int64_t quotient(int64_t a, int64_t b, bool is_unsigned) {
  if (b == 0) return -1;
  if (is_unsigned) return (int64_t)((uint64_t)a / (uint64_t)b);
  return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static inline int64_t rest(int64_t a, int64_t b, bool is_unsigned) {
  if (b == 0) return a;
  if (is_unsigned) return (int64_t)((uint64_t)a % (uint64_t)b);
  return b == -1 ? 0 : a % b;
}

/* Rounding down differs from truncation where the signs do and something remains. */
static inline bool rounds_down(int64_t a, int64_t b, bool is_unsigned) {
  return !is_unsigned && (a < 0) != (b < 0) && rest(a, b, false) != 0;
}

static inline int64_t power(int64_t a, int64_t b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  uint64_t y = 1, square = (uint64_t)a;
  for (uint64_t e = (uint64_t)b; e; e >>= 1, square *= square)
    if (e & 1) y *= square;
  return (int64_t)y;
}

static inline int64_t shift_left(int64_t a, int64_t b, int bits) {
  return b < 0 ? a : b >= bits ? 0 : (int64_t)((uint64_t)a << b);
}

static inline int64_t shift_right(int64_t a, int64_t b, int bits, bool is_unsigned) {
  const int by = b < 0 ? 0 : b >= bits ? bits - 1 : (int)b;
  return is_unsigned ? (int64_t)((uint64_t)a >> by) : a >> by;
}

#define LOOP(name, OUT, EXPR)                                                                                          \
  static void name##_int(const void *va, const void *vb, void *vy, size_t n, const arith *p) {                         \
    const int64_t *x = va, *z = vb;                                                                                    \
    const bool u = is_u64(p);                                                                                          \
    const uint64_t turn = (uint64_t)u << 63;                                                                           \
    const int bits = mote_type_bits(p->type);                                                                          \
    OUT *y = vy;                                                                                                       \
    (void)bits, (void)turn;                                                                                            \
    KERN_ELEMENTWISE                                                                                                   \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const int64_t a = x[i], b = z[i];                                                                                \
      y[i] = (OUT)(EXPR);                                                                                              \
    }                                                                                                                  \
  }
#define BEFORE(a, b) ((int64_t)((uint64_t)(a) ^ turn) < (int64_t)((uint64_t)(b) ^ turn))

LOOP(add, int64_t, (uint64_t)a + (uint64_t)b)
LOOP(sub, int64_t, (uint64_t)a - (uint64_t)b)
LOOP(mul, int64_t, (uint64_t)a *(uint64_t)b)
LOOP(div, int64_t, quotient(a, b, u))
LOOP(max, int64_t, BEFORE(a, b) ? b : a)
LOOP(min, int64_t, BEFORE(b, a) ? b : a)
LOOP(squared_difference, int64_t, ((uint64_t)a - (uint64_t)b) * ((uint64_t)a - (uint64_t)b))
LOOP(pow, int64_t, power(a, b))
LOOP(floor_div, int64_t, quotient(a, b, u) - rounds_down(a, b, u))
LOOP(floor_mod, int64_t, rest(a, b, u) + (rounds_down(a, b, u) ? b : 0))
LOOP(rem, int64_t, rest(a, b, u))
LOOP(and, int64_t, a &b)
LOOP(or, int64_t, a | b)
LOOP(xor, int64_t, a ^ b)

#define BITWISE(name, OP)                                                                                              \
  static void name##_bytes(const void *va, const void *vb, void *vy, size_t n, const arith *p) {                       \
    const uint8_t *a = va, *b = vb;                                                                                    \
    uint8_t *y = vy;                                                                                                   \
    (void)p;                                                                                                           \
    KERN_ELEMENTWISE                                                                                                   \
    for (size_t i = 0; i < n; i++) y[i] = (uint8_t)(a[i] OP b[i]);                                                     \
  }
BITWISE(and, &)
BITWISE(or, |)
BITWISE(xor, ^)
LOOP(shl, int64_t, shift_left(a, b, bits))
LOOP(shr, int64_t, shift_right(a, b, bits, u))
LOOP(eq, uint8_t, a == b)
LOOP(ne, uint8_t, a != b)
LOOP(lt, uint8_t, BEFORE(a, b))
LOOP(le, uint8_t, !BEFORE(b, a))

/* ---- complex64 ---- */

static void complex_add(const void *va, const void *vb, void *vy, size_t n, const arith *p) {
  add_realf(va, vb, vy, 2 * n, p);
}
static void complex_sub(const void *va, const void *vb, void *vy, size_t n, const arith *p) {
  sub_realf(va, vb, vy, 2 * n, p);
}

static void complex_mul(const void *va, const void *vb, void *vy, size_t n, const arith *p) {
  const float *a = va, *b = vb;
  float *y = vy;
  (void)p;
  for (size_t i = 0; i < 2 * n; i += 2) {
    const float re = a[i] * b[i] - a[i + 1] * b[i + 1], im = a[i] * b[i + 1] + a[i + 1] * b[i];
    y[i] = re, y[i + 1] = im;
  }
}

/* ---- operations ---- */

#define NUMBERS(name) .f32 = name##_realf, .f64 = name##_real, .integers = name##_int

const arith_op arith_add = {NUMBERS(add), .c64 = complex_add};
const arith_op arith_sub = {NUMBERS(sub), .c64 = complex_sub};
const arith_op arith_mul = {NUMBERS(mul), .c64 = complex_mul};
const arith_op arith_div = {NUMBERS(div)};
const arith_op arith_max = {NUMBERS(max)};
const arith_op arith_min = {NUMBERS(min)};
const arith_op arith_squared_difference = {NUMBERS(squared_difference)};
const arith_op arith_pow = {NUMBERS(pow)};
const arith_op arith_floor_div = {NUMBERS(floor_div)};
const arith_op arith_floor_mod = {NUMBERS(floor_mod)};
const arith_op arith_rem = {NUMBERS(rem)};
const arith_op arith_atan2 = {.f32 = atan2_realf, .f64 = atan2_real};
const arith_op arith_and = {.integers = and_int, .bytes = and_bytes};
const arith_op arith_or = {.integers = or_int, .bytes = or_bytes};
const arith_op arith_xor = {.integers = xor_int, .bytes = xor_bytes};
const arith_op arith_shl = {.integers = shl_int};
const arith_op arith_shr = {.integers = shr_int};
const arith_op arith_eq = {NUMBERS(eq), .compares = true};
const arith_op arith_ne = {NUMBERS(ne), .compares = true};
const arith_op arith_lt = {NUMBERS(lt), .compares = true};
const arith_op arith_le = {NUMBERS(le), .compares = true};

/* ---- blocks ---- */

static arith_loop *loop_of(num_class class, const arith_op *op) {
  switch (class) {
    case NUM_F32: return op->f32;
    case NUM_F64: return op->f64;
    case NUM_INT: return op->integers;
    case NUM_C64: return op->c64;
    default: return NULL;
  }
}

bool kern_arith_has(num_class class, const arith_op *op) { return loop_of(class, op) != NULL; }

/* Bounds of fused activations are small integers or absent, so double holds them for every class. */
static void clamp(num_class class, void *y, size_t n, const arith *p) {
  if (p->lo > p->hi) return;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) {
    if (class == NUM_F32) {
      float *v = (float *)y + i;
      *v = *v < (float)p->lo ? (float)p->lo : *v > (float)p->hi ? (float)p->hi : *v;
    } else if (class == NUM_F64) {
      double *v = (double *)y + i;
      *v = *v < p->lo ? p->lo : *v > p->hi ? p->hi : *v;
    } else {
      int64_t *v = (int64_t *)y + i;
      *v = (double)*v < p->lo ? (int64_t)p->lo : (double)*v > p->hi ? (int64_t)p->hi : *v;
    }
  }
}

void kern_arith_run(const void *a, const void *b, void *y, size_t n, const void *params) {
  int64_t block[3][NUM_BLOCK];
  const arith *const p = params;
  const num_class class = num_class_of(p->type);
  arith_loop *const f = loop_of(class, p->op);
  const size_t bits = (size_t)mote_type_bits(p->type);
  if (p->op->bytes && bits % 8 == 0) {
    p->op->bytes(a, b, y, n * (bits / 8), p);
    return;
  }
  for (size_t i = 0, m; i < n; i += m) {
    m = n - i < NUM_BLOCK ? n - i : NUM_BLOCK;
    const void *const u = num_read(p->type, a, i, m, block[0]);
    const void *const v = num_read(p->type, b, i, m, block[1]);
    if (p->op->compares) {
      f(u, v, (uint8_t *)y + i, m, p);
      continue;
    }
    void *const to = num_place(p->type, y, i, block[2]);
    f(u, v, to, m, p);
    clamp(class, to, m, p);
    num_write(p->type, y, i, m, to);
  }
}

/* ---- looking ---- */

size_t kern_first_zero_f32(const float *x, size_t n) {
  int any = 0;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) any |= x[i] == 0;
  size_t at = any ? 0 : n;
  while (at < n && x[at] != 0) at++;
  return at;
}

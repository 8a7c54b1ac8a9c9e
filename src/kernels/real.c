/* real.c: see real.h. */
#include "kernels/real.h"

#include <math.h>

#include "kernels/unroll.h"

typedef void (*real_loop)(const void *x, void *y, size_t n);

#define REAL float
#define M(name) name##f
#define LOOPS float_loops
#include "kernels/body/real.inc.h"

#define REAL double
#define M(name) name
#define LOOPS double_loops
#include "kernels/body/real.inc.h"

#define LOOP(name, EXPR)                                                                                               \
  static void name##_int(const void *vx, void *vy, size_t n) {                                                         \
    const int64_t *values = vx;                                                                                        \
    int64_t *y = vy;                                                                                                   \
    KERN_ELEMENTWISE                                                                                                   \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const int64_t x = values[i];                                                                                     \
      y[i] = (int64_t)(EXPR);                                                                                          \
    }                                                                                                                  \
  }

LOOP(abs, x < 0 ? 0 - (uint64_t)x : (uint64_t)x)
LOOP(neg, 0 - (uint64_t)x)
LOOP(sign, (x > 0) - (x < 0))
LOOP(square, (uint64_t)x *(uint64_t)x)
LOOP(not, !x)

static const real_loop int_loops[REAL_OPS] = {
    [REAL_ABS] = abs_int,       [REAL_NEG] = neg_int, [REAL_SIGN] = sign_int,
    [REAL_SQUARE] = square_int, [REAL_NOT] = not_int,
};

void kern_real_run(const void *x, void *y, size_t n, const void *params) {
  double block[2][NUM_BLOCK];
  const real_map *const p = params;
  const num_class class = num_class_of(p->type);
  const real_loop f = (class == NUM_F32 ? float_loops : class == NUM_F64 ? double_loops : int_loops)[p->op];
  for (size_t i = 0, m; i < n; i += m) {
    m = n - i < NUM_BLOCK ? n - i : NUM_BLOCK;
    const void *const from = num_read(p->type, x, i, m, block[0]);
    void *const to = num_place(p->type, y, i, block[1]);
    f(from, to, m);
    num_write(p->type, y, i, m, to);
  }
}

float kern_real_f32(real_op op, float x) {
  float y;
  float_loops[op](&x, &y, 1);
  return y;
}

void kern_lut_16(const void *vx, void *vy, size_t n, const void *params) {
  const int16_t *x = vx, *lut = params;
  int16_t *y = vy;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) {
    const int at = 256 + (x[i] >> 7), offset = x[i] & 127;
    y[i] = (int16_t)(lut[at] + (((lut[at + 1] - lut[at]) * offset + 64) >> 7));
  }
}

void kern_tanh_16(const void *vx, void *vy, size_t n, const void *params) {
  const map_logistic16 p = *(const map_logistic16 *)params;
  const uint32_t round = p.shift > 0 ? UINT32_C(1) << (p.shift - 1) : 0;
  const int16_t *x = vx;
  int16_t *y = vy;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) {
    const int32_t v = (int32_t)((uint32_t)x[i] * (uint32_t)p.multiplier + round) >> p.shift;
    const uint32_t u = v < 0 ? 0 - (uint32_t)v : (uint32_t)v, step = u >> 8;
    int32_t r = 0xffff << 8;
    if (step < 255) {
      const int32_t at = kern_sigmoid_table[step], next = kern_sigmoid_table[step + 1];
      r = (at << 8) + (int32_t)(u & 255) * (next - at);
    }
    r = v >= 0 ? r - (1 << 23) + (1 << 7) : -r + (1 << 23) + (1 << 7) - 1;
    y[i] = (int16_t)(r >> 8);
  }
}

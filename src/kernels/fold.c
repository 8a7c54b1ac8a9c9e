/* fold.c: see fold.h. */
#include "kernels/fold.h"

#include "kernels/unroll.h"

/* A row has four accumulators where the order does not matter: a chain of one waits for itself at every element. */
#define LANES 4

#define FOLD(name, T, ACC, EXPR)                                                                                       \
  void fold_##name(void *acc, const void *vx, const reduce_shape *shape) {                                             \
    const reduce_shape s = *shape;                                                                                     \
    const T *x = vx;                                                                                                   \
    ACC *y = acc;                                                                                                      \
    if (s.row_step == 1) {                                                                                             \
      for (size_t i = 0; i < s.n; i++, x += s.step) {                                                                  \
        KERN_ELEMENTWISE                                                                                               \
        for (size_t r = 0; r < s.rows; r++) {                                                                          \
          const ACC a = y[r];                                                                                          \
          const T b = x[r];                                                                                            \
          y[r] = (ACC)(EXPR);                                                                                          \
        }                                                                                                              \
      }                                                                                                                \
      return;                                                                                                          \
    }                                                                                                                  \
    for (size_t r = 0; r < s.rows; r++, x += s.row_step) {                                                             \
      ACC a = y[r];                                                                                                    \
      for (size_t i = 0; i < s.n; i++) {                                                                               \
        const T b = x[i * s.step];                                                                                     \
        a = (ACC)(EXPR);                                                                                               \
      }                                                                                                                \
      y[r] = a;                                                                                                        \
    }                                                                                                                  \
  }

#define PICK(name, T, EXPR)                                                                                            \
  static void fold_chain_##name(void *acc, const void *vx, const reduce_shape *shape);                                 \
  FOLD(chain_##name, T, T, EXPR)                                                                                       \
  void fold_##name(void *acc, const void *vx, const reduce_shape *shape) {                                             \
    reduce_shape s = *shape;                                                                                           \
    const T *x = vx;                                                                                                   \
    T *y = acc;                                                                                                        \
    if (s.row_step == 1 || s.n < 2 * LANES) {                                                                          \
      fold_chain_##name(acc, vx, shape);                                                                               \
      return;                                                                                                          \
    }                                                                                                                  \
    for (size_t r = 0; r < s.rows; r++, x += s.row_step) {                                                             \
      T lane[LANES];                                                                                                   \
      for (size_t k = 0; k < LANES; k++) lane[k] = y[r];                                                               \
      size_t i = 0;                                                                                                    \
      for (; i + LANES <= s.n; i += LANES) {                                                                           \
        KERN_UNROLL                                                                                                    \
        for (size_t k = 0; k < LANES; k++) {                                                                           \
          const T a = lane[k], b = x[(i + k) * s.step];                                                                \
          lane[k] = (T)(EXPR);                                                                                         \
        }                                                                                                              \
      }                                                                                                                \
      for (; i < s.n; i++) {                                                                                           \
        const T a = lane[0], b = x[i * s.step];                                                                        \
        lane[0] = (T)(EXPR);                                                                                           \
      }                                                                                                                \
      for (size_t k = 1; k < LANES; k++) {                                                                             \
        const T a = lane[0], b = lane[k];                                                                              \
        lane[0] = (T)(EXPR);                                                                                           \
      }                                                                                                                \
      y[r] = lane[0];                                                                                                  \
    }                                                                                                                  \
  }

PICK(max_f32, float, b > a ? b : a)
PICK(min_f32, float, b < a ? b : a)
FOLD(max_8, uint8_t, uint8_t, (b ^ s.flip) > a ? b ^ s.flip : a)
FOLD(min_8, uint8_t, uint8_t, (b ^ s.flip) < a ? b ^ s.flip : a)
FOLD(max_16, int16_t, int16_t, b > a ? b : a)
FOLD(min_16, int16_t, int16_t, b < a ? b : a)
FOLD(max_32, int32_t, int32_t, b > a ? b : a)
FOLD(min_32, int32_t, int32_t, b < a ? b : a)
FOLD(max_64, int64_t, int64_t, b > a ? b : a)
FOLD(min_64, int64_t, int64_t, b < a ? b : a)
FOLD(any, uint8_t, uint8_t, a | (b != 0))
FOLD(all, uint8_t, uint8_t, a &(b != 0))
FOLD(product_f32, float, float, a *b)
FOLD(product_32, int32_t, int64_t, (uint64_t)a *(uint64_t)(int64_t)b)
FOLD(product_64, int64_t, int64_t, (uint64_t)a *(uint64_t)b)
FOLD(product_q8, uint8_t, int64_t,
     a == FOLD_NOTHING ? (b ^ s.flip) - s.zero : fx_mbqm64(a * ((b ^ s.flip) - s.zero), s.mult))
FOLD(product_q16, int16_t, int64_t, a == FOLD_NOTHING ? b - s.zero : fx_mbqm64(a * (b - s.zero), s.mult))

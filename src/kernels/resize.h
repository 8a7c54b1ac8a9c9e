/* resize.h: one output row of a bilinear resize, in TensorFlow Lite's own order of operations.
 *
 * A tap says where an output position lies between two input positions. Where both are one, its weight may lie
 * outside [0, 1]; the sum is right all the same. Rows are [width, channels].
 */
#ifndef KERNELS_RESIZE_H
#define KERNELS_RESIZE_H

#include <stdint.h>

typedef struct resize_tap {
  int32_t lo, hi; /* input positions */
  float weight;   /* of hi; lo has 1 - weight */
  int32_t fixed;  /* the same times 1024, for int8 and int16 */
} resize_tap;

/* out = a*(1-y)*(1-x) + c*y*(1-x) + b*(1-y)*x + d*y*x, with a, b in row lo and c, d in row hi: products and sums in
 * float, from left to right. uint8 adds 0.5 and cuts. */
void resize_row_f32(float *out, const float *lo, const float *hi, const resize_tap *x, float y, int32_t width,
                    int32_t channels);
void resize_row_u8(uint8_t *out, const uint8_t *lo, const uint8_t *hi, const resize_tap *x, float y, int32_t width,
                   int32_t channels);
/* The same in integers with weights of 10 bits; the sum is rounded to nearest, ties away from zero. */
void resize_row_s8(int8_t *out, const int8_t *lo, const int8_t *hi, const resize_tap *x, int32_t y, int32_t width,
                   int32_t channels);
void resize_row_s16(int16_t *out, const int16_t *lo, const int16_t *hi, const resize_tap *x, int32_t y, int32_t width,
                    int32_t channels);

#endif

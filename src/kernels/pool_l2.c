/* pool_l2.c: pool.h's root of the mean of squares. */
#include <math.h>

#include "kernels/pool.h"

void kern_pool_l2_f32(const void *vx, const pool_window *w, void *vy, const pool_bounds *bounds) {
  const float *x = vx, count = (float)(w->rows * w->cols);
  float *y = vy;
  for (size_t c = 0; c < w->channels; c++) y[c] = 0;
  for (size_t r = 0; r < w->rows; r++, x += w->row_step)
    for (size_t i = 0; i < w->cols; i++) {
      const float *pixel = x + i * w->channels;
      for (size_t c = 0; c < w->channels; c++) y[c] += pixel[c] * pixel[c];
    }
  for (size_t c = 0; c < w->channels; c++) {
    const float root = sqrtf(y[c] / count);
    y[c] = root < bounds->f_lo ? bounds->f_lo : root > bounds->f_hi ? bounds->f_hi : root;
  }
}

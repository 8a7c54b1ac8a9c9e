/* requant.h: int32 accumulators to int8 or uint8, by either rule of TFLite's reference kernels.
 *
 *   fixed: out = clamp(fx_mbqm(acc, mult[j]) + zero_point)                     convolutions: double rounding
 *   real:  out = clamp(fx_round((double)acc * scale[j]) + zero_point)          FULLY_CONNECTED: half away from zero
 *
 * lo and hi lie within int8 or within uint8: that alone decides what the bytes mean.
 */
#ifndef KERNELS_REQUANT_H
#define KERNELS_REQUANT_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/fixed.h"

typedef struct requant_job {
  size_t m, n;
  const int32_t *acc; /* element (i, j) at acc + i * acc_stride + j */
  size_t acc_stride;
  const fx_mult *mult; /* fixed: one a column; m >= 0, -31 <= shift <= 31 */
  const double *scale; /* real: one a column */
  int32_t zero_point, lo, hi;
  void *out; /* element (i, j) at byte i * out_stride + j */
  size_t out_stride;
} requant_job;

typedef struct requant {
  void (*fixed)(const requant_job *job);
  void (*real)(const requant_job *job);
} requant;

const requant *kern_requant(cpu_level level);

#endif

/* fixed.c: the parts of fixed.h that are no one-liners. */
#include "base/fixed.h"

fx_mult fx_quantize_multiplier(double real) {
  if (real == 0 || !isfinite(real)) return (fx_mult){0, 0};
  int shift;
  const double fraction = frexp(real, &shift); /* 0.5 <= |fraction| < 1 */
  int64_t m = (int64_t)round(fraction * 2147483648.0);
  if (m == INT64_C(1) << 31) m /= 2, shift++;
  if (shift < -31) return (fx_mult){0, 0};
  /* A shift over 30 can only come from a file at fault; keep the arithmetic defined. */
  if (shift > 30) return (fx_mult){INT32_MAX, 30};
  return (fx_mult){(int32_t)m, shift};
}

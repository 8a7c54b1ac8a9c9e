/* resize_row.inc.h: one row for one type: NAME, TYPE, WEIGHT, WEIGHT_OF(tap), ONE and PIXEL(a, b, c, d), which sees the
 * weights y0, y1, x0, x1. */
void KERN_FN(NAME)(void *out, const void *lo, const void *hi, const resize_tap *y, const resize_tap *x, int32_t width,
                   int32_t channels) {
  const WEIGHT y1 = WEIGHT_OF(*y), y0 = ONE - y1;
  TYPE *to = out;
  for (int32_t i = 0; i < width; i++, to += channels) {
    const size_t left = (size_t)x[i].lo * (size_t)channels, right = (size_t)x[i].hi * (size_t)channels;
    const TYPE *const a = (const TYPE *)lo + left, *const b = (const TYPE *)lo + right;
    const TYPE *const c = (const TYPE *)hi + left, *const d = (const TYPE *)hi + right;
    const WEIGHT x1 = WEIGHT_OF(x[i]), x0 = ONE - x1;
    KERN_ELEMENTWISE
    for (int32_t k = 0; k < channels; k++) to[k] = PIXEL(a[k], b[k], c[k], d[k]);
  }
}
#undef NAME
#undef TYPE
#undef WEIGHT
#undef WEIGHT_OF
#undef ONE
#undef PIXEL

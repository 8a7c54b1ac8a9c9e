/* reduce_int.inc.h: one integer entry of reduce.h. Define NAME, IN, ACC (unsigned, so that sums wrap) and VALUE(x); all
 * are undefined at the end. */
static void NAME(void *acc, const void *vx, size_t rows, size_t n, int32_t flip) {
  const IN *x = vx;
  ACC *sum = acc;
  (void)flip;
  if (n == 1) {
    KERN_ELEMENTWISE
    for (size_t r = 0; r < rows; r++) sum[r] += VALUE(x[r]);
    return;
  }
  for (size_t r = 0; r < rows; r++) {
    ACC s = 0;
    for (size_t i = 0; i < n; i++) s += VALUE(x[r * n + i]);
    sum[r] += s;
  }
}
#undef NAME
#undef IN
#undef ACC
#undef VALUE

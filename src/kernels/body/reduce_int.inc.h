/* reduce_int.inc.h: one integer entry of reduce.h. Define NAME, IN, ACC (unsigned, so that sums wrap) and VALUE(x); all
 * are undefined at the end. */
void KERN_FN(NAME)(void *acc, const void *vx, const reduce_shape *shape) {
  const reduce_shape s = *shape;
  const int32_t flip = s.flip;
  const IN *x = vx;
  ACC *sum = acc;
  (void)flip;
  if (s.row_step == 1)
    for (size_t i = 0; i < s.n; i++, x += s.step) {
      KERN_ELEMENTWISE
      for (size_t r = 0; r < s.rows; r++) sum[r] += VALUE(x[r]);
    }
  else
    for (size_t r = 0; r < s.rows; r++, x += s.row_step) {
      ACC total = 0;
      for (size_t i = 0; i < s.n; i++) total += VALUE(x[i]);
      sum[r] += total;
    }
}
#undef NAME
#undef IN
#undef ACC
#undef VALUE

/* pool_loop.inc.h: one entry of pool.h. Define NAME, TYPE (of an element), ACC (of what is gathered), FIRST, STEP(acc,
 * x) and LAST(acc); they may use the bounds b and the number of taps `count`. All are undefined at the end.
 *
 * Channels go in groups that fill registers; those that are left over go one by one. */
void KERN_FN(NAME)(const void *vx, const pool_window *window, void *vy, const pool_bounds *bounds) {
  const pool_window w = *window;
  const pool_bounds b = *bounds;
  const size_t count = w.rows * w.cols;
  const TYPE *x = vx;
  TYPE *y = vy;
  size_t c = 0;
  for (; c + POOL_LANES <= w.channels; c += POOL_LANES) {
    ACC acc[POOL_LANES];
    for (int j = 0; j < POOL_LANES; j++) acc[j] = FIRST;
    for (size_t r = 0; r < w.rows; r++)
      for (size_t p = 0; p < w.cols; p++) {
        const TYPE *tap = x + r * w.row_step + p * w.channels + c;
        for (int j = 0; j < POOL_LANES; j++) acc[j] = STEP(acc[j], tap[j]);
      }
    for (int j = 0; j < POOL_LANES; j++) y[c + (size_t)j] = (TYPE)LAST(acc[j]);
  }
  for (; c < w.channels; c++) {
    ACC acc = FIRST;
    for (size_t r = 0; r < w.rows; r++)
      for (size_t p = 0; p < w.cols; p++) acc = STEP(acc, x[r * w.row_step + p * w.channels + c]);
    y[c] = (TYPE)LAST(acc);
  }
  (void)count;
}
#undef NAME
#undef TYPE
#undef ACC
#undef FIRST
#undef STEP
#undef LAST

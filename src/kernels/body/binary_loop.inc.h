/* binary_loop.inc.h: one entry of a family of two operands. Define NAME, IN, OUT, EXPR(a, b) and, where EXPR uses
 * parameters, PARAMS: their type; p is their value. All are undefined at the end. */
void KERN_FN(NAME)(const void *va, const void *vb, void *vy, size_t n, const void *params) {
#ifdef PARAMS
  const PARAMS p = *(const PARAMS *)params;
#else
  (void)params;
#endif
  const IN *a = va, *b = vb;
  OUT *y = vy;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = (OUT)(EXPR(a[i], b[i]));
}
#undef NAME
#undef IN
#undef OUT
#undef PARAMS
#undef EXPR

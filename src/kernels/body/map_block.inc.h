/* map_block.inc.h: one entry of map.h that works through blocks of int32. Define NAME, IN, OUT, PARAMS (a type with
 * y_zero, lo and hi; p is its value), WIDEN(x, wide, m), APPLY(wide, m) and NARROW (of quant.h). All are undefined
 * at the end. */
void KERN_FN(NAME)(const void *vx, void *vy, size_t n, const void *params) {
  const PARAMS p = *(const PARAMS *)params;
  const IN *x = vx;
  OUT *y = vy;
  int32_t wide[QUANT_BLOCK];
  for (size_t i = 0, m; i < n; i += m) {
    m = n - i < QUANT_BLOCK ? n - i : QUANT_BLOCK;
    WIDEN(x + i, wide, m);
    APPLY(wide, m);
    NARROW(wide, y + i, m, p.y_zero, p.lo, p.hi);
  }
}
#undef NAME
#undef IN
#undef OUT
#undef PARAMS
#undef WIDEN
#undef APPLY
#undef NARROW

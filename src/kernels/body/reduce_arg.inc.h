/* reduce_arg.inc.h: one entry of reduce.h that finds the largest. Define NAME, IN, LEAST (no element is smaller)
 * and VALUE(x); all are undefined at the end.
 *
 * A long row is searched in two steps: the largest of each block, which is vector work, then the first that equals the
 * best of them. Columns are passed over side by side. A comparison with NaN is false, so NaN never wins. */

/* Nothing is larger than LEAST: of LEAST and NaN alone, the first LEAST. */
static int32_t KERN_JOIN(NAME, least)(const IN *x, size_t n, size_t step, int32_t flip) {
  (void)flip;
  for (size_t i = 0; i < n; i++)
    if (VALUE(x[i * step]) == LEAST) return (int32_t)i;
  return 0;
}

static inline int32_t KERN_JOIN(NAME, scan)(const IN *x, size_t n, size_t step, int32_t flip) {
  IN best = LEAST;
  int32_t at = 0;
  (void)flip;
  for (size_t i = 0; i < n; i++) {
    const IN v = VALUE(x[i * step]);
    at = v > best ? (int32_t)i : at;
    best = v > best ? v : best;
  }
  return best == LEAST ? KERN_JOIN(NAME, least)(x, n, step, flip) : at;
}

static int32_t KERN_JOIN(NAME, row)(const IN *x, size_t n, int32_t flip) {
  IN best = LEAST;
  size_t from = 0, i = 0;
  (void)flip;
  for (; i < n; i += REDUCE_BLOCK) {
    const size_t m = n - i < REDUCE_BLOCK ? n - i : REDUCE_BLOCK;
    IN lane[REDUCE_LANES], most = LEAST;
    for (int j = 0; j < REDUCE_LANES; j++) lane[j] = LEAST;
    size_t k = 0;
    for (; k + REDUCE_LANES <= m; k += REDUCE_LANES)
      for (int j = 0; j < REDUCE_LANES; j++) {
        const IN v = VALUE(x[i + k + (size_t)j]);
        lane[j] = v > lane[j] ? v : lane[j];
      }
    for (; k < m; k++) most = VALUE(x[i + k]) > most ? VALUE(x[i + k]) : most;
    for (int j = 0; j < REDUCE_LANES; j++) most = lane[j] > most ? lane[j] : most;
    if (most > best) best = most, from = i;
  }
  for (i = from; i < n; i++)
    if (VALUE(x[i]) == best) return (int32_t)i;
  return 0; /* nothing but NaN */
}

static void KERN_JOIN(NAME, columns)(int32_t *at, const IN *x, const reduce_shape *s, size_t columns) {
  IN best[REDUCE_BLOCK];
  const int32_t flip = s->flip;
  (void)flip;
  for (size_t c = 0; c < columns; c++) best[c] = LEAST, at[c] = 0;
  for (size_t i = 0; i < s->n; i++) {
    const IN *row = x + i * s->step;
    KERN_ELEMENTWISE
    for (size_t c = 0; c < columns; c++) {
      const IN v = VALUE(row[c]), old = best[c];
      best[c] = v > old ? v : old;
      at[c] = v > old ? (int32_t)i : at[c];
    }
  }
  for (size_t c = 0; c < columns; c++)
    if (best[c] == LEAST) at[c] = KERN_JOIN(NAME, least)(x + c, s->n, s->step, flip);
}

void KERN_FN(NAME)(int32_t *at, const void *vx, const reduce_shape *shape) {
  const reduce_shape s = *shape;
  const IN *x = vx;
  if (s.row_step == 1 ? s.rows < REDUCE_LANES : s.n < 2 * REDUCE_LANES) {
    for (size_t r = 0; r < s.rows; r++) at[r] = KERN_JOIN(NAME, scan)(x + r * s.row_step, s.n, s.step, s.flip);
    return;
  }
  if (s.row_step != 1) {
    for (size_t r = 0; r < s.rows; r++) at[r] = KERN_JOIN(NAME, row)(x + r * s.row_step, s.n, s.flip);
    return;
  }
  for (size_t r = 0, m; r < s.rows; r += m) {
    m = s.rows - r < REDUCE_BLOCK ? s.rows - r : REDUCE_BLOCK;
    KERN_JOIN(NAME, columns)(at + r, x + r, &s, m);
  }
}
#undef NAME
#undef IN
#undef LEAST
#undef VALUE

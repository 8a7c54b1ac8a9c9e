/* expand.inc.h: expand.h for one size of element. Define NAME and TYPE; both are undefined at the end. */
static void NAME(TYPE *to, const TYPE *from, size_t rows, size_t row_step, size_t n, bool repeat) {
  if (repeat)
    for (size_t r = 0; r < rows; r++, to += n, from += row_step) {
      const TYPE v = *from;
      for (size_t i = 0; i < n; i++) to[i] = v;
    }
  else
    for (size_t r = 0; r < rows; r++, to += n, from += row_step)
      for (size_t i = 0; i < n; i++) to[i] = from[i];
}
#undef NAME
#undef TYPE

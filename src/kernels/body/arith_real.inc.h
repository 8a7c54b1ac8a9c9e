/* arith_real.inc.h: the loops of arith.h for one type of real numbers. Define REAL and M(name), the name of a function
 * of math.h for it; both are undefined at the end. */
#define LOOP(name, OUT, EXPR)                                                                                          \
  static void M(name##_real)(const void *va, const void *vb, void *vy, size_t n, const arith *p) {                     \
    const REAL *x = va, *z = vb;                                                                                       \
    OUT *y = vy;                                                                                                       \
    (void)p;                                                                                                           \
    KERN_ELEMENTWISE                                                                                                   \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const REAL a = x[i], b = z[i];                                                                                   \
      y[i] = EXPR;                                                                                                     \
    }                                                                                                                  \
  }

/* The rest of a division that rounds down: with the sign of b. */
static inline REAL M(floor_mod_of)(REAL a, REAL b) {
  const REAL rest = M(fmod)(a, b);
  return rest != 0 && (b < 0) != (rest < 0) ? rest + b : rest;
}

LOOP(add, REAL, a + b)
LOOP(sub, REAL, a - b)
LOOP(mul, REAL, a *b)
LOOP(div, REAL, a / b)
LOOP(max, REAL, a > b ? a : b)
LOOP(min, REAL, a < b ? a : b)
LOOP(squared_difference, REAL, (a - b) * (a - b))
LOOP(pow, REAL, M(pow)(a, b))
LOOP(floor_div, REAL, (REAL)floor((double)a / (double)b)) /* in double, as the reference */
LOOP(floor_mod, REAL, M(floor_mod_of)(a, b))
LOOP(rem, REAL, M(fmod)(a, b))
LOOP(atan2, REAL, M(atan2)(a, b))
LOOP(eq, uint8_t, a == b)
LOOP(ne, uint8_t, a != b)
LOOP(lt, uint8_t, a < b)
LOOP(le, uint8_t, a <= b)
#undef LOOP
#undef REAL
#undef M

/* arith_real.inc.h: the loops of arith.h for one type of real numbers. Define REAL, M(name), the name of a function of
 * math.h for it, and LOOPS, the name of the table; all are undefined at the end. */
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

static const loop_fn LOOPS[ARITH_OPS] = {
    [ARITH_ADD] = M(add_real),
    [ARITH_SUB] = M(sub_real),
    [ARITH_MUL] = M(mul_real),
    [ARITH_DIV] = M(div_real),
    [ARITH_MAX] = M(max_real),
    [ARITH_MIN] = M(min_real),
    [ARITH_SQUARED_DIFFERENCE] = M(squared_difference_real),
    [ARITH_POW] = M(pow_real),
    [ARITH_FLOOR_DIV] = M(floor_div_real),
    [ARITH_FLOOR_MOD] = M(floor_mod_real),
    [ARITH_REM] = M(rem_real),
    [ARITH_ATAN2] = M(atan2_real),
    [ARITH_EQ] = M(eq_real),
    [ARITH_NE] = M(ne_real),
    [ARITH_LT] = M(lt_real),
    [ARITH_LE] = M(le_real),
};
#undef LOOP
#undef REAL
#undef M
#undef LOOPS

/* real.inc.h: the loops of real.h for one type of real numbers. Define REAL, M(name), the name of a function of math.h
 * for it, and LOOPS, the name of the table; all are undefined at the end. */
#define LOOP(name, EXPR)                                                                                               \
  static void M(map_##name)(const void *vx, void *vy, size_t n) {                                                      \
    const REAL *values = vx;                                                                                           \
    REAL *y = vy;                                                                                                      \
    KERN_ELEMENTWISE                                                                                                   \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const REAL x = values[i];                                                                                        \
      y[i] = EXPR;                                                                                                     \
    }                                                                                                                  \
  }

LOOP(abs, M(fabs)(x))
LOOP(neg, -x)
LOOP(sign, x > 0 ? 1 : x < 0 ? -1 : x)
LOOP(square, x *x)
LOOP(floor, M(floor)(x))
LOOP(ceil, M(ceil)(x))
LOOP(round, M(rint)(x))
LOOP(sqrt, M(sqrt)(x))
LOOP(rsqrt, 1 / M(sqrt)(x))
LOOP(cbrt, M(cbrt)(x))
LOOP(exp, M(exp)(x))
LOOP(log, M(log)(x))
LOOP(sin, M(sin)(x))
LOOP(cos, M(cos)(x))
LOOP(tanh, M(tanh)(x))
LOOP(logistic, 1 / (1 + M(exp)(-x)))
LOOP(elu, x < 0 ? M(expm1)(x) : x)
LOOP(gelu, (REAL)0.5 * x * M(erfc)(x * (REAL)-0.70710678118654752440))
LOOP(gelu_tanh, (REAL)0.5 * x * (1 + M(tanh)((REAL)0.79788456080286535588 * (x + (REAL)0.044715 * x * x * x))))
LOOP(hard_swish, x *(x > 3 ? 6 : x > -3 ? x + 3 : x == x ? 0 : x) / 6)

static const real_loop LOOPS[REAL_OPS] = {
    [REAL_ABS] = M(map_abs),
    [REAL_NEG] = M(map_neg),
    [REAL_SIGN] = M(map_sign),
    [REAL_SQUARE] = M(map_square),
    [REAL_FLOOR] = M(map_floor),
    [REAL_CEIL] = M(map_ceil),
    [REAL_ROUND] = M(map_round),
    [REAL_SQRT] = M(map_sqrt),
    [REAL_RSQRT] = M(map_rsqrt),
    [REAL_CBRT] = M(map_cbrt),
    [REAL_EXP] = M(map_exp),
    [REAL_LOG] = M(map_log),
    [REAL_SIN] = M(map_sin),
    [REAL_COS] = M(map_cos),
    [REAL_TANH] = M(map_tanh),
    [REAL_LOGISTIC] = M(map_logistic),
    [REAL_ELU] = M(map_elu),
    [REAL_GELU] = M(map_gelu),
    [REAL_GELU_TANH] = M(map_gelu_tanh),
    [REAL_HARD_SWISH] = M(map_hard_swish),
};
#undef LOOP
#undef REAL
#undef M
#undef LOOPS

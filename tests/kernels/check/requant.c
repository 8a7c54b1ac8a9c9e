/* requant.c: accumulators to 8 bits, a level against scalar. */
#include <math.h>

#include "check.h"
#include "kernels/requant.h"

/* Accumulators of all magnitudes, and the extremes. */
static int32_t some_acc(check *c) {
  static const int32_t edges[] = {INT32_MIN, INT32_MIN + 1, INT32_MAX, INT32_MAX - 1, 0, 1, -1};
  if (check_int(c, 0, 7) == 0) return edges[check_int(c, 0, 6)];
  return (int32_t)(uint32_t)check_random(c) >> check_int(c, 0, 31);
}

/* Most layers have short right shifts only, which levels may treat apart. */
static fx_mult some_mult(check *c, bool is_short) {
  if (check_int(c, 0, 20) == 0 && !is_short) return (fx_mult){0, 0};
  const int32_t m = check_coin(c) ? (int32_t)check_int(c, INT32_C(1) << 30, INT32_MAX) : INT32_C(1) << 30;
  if (is_short) return (fx_mult){check_int(c, 0, 20) ? m : INT32_MAX, (int32_t)check_int(c, -20, -1)};
  return (fx_mult){m, (int32_t)(check_coin(c) ? check_int(c, -31, 31) : check_int(c, -12, 2))};
}

/* A scale, often one that puts the product at a tie or just below it. */
static double some_scale(check *c, int32_t acc) {
  if (check_coin(c) || acc == 0) return ldexp((double)check_float(c), (int)check_int(c, -12, 4));
  const double tie = (double)check_int(c, 0, 5) + 0.5;
  return (check_coin(c) ? tie : nextafter(tie, 0)) / fabs((double)acc);
}

static void *result(check *c, const requant *g, requant_job job, const void *blank, size_t bytes, bool real) {
  job.out = check_copy(c, blank, bytes);
  (real ? g->real : g->fixed)(&job);
  return job.out;
}

void check_requant(check *c) {
  const requant *scalar = kern_requant(CPU_SCALAR), *level = kern_requant(c->level);
  for (int r = 0; r < c->rounds; r++, check_free(c)) {
    const size_t m = (size_t)check_int(c, 0, 6), n = check_size(c, 16, 70);
    requant_job job = {
        .m = m, .n = n, .acc_stride = n + (size_t)check_int(c, 0, 3), .out_stride = n + (size_t)check_int(c, 0, 3)};
    int32_t *acc = check_memory(c, m ? ((m - 1) * job.acc_stride + n) * sizeof *acc : 0);
    for (size_t i = 0; m && i < (m - 1) * job.acc_stride + n; i++) acc[i] = some_acc(c);
    fx_mult *mult = check_memory(c, n * sizeof *mult);
    double *scale = check_memory(c, n * sizeof *scale);
    const bool is_short = check_coin(c);
    for (size_t j = 0; j < n; j++) {
      mult[j] = some_mult(c, is_short);
      scale[j] = some_scale(c, m ? acc[j] : 0);
    }
    const bool is_signed = check_coin(c);
    const int32_t low = is_signed ? -128 : 0, high = is_signed ? 127 : 255;
    job.zero_point = (int32_t)check_int(c, low, high);
    job.lo = check_coin(c) ? low : (int32_t)check_int(c, low, high);
    job.hi = check_coin(c) ? high : (int32_t)check_int(c, job.lo, high);
    job.acc = acc;
    job.mult = mult;
    job.scale = scale;
    check_case(c, "m %zu, n %zu, zero point %d, bounds %d to %d", m, n, job.zero_point, job.lo, job.hi);
    const size_t bytes = m ? (m - 1) * job.out_stride + n : 0;
    const void *blank = check_memory(c, bytes);
    check_equal(c, "fixed", result(c, scalar, job, blank, bytes, false), result(c, level, job, blank, bytes, false),
                bytes);
    check_equal(c, "real", result(c, scalar, job, blank, bytes, true), result(c, level, job, blank, bytes, true),
                bytes);
  }
}

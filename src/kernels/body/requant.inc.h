/* requant.inc.h: accumulators to 8 bits with vectors; the body that each instruction set's requant.c includes.
 *
 * The including file says above the include:
 *   LANES                     int32 of a vector
 *   vec                       a vector of int32, with load_part, clamp (to [lo, hi], then + zero_point) and store_bytes
 *   mults, mults_load, mbqm   fixed_vec.h of its folder
 *   scales, scales_load, scale_round   the other rule: the same three
 *   TABLE                     the name of the function table
 *
 * A column of vectors is gone through row by row, so that multipliers are taken apart once.
 */
#include "kernels/tables.h"
#include "kernels/unroll.h"

/* Elements (i, j) to (m, j + count). Bounds less the zero point are used before it is added: nothing can overflow. */
#define COLUMN(rule, type, take, source, apply)                                                                        \
  KERN_INLINE void rule##_column(const requant_job *job, size_t j, size_t count) {                                     \
    const type q = take(job->source + j, count);                                                                       \
    const int32_t lo = job->lo - job->zero_point, hi = job->hi - job->zero_point;                                      \
    for (size_t i = 0; i < job->m; i++) {                                                                              \
      const vec x = apply(load_part(job->acc + i * job->acc_stride + j, count), &q);                                   \
      store_bytes((uint8_t *)job->out + i * job->out_stride + j, clamp(x, lo, hi, job->zero_point), count);            \
    }                                                                                                                  \
  }                                                                                                                    \
  static void rule(const requant_job *job) {                                                                           \
    size_t j = 0;                                                                                                      \
    for (; job->n - j >= LANES; j += LANES) rule##_column(job, j, LANES);                                              \
    if (j < job->n) rule##_column(job, j, job->n - j);                                                                 \
  }

COLUMN(fixed, mults, mults_load, mult, mbqm)
COLUMN(real, scales, scales_load, scale, scale_round)
#undef COLUMN

const requant TABLE = {.fixed = fixed, .real = real};

/* requant.inc.h: accumulators to 8 bits with vectors; the body that each instruction set's requant.c includes.
 *
 * The including file says above the include:
 *   LANES                     int32 of a vector
 *   vec                       a vector of int32, and load_part
 *   bounds, bounds_of, store_clamped   adds the zero point, clamps and stores bytes
 *   mults, mults_load, mbqm   fixed_vec.h of its folder
 *   scales, scales_load, scale_round   the other rule: the same three
 *   TABLE                     the name of the function table
 *
 * A column of vectors is gone through row by row, so that multipliers are taken apart once.
 */
#include "kernels/tables.h"
#include "kernels/unroll.h"

/* Elements (0, j) to (m, j + count). */
#define COLUMN(rule, type, take, source, apply)                                                                        \
  KERN_INLINE void rule##_column(const requant_job *job, size_t j, size_t count) {                                     \
    const type q = take(job->source + j, count);                                                                       \
    const bounds b = bounds_of(job);                                                                                   \
    for (size_t i = 0; i < job->m; i++)                                                                                \
      store_clamped((uint8_t *)job->out + i * job->out_stride + j,                                                     \
                    apply(load_part(job->acc + i * job->acc_stride + j, count), &q), &b, count);                       \
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

/* requant.inc.h: accumulators to 8 bits with vectors; the body that each instruction set's requant.c includes.
 *
 * The including file says above the include:
 *   LANES                     int32 of a vector
 *   vec                       a vector of int32, and load_part
 *   bounds, bounds_of, store_clamped   adds the zero point, clamps and stores bytes
 *   mults, mults_load, mbqm_short, mbqm_long   fixed_vec.h of its folder
 *   scales, scales_load, scale_round   the other rule: the same three
 *   TABLE                     the name of the function table
 *
 * A column of vectors is gone through row by row, so that multipliers are taken apart once.
 */
#include "kernels/tables.h"
#include "kernels/unroll.h"

/* Elements (0, j) to (m, j + count), by one rule with multipliers q. */
#define COLUMN(apply)                                                                                                  \
  do {                                                                                                                 \
    for (size_t i = 0; i < job->m; i++)                                                                                \
      store_clamped((uint8_t *)job->out + i * job->out_stride + j,                                                     \
                    apply(load_part(job->acc + i * job->acc_stride + j, count), &q), &b, count);                       \
  } while (0)

KERN_INLINE void fixed_column(const requant_job *job, size_t j, size_t count) {
  const mults q = mults_load(job->mult + j, count);
  const bounds b = bounds_of(job);
  if (q.is_short) COLUMN(mbqm_short);
  else COLUMN(mbqm_long);
}

KERN_INLINE void real_column(const requant_job *job, size_t j, size_t count) {
  const scales q = scales_load(job->scale + j, count);
  const bounds b = bounds_of(job);
  COLUMN(scale_round);
}

static void fixed(const requant_job *job) {
  size_t j = 0;
  for (; job->n - j >= LANES; j += LANES) fixed_column(job, j, LANES);
  if (j < job->n) fixed_column(job, j, job->n - j);
}

static void real(const requant_job *job) {
  size_t j = 0;
  for (; job->n - j >= LANES; j += LANES) real_column(job, j, LANES);
  if (j < job->n) real_column(job, j, job->n - j);
}

const requant TABLE = {.fixed = fixed, .real = real};

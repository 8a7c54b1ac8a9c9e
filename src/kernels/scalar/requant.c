/* requant.c: accumulators to 8 bits in plain C: what the levels with vectors are tested against. */
#include "kernels/requant.h"

#include "kernels/tables.h"

static void fixed(const requant_job *job) {
  for (size_t i = 0; i < job->m; i++) {
    const int32_t *acc = job->acc + i * job->acc_stride;
    uint8_t *out = (uint8_t *)job->out + i * job->out_stride;
    for (size_t j = 0; j < job->n; j++)
      out[j] = (uint8_t)fx_clamp((int64_t)fx_mbqm(acc[j], job->mult[j]) + job->zero_point, job->lo, job->hi);
  }
}

static void real(const requant_job *job) {
  for (size_t i = 0; i < job->m; i++) {
    const int32_t *acc = job->acc + i * job->acc_stride;
    uint8_t *out = (uint8_t *)job->out + i * job->out_stride;
    for (size_t j = 0; j < job->n; j++) {
      const int32_t y = fx_to_i32(fx_round((double)acc[j] * job->scale[j]));
      out[j] = (uint8_t)fx_clamp((int64_t)y + job->zero_point, job->lo, job->hi);
    }
  }
}

const requant requant_scalar = {.fixed = fixed, .real = real};

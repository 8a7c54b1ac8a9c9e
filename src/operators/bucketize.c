/* bucketize.c: BUCKETIZE: how many of the ascending boundaries are at or below each element. */
#include "kernels/number.h"
#include "operators/unary.h"

static mote_status check(op_ctx *c) {
  const sch_BucketizeOptions *o = c->options;
  for (int32_t i = 1; i < (int32_t)o->boundaries.count; i++)
    OP_REQUIRE(c, o->boundaries.data[i] >= o->boundaries.data[i - 1], MOTE_ERR_MODEL,
               "boundary %d is %g after %g; boundaries must ascend", (int)i, (double)o->boundaries.data[i],
               (double)o->boundaries.data[i - 1]);
  return MOTE_OK;
}

typedef struct bucketize {
  mote_type type;
  const float *boundaries;
  int32_t count;
} bucketize;

static int32_t bucket_of(const bucketize *p, double x) {
  int32_t first = 0, last = p->count;
  while (first < last) {
    const int32_t middle = first + (last - first) / 2;
    if (x < (double)p->boundaries[middle]) last = middle;
    else first = middle + 1;
  }
  return first;
}

static void find(const void *x, void *y, size_t n, const void *params) {
  const bucketize *p = params;
  double values[NUM_BLOCK];
  for (size_t i = 0, m; i < n; i += m) {
    m = n - i < NUM_BLOCK ? n - i : NUM_BLOCK;
    num_convert(p->type, (const char *)x + i * (size_t)mote_type_bits(p->type) / 8, MOTE_FLOAT64, values, 0, m);
    for (size_t k = 0; k < m; k++) ((int32_t *)y)[i + k] = bucket_of(p, values[k]);
  }
}

static mote_status run(op_ctx *c) {
  const sch_BucketizeOptions *o = c->options;
  const bucketize p = {c->in[0]->type, o->boundaries.data, (int32_t)o->boundaries.count};
  unary_run(c, find, &p);
  return MOTE_OK;
}

const mote_op op_bucketize = {
    .name = "BUCKETIZE",
    .code = sch_BuiltinOperator_BUCKETIZE,
    .versions = 1,
    .options = sch_BuiltinOptions_BucketizeOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32|f64|i32|i64 > i32",
    .check = check,
    .infer = unary_infer,
    .run = run,
    .notes = "Bucket i holds what is at or above boundary i - 1 and below boundary i.",
};

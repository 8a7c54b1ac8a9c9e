/* segment.c: rows folded into the segments that their ids name: SEGMENT_SUM, whose ids are sorted, and
 * UNSORTED_SEGMENT_SUM, _PROD, _MAX, _MIN, which pass over ids below 0.
 */
#include <float.h>
#include <string.h>

#include "kernels/arith.h"
#include "operators/op.h"

static bool is_sorted(const op_ctx *c) { return c->op->code == sch_BuiltinOperator_SEGMENT_SUM; }

/* How many segments there are, -1 while it is not known. */
static mote_status segments_of(op_ctx *c, int32_t *segments) {
  const op_tensor *ids = c->in[1];
  *segments = -1;
  if (!is_sorted(c)) {
    int64_t n;
    int32_t count;
    OP_REQUIRE(c, !op_shape_known(c->in[2]) || op_count(c->in[2]) == 1, MOTE_ERR_SHAPE,
               "the number of segments must be one number");
    if (!op_ints(c, 2, &n, &count)) return MOTE_OK;
    OP_REQUIRE(c, n >= 0 && n <= INT32_MAX, MOTE_ERR_SHAPE, "there cannot be %lld segments", (long long)n);
    *segments = (int32_t)n;
    return MOTE_OK;
  }
  if (!op_shape_known(ids)) return MOTE_OK;
  const size_t n = op_count(ids);
  if (n == 0) *segments = 0;
  else if (ids->data) {
    const int64_t last = op_int_at(ids, n - 1);
    OP_REQUIRE(c, last >= 0 && (uint64_t)last < n, MOTE_ERR_RUN,
               "the last of %zu ids is %lld, and ids begin with 0 and grow by 0 or 1", n, (long long)last);
    *segments = (int32_t)last + 1;
  }
  return MOTE_OK;
}

static mote_status check_ids(op_ctx *c, int32_t segments) {
  const op_tensor *ids = c->in[1];
  const size_t n = op_count(ids);
  const int32_t *id = ids->data;
  for (size_t i = 0; i < n; i++) {
    if (!is_sorted(c)) {
      OP_REQUIRE(c, id[i] < segments, MOTE_ERR_RUN, "id %zu is %d, and there are %d segments", i, (int)id[i],
                 (int)segments);
      continue;
    }
    const int64_t before = i ? id[i - 1] : 0;
    OP_REQUIRE(c, id[i] == before || (i && id[i] == before + 1), MOTE_ERR_RUN,
               "id %zu is %d, and ids must begin with 0 and grow by 0 or 1", i, (int)id[i]);
  }
  return MOTE_OK;
}

/* The output is [segments] and what remains of the data's shape behind the ids'. */
static mote_status infer(op_ctx *c) {
  const op_tensor *x = c->in[0], *ids = c->in[1];
  op_tensor *y = c->out[0];
  y->rank = -1;
  if (x->rank < 0 || ids->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, is_sorted(c) ? ids->rank == 1 && x->rank >= 1 : ids->rank <= x->rank, MOTE_ERR_SHAPE,
             "ids of %d dimensions do not name rows of data of %d", (int)ids->rank, (int)x->rank);
  for (int32_t i = 0; i < ids->rank; i++)
    OP_REQUIRE(c, ids->dims[i] < 0 || x->dims[i] < 0 || ids->dims[i] == x->dims[i], MOTE_ERR_SHAPE,
               "dimension %d is %d in the data and %d in the ids; they must be equal", (int)i, (int)x->dims[i],
               (int)ids->dims[i]);
  OP_REQUIRE(c, x->rank - ids->rank < OP_MAX_RANK, MOTE_ERR_SHAPE, "the result has more than %d dimensions",
             OP_MAX_RANK);
  int32_t dims[OP_MAX_RANK];
  MOTE_TRY(segments_of(c, &dims[0]));
  for (int32_t i = ids->rank; i < x->rank; i++) dims[1 + i - ids->rank] = x->dims[i];
  op_set_shape(y, 1 + x->rank - ids->rank, dims);
  return op_is_const(ids) && dims[0] >= 0 && !is_sorted(c) ? check_ids(c, dims[0]) : MOTE_OK;
}

typedef struct rule {
  int32_t code;
  const arith_op *op;
  float f32; /* of a segment without rows */
  int32_t i32;
} rule;

static const rule *rule_of(const op_ctx *c) {
  static const rule rules[] = {
      {sch_BuiltinOperator_SEGMENT_SUM, &arith_add, 0, 0},
      {sch_BuiltinOperator_UNSORTED_SEGMENT_SUM, &arith_add, 0, 0},
      {sch_BuiltinOperator_UNSORTED_SEGMENT_PROD, &arith_mul, 1, 1},
      {sch_BuiltinOperator_UNSORTED_SEGMENT_MAX, &arith_max, -FLT_MAX, INT32_MIN},
      {sch_BuiltinOperator_UNSORTED_SEGMENT_MIN, &arith_min, FLT_MAX, INT32_MAX},
  };
  const rule *r = rules;
  while (r->code != c->op->code) r++;
  return r;
}

static mote_status run(op_ctx *c) {
  const op_tensor *x = c->in[0], *ids = c->in[1], *y = c->out[0];
  const rule *r = rule_of(c);
  const arith p = {.type = x->type, .op = r->op, .lo = 1, .hi = 0};
  const size_t rows = op_count(ids), width = op_span(x, ids->rank, x->rank), total = op_count(y);
  MOTE_TRY(check_ids(c, y->dims[0]));
  for (size_t i = 0; i < total; i++)
    memcpy((char *)y->data + 4 * i, x->type == MOTE_FLOAT32 ? (const void *)&r->f32 : &r->i32, 4);
  for (size_t i = 0; i < rows; i++) {
    const int32_t id = ((const int32_t *)ids->data)[i];
    if (id < 0) continue;
    char *const to = (char *)y->data + (size_t)id * width * 4;
    kern_arith_run(to, (const char *)x->data + i * width * 4, to, width, &p);
  }
  return MOTE_OK;
}

#define SEGMENT(symbol, code_name, table, inputs, taken, note)                                                         \
  const mote_op op_##symbol = {                                                                                        \
      .name = #code_name,                                                                                              \
      .code = sch_BuiltinOperator_##code_name,                                                                         \
      .versions = 1,                                                                                                   \
      .options = sch_BuiltinOptions_##table,                                                                           \
      .inputs_min = inputs,                                                                                            \
      .inputs_max = inputs,                                                                                            \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = taken,                                                                                                  \
      .infer = infer,                                                                                                  \
      .run = run,                                                                                                      \
      .notes = note,                                                                                                   \
  };

SEGMENT(segment_sum, SEGMENT_SUM, SegmentSumOptions, 2, "f32|i32 i32 > =", "Ids begin with 0 and grow by 0 or 1.")
SEGMENT(unsorted_segment_sum, UNSORTED_SEGMENT_SUM, UnsortedSegmentSumOptions, 3,
        "f32|i32 i32 i32 > =", "A segment without rows is 0.")
SEGMENT(unsorted_segment_prod, UNSORTED_SEGMENT_PROD, UnsortedSegmentProdOptions, 3,
        "f32|i32 i32 i32 > =", "A segment without rows is 1.")
SEGMENT(unsorted_segment_max, UNSORTED_SEGMENT_MAX, UnsortedSegmentMaxOptions, 3,
        "f32|i32 i32 i32 > =", "A segment without rows is the lowest finite value.")
SEGMENT(unsorted_segment_min, UNSORTED_SEGMENT_MIN, UnsortedSegmentMinOptions, 3,
        "f32|i32 i32 i32 > =", "A segment without rows is the highest finite value.")

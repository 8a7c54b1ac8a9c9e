/* gather.c: GATHER picks slices of one axis by an index tensor; the first batch_dims dimensions are walked together. */
#include "operators/move.h"

/* Output: params[0 .. axis), indices[batch .. ), params[axis+1 .. ). */
typedef struct place {
  int32_t axis, batch;
} place;

static mote_status find_place(op_ctx *c, place *p) {
  const sch_GatherOptions *const o = c->options;
  const op_tensor *const params = c->in[0], *const indices = c->in[1];
  MOTE_TRY(op_axis(c, o->axis, params->rank, &p->axis));
  const int64_t batch = o->batch_dims < 0 ? (int64_t)o->batch_dims + indices->rank : o->batch_dims;
  OP_REQUIRE(c, batch >= 0 && batch <= indices->rank && batch <= p->axis, MOTE_ERR_SHAPE,
             "batch_dims %d is impossible with axis %d and indices of %d dimensions; it may be at most both",
             (int)o->batch_dims, (int)p->axis, (int)indices->rank);
  p->batch = (int32_t)batch;
  return MOTE_OK;
}

/* Tests every index; `narrow`, unless NULL, gets them as int32. */
static mote_status check_indices(op_ctx *c, int32_t limit, int32_t *narrow) {
  const op_tensor *const indices = c->in[1];
  const size_t count = op_count(indices);
  for (size_t i = 0; i < count; i++) {
    const int64_t v = op_int_at(indices, i);
    OP_REQUIRE(c, v >= 0 && v < limit, MOTE_ERR_RUN,
               "index %lld (number %zu of the indices) is outside [0, %d), the size of the gathered dimension",
               (long long)v, i, (int)limit);
    if (narrow) narrow[i] = (int32_t)v;
  }
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *const params = c->in[0], *const indices = c->in[1];
  op_tensor *const out = c->out[0];
  out->rank = -1;
  if (params->rank < 0 || indices->rank < 0) return MOTE_OK;
  OP_REQUIRE(c, params->type != MOTE_STRING || params->rank == 1, MOTE_ERR_SHAPE,
             "strings are gathered from a vector, but the input has %d dimensions; GATHER_ND takes any",
             (int)params->rank);
  place p;
  MOTE_TRY(find_place(c, &p));
  for (int32_t i = 0; i < p.batch; i++)
    OP_REQUIRE(c, params->dims[i] == indices->dims[i] || params->dims[i] < 0 || indices->dims[i] < 0, MOTE_ERR_SHAPE,
               "batch dimension %d is %d in the input and %d in the indices; they must be equal", (int)i,
               (int)params->dims[i], (int)indices->dims[i]);
  const int32_t rank = params->rank - 1 + indices->rank - p.batch;
  OP_REQUIRE(c, rank <= OP_MAX_RANK, MOTE_ERR_SHAPE, "the result has %d dimensions; at most %d are supported",
             (int)rank, OP_MAX_RANK);
  int32_t n = 0;
  for (int32_t i = 0; i < p.axis; i++) out->dims[n++] = params->dims[i];
  for (int32_t i = p.batch; i < indices->rank; i++) out->dims[n++] = indices->dims[i];
  for (int32_t i = p.axis + 1; i < params->rank; i++) out->dims[n++] = params->dims[i];
  out->rank = n;
  const int32_t limit = params->dims[p.axis];
  return op_is_const(indices) && limit >= 0 ? check_indices(c, limit, NULL) : MOTE_OK;
}

/* Bytes of one pick: all that lies behind the axis; 0 when packed integers fill no whole bytes, and for strings. */
static int64_t pick_bytes(const op_tensor *params, int32_t axis) {
  const int64_t bits = (int64_t)op_span(params, axis + 1, params->rank) * mote_type_bits(params->type);
  return bits % 8 ? 0 : bits / 8;
}

/* Whether picks can be copied as they lie: packed integers then need no unpacking. */
static bool whole_bytes(op_ctx *c) {
  place p;
  return c->in[0]->type != MOTE_STRING && find_place(c, &p) == MOTE_OK && pick_bytes(c->in[0], p.axis) > 0;
}

static mote_status plan(op_ctx *c) {
  if (c->in[1]->type != MOTE_INT32) c->scratch_size = op_count(c->in[1]) * sizeof(int32_t);
  return whole_bytes(c) ? MOTE_OK : move_plan(c);
}

typedef struct job {
  char *to;
  const char *from;
  const int32_t *index;
  int64_t batches, outer, picks; /* out is [batches, outer, picks, bytes] */
  int64_t step, bytes;           /* bytes from one `outer` of the input to the next, and of one pick */
  int64_t tasks;
} job;

/* Picks of all batches and outer positions count as one long row; a task does a part of it. */
static void pick_task(void *arg, size_t task, int worker) {
  (void)worker;
  const job *const j = arg;
  const int64_t total = j->batches * j->outer * j->picks, t = (int64_t)task;
  const int64_t end = total * (t + 1) / j->tasks;
  for (int64_t at = total * t / j->tasks; at < end;) {
    const int64_t row = at / j->picks, first = at % j->picks;
    const int64_t left = j->picks - first, count = left < end - at ? left : end - at;
    copy_picked(j->to + at * j->bytes, j->from + row * j->step, j->index + row / j->outer * j->picks + first, count,
                j->bytes);
    at += count;
  }
}

static mote_status move(op_ctx *c) {
  const op_tensor *const params = c->in[0], *const indices = c->in[1];
  place p;
  MOTE_TRY(find_place(c, &p));
  int32_t *const narrow = indices->type == MOTE_INT32 ? NULL : c->scratch;
  MOTE_TRY(check_indices(c, params->dims[p.axis], narrow));
  job j = {.to = c->out[0]->data, .from = params->data, .index = narrow ? narrow : indices->data};
  j.batches = (int64_t)op_span(params, 0, p.batch);
  j.outer = (int64_t)op_span(params, p.batch, p.axis);
  j.picks = (int64_t)op_span(indices, p.batch, indices->rank);
  j.bytes = pick_bytes(params, p.axis);
  j.step = j.bytes * params->dims[p.axis];
  const int64_t total = j.batches * j.outer * j.picks, wanted = total * j.bytes / (256 * 1024);
  j.tasks = wanted < 1 ? 1 : wanted > total ? total : wanted;
  if (total && j.bytes) op_parallel(c, (size_t)j.tasks, pick_task, &j);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) { return whole_bytes(c) ? move(c) : move_any(c, move); }

const mote_op op_gather = {
    .name = "GATHER",
    .code = sch_BuiltinOperator_GATHER,
    .versions = 8,
    .options = sch_BuiltinOptions_GatherOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i16|i32|i64 > =",
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Indices are tested in every run.",
};

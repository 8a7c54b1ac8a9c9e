/* strided_slice.c: STRIDED_SLICE takes every stride-th element of each axis from begin to end, as numpy's x[b:e:s].
 *
 * An entry of begin, end and strides belongs to one input axis, or, by a bit of a mask, adds an axis of size 1 or
 * stands for all axes that the others leave (the ellipsis). Operands are int32; all arithmetic on them is in
 * 64 bits.
 */
#include <string.h>

#include "operators/move.h"

enum { BEGIN = 1, END = 2, STRIDES = 3 }; /* inputs */
enum { MAX_ENTRIES = 2 * OP_MAX_RANK };

/* What is taken of each input axis: elements first, first + stride, ..., `count` of them (-1: not known). */
typedef struct slice {
  int64_t first[OP_MAX_RANK], stride[OP_MAX_RANK];
  int32_t count[OP_MAX_RANK];
  int32_t axes;                    /* of the input done so far */
  int32_t rank, dims[OP_MAX_RANK]; /* of the output */
} slice;

/* The operands; known is false while one of them is not. */
typedef struct entries {
  bool known;
  int32_t count;
  int64_t begin[OP_KNOWN_MAX], end[OP_KNOWN_MAX], strides[OP_KNOWN_MAX];
} entries;

static mote_status add_dim(op_ctx *c, slice *s, int32_t n) {
  OP_REQUIRE(c, s->rank < OP_MAX_RANK, MOTE_ERR_SHAPE, "the result has more than %d dimensions", OP_MAX_RANK);
  s->dims[s->rank++] = n;
  return MOTE_OK;
}

static mote_status take_all(op_ctx *c, slice *s) {
  const int32_t axis = s->axes++, n = c->in[0]->dims[axis];
  s->first[axis] = 0;
  s->stride[axis] = 1;
  s->count[axis] = n;
  return add_dim(c, s, n);
}

static int64_t clamp(int64_t x, int64_t lo, int64_t hi) { return x < lo ? lo : x > hi ? hi : x; }

/* Entry i on the next axis, of size n. Negative indices count from the end; then both ends are clamped to the axis,
 * and masks put them at its ends. */
static mote_status take_range(op_ctx *c, slice *s, const entries *e, int32_t i, int32_t n) {
  const sch_StridedSliceOptions *const o = c->options;
  const int64_t stride = e->strides[i], lo = stride > 0 ? 0 : -1, hi = stride > 0 ? n : n - 1;
  OP_REQUIRE(c, stride != 0 && stride != INT32_MIN, MOTE_ERR_SHAPE,
             "stride %d is %lld; it must not be 0, and at least %d", (int)i, (long long)stride, -INT32_MAX);
  int64_t begin = clamp(e->begin[i] < 0 ? e->begin[i] + n : e->begin[i], lo, hi);
  if (o->begin_mask >> i & 1) begin = stride > 0 ? 0 : n - 1;
  int64_t end = e->end[i] + (o->offset ? begin : 0);
  end = clamp(end < 0 ? end + n : end, lo, hi);
  if (o->end_mask >> i & 1) end = stride > 0 ? n : -1;
  const int64_t span = stride > 0 ? end - begin : begin - end, step = stride > 0 ? stride : -stride;
  const int32_t axis = s->axes++;
  s->first[axis] = begin;
  s->stride[axis] = stride;
  s->count[axis] = span > 0 ? (int32_t)((span + step - 1) / step) : 0;
  return add_dim(c, s, s->count[axis]);
}

/* Entry i takes one element of the next axis, of size n, and drops the axis. */
static mote_status take_one(op_ctx *c, slice *s, const entries *e, int32_t i, int32_t n) {
  const sch_StridedSliceOptions *const o = c->options;
  const int64_t wanted = o->begin_mask >> i & 1 ? 0 : e->begin[i];
  const int64_t begin = wanted < 0 ? wanted + n : wanted;
  const int32_t axis = s->axes++;
  OP_REQUIRE(c, e->strides[i] > 0, MOTE_ERR_SHAPE, "stride %d is %lld; an axis that is dropped needs a stride of 1",
             (int)i, (long long)e->strides[i]);
  OP_REQUIRE(c, begin < n && n > 0, MOTE_ERR_SHAPE, "element %lld of dimension %d is asked for, which has %d",
             (long long)wanted, (int)axis, (int)n);
  s->first[axis] = begin < 0 ? 0 : begin;
  s->stride[axis] = 1;
  s->count[axis] = 1;
  return MOTE_OK;
}

/* Entry i on the next axis. */
static mote_status take(op_ctx *c, slice *s, const entries *e, int32_t i) {
  const sch_StridedSliceOptions *const o = c->options;
  const int32_t n = c->in[0]->dims[s->axes];
  const bool drop = o->shrink_axis_mask >> i & 1;
  if (e->known && n >= 0) return drop ? take_one(c, s, e, i, n) : take_range(c, s, e, i, n);
  s->count[s->axes++] = -1;
  return drop ? MOTE_OK : add_dim(c, s, -1);
}

/* With the offset flag `end` is a length; so many elements must be countable, wherever they begin. */
static mote_status check_lengths(op_ctx *c, const entries *e, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    const int64_t stride = e->strides[i] < 0 ? -e->strides[i] : e->strides[i];
    const int64_t length = e->end[i] < 0 ? -e->end[i] : e->end[i];
    OP_REQUIRE(c, stride > 0 && length / stride <= INT32_MAX, MOTE_ERR_SHAPE,
               "length %lld of entry %d cannot be taken in strides of %lld", (long long)e->end[i], (int)i,
               (long long)e->strides[i]);
  }
  return MOTE_OK;
}

static mote_status read_entries(op_ctx *c, entries *e) {
  e->count = -1;
  for (int i = BEGIN; i <= STRIDES; i++) {
    const op_tensor *const t = c->in[i];
    OP_REQUIRE(c, t->rank == 1 || t->rank < 0, MOTE_ERR_SHAPE, "input %d has %d dimensions; it must be a vector", i,
               (int)t->rank);
    const int32_t n = t->rank == 1 ? t->dims[0] : -1;
    OP_REQUIRE(c, n < 0 || e->count < 0 || n == e->count, MOTE_ERR_SHAPE,
               "begin, end and strides must be equally long, but have %d and %d entries", (int)e->count, (int)n);
    if (n >= 0) e->count = n;
  }
  OP_REQUIRE(c, e->count <= MAX_ENTRIES, MOTE_ERR_SHAPE, "%d entries are too many; at most %d make sense",
             (int)e->count, MAX_ENTRIES);
  int32_t count;
  e->known = op_ints(c, END, e->end, &count) && op_ints(c, STRIDES, e->strides, &count);
  if (e->known && ((const sch_StridedSliceOptions *)c->options)->offset) MOTE_TRY(check_lengths(c, e, count));
  e->known = e->known && op_ints(c, BEGIN, e->begin, &count);
  return MOTE_OK;
}

/* Reads the operands and masks into a slice; s->rank is -1 while the number of entries or of axes is not known. */
static mote_status make_slice(op_ctx *c, slice *s) {
  const sch_StridedSliceOptions *const o = c->options;
  const op_tensor *const in = c->in[0];
  entries e;
  MOTE_TRY(read_entries(c, &e));
  *s = (slice){.rank = in->rank < 0 || e.count < 0 ? -1 : 0};
  if (s->rank < 0) return MOTE_OK;
  const uint32_t used = (1u << e.count) - 1, ellipsis = (uint32_t)o->ellipsis_mask & used;
  const uint32_t added = (uint32_t)o->new_axis_mask & used & ~ellipsis;
  OP_REQUIRE(c, !(ellipsis & (ellipsis - 1)), MOTE_ERR_MODEL, "ellipsis_mask %d has more than one bit",
             (int)o->ellipsis_mask);
  const int32_t taken = e.count - __builtin_popcount(ellipsis) - __builtin_popcount(added);
  OP_REQUIRE(c, taken <= in->rank || ellipsis, MOTE_ERR_SHAPE,
             "there are entries for %d dimensions, but the input has %d", (int)taken, (int)in->rank);
  /* With too many entries, the reference has the ellipsis take one axis and passes over what is left at the end. */
  const int32_t span = taken <= in->rank ? in->rank - taken : in->rank > 0;
  for (int32_t i = 0; i < e.count; i++) {
    if (ellipsis >> i & 1)
      for (int32_t k = 0; k < span; k++) MOTE_TRY(take_all(c, s));
    else if (added >> i & 1) MOTE_TRY(add_dim(c, s, 1));
    else if (s->axes < in->rank) MOTE_TRY(take(c, s, &e, i));
  }
  while (s->axes < in->rank) MOTE_TRY(take_all(c, s));
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  slice s;
  MOTE_TRY(make_slice(c, &s));
  op_set_shape(c->out[0], s.rank, s.dims);
  return MOTE_OK;
}

static mote_status move(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  slice s;
  MOTE_TRY(make_slice(c, &s));
  int64_t steps[OP_MAX_RANK], to = move_element(in->type);
  move_steps(in, steps);
  copy_plan plan;
  copy_begin(&plan, (size_t)to);
  const char *from = in->data;
  for (int32_t i = in->rank - 1; i >= 0; i--) {
    copy_axis(&plan, s.count[i], to, steps[i] * s.stride[i]);
    to *= s.count[i];
    if (to) from += steps[i] * s.first[i];
  }
  copy_end(&plan);
  move_run(c, &plan, c->out[0]->data, from);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) { return move_any(c, move); }

const mote_op op_strided_slice = {
    .name = "STRIDED_SLICE",
    .code = sch_BuiltinOperator_STRIDED_SLICE,
    .versions = 8,
    .options = sch_BuiltinOptions_StridedSliceOptions,
    .inputs_min = 4,
    .inputs_max = 4,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i32 i32 i32 > =",
    .infer = infer,
    .plan = move_plan,
    .run = run,
    .notes = "All masks, negative strides and the offset flag; up to 8 dimensions.",
};

/* shape.c: shape arithmetic that many operators share: known integers, axes, broadcasting, sliding windows. */
#include <string.h>

#include "base/size.h"
#include "operators/op.h"

bool op_shape_known(const op_tensor *t) {
  for (int32_t i = 0; i < t->rank; i++)
    if (t->dims[i] < 0) return false;
  return t->rank >= 0;
}

bool op_same_dims(const op_tensor *a, const op_tensor *b) {
  if (a->rank != b->rank) return false;
  for (int32_t i = 0; i < a->rank; i++)
    if (a->dims[i] != b->dims[i]) return false;
  return true;
}

int64_t op_int_at(const op_tensor *t, size_t i) {
  switch (t->type) {
    case MOTE_INT8: return ((const int8_t *)t->data)[i];
    case MOTE_UINT8:
    case MOTE_BOOL: return ((const uint8_t *)t->data)[i];
    case MOTE_INT16: return ((const int16_t *)t->data)[i];
    case MOTE_UINT16: return ((const uint16_t *)t->data)[i];
    case MOTE_INT32: return ((const int32_t *)t->data)[i];
    case MOTE_UINT32: return ((const uint32_t *)t->data)[i];
    case MOTE_INT64: return ((const int64_t *)t->data)[i];
    case MOTE_UINT64: return (int64_t)((const uint64_t *)t->data)[i];
    default: return 0;
  }
}

static bool is_integer(mote_type type) {
  return type == MOTE_INT8 || type == MOTE_UINT8 || type == MOTE_INT16 || type == MOTE_UINT16 || type == MOTE_INT32 ||
         type == MOTE_UINT32 || type == MOTE_INT64 || type == MOTE_UINT64;
}

bool op_ints(const op_ctx *c, int input, int64_t *values, int32_t *count) {
  if (input >= c->num_inputs || !c->in[input]) return false;
  const op_tensor *const t = c->in[input];
  if (!is_integer(t->type)) return false;
  size_t n;
  const bool sized = op_shape_known(t) && size_dims(t->dims, t->rank, &n) && n <= OP_KNOWN_MAX;
  if (sized && (t->data || n == 0)) {
    for (size_t i = 0; i < n; i++) values[i] = op_int_at(t, i);
    *count = (int32_t)n;
    return true;
  }
  if (!t->known) return false;
  for (int32_t i = 0; i < t->known->count; i++)
    if (!(t->known->mask >> i & 1)) return false;
  memcpy(values, t->known->v, (size_t)t->known->count * sizeof *values);
  *count = t->known->count;
  return true;
}

mote_status op_axis(op_ctx *c, int64_t axis, int32_t rank, int32_t *out) {
  OP_REQUIRE(c, axis >= -(int64_t)rank && axis < rank, MOTE_ERR_SHAPE,
             "axis %lld is outside the %d dimensions there are; it must lie in [%d, %d]", (long long)axis, (int)rank,
             (int)-rank, (int)rank - 1);
  *out = (int32_t)(axis < 0 ? axis + rank : axis);
  return MOTE_OK;
}

/* One dimension of a broadcast; -1: unknown. False when they do not fit. */
static bool broadcast_dim(int32_t a, int32_t b, int32_t *out) {
  if (a == b || b == 1) *out = a;
  else if (a == 1) *out = b;
  else if (a < 0) *out = b; /* a will turn out to be 1 or b */
  else if (b < 0) *out = a;
  else return false;
  return true;
}

mote_status op_broadcast(op_ctx *c, const op_tensor *a, const op_tensor *b, op_tensor *out) {
  if (a->rank < 0 || b->rank < 0) {
    out->rank = -1;
    return MOTE_OK;
  }
  const int32_t rank = a->rank > b->rank ? a->rank : b->rank;
  int32_t dims[OP_MAX_RANK];
  for (int32_t i = 0; i < rank; i++) {
    const int32_t ia = i - (rank - a->rank), ib = i - (rank - b->rank);
    const int32_t da = ia < 0 ? 1 : a->dims[ia], db = ib < 0 ? 1 : b->dims[ib];
    OP_REQUIRE(c, broadcast_dim(da, db, &dims[i]), MOTE_ERR_SHAPE,
               "shapes do not broadcast: %d and %d meet in dimension %d, and neither is 1", (int)da, (int)db, (int)i);
  }
  op_set_shape(out, rank, dims);
  return MOTE_OK;
}

mote_status op_window_of(op_ctx *c, int32_t padding, int32_t in, int32_t filter, int32_t stride, int32_t dilation,
                         op_window *w) {
  OP_REQUIRE(c, filter >= 1 && stride >= 1 && dilation >= 1, MOTE_ERR_MODEL,
             "filter size %d, stride %d and dilation %d must all be at least 1", (int)filter, (int)stride,
             (int)dilation);
  OP_REQUIRE(c, padding == sch_Padding_SAME || padding == sch_Padding_VALID, MOTE_ERR_MODEL,
             "padding %d is neither SAME (%d) nor VALID (%d)", (int)padding, sch_Padding_SAME, sch_Padding_VALID);
  const int64_t span = (int64_t)(filter - 1) * dilation + 1;
  /* Coordinates of taps are computed in 32 bits. */
  OP_REQUIRE(c, span <= INT32_MAX / 4 && stride <= INT32_MAX / 4 && in <= INT32_MAX / 4, MOTE_ERR_SHAPE,
             "a window of %lld elements with stride %d over %d is too large", (long long)span, (int)stride, (int)in);
  *w = (op_window){.out = in < 0 ? -1 : 0, .before = 0};
  if (in <= 0) return MOTE_OK;
  if (padding == sch_Padding_SAME) w->out = (int32_t)(((int64_t)in + stride - 1) / stride);
  else {
    OP_REQUIRE(c, span <= in, MOTE_ERR_SHAPE,
               "a window of %lld elements does not fit into an input of %d without padding", (long long)span, (int)in);
    w->out = (int32_t)((in - span) / stride + 1);
  }
  const int64_t total = (int64_t)(w->out - 1) * stride + span - in;
  w->before = total > 0 ? (int32_t)(total / 2) : 0;
  return MOTE_OK;
}

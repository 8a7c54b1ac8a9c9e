/* sequence.c: a walk over the time steps of a tensor. */
#include "operators/sequence.h"

#include <string.h>

/* Rows to multiply at once. */
enum { ROWS_AT_ONCE = 32 };

sequence sequence_of(const op_tensor *input, bool time_major, bool backward) {
  const bool single = input->rank == 2, first_is_time = !single && time_major;
  return (sequence){.time_major = single || time_major,
                    .backward = backward,
                    .batch = (size_t)input->dims[first_is_time ? 1 : 0],
                    .time = single ? 1 : (size_t)input->dims[first_is_time ? 0 : 1]};
}

mote_status sequence_state(op_ctx *c, const op_tensor *state, int64_t batch, int64_t n, const char *name) {
  if (!op_shape_known(state) || batch < 0 || n < 0) return MOTE_OK;
  const size_t count = op_count(state);
  OP_REQUIRE(c, n ? count % (size_t)n == 0 && count / (size_t)n == (size_t)batch : count == 0, MOTE_ERR_SHAPE,
             "the %s has %zu elements and needs %lld x %lld; a variable keeps the size that the file gives it, so the "
             "batch must fit it",
             name, count, (long long)batch, (long long)n);
  return MOTE_OK;
}

mote_status sequence_directions(op_ctx *c, op_tensor *fw, const op_tensor *bw, bool merged) {
  for (int i = 0; i < 2; i++)
    OP_REQUIRE(c, fw->dims[i] < 0 || bw->dims[i] < 0 || fw->dims[i] == bw->dims[i], MOTE_ERR_SHAPE,
               "the auxiliary input must have as many time steps and batch elements as the input");
  if (!merged) return MOTE_OK;
  const int32_t n = fw->dims[2], more = bw->dims[2];
  OP_REQUIRE(c, n < 0 || more < 0 || n <= INT32_MAX - more, MOTE_ERR_SHAPE,
             "%d and %d results are too many to be merged", (int)n, (int)more);
  fw->dims[2] = n < 0 || more < 0 ? -1 : n + more;
  return MOTE_OK;
}

size_t sequence_piece(const sequence *s) {
  const size_t steps = s->batch && s->batch < ROWS_AT_ONCE ? (ROWS_AT_ONCE + s->batch - 1) / s->batch : 1;
  return steps < s->time ? steps : s->time;
}

sequence_steps sequence_next(const sequence *s, size_t done, size_t piece) {
  const size_t left = s->time - done, count = left < piece ? left : piece;
  return (sequence_steps){s->backward ? left - count : done, count};
}

/* Rows of one time step lie side by side. */
static bool is_dense(const sequence *s) { return s->time_major || s->batch == 1; }

static size_t element_of(const op_tensor *t) { return (size_t)mote_type_bits(t->type) / 8; }
static size_t width_of(const op_tensor *t) { return (size_t)t->dims[t->rank - 1]; }

uint64_t sequence_part(const sequence *s, const op_tensor *x, size_t piece, scratch_layout *l) {
  size_t rows = 0, bytes = 0;
  if (is_dense(s)) return 0;
  if (!size_mul(piece, s->batch, &rows) || !size_mul(rows, width_of(x), &bytes)) l->too_large = true;
  return scratch_part(l, bytes, element_of(x));
}

const void *sequence_rows(const sequence *s, const op_tensor *x, sequence_steps steps, void *scratch) {
  const size_t bytes = width_of(x) * element_of(x);
  const uint8_t *const from = x->data;
  if (is_dense(s)) return from + steps.first * s->batch * bytes;
  uint8_t *const rows = scratch;
  for (size_t t = 0; t < steps.count; t++)
    for (size_t b = 0; b < s->batch && bytes; b++)
      memcpy(rows + (t * s->batch + b) * bytes, from + (b * s->time + steps.first + t) * bytes, bytes);
  return rows;
}

void sequence_put(const sequence *s, const op_tensor *out, size_t t, size_t column, size_t n, const void *rows) {
  const size_t element = element_of(out), width = width_of(out);
  for (size_t b = 0; b < s->batch && n; b++) {
    const size_t row = s->time_major ? t * s->batch + b : b * s->time + t;
    memcpy((uint8_t *)out->data + (row * width + column) * element, (const uint8_t *)rows + b * n * element,
           n * element);
  }
}

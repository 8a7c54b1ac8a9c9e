/* sequence.h: a walk over the time steps of a tensor, forwards or backwards, for the recurrent operators.
 *
 * What does not depend on the state is computed for many steps at once: a piece of the sequence. Its rows are
 * time-major, row (t - first) * batch + b, wherever they lie in the tensor.
 */
#ifndef OPERATORS_SEQUENCE_H
#define OPERATORS_SEQUENCE_H

#include "operators/op.h"
#include "operators/pack.h"

typedef struct sequence {
  bool time_major; /* [time, batch, ...], else [batch, time, ...] */
  bool backward;
  size_t batch, time;
} sequence;

/* Of the input [time, batch, n] or [batch, time, n]; [batch, n] is a single step. Dimensions are known. */
sequence sequence_of(const op_tensor *input, bool time_major, bool backward);

/* infer, plan: the state must have n elements for each of the batch. What is unknown (-1) is not compared. */
mote_status sequence_state(op_ctx *c, const op_tensor *state, int64_t batch, int64_t n, const char *name);

/* infer: the two directions of an operator, each with its shape, agree in time and batch; merged, the rows of the
 * backward results stand behind those of the forward ones, in *fw. */
mote_status sequence_directions(op_ctx *c, op_tensor *fw, const op_tensor *bw, bool merged);

/* Steps of a piece: enough rows for full tiles of the matrix kernels. */
size_t sequence_piece(const sequence *s);

typedef struct sequence_steps {
  size_t first, count; /* of a piece: time steps first .. first + count - 1 */
} sequence_steps;

/* The piece that follows when `done` steps have been taken, of `piece` steps at most; count 0 at the end. */
sequence_steps sequence_next(const sequence *s, size_t done, size_t piece);
/* The i-th step to be taken of `count`. */
static inline size_t sequence_index(const sequence *s, size_t i, size_t count) {
  return s->backward ? count - 1 - i : i;
}

/* plan: scratch for the rows of a piece, where they have to be gathered. */
uint64_t sequence_part(const sequence *s, const op_tensor *x, size_t piece, scratch_layout *l);
/* run: the rows of a piece of x; `scratch` is that part. */
const void *sequence_rows(const sequence *s, const op_tensor *x, sequence_steps steps, void *scratch);
/* run: rows of n elements, one for each batch element, into the output of time step t, from column `column` on. */
void sequence_put(const sequence *s, const op_tensor *out, size_t t, size_t column, size_t n, const void *rows);

#endif

/* broadcast.c: see broadcast.h.
 *
 * With inner rows of at least SHORT elements each row is one run, or a few: a repeated operand is spread over a block.
 * Shorter rows are gathered, as many as fill a block, so that the kernel still sees long runs.
 */
#include "operators/broadcast.h"

#include "kernels/expand.h"

enum { BLOCK = 1024, SHORT = 128, WIDEST = 8, TASK_BYTES = 64 * 1024 };

void broadcast_plan_of(broadcast_plan *plan, const op_tensor *a, const op_tensor *b, const op_tensor *out) {
  *plan = (broadcast_plan){.rank = 0};
  if (op_count(out) == 0) return;
  int before = -1; /* how the dimension before moves: bit 0 a, bit 1 b */
  for (int32_t i = 0; i < out->rank; i++) {
    if (out->dims[i] == 1) continue;
    const int32_t ia = i - (out->rank - a->rank), ib = i - (out->rank - b->rank);
    const int moves = (ia >= 0 && a->dims[ia] != 1) | (ib >= 0 && b->dims[ib] != 1) << 1;
    if (moves == before) {
      plan->dims[plan->rank - 1] *= (uint64_t)out->dims[i];
      continue;
    }
    plan->a_moves |= (uint8_t)((moves & 1) << plan->rank);
    plan->b_moves |= (uint8_t)((moves >> 1) << plan->rank);
    plan->dims[plan->rank++] = (uint64_t)out->dims[i];
    before = moves;
  }
  if (plan->rank == 0) *plan = (broadcast_plan){.dims = {1}, .rank = 1, .a_moves = 1, .b_moves = 1};
}

/* An operand in one run. Steps are in elements. */
typedef struct operand {
  const char *data;
  size_t bytes; /* of an element */
  size_t step[OP_MAX_RANK];
  bool dense;    /* moves along all dimensions */
  bool periodic; /* along the innermost alone */
} operand;

typedef struct walk {
  operand in[2];
  char *out;
  size_t out_bytes;
  size_t dims[OP_MAX_RANK];
  int32_t outer;        /* number of dimensions before the innermost */
  size_t n, rows;       /* the innermost dimension, and the product of the others */
  size_t piece, pieces; /* elements of a row that one task does, and tasks a row */
  size_t rows_a_task;   /* when pieces is 1 */
  binary_fn f;
  const void *params;
} walk;

/* A place in the outer dimensions: coordinates and the offset of each operand. */
typedef struct place {
  size_t at[OP_MAX_RANK], offset[2];
} place;

static place place_of(const walk *w, size_t row) {
  place p = {.offset = {0, 0}};
  for (int32_t i = w->outer - 1; i >= 0; i--) {
    p.at[i] = row % w->dims[i];
    row /= w->dims[i];
    for (int k = 0; k < 2; k++) p.offset[k] += p.at[i] * w->in[k].step[i];
  }
  return p;
}

static void next_row(const walk *w, place *p) {
  for (int32_t i = w->outer - 1; i >= 0; i--) {
    for (int k = 0; k < 2; k++) p->offset[k] += w->in[k].step[i];
    if (++p->at[i] < w->dims[i]) return;
    for (int k = 0; k < 2; k++) p->offset[k] -= w->in[k].step[i] * w->dims[i];
    p->at[i] = 0;
  }
}

/* One row, from element `first` on, of operands that move along it or are spread over a block. */
static void long_row(const walk *w, const place *p, size_t row, size_t first, size_t n) {
  char block[2][BLOCK * WIDEST];
  const char *from[2];
  size_t step[2], most = n;
  for (int k = 0; k < 2; k++) {
    const operand *o = &w->in[k];
    step[k] = o->step[w->outer];
    from[k] = o->data + (p->offset[k] + first * step[k]) * o->bytes;
    if (step[k]) continue;
    most = BLOCK;
    kern_expand(block[k], from[k], 1, 0, n < BLOCK ? n : BLOCK, true, o->bytes);
    from[k] = block[k];
  }
  char *to = w->out + (row * w->n + first) * w->out_bytes;
  for (size_t i = 0; i < n; i += most)
    w->f(from[0] + i * step[0] * w->in[0].bytes, from[1] + i * step[1] * w->in[1].bytes, to + i * w->out_bytes,
         n - i < most ? n - i : most, w->params);
}

/* Rows of operand k from place p on, gathered into a block: as many at a time as one dimension holds. */
static void gather_rows(const walk *w, int k, place p, size_t rows, char *to) {
  const operand *o = &w->in[k];
  const int32_t last = w->outer - 1;
  while (rows) {
    const size_t left = last < 0 ? 1 : w->dims[last] - p.at[last], n = rows < left ? rows : left;
    kern_expand(to, o->data + p.offset[k] * o->bytes, n, last < 0 ? 0 : o->step[last], w->n, !o->step[w->outer],
                o->bytes);
    to += n * w->n * o->bytes;
    rows -= n;
    if (last < 0) return;
    /* to the last row of these, and one further */
    p.at[last] += n - 1;
    p.offset[0] += (n - 1) * w->in[0].step[last];
    p.offset[1] += (n - 1) * w->in[1].step[last];
    next_row(w, &p);
  }
}

static void short_rows(const walk *w, size_t row, size_t rows) {
  char block[2][BLOCK * WIDEST];
  const size_t most = BLOCK / w->n;
  place p = place_of(w, row);
  for (size_t done = 0, n; done < rows; done += n) {
    n = rows - done < most ? rows - done : most;
    const char *from[2];
    for (int k = 0; k < 2; k++) {
      const operand *o = &w->in[k];
      from[k] = o->dense ? o->data + p.offset[k] * o->bytes : block[k];
      if (!o->dense && !(o->periodic && done)) gather_rows(w, k, p, n, block[k]);
    }
    w->f(from[0], from[1], w->out + (row + done) * w->n * w->out_bytes, n * w->n, w->params);
    p = place_of(w, row + done + n);
  }
}

static void task(void *arg, size_t index, int worker) {
  (void)worker;
  const walk *w = arg;
  if (w->pieces > 1) {
    const size_t row = index / w->pieces, first = index % w->pieces * w->piece;
    const place p = place_of(w, row);
    long_row(w, &p, row, first, w->n - first < w->piece ? w->n - first : w->piece);
    return;
  }
  const size_t row = index * w->rows_a_task;
  const size_t rows = w->rows - row < w->rows_a_task ? w->rows - row : w->rows_a_task;
  if (w->n < SHORT) {
    short_rows(w, row, rows);
    return;
  }
  place p = place_of(w, row);
  for (size_t r = row; r < row + rows; r++, next_row(w, &p)) long_row(w, &p, r, 0, w->n);
}

static void set_operand(operand *o, const op_tensor *t, const broadcast_plan *plan, uint8_t moves) {
  *o = (operand){.data = t->data, .bytes = (size_t)mote_type_bits(t->type) / 8};
  size_t step = 1;
  for (int32_t i = plan->rank - 1; i >= 0; i--) {
    if (!(moves >> i & 1)) continue;
    o->step[i] = step;
    step *= (size_t)plan->dims[i];
  }
  o->dense = moves == (1 << plan->rank) - 1;
  o->periodic = moves == 1 << (plan->rank - 1);
}

void broadcast_run(op_ctx *c, const broadcast_plan *plan, const op_tensor *a, const op_tensor *b, binary_fn f,
                   const void *params) {
  if (plan->rank == 0) return;
  walk w = {.out = c->out[0]->data,
            .out_bytes = (size_t)mote_type_bits(c->out[0]->type) / 8,
            .rows = 1,
            .f = f,
            .params = params};
  set_operand(&w.in[0], a, plan, plan->a_moves);
  set_operand(&w.in[1], b, plan, plan->b_moves);
  for (int32_t i = 0; i < plan->rank; i++) w.dims[i] = (size_t)plan->dims[i];
  w.outer = plan->rank - 1;
  w.n = w.dims[w.outer];
  for (int32_t i = 0; i < w.outer; i++) w.rows *= w.dims[i];
  w.piece = TASK_BYTES / w.in[0].bytes;
  w.pieces = w.n / w.piece + (w.n % w.piece != 0);
  w.rows_a_task = w.pieces > 1 ? 1 : w.piece / w.n;
  const size_t tasks = w.pieces > 1 ? w.rows * w.pieces : (w.rows + w.rows_a_task - 1) / w.rows_a_task;
  op_parallel(c, tasks, task, &w);
}

/* fft.c: RFFT2D and the custom Irfft2d: transforms of the last two dimensions, in double precision.
 *
 * The input is cut or filled up with zeros to the lengths asked for, which are powers of two as in TensorFlow Lite.
 * Rows are real on one side, columns are complex.
 */
#include <string.h>

#include "base/size.h"
#include "kernels/fft.h"
#include "operators/move.h"

enum { SIGNAL, LENGTH };

/* One plan, and where memory lies in scratch, in doubles: tables, then for each worker a slice, a column, and what the
 * transforms need. */
typedef struct fft_record {
  size_t height, width, pitch; /* pitch: doubles from row to row of a slice */
  size_t column_tables, memory, worker, column, work;
} fft_record;

static bool is_inverse(const op_ctx *c) { return c->op->code == sch_BuiltinOperator_CUSTOM; }

/* ---- shapes ---- */

static mote_status check_lengths(op_ctx *c, const int64_t *length) {
  for (int i = 0; i < 2; i++)
    OP_REQUIRE(c, length[i] > 0 && length[i] <= 1 << 30 && !(length[i] & (length[i] - 1)), MOTE_ERR_SHAPE,
               "fft_length[%d] is %lld; it must be a power of two", i, (long long)length[i]);
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *const x = c->in[SIGNAL], *const length = c->in[LENGTH];
  op_tensor *const y = c->out[0];
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  OP_REQUIRE(c, x->rank < 0 || x->rank >= 2, MOTE_ERR_SHAPE, "the input has %d dimensions; it must have at least 2",
             (int)x->rank);
  OP_REQUIRE(c, length->rank < 0 || (length->rank == 1 && (length->dims[0] == 2 || length->dims[0] < 0)),
             MOTE_ERR_SHAPE, "fft_length must be a vector of 2 numbers: height, width");
  move_unknown(y, x->rank);
  if (x->rank < 0) return MOTE_OK;
  for (int32_t i = 0; i < x->rank - 2; i++) y->dims[i] = x->dims[i];
  if (!op_ints(c, LENGTH, v, &count)) return MOTE_OK;
  MOTE_TRY(check_lengths(c, v));
  y->dims[x->rank - 2] = (int32_t)v[0];
  y->dims[x->rank - 1] = (int32_t)(is_inverse(c) ? v[1] : v[1] / 2 + 1);
  return move_check_size(c);
}

/* ---- memory ---- */

static mote_status plan(op_ctx *c) {
  fft_record *const r = c->record;
  const int32_t last = c->in[SIGNAL]->rank - 1;
  int64_t length[OP_KNOWN_MAX];
  int32_t count;
  size_t row_tables = 0, row_work = 0, column_tables = 0, column_work = 0, slice = 0, all = 0;
  OP_REQUIRE(c, op_ints(c, LENGTH, length, &count), MOTE_ERR_SHAPE, "fft_length is not known");
  r->height = (size_t)length[0], r->width = (size_t)length[1], r->pitch = 2 * (r->width / 2 + 1);
  bool fits = fft_real_room(r->width, &row_tables, &row_work) && fft_room(r->height, &column_tables, &column_work);
  fits = fits && size_mul(r->height, r->pitch, &slice);
  r->column_tables = row_tables / sizeof(double);
  r->memory = r->column_tables + column_tables / sizeof(double);
  r->column = slice;
  fits = fits && size_add(slice, 2 * r->height, &r->work);
  fits = fits && size_add(r->work, (row_work > column_work ? row_work : column_work) / sizeof(double), &r->worker);
  fits = fits && size_mul(r->worker, (size_t)c->workers, &all) && size_add(all, r->memory, &all);
  OP_REQUIRE(c, fits && size_mul(all, sizeof(double), &c->scratch_size), MOTE_ERR_LIMIT,
             "transforms of %lld by %lld are more than memory can hold", (long long)length[0], (long long)length[1]);
  if (!op_count(c->out[0])) c->scratch_size = 0;
  c->macs = op_span(c->in[SIGNAL], 0, last - 1) * r->height * r->width;
  return MOTE_OK;
}

/* ---- one slice ---- */

typedef struct fft_job {
  const op_ctx *c;
  fft_real row;
  fft_plan column;
} fft_job;

static void columns(const fft_job *j, double *slice, bool inverse) {
  const fft_record *const r = j->c->record;
  double *const column = slice + r->column;
  if (r->height == 1) return;
  for (size_t at = 0; at < r->pitch; at += 2) {
    for (size_t i = 0; i < r->height; i++) memcpy(column + 2 * i, slice + i * r->pitch + at, 2 * sizeof(double));
    fft_run(&j->column, column, inverse, slice + r->work);
    for (size_t i = 0; i < r->height; i++) memcpy(slice + i * r->pitch + at, column + 2 * i, 2 * sizeof(double));
  }
}

static void load_row(double *to, const float *from, size_t count) {
  for (size_t i = 0; i < count; i++) to[i] = (double)from[i];
}

/* Rows of the input, as far as they are there and fit; `width` and `pitch` count floats. */
static void load(const fft_job *j, const float *from, size_t rows, size_t pitch, size_t width, double *slice) {
  const fft_record *const r = j->c->record;
  memset(slice, 0, r->height * r->pitch * sizeof(double));
  for (size_t i = 0; i < rows && i < r->height; i++)
    load_row(slice + i * r->pitch, from + i * pitch, pitch < width ? pitch : width);
}

static void forward(const fft_job *j, size_t n, double *slice) {
  const fft_record *const r = j->c->record;
  const op_tensor *const x = j->c->in[SIGNAL];
  const size_t rows = (size_t)x->dims[x->rank - 2], width = (size_t)x->dims[x->rank - 1];
  float *const to = (float *)j->c->out[0]->data + n * r->height * r->pitch;
  load(j, (const float *)x->data + n * rows * width, rows, width, r->width, slice);
  for (size_t i = 0; i < rows && i < r->height; i++) fft_real_run(&j->row, slice + i * r->pitch, slice + r->work);
  columns(j, slice, false);
  for (size_t i = 0; i < r->height * r->pitch; i++) to[i] = (float)slice[i];
}

/* Makes row `to` of a column the conjugate of row `from`. */
static void mirror(const fft_record *r, double *column, size_t to, size_t from) {
  column[to * r->pitch] = column[from * r->pitch];
  column[to * r->pitch + 1] = -column[from * r->pitch + 1];
}

/* The first and the last column of a real signal's spectrum are their own mirror images. TensorFlow Lite reads half of
 * each, the upper one of the first column and the lower one of the last, and takes what is real for real. */
static void make_real(const fft_record *r, double *slice) {
  double *const last = slice + r->pitch - 2;
  for (size_t i = 1; 2 * i < r->height; i++) {
    mirror(r, slice, r->height - i, i);
    if (last != slice) mirror(r, last, i, r->height - i);
  }
  slice[1] = last[1] = 0;
  slice[r->height / 2 * r->pitch + 1] = last[r->height / 2 * r->pitch + 1] = 0;
}

static void backward(const fft_job *j, size_t n, double *slice) {
  const fft_record *const r = j->c->record;
  const op_tensor *const x = j->c->in[SIGNAL];
  const size_t rows = (size_t)x->dims[x->rank - 2], pitch = 2 * (size_t)x->dims[x->rank - 1];
  const double share = 1 / ((double)r->height * (double)r->width);
  float *const to = (float *)j->c->out[0]->data + n * r->height * r->width;
  load(j, (const float *)x->data + n * rows * pitch, rows, pitch, r->pitch, slice);
  make_real(r, slice);
  columns(j, slice, true);
  for (size_t i = 0; i < r->height; i++) {
    double *const row = slice + i * r->pitch;
    fft_real_inverse(&j->row, row, slice + r->work);
    for (size_t k = 0; k < r->width; k++) to[i * r->width + k] = (float)(row[k] * share);
  }
}

static void slice_task(void *arg, size_t n, int worker) {
  const fft_job *const j = arg;
  const fft_record *const r = j->c->record;
  double *const slice = (double *)j->c->scratch + r->memory + (size_t)worker * r->worker;
  if (is_inverse(j->c)) backward(j, n, slice);
  else forward(j, n, slice);
}

static mote_status run(op_ctx *c) {
  const fft_record *const r = c->record;
  double *const tables = c->scratch;
  fft_job j = {.c = c};
  if (!op_count(c->out[0])) return MOTE_OK;
  fft_real_init(&j.row, r->width, tables);
  fft_plan_init(&j.column, r->height, tables + r->column_tables);
  op_parallel(c, op_span(c->in[SIGNAL], 0, c->in[SIGNAL]->rank - 2), slice_task, &j);
  return MOTE_OK;
}

const mote_op op_rfft2d = {
    .name = "RFFT2D",
    .code = sch_BuiltinOperator_RFFT2D,
    .versions = 1,
    .options = sch_BuiltinOptions_Rfft2dOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 i32 > c64",
    .record_size = sizeof(fft_record),
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Lengths are powers of two; the input is cut or filled up with zeros.",
};

const mote_op op_irfft2d = {
    .name = "Irfft2d",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "c64 i32 > f32",
    .record_size = sizeof(fft_record),
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Lengths are powers of two; of the first and last column of the spectrum one half each is read.",
};

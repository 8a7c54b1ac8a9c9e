/* volume.c: see volume.h. */
#include "operators/volume.h"

#include <string.h>

#include "base/error.h"
#include "operators/pack.h"

enum {
  CHUNK_BYTES = 2 << 20, /* rows that are gathered at once */
  TASK_ROWS = 16
};

/* ---- plan ---- */

static mote_status measure(op_ctx *c, const matmul_numbers *x, const volume *v, size_t n, volume_plan *p) {
  size_t bytes = 0;
  bool fits = size_mul((size_t)v->batches, 1, &p->rows) && size_mul((size_t)v->channels, 1, &p->k);
  p->element = x->kind == MATMUL_F32 ? 4 : 8;
  p->in_place = true;
  int64_t step = v->channels;
  for (int32_t i = v->rank - 1; i >= 0; i--) {
    const volume_dim *const d = &v->dim[i];
    fits = fits && size_mul(p->rows, (size_t)d->out, &p->rows) && size_mul(p->k, (size_t)d->filter, &p->k);
    p->in_place &= d->filter == 1 && d->stride == 1 && d->base == 1 && d->before == 0 && d->out == d->in;
    p->in_place &= d->step == step;
    step *= d->in;
  }
  p->in_place &= v->batch_step == step;
  fits = fits && size_mul(p->rows, n, &bytes) && bytes < SIZE_MAX / 64 && p->k < SIZE_MAX / 64 / TASK_ROWS;
  OP_REQUIRE(c, fits, MOTE_ERR_LIMIT, "windows or output are larger than this machine can address");
  const size_t row = p->k ? p->k * p->element : 1, fitting = CHUNK_BYTES / row;
  p->chunk = p->in_place ? p->rows : fitting > TASK_ROWS ? fitting / TASK_ROWS * TASK_ROWS : TASK_ROWS;
  if (p->chunk > p->rows) p->chunk = p->rows;
  return MOTE_OK;
}

mote_status volume_lay(op_ctx *c, const matmul_numbers *x, const volume *v, size_t n, bool turned, bool constant,
                       volume_plan *p, size_t *scratch) {
  size_t whole = 0, rest = 0;
  *p = (volume_plan){.v = *v};
  MOTE_TRY(measure(c, x, v, n, p));
  matmul_shape s = {.m = p->chunk, .n = n, .k = p->k, .a_count = 1, .b_count = 1, .b_turned = turned};
  MOTE_TRY(matmul_lay(c, x, &s, constant, &p->whole, &whole));
  s.m = p->chunk ? p->rows % p->chunk : 0;
  MOTE_TRY(matmul_lay(c, x, &s, constant, &p->rest, &rest));
  c->macs = (uint64_t)p->rows * n * p->k;
  scratch_layout l = {0};
  p->rows_at = scratch_part(&l, p->in_place ? 0 : p->chunk * p->element, p->k);
  p->products_at = scratch_part(&l, 1, whole > rest ? whole : rest);
  OP_REQUIRE(c, !l.too_large, MOTE_ERR_LIMIT, "more scratch memory is needed than this machine can address");
  *scratch = l.bytes;
  return MOTE_OK;
}

/* ---- rows ---- */

/* The input position under filter element f of output o; -1: there is none. */
static int64_t position(const volume_dim *d, int64_t o, int64_t f) {
  const int64_t tap = d->reversed ? d->filter - 1 - f : f, at = o * d->stride + tap * d->dilation - d->before;
  return at < 0 || at % d->base || at / d->base >= d->in ? -1 : at / d->base;
}

/* Elements under one line of the window, whose other dimensions are settled: `from` is NULL outside. */
static void put_line(const volume *v, size_t element, const uint8_t *from, int64_t o, uint8_t *to) {
  const volume_dim *const d = &v->dim[v->rank - 1];
  const size_t bytes = (size_t)v->channels * element;
  for (int64_t f = 0; f < d->filter; f++, to += bytes) {
    const int64_t at = from ? position(d, o, f) : -1;
    if (at < 0) memset(to, 0, bytes);
    else memcpy(to, from + (size_t)(at * d->step) * element, bytes);
  }
}

/* Row `row`, counted over all images. */
static void put_row(const volume *v, size_t element, const uint8_t *in, size_t row, uint8_t *to) {
  int64_t o[VOLUME_DIMS] = {0}, f[VOLUME_DIMS] = {0};
  const int32_t last = v->rank - 1;
  for (int32_t i = last; i >= 0; i--) {
    o[i] = (int64_t)(row % (size_t)v->dim[i].out);
    row /= (size_t)v->dim[i].out;
  }
  in += row * (size_t)v->batch_step * element;
  if (v->rank == 0) {
    memcpy(to, in, (size_t)v->channels * element);
    return;
  }
  const size_t line = (size_t)v->dim[last].filter * (size_t)v->channels * element;
  for (;; to += line) {
    const uint8_t *from = in;
    for (int32_t i = 0; i < last && from; i++) {
      const int64_t at = position(&v->dim[i], o[i], f[i]);
      from = at < 0 ? NULL : from + (size_t)(at * v->dim[i].step) * element;
    }
    put_line(v, element, from, o[last], to);
    int32_t i = last - 1;
    for (; i >= 0 && ++f[i] == v->dim[i].filter; i--) f[i] = 0;
    if (i < 0) return;
  }
}

typedef struct gather_job {
  op_ctx *c;
  const volume_plan *plan;
  const uint8_t *in;
  uint8_t *to;
  size_t first, count;
} gather_job;

static void gather_task(void *arg, size_t task, int worker) {
  const gather_job *const j = arg;
  const volume_plan *const p = j->plan;
  const size_t begin = task * TASK_ROWS, end = j->count - begin < TASK_ROWS ? j->count : begin + TASK_ROWS;
  (void)worker;
  if (j->c->host->cancelled(j->c)) return;
  for (size_t i = begin; i < end; i++) put_row(&p->v, p->element, j->in, j->first + i, j->to + i * p->k * p->element);
}

mote_status volume_run(op_ctx *c, const matmul_numbers *x, const volume_plan *p, const matmul_operands *o,
                       void *scratch) {
  uint8_t *const rows = (uint8_t *)scratch + p->rows_at, *const products = (uint8_t *)scratch + p->products_at;
  const size_t n = p->whole.s.n;
  for (size_t first = 0, count; first < p->rows; first += count) {
    count = p->rows - first < p->chunk ? p->rows - first : p->chunk;
    matmul_operands part = *o;
    part.out = (uint8_t *)o->out + first * n * p->element;
    if (!p->in_place) {
      gather_job j = {c, p, o->a, rows, first, count};
      if (p->k) op_parallel(c, (count + TASK_ROWS - 1) / TASK_ROWS, gather_task, &j);
      part.a = rows;
    }
    const matmul_plan *const product = count == p->chunk ? &p->whole : &p->rest;
    MOTE_TRY(matmul_run(c, x, product, &part, products));
  }
  return MOTE_OK;
}

/* matmul.c: products of many matrices: methods, what is made from rhs, and the arithmetic of a tile. */
#include "operators/matmul.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "kernels/copy.h"
#include "kernels/dots.h"
#include "kernels/dynquant.h"
#include "kernels/gemm_f32.h"
#include "kernels/gemm_s8.h"
#include "kernels/requant.h"
#include "operators/pack.h"

enum {
  WORTH_PACKING = 8, /* rows for which an rhs that is computed in the run is worth packing */
  PANEL = 64,        /* columns that are turned and packed at once */
  ROW_COLUMNS = 1024 /* that stay in a near cache while rows are added up */
};

/* How a row was quantized (hybrid). */
typedef struct matmul_head {
  float scale;
  int32_t offset;
} matmul_head;

typedef struct matmul_job {
  op_ctx *c;
  const matmul_numbers *numbers;
  const matmul_plan *plan;
  const uint8_t *a, *b; /* as given, or turned, or quantized */
  size_t a_row;         /* bytes from row to row of a */
  void *out;
  uint8_t *block, *workers;
  const matmul_head *heads;
  const float *floats; /* hybrid: the rows before quantization */
} matmul_job;

static bool is_hybrid(const matmul_numbers *x) { return x->kind == MATMUL_HYBRID; }
static bool is_wide(const matmul_numbers *x) { return x->kind == MATMUL_F64 || x->kind == MATMUL_S64; }
static bool is_eight(const matmul_numbers *x) {
  return x->kind == MATMUL_HYBRID || x->kind == MATMUL_8 || x->kind == MATMUL_RAW;
}

/* ---- plan ---- */

static matmul_method choose(const op_ctx *c, const matmul_numbers *x, const matmul_shape *s, bool constant) {
  const bool kernel = x->kind == MATMUL_F32 || (is_eight(x) && c->isa != CPU_SCALAR);
  if (kernel && s->n > 2 && s->k && (constant || s->m >= WORTH_PACKING)) return MATMUL_PACKED;
  return x->kind == MATMUL_F32 && !s->b_turned && s->n > 2 ? MATMUL_ROWS : MATMUL_DOTS;
}

static size_t kernel_columns(const op_ctx *c, const matmul_numbers *x) {
  return x->kind == MATMUL_F32 ? kern_gemm_f32(c->isa)->nr : kern_gemm_s8(c->isa)->nr;
}

/* Where columns from j on, a multiple of nr, lie in a pack; false when that is too large. */
static bool packed_bytes(const op_ctx *c, const matmul_numbers *x, size_t j, size_t k, size_t *bytes) {
  return x->kind == MATMUL_F32 ? kern_gemm_f32(c->isa)->packed_bytes(j, k, bytes)
                               : kern_gemm_s8(c->isa)->packed_bytes(j, k, bytes);
}

static mote_status lay_block(op_ctx *c, const matmul_numbers *x, matmul_plan *p) {
  size_t pack = 0, nr;
  scratch_layout one = {0}, all = {0};
  if (p->method != MATMUL_PACKED && !(p->method == MATMUL_DOTS && is_hybrid(x))) return MOTE_OK;
  nr = kernel_columns(c, x);
  p->panel = (PANEL + nr - 1) / nr * nr;
  (void)scratch_part(&one, is_hybrid(x) ? p->s.n : 0, sizeof(int32_t));
  p->pack_at = one.bytes;
  const bool fits = p->method != MATMUL_PACKED || packed_bytes(c, x, p->s.n, p->s.k, &pack);
  (void)scratch_part(&one, 1, pack);
  p->each = one.bytes;
  (void)scratch_part(&all, p->s.b_count, p->each);
  p->block_bytes = all.bytes;
  OP_REQUIRE(c, fits && !one.too_large && !all.too_large, MOTE_ERR_LIMIT,
             "the packed matrices are larger than this machine can address");
  return MOTE_OK;
}

/* How rows of lhs lie before the kernel. */
static void lay_rows(const op_ctx *c, const matmul_numbers *x, matmul_plan *p) {
  const gemm_s8 *const g = kern_gemm_s8(c->isa);
  const size_t k = p->s.k;
  p->row_bytes = k * p->a_element;
  p->quantized_row = is_hybrid(x) ? k : 0;
  if (is_hybrid(x)) p->row_bytes = k;
  if (p->method != MATMUL_PACKED || !is_eight(x)) return;
  /* Rows that were quantized just now may be as long as the kernel likes. */
  if (is_hybrid(x)) p->row_bytes = p->quantized_row = (k + g->k_align - 1) / g->k_align * g->k_align;
  p->staged = g->direct != GEMM_S8_SIGNED || p->row_bytes % g->k_align;
  if (p->staged) p->row_bytes = gemm_s8_staged(g, k);
}

/* Without repeated operands and with one rhs all products are one. */
static void join_batches(const matmul_numbers *x, matmul_shape *s) {
  size_t batches = 1;
  int32_t wide = 0;
  for (int32_t i = 0; i < s->rank; i++) batches *= s->size[i], wide += s->size[i] > 1;
  if (is_hybrid(x) && wide > 1) return; /* see find_heads */
  if (s->b_count != 1 || s->a_count != batches || s->a_turned) return;
  s->m *= batches;
  s->rank = 0;
  s->a_count = 1;
}

static mote_status measure(op_ctx *c, const matmul_numbers *x, matmul_plan *p) {
  const matmul_shape *const s = &p->s;
  size_t a, b, out;
  p->batches = 1;
  for (int32_t i = 0; i < s->rank; i++)
    OP_REQUIRE(c, size_mul(p->batches, s->size[i], &p->batches), MOTE_ERR_LIMIT, "there are too many matrices");
  p->a_element = is_wide(x) ? 8 : x->kind == MATMUL_F32 || is_hybrid(x) ? 4 : is_eight(x) ? 1 : 2;
  p->b_element = is_wide(x) ? 8 : x->kind == MATMUL_F32 ? 4 : x->kind == MATMUL_16 ? 2 : 1;
  OP_REQUIRE(c,
             size_mul(s->a_count, s->m, &a) && size_mul(a, s->k, &a) && size_mul(s->b_count, s->k, &b) &&
                 size_mul(b, s->n, &b) && size_mul(p->batches, s->m, &out) && size_mul(out, s->n, &out) &&
                 s->k < SIZE_MAX / 64 && a < SIZE_MAX / 64 && b < SIZE_MAX / 64,
             MOTE_ERR_LIMIT, "the matrices are larger than this machine can address");
  return MOTE_OK;
}

static mote_status lay_scratch(op_ctx *c, const matmul_numbers *x, bool constant, matmul_plan *p, size_t *scratch) {
  const matmul_shape *const s = &p->s;
  const bool packed = p->method == MATMUL_PACKED, made = p->block_bytes && !(constant && packed);
  scratch_layout worker = {0}, all = {0};
  const size_t rows = s->a_count * s->m;
  p->rows_at = scratch_part(&worker, p->staged ? p->tiles.rows : 0, p->row_bytes);
  p->acc_at = scratch_part(&worker, is_eight(x) ? p->tiles.rows * p->acc_cols : 0, sizeof(int32_t));
  p->sums_at = scratch_part(&worker, is_eight(x) ? p->tiles.rows : 0, sizeof(int32_t));
  p->mult_at = scratch_part(&worker, x->kind == MATMUL_8 ? p->acc_cols : 0, sizeof(fx_mult));
  p->panel_at = scratch_part(&worker, made && packed && !s->b_turned ? p->panel : 0, s->k * p->b_element);
  p->worker_bytes = worker.bytes;
  p->block_at = scratch_part(&all, 1, made ? p->block_bytes : 0);
  p->turned_a_at = scratch_part(&all, s->a_turned ? rows : 0, s->k * p->a_element);
  p->turned_b_at =
      scratch_part(&all, p->method == MATMUL_DOTS && !s->b_turned ? s->b_count : 0, s->n * s->k * p->b_element);
  p->quantized_at = scratch_part(&all, rows, p->quantized_row);
  p->heads_at = scratch_part(&all, is_hybrid(x) ? rows : 0, sizeof(matmul_head));
  p->workers_at = scratch_part(&all, (size_t)c->workers, p->worker_bytes);
  OP_REQUIRE(c, !worker.too_large && !all.too_large, MOTE_ERR_LIMIT,
             "more scratch memory is needed than this machine can address");
  *scratch = all.bytes;
  return MOTE_OK;
}

mote_status matmul_lay(op_ctx *c, const matmul_numbers *x, const matmul_shape *shape, bool constant, matmul_plan *p,
                       size_t *scratch) {
  size_t mr = 4, nr = 1;
  *p = (matmul_plan){.s = *shape};
  join_batches(x, &p->s);
  MOTE_TRY(measure(c, x, p));
  p->method = choose(c, x, &p->s, constant);
  MOTE_TRY(lay_block(c, x, p));
  lay_rows(c, x, p);
  if (p->method == MATMUL_PACKED) {
    nr = kernel_columns(c, x);
    mr = x->kind == MATMUL_F32 ? kern_gemm_f32(c->isa)->mr : kern_gemm_s8(c->isa)->mr;
  }
  p->tiles = tiles_cut(&(tiles_product){
      .products = p->batches, .m = p->s.m, .n = p->s.n, .k = p->s.k, .row_bytes = p->row_bytes, .mr = mr, .nr = nr});
  p->acc_cols = tiles_step(&p->tiles, nr);
  c->macs = (uint64_t)p->batches * p->s.m * p->s.n * p->s.k;
  return lay_scratch(c, x, constant, p, scratch);
}

/* ---- what is made from rhs ---- */

/* Turns `rows` x `cols` elements, rows from_step bytes apart, into cols x rows. */
static void turn(size_t element, const void *from, size_t from_step, size_t rows, size_t cols, void *to) {
  copy_plan p;
  copy_begin(&p, element);
  copy_axis(&p, (int64_t)cols, (int64_t)(rows * element), (int64_t)element);
  copy_axis(&p, (int64_t)rows, (int64_t)element, (int64_t)from_step);
  copy_end(&p);
  copy_units(&p, to, from, 0, p.units);
}

/* Columns [first, first + cols) of one matrix of rhs into its part of the block. */
static void pack_columns(const op_ctx *c, const matmul_numbers *x, const matmul_plan *p, const uint8_t *matrix,
                         size_t first, size_t cols, void *room, uint8_t *to) {
  const size_t k = p->s.k, n = p->s.n, element = p->b_element;
  const void *rows = matrix + first * k * element;
  size_t at = 0;
  if (!p->s.b_turned) {
    turn(element, matrix + first * element, n * element, k, cols, room);
    rows = room;
  }
  packed_bytes(c, x, first, k, &at);
  if (x->kind == MATMUL_F32) {
    kern_gemm_f32(c->isa)->pack((float *)(void *)(to + p->pack_at + at), rows, cols, k, NULL);
    return;
  }
  kern_gemm_s8(c->isa)->pack(
      to + p->pack_at + at,
      &(gemm_s8_weights){
          .n = cols, .k = k, .w = rows, .w_signed = true, .a_signed = true, .w_zero = x->b_zero, .a_zero = x->a_zero});
  if (!is_hybrid(x)) return;
  int32_t *const sums = (int32_t *)(void *)to + first;
  for (size_t i = 0; i < cols; i++) sums[i] = sum_s8((const int8_t *)rows + i * k, k);
}

static size_t panels_of(const matmul_plan *p) { return (p->s.n + p->panel - 1) / p->panel; }

/* Panel `task`, counted over all matrices of rhs. */
static void pack_panel(const op_ctx *c, const matmul_numbers *x, const matmul_plan *p, const uint8_t *b, size_t task,
                       void *room, uint8_t *block) {
  const size_t matrix = task / panels_of(p), first = task % panels_of(p) * p->panel;
  const size_t cols = p->s.n - first < p->panel ? p->s.n - first : p->panel;
  pack_columns(c, x, p, b + matrix * p->s.n * p->s.k * p->b_element, first, cols, room, block + matrix * p->each);
}

typedef struct fill_arg {
  const op_ctx *c;
  const matmul_numbers *numbers;
  const matmul_plan *plan;
  const void *b;
} fill_arg;

/* A block of constants ends with room for one panel. */
static void fill(void *to, const void *arg) {
  const fill_arg *const f = arg;
  const matmul_plan *const p = f->plan;
  for (size_t i = 0; i < p->s.b_count * panels_of(p); i++)
    pack_panel(f->c, f->numbers, p, f->b, i, (uint8_t *)to + p->block_bytes, to);
}

/* All that a block depends on besides the data. */
typedef struct block_key {
  uint64_t n, k, count;
  int32_t a_zero, b_zero, kind, b_turned;
} block_key;

mote_status matmul_prepare(op_ctx *c, const matmul_numbers *x, const matmul_shape *shape, const void *b,
                           const void **block) {
  matmul_plan p = {.s = *shape};
  size_t room = 0, bytes = 0;
  *block = NULL;
  if (choose(c, x, shape, true) != MATMUL_PACKED) return MOTE_OK;
  p.s.m = 0, p.s.rank = 0;
  MOTE_TRY(measure(c, x, &p));
  MOTE_TRY(lay_block(c, x, &p));
  OP_REQUIRE(
      c, (shape->b_turned || size_mul(p.panel * p.b_element, shape->k, &room)) && size_add(p.block_bytes, room, &bytes),
      MOTE_ERR_LIMIT, "the packed matrices are larger than this machine can address");
  const block_key key = {.n = shape->n,
                         .k = shape->k,
                         .count = shape->b_count,
                         .a_zero = x->a_zero,
                         .b_zero = x->b_zero,
                         .kind = (int32_t)x->kind,
                         .b_turned = shape->b_turned};
  const fill_arg f = {.c = c, .numbers = x, .plan = &p, .b = b};
  const pack_request r = {
      .source = b, .kind = PACK_MATMUL, .made_from = {{&key, sizeof key}}, .bytes = bytes, .fill = fill, .arg = &f};
  return pack_constant(c, &r, block);
}

/* ---- tasks before the products ---- */

static void pack_task(void *arg, size_t task, int worker) {
  const matmul_job *const j = arg;
  const matmul_plan *const p = j->plan;
  if (j->c->host->cancelled(j->c)) return;
  pack_panel(j->c, j->numbers, p, j->b, task, j->workers + (size_t)worker * p->worker_bytes + p->panel_at, j->block);
}

static void quantize_row(void *arg, size_t row, int worker) {
  const matmul_job *const j = arg;
  const matmul_plan *const p = j->plan;
  const float *const x = j->floats + row * p->s.k;
  int8_t *const q = (int8_t *)(uintptr_t)j->a + row * p->quantized_row;
  matmul_head *const head = (matmul_head *)(uintptr_t)j->heads + row;
  (void)worker;
  head->offset = 0;
  if (j->numbers->asymmetric) head->scale = dynquant_asymmetric(x, p->s.k, q, &head->offset);
  else head->scale = dynquant_symmetric(x, p->s.k, q);
}

/* One matrix of an operand, rows x cols, turned. */
typedef struct turn_job {
  size_t element, rows, cols;
  const uint8_t *from;
  uint8_t *to;
} turn_job;

static void turn_task(void *arg, size_t matrix, int worker) {
  const turn_job *const j = arg;
  const size_t bytes = j->rows * j->cols * j->element;
  (void)worker;
  turn(j->element, j->from + matrix * bytes, j->cols * j->element, j->rows, j->cols, j->to + matrix * bytes);
}

/* Sums of the rows of rhs for hybrid products by single inner products. */
static void sum_rows(const matmul_job *j) {
  const matmul_plan *const p = j->plan;
  for (size_t i = 0; i < p->s.b_count; i++) {
    int32_t *const sums = (int32_t *)(void *)(j->block + i * p->each);
    for (size_t col = 0; col < p->s.n; col++)
      sums[col] = sum_s8((const int8_t *)j->b + (i * p->s.n + col) * p->s.k, p->s.k);
  }
}

/* ---- tiles ---- */

/* Rows [row, row + rows) by columns [col, last) of product `batch`, of matrices number a and b. */
typedef struct matmul_part {
  size_t batch, a, b, a_heads, b_sums, row, rows, col, last;
  const uint8_t *lhs; /* its first row */
  uint8_t *scratch;   /* of the worker */
} matmul_part;

static size_t out_at(const matmul_plan *p, const matmul_part *t, size_t row, size_t col) {
  return (t->batch * p->s.m + t->row + row) * p->s.n + col;
}

/* int32 sums of columns [col, col + cols) to what they stand for. */
static void finish(const matmul_job *j, const matmul_part *t, const int32_t *acc, size_t col, size_t cols) {
  const matmul_plan *const p = j->plan;
  const matmul_numbers *const x = j->numbers;
  if (x->kind == MATMUL_RAW) {
    for (size_t i = 0; i < t->rows; i++)
      memcpy((int32_t *)j->out + out_at(p, t, i, col), acc + i * p->acc_cols, cols * sizeof *acc);
    return;
  }
  if (x->kind == MATMUL_8) {
    fx_mult *const mult = (fx_mult *)(void *)(t->scratch + p->mult_at);
    for (size_t n = 0; n < cols; n++) mult[n] = x->mult;
    kern_requant(j->c->isa)->fixed(&(requant_job){.m = t->rows,
                                                  .n = cols,
                                                  .acc = acc,
                                                  .acc_stride = p->acc_cols,
                                                  .mult = mult,
                                                  .zero_point = x->out_zero,
                                                  .lo = INT8_MIN,
                                                  .hi = INT8_MAX,
                                                  .out = (int8_t *)j->out + out_at(p, t, 0, col),
                                                  .out_stride = p->s.n});
    return;
  }
  for (size_t i = 0; i < t->rows; i++) {
    const matmul_head head = j->heads[t->a_heads * p->s.m + t->row + i];
    const dynquant_row row = {.n = cols,
                              .acc = acc + i * p->acc_cols,
                              .sums = (const int32_t *)(const void *)(j->block + t->b_sums * p->each) + col,
                              .offset = head.offset,
                              .scale = x->scales ? head.scale : head.scale * x->scale,
                              .channel_scale = x->scales ? x->scales + col : NULL,
                              .lo = -INFINITY,
                              .hi = INFINITY,
                              .out = (float *)j->out + out_at(p, t, i, col)};
    dynquant_finish(&row);
  }
}

static void packed_f32(const matmul_job *j, const matmul_part *t) {
  const matmul_plan *const p = j->plan;
  kern_gemm_f32(j->c->isa)->run(
      &(gemm_f32_job){.m = t->rows,
                      .k = p->s.k,
                      .n_begin = t->col,
                      .n_end = t->last,
                      .a = (const float *)(const void *)t->lhs,
                      .a_stride = p->s.k,
                      .packed = (const float *)(const void *)(j->block + t->b * p->each + p->pack_at),
                      .c = (float *)j->out + out_at(p, t, 0, t->col),
                      .c_stride = p->s.n,
                      .lo = -INFINITY,
                      .hi = INFINITY});
}

static void packed_8(const matmul_job *j, const matmul_part *t) {
  const matmul_plan *const p = j->plan;
  const gemm_s8 *const g = kern_gemm_s8(j->c->isa);
  int32_t *const acc = (int32_t *)(void *)(t->scratch + p->acc_at);
  int32_t *const sums = (int32_t *)(void *)(t->scratch + p->sums_at);
  const uint8_t *rows = t->lhs;
  if (p->staged) {
    for (size_t i = 0; i < t->rows; i++)
      g->stage(t->scratch + p->rows_at + i * p->row_bytes, t->lhs + i * j->a_row, p->s.k, true);
    rows = t->scratch + p->rows_at;
  }
  for (size_t i = 0; j->numbers->b_zero && i < t->rows; i++) sums[i] = g->row_sum(rows + i * p->row_bytes, p->s.k);
  gemm_s8_job job = {.m = t->rows,
                     .k = p->s.k,
                     .a = rows,
                     .a_stride = p->row_bytes,
                     .packed = j->block + t->b * p->each + p->pack_at,
                     .w_zero = j->numbers->b_zero,
                     .sums = sums,
                     .c = acc,
                     .c_stride = p->acc_cols};
  for (size_t col = t->col; col < t->last; col = job.n_end) {
    job.n_begin = col;
    job.n_end = t->last - col < p->acc_cols ? t->last : col + p->acc_cols;
    g->run(&job);
    finish(j, t, acc, col, job.n_end - col);
  }
}

static void dots_8(const matmul_job *j, const matmul_part *t) {
  const matmul_plan *const p = j->plan;
  const int8_t *const b = (const int8_t *)j->b + t->b * p->s.n * p->s.k;
  int32_t *const acc = (int32_t *)(void *)(t->scratch + p->acc_at);
  for (size_t col = t->col, cols; col < t->last; col += cols) {
    cols = t->last - col < p->acc_cols ? t->last - col : p->acc_cols;
    for (size_t n = 0; n < cols; n++)
      for (size_t i = 0; i < t->rows; i++)
        acc[i * p->acc_cols + n] = dot_s8((const int8_t *)t->lhs + i * j->a_row, j->numbers->a_zero,
                                          b + (col + n) * p->s.k, j->numbers->b_zero, p->s.k);
    finish(j, t, acc, col, cols);
  }
}

static void dots_f32(const matmul_job *j, const matmul_part *t) {
  const matmul_plan *const p = j->plan;
  const float *const b = (const float *)(const void *)j->b + t->b * p->s.n * p->s.k;
  for (size_t col = t->col; col < t->last; col++)
    for (size_t i = 0; i < t->rows; i++)
      ((float *)j->out)[out_at(p, t, i, col)] =
          dot_f32((const float *)(const void *)t->lhs + i * p->s.k, b + col * p->s.k, p->s.k, 0);
}

static void dots_16(const matmul_job *j, const matmul_part *t) {
  const matmul_plan *const p = j->plan;
  const matmul_numbers *const x = j->numbers;
  const bool wide = x->kind == MATMUL_16;
  for (size_t i = 0; i < t->rows; i++) {
    const int16_t *const row = (const int16_t *)(const void *)t->lhs + i * p->s.k;
    const int64_t correction = x->b_zero ? x->b_zero * sum_s16(row, p->s.k) : 0;
    for (size_t col = t->col; col < t->last; col++) {
      const size_t at = (t->b * p->s.n + col) * p->s.k;
      const int64_t sum = wide ? dot_s16_s16(row, (const int16_t *)(const void *)j->b + at, p->s.k)
                               : dot_s16_s8(row, (const int8_t *)j->b + at, p->s.k);
      ((int16_t *)j->out)[out_at(p, t, i, col)] = fx_sat16(fx_mbqm64(sum - correction, x->mult));
    }
  }
}

static void dots_wide(const matmul_job *j, const matmul_part *t) {
  const matmul_plan *const p = j->plan;
  const bool floats = j->numbers->kind == MATMUL_F64;
  for (size_t i = 0; i < t->rows; i++)
    for (size_t col = t->col; col < t->last; col++) {
      const uint8_t *const b = j->b + (t->b * p->s.n + col) * p->s.k * 8, *const a = t->lhs + i * j->a_row;
      double sum = 0;
      uint64_t whole = 0;
      for (size_t k = 0; floats && k < p->s.k; k++)
        sum += ((const double *)(const void *)a)[k] * ((const double *)(const void *)b)[k];
      for (size_t k = 0; !floats && k < p->s.k; k++)
        whole += ((const uint64_t *)(const void *)a)[k] * ((const uint64_t *)(const void *)b)[k];
      if (floats) ((double *)j->out)[out_at(p, t, i, col)] = sum;
      else ((uint64_t *)j->out)[out_at(p, t, i, col)] = whole;
    }
}

/* A few columns of all rows of rhs at a time: they are read once, in the order they lie in. */
static void rows_f32(const matmul_job *j, const matmul_part *t) {
  const matmul_plan *const p = j->plan;
  const float *const b = (const float *)(const void *)j->b + t->b * p->s.n * p->s.k;
  for (size_t col = t->col, cols; col < t->last; col += cols) {
    cols = t->last - col < ROW_COLUMNS ? t->last - col : ROW_COLUMNS;
    for (size_t i = 0; i < t->rows; i++) memset((float *)j->out + out_at(p, t, i, col), 0, cols * sizeof(float));
    for (size_t k = 0; k < p->s.k; k++)
      for (size_t i = 0; i < t->rows; i++) {
        const float x = ((const float *)(const void *)t->lhs)[i * p->s.k + k];
        add_scaled_f32((float *)j->out + out_at(p, t, i, col), b + k * p->s.n + col, x, cols);
      }
  }
}

/* Which matrices product `batch` takes. */
static void find_matrices(const matmul_shape *s, matmul_part *t) {
  size_t rest = t->batch;
  for (int32_t i = s->rank - 1; i >= 0; i--) {
    t->a += rest % s->size[i] * s->a_step[i];
    t->b += rest % s->size[i] * s->b_step[i];
    rest /= s->size[i];
  }
}

/* Whose scales, offsets and sums go with a hybrid product. The reference counts each dimension of the batch by itself,
 * so that where more than one is not 1, those of another matrix are taken. Its answers are what such files have been
 * tested with. */
static void find_heads(const matmul_shape *s, matmul_part *t) {
  size_t rest = t->batch;
  for (int32_t i = s->rank - 1; i >= 0; i--) {
    const size_t at = rest % s->size[i];
    t->a_heads += s->a_step[i] ? at : 0;
    t->b_sums += s->b_step[i] ? at : 0;
    rest /= s->size[i];
  }
}

static void tile_task(void *arg, size_t task, int worker) {
  const matmul_job *const j = arg;
  const matmul_plan *const p = j->plan;
  const tiles *const cut = &p->tiles;
  if (j->c->host->cancelled(j->c)) return;
  matmul_part t = {.scratch = j->workers + (size_t)worker * p->worker_bytes};
  t.col = task % cut->col_tiles * cut->cols;
  task /= cut->col_tiles;
  t.row = task % cut->row_tiles * cut->rows;
  t.batch = task / cut->row_tiles;
  t.rows = p->s.m - t.row < cut->rows ? p->s.m - t.row : cut->rows;
  t.last = p->s.n - t.col < cut->cols ? p->s.n : t.col + cut->cols;
  find_matrices(&p->s, &t);
  find_heads(&p->s, &t);
  t.lhs = j->a + (t.a * p->s.m + t.row) * j->a_row;
  if (p->method == MATMUL_ROWS) rows_f32(j, &t);
  else if (j->numbers->kind == MATMUL_F32) p->method == MATMUL_PACKED ? packed_f32(j, &t) : dots_f32(j, &t);
  else if (is_eight(j->numbers)) p->method == MATMUL_PACKED ? packed_8(j, &t) : dots_8(j, &t);
  else is_wide(j->numbers) ? dots_wide(j, &t) : dots_16(j, &t);
}

mote_status matmul_run(op_ctx *c, const matmul_numbers *x, const matmul_plan *p, const matmul_operands *o,
                       void *scratch) {
  uint8_t *const room = scratch;
  const matmul_shape *const s = &p->s;
  matmul_job j = {
      .c = c, .numbers = x, .plan = p, .a = o->a, .b = o->b, .out = o->out, .workers = room + p->workers_at};
  const size_t tasks = p->batches * p->tiles.row_tiles * p->tiles.col_tiles;
  if (tasks == 0) return MOTE_OK;
  j.a_row = s->k * p->a_element;
  if (s->a_turned && s->k) {
    turn_job turned = {p->a_element, s->k, s->m, o->a, room + p->turned_a_at};
    op_parallel(c, s->a_count, turn_task, &turned);
    j.a = turned.to;
  }
  if (is_hybrid(x)) {
    j.floats = (const float *)(const void *)j.a;
    j.a = room + p->quantized_at, j.a_row = p->quantized_row;
    j.heads = (const matmul_head *)(const void *)(room + p->heads_at);
    op_parallel(c, s->a_count * s->m, quantize_row, &j);
  }
  if (p->method == MATMUL_DOTS && !s->b_turned && s->k) {
    turn_job turned = {p->b_element, s->k, s->n, o->b, room + p->turned_b_at};
    op_parallel(c, s->b_count, turn_task, &turned);
    j.b = turned.to;
  }
  j.block = o->block ? (uint8_t *)(uintptr_t)o->block : room + p->block_at;
  if (!o->block && p->method == MATMUL_PACKED) op_parallel(c, s->b_count * panels_of(p), pack_task, &j);
  if (p->method == MATMUL_DOTS && is_hybrid(x)) sum_rows(&j);
  op_parallel(c, tasks, tile_task, &j);
  OP_POLL(c);
  return MOTE_OK;
}

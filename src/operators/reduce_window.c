/* reduce_window.c: STABLEHLO_REDUCE_WINDOW and its older form REDUCE_WINDOW: what lies under a window is folded, and
 * the window slides over all dimensions.
 *
 * The input may have holes between its elements (base dilation) and padding around it, which count for nothing: folding
 * begins with a given value, and only elements are folded in. `all` and `any` of numbers are done on bool.
 */
#include <string.h>

#include "operators/calls.h"
#include "operators/move.h"

enum { BLOCK = 256 };

typedef struct fold_params {
  const arith_op *op;
  bool logical; /* all, any: of whether elements are not 0 */
} fold_params;

/* One dimension: window element k of output i lies at input (i * stride + k * dilation - before) / base, where that
 * is whole and inside. */
typedef struct slide {
  int64_t size, stride, dilation, base, before, after;
} slide;

/* ---- options ---- */

static bool is_stablehlo(const op_ctx *c) { return c->op->code == sch_BuiltinOperator_STABLEHLO_REDUCE_WINDOW; }

static mote_status check_region(op_ctx *c) {
  const int32_t body = ((const sch_StablehloReduceWindowOptions *)c->options)->body_subgraph_index;
  op_region r;
  callee k;
  MOTE_TRY(c->host->region(c, body, &r));
  MOTE_TRY(calls_find(c, body, &k));
  OP_REQUIRE(c, k.in_count == 2 && k.out_count == 1, MOTE_ERR_MODEL,
             "subgraph %d, which folds, has %d inputs and %d outputs; it must have 2 and 1", (int)body, k.in_count,
             k.out_count);
  fold_params *const p = c->params;
  OP_REQUIRE(c, calls_fold(&r, &p->op, &p->logical), MOTE_ERR_UNSUPPORTED,
             "subgraph %d must fold by a single sum, product, maximum, minimum, and, or or of its two inputs",
             (int)body);
  return MOTE_OK;
}

static mote_status check_function(op_ctx *c) {
  static const fold_params folds[] = {
      [sch_ReduceWindowFunction_ADD] = {&arith_add, false},
      [sch_ReduceWindowFunction_MUL] = {&arith_mul, false},
      [sch_ReduceWindowFunction_MINIMUM] = {&arith_min, false},
      [sch_ReduceWindowFunction_MAXIMUM] = {&arith_max, false},
      [sch_ReduceWindowFunction_ALL] = {&arith_and, true},
      [sch_ReduceWindowFunction_ANY] = {&arith_or, true},
  };
  const int32_t f = ((const sch_ReduceWindowOptions *)c->options)->reduce_function;
  OP_REQUIRE(c, f >= sch_ReduceWindowFunction_ADD && f <= sch_ReduceWindowFunction_ANY, MOTE_ERR_MODEL,
             "reduce function %d does not exist", (int)f);
  *(fold_params *)c->params = folds[f];
  return MOTE_OK;
}

static mote_status check(op_ctx *c) {
  const fold_params *p = c->params;
  MOTE_TRY(is_stablehlo(c) ? check_region(c) : check_function(c));
  const num_class class = num_class_of(c->in[0]->type);
  OP_REQUIRE(c, p->logical || kern_arith_has(class, p->op), MOTE_ERR_TYPE, "%s cannot be folded this way",
             mote_type_name(c->in[0]->type));
  return MOTE_OK;
}

/* A list of the options, `fallback` when it is absent. */
static mote_status list_at(op_ctx *c, const char *name, sch_i64s list, int32_t i, int32_t rank, int64_t fallback,
                           int64_t *to) {
  OP_REQUIRE(c, list.count == 0 || list.count == (size_t)rank, MOTE_ERR_MODEL,
             "'%s' has %zu entries, and the input %d dimensions", name, (size_t)list.count, (int)rank);
  *to = list.count ? list.data[i] : fallback;
  return MOTE_OK;
}

static mote_status options_of(op_ctx *c, int32_t rank, slide *s) {
  const sch_StablehloReduceWindowOptions *o = c->options;
  OP_REQUIRE(c, o->window_dimensions.count == (size_t)rank, MOTE_ERR_MODEL,
             "'window_dimensions' has %zu entries, and the input %d dimensions", (size_t)o->window_dimensions.count,
             (int)rank);
  OP_REQUIRE(c, o->padding.count == 0 || o->padding.count == 2 * (size_t)rank, MOTE_ERR_MODEL,
             "'padding' has %zu entries, and the input %d dimensions, each of which takes two",
             (size_t)o->padding.count, (int)rank);
  for (int32_t i = 0; i < rank; i++) {
    s[i].size = o->window_dimensions.data[i];
    MOTE_TRY(list_at(c, "window_strides", o->window_strides, i, rank, 1, &s[i].stride));
    MOTE_TRY(list_at(c, "base_dilations", o->base_dilations, i, rank, 1, &s[i].base));
    MOTE_TRY(list_at(c, "window_dilations", o->window_dilations, i, rank, 1, &s[i].dilation));
    s[i].before = o->padding.count ? o->padding.data[2 * i] : 0;
    s[i].after = o->padding.count ? o->padding.data[2 * i + 1] : 0;
  }
  return MOTE_OK;
}

/* Windows, strides and dilations of REDUCE_WINDOW are its inputs 2, 3 and 4; *known is false while they are not there.
 */
static mote_status inputs_of(op_ctx *c, int32_t rank, slide *s, bool *known) {
  for (int k = 2; k < 5; k++) {
    int64_t v[OP_KNOWN_MAX];
    int32_t count;
    if (!op_ints(c, k, v, &count)) {
      *known = false;
      return MOTE_OK;
    }
    OP_REQUIRE(c, count == rank, MOTE_ERR_SHAPE, "input %d has %d entries, and the data %d dimensions", k, (int)count,
               (int)rank);
    for (int32_t i = 0; i < rank; i++) *(k == 2 ? &s[i].size : k == 3 ? &s[i].stride : &s[i].dilation) = v[i];
  }
  for (int32_t i = 0; i < rank; i++) s[i].base = 1, s[i].before = s[i].after = 0;
  return MOTE_OK;
}

static mote_status slides_of(op_ctx *c, int32_t rank, slide *s, bool *known) {
  enum { MOST = INT32_MAX };
  *known = true;
  MOTE_TRY(is_stablehlo(c) ? options_of(c, rank, s) : inputs_of(c, rank, s, known));
  if (!*known) return MOTE_OK;
  for (int32_t i = 0; i < rank; i++) {
    const int64_t at_least_1[] = {s[i].size, s[i].stride, s[i].dilation, s[i].base};
    for (int k = 0; k < 4; k++)
      OP_REQUIRE(c, at_least_1[k] >= 1 && at_least_1[k] <= MOST, MOTE_ERR_MODEL,
                 "window sizes, strides and dilations must lie in [1, 2^31), and one of dimension %d is %lld", (int)i,
                 (long long)at_least_1[k]);
    OP_REQUIRE(c, s[i].before >= -MOST && s[i].before <= MOST && s[i].after >= -MOST && s[i].after <= MOST,
               MOTE_ERR_MODEL, "padding of dimension %d is %lld and %lld, which is too much", (int)i,
               (long long)s[i].before, (long long)s[i].after);
  }
  return MOTE_OK;
}

/* ---- infer, plan ---- */

/* Sizes are below 2^31, so products of two fit 64 bits. */
static mote_status slid(op_ctx *c, int32_t in, const slide *s, int32_t *out) {
  *out = -1;
  if (in < 0) return MOTE_OK;
  const int64_t spread = in ? ((int64_t)in - 1) * s->base + 1 : 0, room = spread + s->before + s->after;
  const int64_t span = (s->size - 1) * s->dilation + 1, n = room < span ? 0 : (room - span) / s->stride + 1;
  OP_REQUIRE(c, n <= INT32_MAX, MOTE_ERR_SHAPE, "a dimension of the result would be %lld", (long long)n);
  *out = (int32_t)n;
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *x = c->in[0], *init = c->in[1];
  op_tensor *y = c->out[0];
  slide s[OP_MAX_RANK];
  bool known;
  OP_REQUIRE(c, !op_shape_known(init) || op_count(init) == 1, MOTE_ERR_SHAPE, "the initial value must be one element");
  y->rank = -1;
  if (x->rank < 0) return MOTE_OK;
  MOTE_TRY(slides_of(c, x->rank, s, &known));
  move_unknown(y, x->rank);
  if (!known) return MOTE_OK;
  for (int32_t i = 0; i < x->rank; i++) MOTE_TRY(slid(c, x->dims[i], &s[i], &y->dims[i]));
  return MOTE_OK;
}

typedef struct window_plan {
  slide at[OP_MAX_RANK];
} window_plan;

/* Logical folds go through bool: scratch holds input and output as bytes. */
static mote_status plan(op_ctx *c) {
  bool known;
  if (((const fold_params *)c->params)->logical) c->scratch_size = op_count(c->in[0]) + op_count(c->out[0]);
  return slides_of(c, c->in[0]->rank, ((window_plan *)c->record)->at, &known);
}

/* ---- run ---- */

typedef struct walk {
  const slide *at;
  const op_tensor *in, *out;
  const char *x;
  char *y;
  size_t bytes;
  arith arith;
} walk;

/* Loops are over input elements where windows could be larger than the input, so that no window size makes them long.
 */

/* Whether the window of output i has an element at input coordinate `from`. */
static bool takes(const slide *s, int64_t i, int64_t from) {
  const int64_t at = from * s->base + s->before - i * s->stride;
  return at >= 0 && at % s->dilation == 0 && at / s->dilation < s->size;
}

/* The input coordinates [*first, *last] between which the window of output i lies; empty when first > last. */
static void reach(const slide *s, int64_t i, int32_t size, int64_t *first, int64_t *last) {
  const int64_t begin = i * s->stride - s->before, end = begin + (s->size - 1) * s->dilation;
  *first = begin <= 0 ? 0 : (begin - 1) / s->base + 1;
  *last = end < 0 ? -1 : end / s->base < size ? end / s->base : size - 1;
}

/* The input coordinate of window element k, -1: there is none. */
static int64_t source(const slide *s, int64_t i, int64_t k, int32_t size) {
  const int64_t at = i * s->stride + k * s->dilation - s->before;
  return at < 0 || at % s->base || at / s->base >= size ? -1 : at / s->base;
}

/* Window element k of the innermost dimension into outputs [first, first + n) of a row; x is the input's row. Elements
 * are gathered, and outputs without one lie between runs. */
static void fold_element(const walk *w, const char *x, char *y, int64_t first, int64_t n, int64_t k) {
  const int32_t last = w->out->rank - 1, size = w->in->dims[last];
  const slide *s = &w->at[last];
  char block[BLOCK * NUM_WIDEST];
  for (int64_t i = 0; i < n;) {
    size_t run = 0;
    for (int64_t from; i + (int64_t)run < n && (from = source(s, first + i + (int64_t)run, k, size)) >= 0; run++)
      memcpy(block + run * w->bytes, x + (size_t)from * w->bytes, w->bytes);
    char *const to = y + (size_t)i * w->bytes;
    if (run) kern_arith_run(to, block, to, run, &w->arith);
    i += run ? (int64_t)run : 1;
  }
}

/* A row of the input into a row of outputs. */
static void fold_row(const walk *w, const char *x, char *y) {
  const int32_t last = w->out->rank - 1;
  const slide *s = &w->at[last];
  const int64_t n = w->out->dims[last];
  if (s->size <= w->in->dims[last]) {
    for (int64_t first = 0; first < n; first += BLOCK)
      for (int64_t k = 0; k < s->size; k++)
        fold_element(w, x, y + (size_t)first * w->bytes, first, n - first < BLOCK ? n - first : BLOCK, k);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    int64_t from, end;
    reach(s, i, w->in->dims[last], &from, &end);
    for (char *const to = y + (size_t)i * w->bytes; from <= end; from++)
      if (takes(s, i, from)) kern_arith_run(to, x + (size_t)from * w->bytes, to, 1, &w->arith);
  }
}

/* A row of outputs: all rows of the input under its window in turn. */
static void task(void *arg, size_t index, int worker) {
  (void)worker;
  const walk *w = arg;
  const int32_t last = w->out->rank - 1;
  int64_t place[OP_MAX_RANK], first[OP_MAX_RANK], end[OP_MAX_RANK], at[OP_MAX_RANK];
  size_t row = index;
  for (int32_t i = last - 1; i >= 0; i--) {
    place[i] = (int64_t)(row % (size_t)w->out->dims[i]);
    row /= (size_t)w->out->dims[i];
    reach(&w->at[i], place[i], w->in->dims[i], &first[i], &end[i]);
    if (first[i] > end[i]) return;
    at[i] = first[i];
  }
  char *const y = w->y + index * (size_t)w->out->dims[last] * w->bytes;
  for (;;) {
    size_t offset = 0;
    bool inside = true;
    for (int32_t i = 0; i < last; i++) {
      inside &= takes(&w->at[i], place[i], at[i]);
      offset = offset * (size_t)w->in->dims[i] + (size_t)at[i];
    }
    if (inside) fold_row(w, w->x + offset * (size_t)w->in->dims[last] * w->bytes, y);
    int32_t i = last - 1;
    for (; i >= 0 && ++at[i] > end[i]; i--) at[i] = first[i];
    if (i < 0) return;
  }
}

static void fill(char *y, const char *value, size_t bytes, size_t n) {
  for (size_t i = 0; i < n; i++) memcpy(y + i * bytes, value, bytes);
}

static mote_status run(op_ctx *c) {
  const op_tensor *x = c->in[0], *y = c->out[0];
  const fold_params *p = c->params;
  const size_t in = op_count(x), out = op_count(y);
  walk w = {.at = ((const window_plan *)c->record)->at, .in = x, .out = y, .x = x->data, .y = y->data};
  w.arith = (arith){.type = p->logical ? MOTE_BOOL : x->type, .op = p->op, .lo = 1, .hi = 0};
  w.bytes = (size_t)move_element(w.arith.type);
  if (out == 0) return MOTE_OK;
  const char *init = c->in[1]->data;
  uint8_t init_bool;
  if (p->logical) {
    num_convert(x->type, x->data, MOTE_BOOL, c->scratch, 0, in);
    num_convert(x->type, init, MOTE_BOOL, &init_bool, 0, 1);
    w.x = c->scratch;
    w.y = (char *)c->scratch + in;
    init = (const char *)&init_bool;
  }
  fill(w.y, init, w.bytes, out);
  if (x->rank == 0) kern_arith_run(w.y, w.x, w.y, 1, &w.arith);
  else op_parallel(c, out / (size_t)y->dims[y->rank - 1], task, &w);
  if (p->logical) num_convert(MOTE_BOOL, w.y, y->type, y->data, 0, out);
  return MOTE_OK;
}

#define REDUCE_WINDOW(symbol, code_name, inputs, taken, ...)                                                           \
  const mote_op op_##symbol = {                                                                                        \
      .name = #code_name,                                                                                              \
      .code = sch_BuiltinOperator_##code_name,                                                                         \
      .versions = 1,                                                                                                   \
      .inputs_min = inputs,                                                                                            \
      .inputs_max = inputs,                                                                                            \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = taken,                                                                                                  \
      .params_size = sizeof(fold_params),                                                                              \
      .record_size = sizeof(window_plan),                                                                              \
      .check = check,                                                                                                  \
      .infer = infer,                                                                                                  \
      .plan = plan,                                                                                                    \
      .run = run,                                                                                                      \
      __VA_ARGS__,                                                                                                     \
  };

#define NUMBERS "f32|f16|bf16|f64|i8|u8|i16|u16|i32|u32|i64|u64|bool"

REDUCE_WINDOW(stablehlo_reduce_window, STABLEHLO_REDUCE_WINDOW, 2,
              NUMBERS " = > =", .options_2 = sch_BuiltinOptions2_StablehloReduceWindowOptions,
              .notes = "The subgraph must be one sum, product, maximum, minimum, and, or or.")
REDUCE_WINDOW(reduce_window, REDUCE_WINDOW, 5,
              NUMBERS " = i64 i64 i64 > =", .options_2 = sch_BuiltinOptions2_ReduceWindowOptions,
              .notes = "The form before STABLEHLO_REDUCE_WINDOW: without padding and base dilation.")

/* stablehlo_reduce.c: STABLEHLO_REDUCE: what lies along some dimensions is folded by a subgraph, beginning with given
 * values.
 *
 * A subgraph that is a single sum, product, extreme, and, or or of numbers is known, and folded block by block; the
 * order of folding is free by the StableHLO specification. Any other one, also of several operands at once, is called
 * for each element. Sliding windows are in reduce_window.c.
 */
#include <string.h>

#include "operators/calls.h"
#include "operators/move.h"

enum { OPERANDS_MOST = 16, BLOCK = 256, PIECE = 2048, TASK_ELEMENTS = 16 * 1024 };

typedef struct reduce_params {
  arith arith;
  bool known; /* arith is what the subgraph does */
} reduce_params;

/* Some dimensions of the input, outermost first; steps are in elements. */
typedef struct axes {
  int32_t rank;
  size_t size[OP_MAX_RANK], step[OP_MAX_RANK];
} axes;

typedef struct reduce_plan {
  axes kept, folded; /* without what `run` merges */
  size_t run;        /* innermost elements that are alike in being kept or folded */
  bool across;       /* they are kept */
} reduce_plan;

static int32_t body_of(const op_ctx *c) {
  return ((const sch_StablehloReduceOptions *)c->options)->body_subgraph_index;
}

/* ---- check ---- */

/* The subgraph takes what has been folded and then elements, one of each operand, and gives what is folded now. */
static mote_status check_types(op_ctx *c, const callee *k) {
  const int32_t n = c->num_outputs;
  OP_REQUIRE(c, k->in_count == 2 * n && k->out_count == n, MOTE_ERR_MODEL,
             "subgraph %d, which folds, has %d inputs and %d outputs; for %d operands it must have %d and %d",
             (int)body_of(c), k->in_count, k->out_count, (int)n, 2 * (int)n, (int)n);
  for (int32_t i = 0; i < n; i++) {
    const mote_type type = c->out[i]->type;
    OP_REQUIRE(c,
               k->in[i] && k->in[n + i] && k->in[i]->type == type && k->out[i]->type == type &&
                   c->in[n + i]->type == type && k->in[n + i]->type == c->in[i]->type,
               MOTE_ERR_MODEL, "operand %d, its initial value, its output and what subgraph %d folds differ in type",
               (int)i, (int)body_of(c));
  }
  return MOTE_OK;
}

static mote_status check(op_ctx *c) {
  reduce_params *const p = c->params;
  op_region r;
  callee k;
  OP_REQUIRE(c, c->num_inputs == 2 * c->num_outputs && c->num_outputs <= OPERANDS_MOST, MOTE_ERR_MODEL,
             "%d inputs give %d outputs; there must be an operand and an initial value for each output, and at most %d",
             (int)c->num_inputs, (int)c->num_outputs, OPERANDS_MOST);
  MOTE_TRY(calls_find(c, body_of(c), &k));
  MOTE_TRY(check_types(c, &k));
  MOTE_TRY(c->host->region(c, body_of(c), &r));
  bool logical;
  const mote_type type = c->in[0]->type;
  p->arith = (arith){.type = type, .lo = 1, .hi = 0};
  p->known = c->num_outputs == 1 && type == c->out[0]->type && !k.in[0]->quant->count &&
             calls_fold(&r, &p->arith.op, &logical) && kern_arith_has(num_class_of(type), p->arith.op);
  return MOTE_OK;
}

/* ---- shapes ---- */

static mote_status folded_mask(op_ctx *c, int32_t rank, uint32_t *mask) {
  const sch_i64s dims = ((const sch_StablehloReduceOptions *)c->options)->dimensions;
  *mask = 0;
  for (uint32_t i = 0; i < dims.count; i++) {
    OP_REQUIRE(c, dims.data[i] >= 0 && dims.data[i] < rank && !(*mask >> dims.data[i] & 1), MOTE_ERR_MODEL,
               "dimensions must lie in [0, %d) and be named once, and number %u is %lld", (int)rank, (unsigned)i,
               (long long)dims.data[i]);
    *mask |= UINT32_C(1) << dims.data[i];
  }
  return MOTE_OK;
}

static op_tensor scalar_of(const op_tensor *like, const void *data) {
  op_tensor t = *like;
  t.rank = 0;
  t.bytes = (size_t)move_element(t.type);
  t.data = (void *)(uintptr_t)data;
  t.flags = 0;
  return t;
}

/* Lets the subgraph be planned for scalars. */
static mote_status infer_body(op_ctx *c) {
  op_tensor t[2 * OPERANDS_MOST], results[OPERANDS_MOST], *out[OPERANDS_MOST];
  const op_tensor *in[2 * OPERANDS_MOST];
  const int32_t n = c->num_outputs;
  for (int32_t i = 0; i < 2 * n; i++) {
    t[i] = scalar_of(i < n ? c->out[i] : c->in[i - n], NULL);
    in[i] = &t[i];
  }
  for (int32_t i = 0; i < n; i++) out[i] = &results[i];
  return c->host->infer_call(c, body_of(c), in, 2 * n, out, n);
}

static mote_status infer(op_ctx *c) {
  const op_tensor *const x = c->in[0];
  const int32_t n = c->num_outputs;
  uint32_t mask;
  for (int32_t i = 0; i < n; i++) {
    OP_REQUIRE(c, !op_shape_known(c->in[n + i]) || op_count(c->in[n + i]) == 1, MOTE_ERR_SHAPE,
               "the initial value of operand %d must be one element", (int)i);
    OP_REQUIRE(c, !op_shape_known(c->in[i]) || !op_shape_known(x) || op_same_dims(c->in[i], x), MOTE_ERR_SHAPE,
               "operands 0 and %d differ in shape", (int)i);
    c->out[i]->rank = -1;
  }
  if (!((const reduce_params *)c->params)->known) MOTE_TRY(infer_body(c));
  if (x->rank < 0) return MOTE_OK;
  MOTE_TRY(folded_mask(c, x->rank, &mask));
  for (int32_t i = 0; i < n; i++) {
    c->out[i]->rank = 0;
    for (int32_t d = 0; d < x->rank; d++)
      if (!(mask >> d & 1)) c->out[i]->dims[c->out[i]->rank++] = x->dims[d];
  }
  return MOTE_OK;
}

/* ---- plan ---- */

/* Dimensions are gathered innermost first and turned round. */
static void add_axis(axes *a, int32_t size, size_t step) {
  memmove(a->size + 1, a->size, (size_t)a->rank * sizeof *a->size);
  memmove(a->step + 1, a->step, (size_t)a->rank * sizeof *a->step);
  a->size[0] = (size_t)size, a->step[0] = step;
  a->rank++;
}

static mote_status plan(op_ctx *c) {
  reduce_plan *const p = c->record;
  const op_tensor *const x = c->in[0];
  const bool known = ((const reduce_params *)c->params)->known;
  uint32_t mask;
  size_t step = 1;
  MOTE_TRY(folded_mask(c, x->rank, &mask));
  *p = (reduce_plan){.run = 1, .across = true};
  bool merging = known;
  for (int32_t i = x->rank - 1; i >= 0; i--) {
    const bool kept = !(mask >> i & 1);
    if (x->dims[i] == 1) continue;
    if (step == 1) p->across = kept || !known;
    merging = merging && kept == p->across;
    if (merging) p->run *= (size_t)x->dims[i];
    else add_axis(kept ? &p->kept : &p->folded, x->dims[i], step);
    step *= (size_t)x->dims[i];
  }
  return MOTE_OK;
}

/* ---- run ---- */

static size_t count_of(const axes *a) {
  size_t n = 1;
  for (int32_t i = 0; i < a->rank; i++) n *= a->size[i];
  return n;
}

/* Elements from the beginning to position `index` of these dimensions. */
static size_t offset_of(const axes *a, size_t index) {
  size_t offset = 0;
  for (int32_t i = a->rank - 1; i >= 0; i--) {
    offset += index % a->size[i] * a->step[i];
    index /= a->size[i];
  }
  return offset;
}

typedef struct fold_job {
  const reduce_plan *plan;
  const arith *arith;
  const char *x;
  char *y;
  size_t bytes; /* of an element */
  size_t pieces, units, units_a_task;
} fold_job;

/* Folds n elements that lie together into one at y: as columns of a block, which is then halved. */
static void fold_run(const fold_job *j, const char *x, char *y, size_t n) {
  double block[BLOCK * NUM_WIDEST / sizeof(double)];
  char *const b = (char *)block;
  size_t have = n < BLOCK ? n : BLOCK;
  memcpy(b, x, have * j->bytes);
  for (size_t at = have, m; at < n; at += m) {
    m = n - at < BLOCK ? n - at : BLOCK;
    kern_arith_run(b, x + at * j->bytes, b, m, j->arith);
  }
  for (size_t half; (half = have / 2) > 0; have -= half)
    kern_arith_run(b, b + (have - half) * j->bytes, b, half, j->arith);
  kern_arith_run(y, b, y, 1, j->arith);
}

/* A unit is one output, or a piece of outputs that lie side by side. */
static void fold_unit(const fold_job *j, size_t unit) {
  const reduce_plan *const p = j->plan;
  const size_t row = unit / j->pieces, first = unit % j->pieces * PIECE, rest = p->run - first;
  const size_t n = p->across && rest > PIECE ? PIECE : rest, count = count_of(&p->folded);
  char *const y = j->y + (p->across ? row * p->run + first : row) * j->bytes;
  const char *const x = j->x + (offset_of(&p->kept, row) + first) * j->bytes;
  for (size_t i = 0; i < count; i++) {
    const char *const from = x + offset_of(&p->folded, i) * j->bytes;
    if (p->across) kern_arith_run(y, from, y, n, j->arith);
    else fold_run(j, from, y, n);
  }
}

static void fold_task(void *arg, size_t task, int worker) {
  const fold_job *const j = arg;
  const size_t first = task * j->units_a_task;
  (void)worker;
  for (size_t i = first; i < j->units && i < first + j->units_a_task; i++) fold_unit(j, i);
}

static mote_status fold_known(op_ctx *c, size_t outputs) {
  const reduce_plan *const p = c->record;
  fold_job j = {.plan = p,
                .arith = &((const reduce_params *)c->params)->arith,
                .x = c->in[0]->data,
                .y = c->out[0]->data,
                .bytes = (size_t)move_element(c->in[0]->type),
                .pieces = p->across ? (p->run + PIECE - 1) / PIECE : 1};
  j.units = p->across ? outputs / p->run * j.pieces : outputs;
  const size_t each = op_count(c->in[0]) / j.units;
  j.units_a_task = each >= TASK_ELEMENTS ? 1 : TASK_ELEMENTS / (each + 1) + 1;
  op_parallel(c, (j.units + j.units_a_task - 1) / j.units_a_task, fold_task, &j);
  return MOTE_OK;
}

/* Folds element `at` of all operands into output `to`. */
static mote_status call_body(op_ctx *c, size_t to, size_t at) {
  op_tensor t[2 * OPERANDS_MOST];
  const op_tensor *in[2 * OPERANDS_MOST], *const *results;
  const int32_t n = c->num_outputs;
  int count;
  for (int32_t i = 0; i < 2 * n; i++) {
    const op_tensor *const from = i < n ? c->out[i] : c->in[i - n];
    t[i] = scalar_of(from, (const char *)from->data + (i < n ? to : at) * (size_t)move_element(from->type));
    in[i] = &t[i];
  }
  MOTE_TRY(c->host->call(c, body_of(c), in, 2 * n, &results, &count));
  for (int32_t i = 0; i < n; i++) {
    OP_REQUIRE(c, results[i]->bytes == t[i].bytes, MOTE_ERR_MODEL, "subgraph %d gives %zu bytes for output %d, not %zu",
               (int)body_of(c), results[i]->bytes, (int)i, t[i].bytes);
    memcpy(t[i].data, results[i]->data, t[i].bytes);
  }
  return MOTE_OK;
}

static mote_status fold_by_calls(op_ctx *c, size_t outputs) {
  const reduce_plan *const p = c->record;
  const size_t count = count_of(&p->folded);
  for (size_t o = 0; o < outputs; o++) {
    OP_POLL(c);
    const size_t first = offset_of(&p->kept, o);
    for (size_t i = 0; i < count; i++) MOTE_TRY(call_body(c, o, first + offset_of(&p->folded, i)));
  }
  return MOTE_OK;
}

static mote_status run(op_ctx *c) {
  const size_t outputs = op_count(c->out[0]);
  for (int32_t i = 0; i < c->num_outputs; i++) move_fill(c, c->out[i], c->in[c->num_outputs + i]->data);
  if (outputs == 0 || op_count(c->in[0]) == 0) return MOTE_OK;
  return ((const reduce_params *)c->params)->known ? fold_known(c, outputs) : fold_by_calls(c, outputs);
}

const mote_op op_stablehlo_reduce = {
    .name = "STABLEHLO_REDUCE",
    .code = sch_BuiltinOperator_STABLEHLO_REDUCE,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloReduceOptions,
    .inputs_min = 2,
    .inputs_max = 2 * OPERANDS_MOST,
    .outputs_min = 1,
    .outputs_max = OPERANDS_MOST,
    .types = MOVE_TYPES " ... > " MOVE_TYPES " ...",
    .traits = OP_CALLS,
    .params_size = sizeof(reduce_params),
    .record_size = sizeof(reduce_plan),
    .check = check,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes =
        "Operands, then their initial values; any subgraph folds, and a single sum, product, maximum, minimum, and "
        "or or is fast.",
};

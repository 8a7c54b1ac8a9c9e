/* gru.c: UNIDIRECTIONAL_SEQUENCE_GRU, a custom operator: a gated recurrent unit over a sequence, time first (Cho et al.
 * 2014), the state an input and an output.
 *
 *   [r, u] = logistic([x, h] gates + bias)
 *   change = tanh([x, r h] candidates + bias)
 *   h      = u h + (1 - u) change
 */
#include <string.h>

#include "kernels/lstm_f32.h"
#include "operators/product.h"

enum { INPUT, HIDDEN, GATES, GATES_BIAS, CANDIDATES, CANDIDATES_BIAS, INPUTS };
enum { OUTPUT, NEW_HIDDEN, OUTPUTS };

typedef struct gru_params {
  const void *gates, *candidates;
} gru_params;

typedef struct gru_record {
  uint64_t rows, gates, change;
  product_record gate_product, candidate_product;
} gru_record;

static mote_status prepare(op_ctx *c) {
  gru_params *const p = c->params;
  MOTE_TRY(product_pack(c, c->in[GATES], &p->gates));
  return product_pack(c, c->in[CANDIDATES], &p->candidates);
}

static mote_status infer(op_ctx *c) {
  const op_tensor *const x = c->in[INPUT], *const h = c->in[HIDDEN];
  OP_REQUIRE(c, x->rank < 0 || x->rank == 3, MOTE_ERR_SHAPE,
             "the input must have three dimensions: time, batch, elements");
  OP_REQUIRE(c, h->rank < 0 || h->rank == 2, MOTE_ERR_SHAPE, "the state must have two dimensions: batch, units");
  const int32_t time = x->rank == 3 ? x->dims[0] : -1, batch = x->rank == 3 ? x->dims[1] : -1;
  const int32_t units = h->rank == 2 ? h->dims[1] : -1;
  op_set_shape(c->out[OUTPUT], 3, (const int32_t[]){time, batch, units});
  op_set_shape(c->out[NEW_HIDDEN], 2, (const int32_t[]){batch, units});
  return MOTE_OK;
}

/* All shapes are known. */
static mote_status check_shapes(op_ctx *c) {
  const int64_t batch = c->in[INPUT]->dims[1], units = c->in[HIDDEN]->dims[1], width = c->in[INPUT]->dims[2] + units;
  const struct {
    int input, rank;
    int64_t first, second;
  } want[] = {{HIDDEN, 2, batch, units},
              {GATES, 2, 2 * units, width},
              {GATES_BIAS, 1, 2 * units, 0},
              {CANDIDATES, 2, units, width},
              {CANDIDATES_BIAS, 1, units, 0}};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    const op_tensor *const t = c->in[want[i].input];
    OP_REQUIRE(c,
               t->rank == want[i].rank && t->dims[0] == want[i].first && (t->rank == 1 || t->dims[1] == want[i].second),
               MOTE_ERR_SHAPE,
               t->rank == 1 || want[i].rank == 1 ? "input %d must have %lld elements"
                                                 : "input %d must have shape [%lld, %lld]",
               want[i].input, (long long)want[i].first, (long long)want[i].second);
  }
  return MOTE_OK;
}

static mote_status plan(op_ctx *c) {
  const gru_params *const p = c->params;
  gru_record *const r = c->record;
  const size_t batch = (size_t)c->in[INPUT]->dims[1], units = (size_t)c->in[HIDDEN]->dims[1];
  MOTE_TRY(check_shapes(c));
  scratch_layout l = {0};
  r->rows = scratch_part(&l, batch * (size_t)c->in[GATES]->dims[1], sizeof(float));
  r->gates = scratch_part(&l, batch * 2 * units, sizeof(float));
  r->change = scratch_part(&l, batch * units, sizeof(float));
  product_plan(c, c->in[GATES], p->gates, batch, &l, &r->gate_product);
  product_plan(c, c->in[CANDIDATES], p->candidates, batch, &l, &r->candidate_product);
  c->macs = (uint64_t)c->in[INPUT]->dims[0] * batch * (op_count(c->in[GATES]) + op_count(c->in[CANDIDATES]));
  return scratch_done(c, &l);
}

typedef struct gru_run {
  const lstm_f32 *kernels;
  product gate_product, candidate_product;
  const float *gates_bias, *candidates_bias;
  float *rows, *gates, *change;
  size_t batch, width, units;
} gru_run;

/* [x, h], where h may be multiplied by a part of the gates. */
static void join(const gru_run *g, const float *x, const float *h, const float *by) {
  const size_t n = g->units;
  for (size_t b = 0; b < g->batch; b++) {
    float *const row = g->rows + b * (g->width + n);
    if (g->width) memcpy(row, x + b * g->width, g->width * sizeof *row);
    memcpy(row + g->width, h + b * n, n * sizeof *row);
    if (by) g->kernels->multiply(row + g->width, by + b * 2 * n, n);
  }
}

static void fill_rows(float *to, const float *bias, size_t rows, size_t n) {
  for (size_t i = 0; i < rows; i++) memcpy(to + i * n, bias, n * sizeof *to);
}

static void step(const gru_run *g, const float *x, const float *before, float *after) {
  const size_t n = g->units;
  join(g, x, before, NULL);
  fill_rows(g->gates, g->gates_bias, g->batch, 2 * n);
  product_add(&g->gate_product, g->rows, g->batch, g->gates);
  g->kernels->activate(g->gates, g->gates, g->batch * 2 * n, LSTM_LOGISTIC);
  join(g, x, before, g->gates);
  fill_rows(g->change, g->candidates_bias, g->batch, n);
  product_add(&g->candidate_product, g->rows, g->batch, g->change);
  g->kernels->activate(g->change, g->change, g->batch * n, LSTM_TANH);
  for (size_t b = 0; b < g->batch; b++)
    for (size_t i = b * n; i < (b + 1) * n; i++) {
      const float keep = g->gates[b * n + n + i];
      after[i] = keep * before[i] + (1 - keep) * g->change[i];
    }
}

static mote_status run(op_ctx *c) {
  const gru_params *const p = c->params;
  const gru_record *const r = c->record;
  const size_t time = (size_t)c->in[INPUT]->dims[0];
  uint8_t *const scratch = c->scratch;
  gru_run g = {.kernels = kern_lstm_f32(c->isa),
               .gates_bias = c->in[GATES_BIAS]->data,
               .candidates_bias = c->in[CANDIDATES_BIAS]->data,
               .rows = (float *)(void *)(scratch + r->rows),
               .gates = (float *)(void *)(scratch + r->gates),
               .change = (float *)(void *)(scratch + r->change),
               .batch = (size_t)c->in[INPUT]->dims[1],
               .width = (size_t)c->in[INPUT]->dims[2],
               .units = (size_t)c->in[HIDDEN]->dims[1]};
  const size_t state = g.batch * g.units;
  if (!state) return MOTE_OK;
  g.gate_product = product_begin(c, c->in[GATES], p->gates, &r->gate_product, false);
  g.candidate_product = product_begin(c, c->in[CANDIDATES], p->candidates, &r->candidate_product, false);
  const float *before = c->in[HIDDEN]->data;
  for (size_t t = 0; t < time; t++) {
    float *const after = (float *)c->out[OUTPUT]->data + t * state;
    OP_POLL(c);
    step(&g, (const float *)c->in[INPUT]->data + t * g.batch * g.width, before, after);
    before = after;
  }
  memcpy(c->out[NEW_HIDDEN]->data, before, state * sizeof(float));
  return MOTE_OK;
}

const mote_op op_unidirectional_sequence_gru = {
    .name = "UNIDIRECTIONAL_SEQUENCE_GRU",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = INPUTS,
    .inputs_max = INPUTS,
    .outputs_min = OUTPUTS,
    .outputs_max = OUTPUTS,
    .types = "f32 ... > f32 ...",
    .params_size = sizeof(gru_params),
    .record_size = sizeof(gru_record),
    .prepare = prepare,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Time first; the state is an input and an output.",
};

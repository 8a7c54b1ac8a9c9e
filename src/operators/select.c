/* select.c: one of two operands, element by element, as a condition says: SELECT, SELECT_V2, STABLEHLO_SELECT.
 *
 * Elements are moved by their size, whatever they mean; packed integers and strings through stand-ins (move.h).
 */
#include <string.h>

#include "operators/move.h"

enum { TASK_ELEMENTS = 16 * 1024, OPERANDS = 3 };

/* The output's dimensions, neighbours merged wherever all operands allow. Bit i of moves[k]: operand k moves along
 * dimension i; else it is repeated. */
typedef struct select_plan {
  uint64_t dims[OP_MAX_RANK];
  int32_t rank;
  uint8_t moves[OPERANDS];
} select_plan;

/* SELECT does not broadcast, but for a condition that is one element or a list along dimension 0. */
static mote_status infer_equal(op_ctx *c) {
  const op_tensor *cond = c->in[0], *x = c->in[1], *z = c->in[2];
  const bool known = op_shape_known(cond) && op_shape_known(x) && op_shape_known(z);
  OP_REQUIRE(c, !known || op_same_dims(x, z), MOTE_ERR_SHAPE, "both operands must have the same shape");
  OP_REQUIRE(c,
             !known || op_same_dims(cond, x) || op_count(cond) == 1 ||
                 (cond->rank == 1 && x->rank > 0 && cond->dims[0] == x->dims[0]),
             MOTE_ERR_SHAPE,
             "the condition must be one element, a list along the first dimension, or have the operands' shape");
  op_same_shape(c->out[0], x->rank < 0 ? z : x);
  return MOTE_OK;
}

/* Single elements of whatever rank: the output keeps the shape that it has. */
static bool all_single(const op_ctx *c) {
  for (int k = 0; k < OPERANDS; k++)
    if (!op_shape_known(c->in[k]) || op_count(c->in[k]) != 1) return false;
  return op_shape_known(c->out[0]) && op_count(c->out[0]) == 1;
}

static mote_status infer(op_ctx *c) {
  if (all_single(c)) return MOTE_OK;
  op_tensor both = *c->out[0];
  if (c->op->code != sch_BuiltinOperator_SELECT_V2) return infer_equal(c);
  MOTE_TRY(op_broadcast(c, c->in[1], c->in[2], &both));
  return op_broadcast(c, c->in[0], &both, c->out[0]);
}

/* Dimension i of the output as operand k has it: 1 where it is repeated. */
static int32_t dim_of(const op_ctx *c, int k, int32_t i) {
  const op_tensor *t = c->in[k], *y = c->out[0];
  if (c->op->code == sch_BuiltinOperator_SELECT_V2 || k > 0) {
    const int32_t at = i - (y->rank - t->rank);
    return at < 0 ? 1 : t->dims[at];
  }
  if (op_same_dims(t, y)) return t->dims[i];
  return i == 0 && op_count(t) != 1 ? t->dims[0] : 1;
}

static mote_status plan(op_ctx *c) {
  select_plan *p = c->record;
  const op_tensor *y = c->out[0];
  int before = -1;
  for (int32_t i = 0; i < y->rank; i++) {
    if (y->dims[i] == 1) continue;
    int moves = 0;
    for (int k = 0; k < OPERANDS; k++) moves |= (dim_of(c, k, i) != 1) << k;
    if (moves == before) {
      p->dims[p->rank - 1] *= (uint64_t)y->dims[i];
      continue;
    }
    for (int k = 0; k < OPERANDS; k++) p->moves[k] |= (uint8_t)((moves >> k & 1) << p->rank);
    p->dims[p->rank++] = (uint64_t)y->dims[i];
    before = moves;
  }
  if (p->rank == 0) p->dims[p->rank++] = 1;
  return move_plan(c);
}

typedef struct walk {
  const select_plan *plan;
  const uint8_t *cond;
  const char *x, *z;
  char *y;
  size_t bytes, total;
  size_t step[OPERANDS][OP_MAX_RANK]; /* in elements */
} walk;

/* Mostly all three move. */
#define PICK(T)                                                                                                        \
  if (a & b & d)                                                                                                       \
    for (size_t i = 0; i < n; i++)                                                                                     \
      ((T *)(void *)y)[i] = (cond[i] ? (const T *)(const void *)x : (const T *)(const void *)z)[i];                    \
  else                                                                                                                 \
    for (size_t i = 0; i < n; i++)                                                                                     \
      ((T *)(void *)y)[i] = cond[i * a] ? ((const T *)(const void *)x)[i * b] : ((const T *)(const void *)z)[i * d];   \
  break

/* n elements of one row; operands move by a, b and d elements, each 0 or 1. */
static void pick(const uint8_t *cond, size_t a, const char *x, size_t b, const char *z, size_t d, char *y, size_t n,
                 size_t bytes) {
  switch (bytes) {
    case 1: PICK(uint8_t);
    case 2: PICK(uint16_t);
    case 4: PICK(uint32_t);
    case 8: PICK(uint64_t);
    default:
      for (size_t i = 0; i < n; i++) memcpy(y + i * bytes, cond[i * a] ? x + i * b * bytes : z + i * d * bytes, bytes);
  }
}

static void task(void *arg, size_t index, int worker) {
  (void)worker;
  const walk *w = arg;
  const int32_t last = w->plan->rank - 1;
  const size_t n = (size_t)w->plan->dims[last];
  const size_t end = w->total - index * TASK_ELEMENTS < TASK_ELEMENTS ? w->total : (index + 1) * TASK_ELEMENTS;
  for (size_t at = index * TASK_ELEMENTS, m; at < end; at += m) {
    size_t row = at / n, offset[OPERANDS];
    const size_t first = at % n;
    m = n - first < end - at ? n - first : end - at;
    for (int k = 0; k < OPERANDS; k++) offset[k] = first * w->step[k][last];
    for (int32_t i = last - 1; i >= 0; i--) {
      const size_t coordinate = row % (size_t)w->plan->dims[i];
      row /= (size_t)w->plan->dims[i];
      for (int k = 0; k < OPERANDS; k++) offset[k] += coordinate * w->step[k][i];
    }
    pick(w->cond + offset[0], w->step[0][last], w->x + offset[1] * w->bytes, w->step[1][last],
         w->z + offset[2] * w->bytes, w->step[2][last], w->y + at * w->bytes, m, w->bytes);
  }
}

static mote_status choose(op_ctx *c) {
  const select_plan *p = c->record;
  walk w = {.plan = p, .cond = c->in[0]->data, .x = c->in[1]->data, .z = c->in[2]->data, .y = c->out[0]->data};
  w.bytes = (size_t)move_element(c->out[0]->type);
  w.total = op_count(c->out[0]);
  for (int k = 0; k < OPERANDS; k++) {
    size_t step = 1;
    for (int32_t i = p->rank - 1; i >= 0; i--) {
      if (!(p->moves[k] >> i & 1)) continue;
      w.step[k][i] = step;
      step *= (size_t)p->dims[i];
    }
  }
  op_parallel(c, (w.total + TASK_ELEMENTS - 1) / TASK_ELEMENTS, task, &w);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) { return move_any(c, choose); }

#define SELECT(symbol, code_name, version, ...)                                                                        \
  const mote_op op_##symbol = {                                                                                        \
      .name = #code_name,                                                                                              \
      .code = sch_BuiltinOperator_##code_name,                                                                         \
      .versions = version,                                                                                             \
      .inputs_min = 3,                                                                                                 \
      .inputs_max = 3,                                                                                                 \
      .outputs_min = 1,                                                                                                \
      .outputs_max = 1,                                                                                                \
      .types = "bool " MOVE_ALL " =1 > =1",                                                                            \
      .record_size = sizeof(select_plan),                                                                              \
      .infer = infer,                                                                                                  \
      .plan = plan,                                                                                                    \
      .run = run,                                                                                                      \
      __VA_ARGS__,                                                                                                     \
  };

SELECT(select, SELECT, 4, .options = sch_BuiltinOptions_SelectOptions,
       .notes = "The condition may be a list along the first dimension.")
SELECT(select_v2, SELECT_V2, 2, .options = sch_BuiltinOptions_SelectV2Options, .notes = "All three broadcast.")
SELECT(stablehlo_select, STABLEHLO_SELECT, 1, .notes = "The condition may be one element.")

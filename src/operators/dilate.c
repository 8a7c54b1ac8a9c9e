/* dilate.c: DILATE and STABLEHLO_PAD put elements of one value between the elements of the input; the latter also
 * around it, and cuts off where a padding is negative.
 */
#include "operators/move.h"

/* What happens to one axis: position i of the input goes to low + i * step of the output. */
typedef struct spread {
  int64_t low[OP_MAX_RANK], high[OP_MAX_RANK], step[OP_MAX_RANK];
} spread;

/* Fails when what is asked for axis i cannot be counted. */
static mote_status check_axis(op_ctx *c, const spread *s, int32_t i) {
  OP_REQUIRE(
      c,
      s->step[i] >= 1 && s->step[i] <= INT32_MAX && s->low[i] >= INT32_MIN && s->low[i] <= INT32_MAX &&
          s->high[i] >= INT32_MIN && s->high[i] <= INT32_MAX,
      MOTE_ERR_SHAPE,
      "dimension %d is spread by %lld and padded by %lld and %lld; the first must be at least 1 and all must fit "
      "32 bits",
      (int)i, (long long)s->step[i], (long long)s->low[i], (long long)s->high[i]);
  return MOTE_OK;
}

/* Where cropping leaves nothing of one dimension, all dimensions of the result are 0, as in the reference. */
static mote_status spread_infer(op_ctx *c, const spread *s) {
  const op_tensor *const in = c->in[0], *const value = c->in[c->num_inputs - 1];
  bool empty = false;
  OP_REQUIRE(c, !op_shape_known(value) || op_count(value) == 1, MOTE_ERR_SHAPE,
             "the padding value must be one element; it has %zu", op_count(value));
  move_unknown(c->out[0], in->rank);
  for (int32_t i = 0; i < in->rank; i++) {
    if (in->dims[i] < 0 || !s) continue;
    MOTE_TRY(check_axis(c, s, i));
    const int64_t n = in->dims[i], size = (n ? (n - 1) * s->step[i] + 1 : 0) + s->low[i] + s->high[i];
    empty |= size <= 0;
    MOTE_TRY(move_set_dim(c, i, size < 0 ? 0 : size));
  }
  if (empty && op_shape_known(in))
    for (int32_t i = 0; i < in->rank; i++) c->out[0]->dims[i] = 0;
  return move_check_size(c);
}

static void spread_move(op_ctx *c, const spread *s) {
  const op_tensor *const in = c->in[0], *const out = c->out[0];
  move_grid at, of = move_whole();
  int64_t count[OP_MAX_RANK];
  if (!op_count(out)) return;
  move_fill(c, out, c->in[c->num_inputs - 1]->data);
  for (int32_t i = 0; i < in->rank; i++) {
    const int64_t low = s->low[i], step = s->step[i], n = in->dims[i], room = out->dims[i] - 1 - low;
    const int64_t first = low < 0 ? (-low + step - 1) / step : 0; /* the first that is not cut off */
    const int64_t last = room < 0 ? -1 : room / step;             /* the last that fits */
    of.first[i] = first;
    at.first[i] = low + first * step;
    at.step[i] = step;
    count[i] = (last < n ? last + 1 : n) - first;
    if (count[i] == 1) at.step[i] = 1; /* a step that is not made might not fit */
  }
  move_box(c, out, &at, in, &of, count);
}

/* ---- DILATE ---- */

/* False while the operand is not known. */
static mote_status dilations(op_ctx *c, spread *s, bool *known) {
  const op_tensor *const in = c->in[0], *const operand = c->in[1];
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  OP_REQUIRE(c, operand->rank == 1 || operand->rank < 0, MOTE_ERR_SHAPE, "the dilations must be a vector");
  OP_REQUIRE(c, in->rank < 0 || operand->rank < 0 || operand->dims[0] < 0 || operand->dims[0] == in->rank,
             MOTE_ERR_SHAPE, "there are %d dilations for %d dimensions", (int)operand->dims[0], (int)in->rank);
  *known = op_ints(c, 1, v, &count);
  *s = (spread){{0}, {0}, {0}};
  for (int32_t i = 0; *known && i < in->rank; i++) s->step[i] = v[i];
  return MOTE_OK;
}

static mote_status dilate_infer(op_ctx *c) {
  spread s;
  bool known;
  MOTE_TRY(dilations(c, &s, &known));
  return spread_infer(c, known ? &s : NULL);
}

static mote_status dilate_move(op_ctx *c) {
  spread s;
  bool known;
  MOTE_TRY(dilations(c, &s, &known));
  spread_move(c, &s);
  return MOTE_OK;
}

static mote_status dilate_run(op_ctx *c) { return move_any(c, dilate_move); }

const mote_op op_dilate = {
    .name = "DILATE",
    .code = sch_BuiltinOperator_DILATE,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_DilateOptions,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i32|i64 = > =",
    .infer = dilate_infer,
    .plan = move_plan,
    .run = dilate_run,
    .notes = "d - 1 elements of the value come between two of the input.",
};

/* ---- STABLEHLO_PAD ---- */

static mote_status paddings(op_ctx *c, spread *s) {
  const sch_StablehloPadOptions *const o = c->options;
  const uint32_t rank = o->edge_padding_low.count;
  OP_REQUIRE(c,
             rank == o->edge_padding_high.count && rank == o->interior_padding.count && rank <= OP_MAX_RANK &&
                 (c->in[0]->rank < 0 || c->in[0]->rank == (int32_t)rank),
             MOTE_ERR_MODEL, "it has paddings for %u, %u and %u dimensions, and the input has %d; they must be equal",
             (unsigned)rank, (unsigned)o->edge_padding_high.count, (unsigned)o->interior_padding.count,
             (int)c->in[0]->rank);
  for (uint32_t i = 0; i < rank; i++) {
    OP_REQUIRE(c, o->interior_padding.data[i] >= 0 && o->interior_padding.data[i] < INT32_MAX, MOTE_ERR_MODEL,
               "the interior padding of dimension %u is %lld; it must lie in [0, %d)", (unsigned)i,
               (long long)o->interior_padding.data[i], INT32_MAX);
    s->low[i] = o->edge_padding_low.data[i];
    s->high[i] = o->edge_padding_high.data[i];
    s->step[i] = o->interior_padding.data[i] + 1;
  }
  return MOTE_OK;
}

static mote_status hlo_pad_infer(op_ctx *c) {
  spread s;
  MOTE_TRY(paddings(c, &s));
  return spread_infer(c, &s);
}

static mote_status hlo_pad_move(op_ctx *c) {
  spread s;
  MOTE_TRY(paddings(c, &s));
  spread_move(c, &s);
  return MOTE_OK;
}

static mote_status hlo_pad_run(op_ctx *c) { return move_any(c, hlo_pad_move); }

const mote_op op_stablehlo_pad = {
    .name = "STABLEHLO_PAD",
    .code = sch_BuiltinOperator_STABLEHLO_PAD,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloPadOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " = > =",
    .infer = hlo_pad_infer,
    .plan = move_plan,
    .run = hlo_pad_run,
    .notes = "Paddings at the edges may be negative and then cut off.",
};

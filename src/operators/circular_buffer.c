/* circular_buffer.c: CIRCULAR_BUFFER of the microcontroller runtime, between the layers of networks that hear or see in
 * steps: it hands on the last slices of time, of which each run brings one. */
#include <string.h>

#include "base/size.h"
#include "operators/custom.h"
#include "operators/move.h"

/* The beginning of the state; slices lie behind it, the oldest first. */
typedef struct ring {
  int32_t begun, waiting; /* runs since the last that was let through */
} ring;

static int8_t *slices_of(const op_ctx *c) { return (int8_t *)((ring *)c->state + 1); }

static mote_status ring_check(op_ctx *c) {
  MOTE_TRY(move_same_quant(c, c->in[0], c->out[0]));
  return c->custom_size ? custom_int_or(c, "cycles_max", INT32_MIN, INT32_MAX, c->params) : MOTE_OK;
}

/* How many slices there are the file says, by the shape of the output. */
static mote_status ring_infer(op_ctx *c) {
  const op_tensor *const x = c->in[0];
  op_tensor *const y = c->out[0];
  const int32_t slices = y->rank == 4 ? y->dims[1] : 0;
  OP_REQUIRE(c, slices > 0, MOTE_ERR_SHAPE,
             "the file must give the output 4 dimensions, the second of them the number of slices, above 0");
  OP_REQUIRE(c, x->rank < 0 || (x->rank == 4 && (x->dims[1] == 1 || x->dims[1] < 0)), MOTE_ERR_SHAPE,
             "the input must have 4 dimensions, the second of them 1");
  if (c->num_outputs > 1) c->out[1]->rank = 0;
  move_unknown(y, 4);
  if (x->rank == 4) op_same_shape(y, x);
  y->dims[1] = slices;
  return move_check_size(c);
}

/* A count that is left out follows from the slices, as in the networks that the operator was made for. */
static int32_t cycles_of(const op_ctx *c) {
  const int32_t cycles = *(const int32_t *)c->params, slices = c->out[0]->dims[1];
  if (cycles > 0) return cycles;
  return slices == 5 || slices == 13 || slices == 25 ? 1 : 2;
}

static mote_status ring_plan(op_ctx *c) {
  OP_REQUIRE(c, size_add(op_count(c->out[0]), sizeof(ring), &c->state_size), MOTE_ERR_LIMIT,
             "the slices are more than memory can hold");
  return MOTE_OK;
}

/* With one output a run ends here, and says so, until it is time for the layers behind; with two the second tells. */
static mote_status ring_run(op_ctx *c) {
  const int32_t cycles = cycles_of(c);
  const op_tensor *const x = c->in[0], *const y = c->out[0];
  const size_t slice = op_span(x, 1, 4), all = op_span(y, 1, 4), batches = (size_t)x->dims[0];
  ring *const r = c->state;
  int8_t *kept = slices_of(c);
  if (!r->begun) memset(kept, y->zero_point, batches * all);
  r->begun = true;
  for (size_t i = 0; i < batches; i++, kept += all) {
    memmove(kept, kept + slice, all - slice);
    memcpy(kept + all - slice, (const int8_t *)x->data + i * slice, slice);
  }
  memcpy(y->data, slices_of(c), batches * all);
  const bool due = ++r->waiting >= cycles;
  if (due) r->waiting = 0;
  if (c->num_outputs > 1) *(bool *)c->out[1]->data = due;
  OP_REQUIRE(c, due || c->num_outputs > 1, MOTE_ERR_CANCELLED,
             "the run ends here: of %d runs the last one goes on, and this was number %d", (int)cycles,
             (int)r->waiting);
  return MOTE_OK;
}

const mote_op op_circular_buffer = {
    .name = "CIRCULAR_BUFFER",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 2,
    .types = "i8 > i8 bool",
    .traits = OP_STATEFUL,
    .params_size = sizeof(int32_t),
    .check = ring_check,
    .infer = ring_infer,
    .plan = ring_plan,
    .run = ring_run,
    .notes = "The last slices of time; runs end here as cancelled but for every cycles_max-th.",
};

/* signal_stream.c: what the microcontroller runtime's front end keeps from run to run: SignalDelay, SignalFramer,
 * SignalOverlapAdd and SignalStacker.
 *
 * Samples wait in the state of the session, which is zeros when a session is new or reset. Where that runtime leaves in
 * an output what it finds, because there is nothing yet to give, it is zeros here.
 */
#include <string.h>

#include "base/size.h"
#include "operators/custom.h"
#include "operators/signal.h"

/* The beginning of a state. Samples lie behind it. */
typedef struct stream {
  int32_t begun, held; /* held: samples or frames that wait; of a ring the place of the oldest */
} stream;

static void *samples_of(const op_ctx *c) { return (stream *)c->state + 1; }

/* Sets the size of a state that has `each` samples for each of `rows`. */
static mote_status keep(op_ctx *c, size_t rows, size_t each) {
  size_t bytes;
  const bool fits = size_mul(rows, each, &bytes) && size_mul(bytes, (size_t)move_element(c->in[0]->type), &bytes) &&
                    size_add(bytes, sizeof(stream), &c->state_size);
  OP_REQUIRE(c, fits, MOTE_ERR_LIMIT, "%zu times %zu samples are more than memory can hold", rows, each);
  return MOTE_OK;
}

/* ---- SignalDelay ---- */

static mote_status delay_check(op_ctx *c) { return custom_int(c, "delay_length", 0, INT32_MAX, c->params); }

static mote_status delay_infer(op_ctx *c) {
  MOTE_TRY(signal_frames(c));
  op_same_shape(c->out[0], c->in[0]);
  return MOTE_OK;
}

static mote_status delay_plan(op_ctx *c) {
  return keep(c, signal_rows(c->in[0]), (size_t) * (const int32_t *)c->params);
}

/* Every row has a ring of the length of the delay: a sample takes the place of the oldest. */
static mote_status delay_run(op_ctx *c) {
  const int32_t delay = *(const int32_t *)c->params, frame = c->in[0]->dims[c->in[0]->rank - 1];
  const int16_t *x = c->in[0]->data;
  int16_t *y = c->out[0]->data, *ring = samples_of(c);
  stream *const s = c->state;
  const size_t rows = signal_rows(c->in[0]);
  if (!delay) {
    if (y != x) memcpy(y, x, c->out[0]->bytes);
    return MOTE_OK;
  }
  for (size_t row = 0; row < rows; row++, x += frame, y += frame, ring += delay) {
    int32_t at = s->held;
    for (int32_t i = 0; i < frame; i++) {
      const int16_t sample = x[i];
      y[i] = ring[at];
      ring[at] = sample;
      if (++at == delay) at = 0;
    }
  }
  s->held = (int32_t)(((int64_t)s->held + frame) % delay);
  return MOTE_OK;
}

const mote_op op_signal_delay = {
    .name = "SignalDelay",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i16 > i16",
    .traits = OP_STATEFUL | OP_INPLACE_0,
    .params_size = sizeof(int32_t),
    .check = delay_check,
    .infer = delay_infer,
    .plan = delay_plan,
    .run = delay_run,
    .notes = "Begins with zeros; each row of the last dimension has a delay of its own.",
};

/* ---- SignalFramer ---- */

typedef struct framer_params {
  int32_t size, step;
  bool prefill;
} framer_params;

static mote_status framer_check(op_ctx *c) {
  framer_params *const p = c->params;
  MOTE_TRY(custom_int(c, "frame_size", 1, 1 << 30, &p->size));
  MOTE_TRY(custom_int(c, "frame_step", 1, 1 << 30, &p->step));
  return custom_bool(c, "prefill", &p->prefill);
}

static mote_status framer_infer(op_ctx *c) {
  const framer_params *const p = c->params;
  const op_tensor *const x = c->in[0];
  op_tensor *const y = c->out[0];
  MOTE_TRY(signal_frames(c));
  c->out[1]->rank = 0;
  y->rank = -1;
  if (x->rank < 0) return MOTE_OK;
  const int32_t last = x->rank - 1, samples = x->dims[last];
  OP_REQUIRE(c, x->rank < OP_MAX_RANK, MOTE_ERR_SHAPE, "the input has %d dimensions; frames would be one more than %d",
             (int)x->rank, OP_MAX_RANK);
  OP_REQUIRE(c, samples < 0 || (samples > 0 && samples % p->step == 0), MOTE_ERR_SHAPE,
             "%d samples are no whole number of steps of %d, the option 'frame_step'", (int)samples, (int)p->step);
  op_set_shape(y, x->rank, x->dims);
  y->rank = x->rank + 1;
  y->dims[last] = samples < 0 ? -1 : samples / p->step;
  y->dims[last + 1] = p->size;
  return move_check_size(c);
}

/* Room for the samples of a frame, in whole steps. */
static size_t framer_room(const framer_params *p) {
  const size_t size = (size_t)p->size, step = (size_t)p->step;
  return (size + step - 1) / step * step;
}

static mote_status framer_plan(op_ctx *c) { return keep(c, signal_rows(c->in[0]), framer_room(c->params)); }

/* One row: steps go in, and frames come out as soon as there are enough samples. False when some do not. */
static bool frame_row(const framer_params *p, const int16_t *x, int32_t frames, int16_t *room, int32_t *held,
                      int16_t *y) {
  const size_t size = (size_t)p->size, step = (size_t)p->step;
  bool complete = true;
  for (int32_t i = 0; i < frames; i++, x += step, y += size) {
    memcpy(room + *held, x, step * sizeof *x);
    *held += p->step;
    if (*held < p->size) {
      memset(y, 0, size * sizeof *y);
      complete = false;
      continue;
    }
    memcpy(y, room, size * sizeof *y);
    *held -= p->step;
    memmove(room, room + step, (size_t)*held * sizeof *room);
  }
  return complete;
}

static mote_status framer_run(op_ctx *c) {
  const framer_params *const p = c->params;
  const op_tensor *const x = c->in[0], *const y = c->out[0];
  const size_t rows = signal_rows(x), samples = (size_t)x->dims[x->rank - 1], room = framer_room(p);
  const int32_t frames = y->dims[x->rank - 1];
  stream *const s = c->state;
  if (!s->begun && p->prefill && p->size > p->step) s->held = p->size - p->step;
  s->begun = true;
  int32_t held = s->held;
  bool complete = true;
  for (size_t row = 0; row < rows; row++) {
    held = s->held;
    complete &= frame_row(p, (const int16_t *)x->data + row * samples, frames, (int16_t *)samples_of(c) + row * room,
                          &held, (int16_t *)y->data + row * (size_t)frames * (size_t)p->size);
  }
  s->held = held;
  *(bool *)c->out[1]->data = complete;
  return MOTE_OK;
}

const mote_op op_signal_framer = {
    .name = "SignalFramer",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 2,
    .outputs_max = 2,
    .types = "i16 > i16 bool",
    .traits = OP_STATEFUL,
    .params_size = sizeof(framer_params),
    .check = framer_check,
    .infer = framer_infer,
    .plan = framer_plan,
    .run = framer_run,
    .notes = "Overlapping frames; the second output is false while there are not enough samples for all of them.",
};

/* ---- SignalOverlapAdd ---- */

static mote_status overlap_check(op_ctx *c) { return custom_int(c, "frame_step", 1, INT32_MAX, c->params); }

static mote_status overlap_infer(op_ctx *c) {
  const int32_t step = *(const int32_t *)c->params;
  const op_tensor *const x = c->in[0];
  OP_REQUIRE(c, x->rank < 0 || x->rank >= 2, MOTE_ERR_SHAPE,
             "the input has %d dimensions; it must have at least 2, the last of them frames and samples", (int)x->rank);
  c->out[0]->rank = -1;
  if (x->rank < 0) return MOTE_OK;
  const int32_t frames = x->dims[x->rank - 2], size = x->dims[x->rank - 1];
  OP_REQUIRE(c, size < 0 || step <= size, MOTE_ERR_SHAPE,
             "frames of %d samples are shorter than 'frame_step', which is %d", (int)size, (int)step);
  op_set_shape(c->out[0], x->rank - 1, x->dims);
  if (frames >= 0) MOTE_TRY(move_set_dim(c, x->rank - 2, (int64_t)frames * step));
  return move_check_size(c);
}

static size_t overlap_rows(const op_tensor *x) { return op_span(x, 0, x->rank - 2); }

static mote_status overlap_plan(op_ctx *c) {
  const op_tensor *const x = c->in[0];
  return keep(c, overlap_rows(x), (size_t)x->dims[x->rank - 1]);
}

static void add_i16(int16_t *sum, const int16_t *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const int32_t v = sum[i] + x[i];
    sum[i] = (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
  }
}

static void add_f32(float *sum, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++) sum[i] += x[i];
}

/* Every row has a sum that a frame is added to; a step of it is ready then, and the rest moves up. */
static mote_status overlap_run(op_ctx *c) {
  const op_tensor *const x = c->in[0];
  const size_t element = (size_t)move_element(x->type), size = (size_t)x->dims[x->rank - 1];
  const size_t frames = (size_t)x->dims[x->rank - 2], rows = overlap_rows(x);
  const size_t all = size * element, ready = (size_t) * (const int32_t *)c->params * element;
  const char *from = x->data;
  char *to = c->out[0]->data, *sum = samples_of(c);
  for (size_t row = 0; row < rows; row++, sum += all)
    for (size_t i = 0; i < frames; i++, from += all, to += ready) {
      if (x->type == MOTE_FLOAT32) add_f32((float *)(void *)sum, (const float *)(const void *)from, size);
      else add_i16((int16_t *)(void *)sum, (const int16_t *)(const void *)from, size);
      memcpy(to, sum, ready);
      memmove(sum, sum + ready, all - ready);
      memset(sum + all - ready, 0, ready);
    }
  return MOTE_OK;
}

const mote_op op_signal_overlap_add = {
    .name = "SignalOverlapAdd",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i16|f32 > =",
    .traits = OP_STATEFUL,
    .params_size = sizeof(int32_t),
    .check = overlap_check,
    .infer = overlap_infer,
    .plan = overlap_plan,
    .run = overlap_run,
    .notes = "Sums of overlapping frames, frame_step samples for each; integers saturate.",
};

/* ---- SignalStacker ---- */

typedef struct stacker_params {
  int32_t channels, left, right, step;
} stacker_params;

/* Frames of a stack. */
static int32_t stack_height(const stacker_params *p) { return p->left + 1 + p->right; }

static mote_status stacker_check(op_ctx *c) {
  stacker_params *const p = c->params;
  MOTE_TRY(custom_int(c, "num_channels", 1, INT32_MAX, &p->channels));
  MOTE_TRY(custom_int(c, "stacker_left_context", 0, 1 << 29, &p->left));
  MOTE_TRY(custom_int(c, "stacker_right_context", 0, 1 << 29, &p->right));
  return custom_int(c, "stacker_step", 1, stack_height(p), &p->step);
}

static mote_status stacker_infer(op_ctx *c) {
  const stacker_params *const p = c->params;
  const op_tensor *const x = c->in[0];
  MOTE_TRY(signal_vector(c, 0));
  OP_REQUIRE(c, x->rank < 0 || x->dims[0] < 0 || x->dims[0] == p->channels, MOTE_ERR_SHAPE,
             "the input has %d channels and the option 'num_channels' is %d", (int)(x->rank < 0 ? 0 : x->dims[0]),
             (int)p->channels);
  c->out[1]->rank = 0;
  c->out[0]->rank = 1;
  return move_set_dim(c, 0, (int64_t)p->channels * stack_height(p));
}

static mote_status stacker_plan(op_ctx *c) { return keep(c, 1, (size_t)c->out[0]->dims[0]); }

/* The first frame stands for those to the left of it, too. */
static mote_status stacker_run(op_ctx *c) {
  const stacker_params *const p = c->params;
  const size_t frame = c->in[0]->bytes, all = c->out[0]->bytes, step = (size_t)p->step * frame;
  stream *const s = c->state;
  char *const stack = samples_of(c), *const y = c->out[0]->data;
  for (int32_t i = s->begun ? 0 : -p->left; i <= 0; i++, s->held++)
    memcpy(stack + (size_t)s->held * frame, c->in[0]->data, frame);
  s->begun = true;
  const bool full = s->held == stack_height(p);
  *(bool *)c->out[1]->data = full;
  if (!full) {
    memset(y, 0, all);
    return MOTE_OK;
  }
  memcpy(y, stack, all);
  memmove(stack, stack + step, all - step);
  s->held -= p->step;
  return MOTE_OK;
}

const mote_op op_signal_stacker = {
    .name = "SignalStacker",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 2,
    .outputs_max = 2,
    .types = "i16 > i16 bool",
    .traits = OP_STATEFUL,
    .params_size = sizeof(stacker_params),
    .check = stacker_check,
    .infer = stacker_infer,
    .plan = stacker_plan,
    .run = stacker_run,
    .notes = "Frames side by side, every stacker_step of them; the second output is false when there is no new stack.",
};

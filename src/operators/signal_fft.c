/* signal_fft.c: the first half of the microcontroller runtime's front end for sound: SignalWindow, SignalFftAutoScale,
 * SignalRfft, SignalIrfft and SignalEnergy.
 *
 * Integers are fixed point, computed as that runtime does, bit by bit. What comes behind the energies is signal_bank.c,
 * what keeps samples from run to run signal_stream.c.
 */
#include <string.h>

#include "base/size.h"
#include "kernels/fft.h"
#include "kernels/fft_fixed.h"
#include "operators/custom.h"
#include "operators/signal.h"

mote_status signal_vector(op_ctx *c, int input) {
  const op_tensor *const x = c->in[input];
  OP_REQUIRE(c, x->rank < 0 || x->rank == 1, MOTE_ERR_SHAPE, "input %d has %d dimensions; it must be a vector", input,
             (int)x->rank);
  return MOTE_OK;
}

mote_status signal_frames(op_ctx *c) {
  OP_REQUIRE(c, c->in[0]->rank != 0, MOTE_ERR_SHAPE, "the input is a scalar; its last dimension must be a frame");
  return MOTE_OK;
}

size_t signal_rows(const op_tensor *x) { return op_span(x, 0, x->rank - 1); }

/* ---- SignalWindow ---- */

static mote_status window_check(op_ctx *c) { return custom_int(c, "shift", 0, 31, c->params); }

static mote_status window_infer(op_ctx *c) {
  const op_tensor *const x = c->in[0], *const weights = c->in[1];
  MOTE_TRY(signal_frames(c));
  MOTE_TRY(signal_vector(c, 1));
  op_same_shape(c->out[0], x);
  if (!op_shape_known(x) || !op_shape_known(weights)) return MOTE_OK;
  OP_REQUIRE(c, op_count(x) == 0 || (weights->dims[0] > 0 && op_count(x) % (size_t)weights->dims[0] == 0),
             MOTE_ERR_SHAPE, "%zu samples are no whole number of windows of %d", op_count(x), (int)weights->dims[0]);
  return MOTE_OK;
}

static mote_status window_run(op_ctx *c) {
  const int32_t shift = *(const int32_t *)c->params;
  const int16_t *const x = c->in[0]->data, *const weights = c->in[1]->data;
  int16_t *const y = c->out[0]->data;
  const size_t n = op_count(c->in[0]), size = (size_t)c->in[1]->dims[0];
  for (size_t i = 0; i < n; i++) {
    const int32_t v = (x[i] * weights[i % size]) >> shift;
    y[i] = (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
  }
  return MOTE_OK;
}

const mote_op op_signal_window = {
    .name = "SignalWindow",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i16 i16 > i16",
    .traits = OP_INPLACE_0,
    .params_size = sizeof(int32_t),
    .check = window_check,
    .infer = window_infer,
    .run = window_run,
};

/* ---- SignalFftAutoScale ---- */

static mote_status auto_scale_infer(op_ctx *c) {
  op_same_shape(c->out[0], c->in[0]);
  c->out[1]->rank = 0;
  return MOTE_OK;
}

/* Shifts the loudest sample up to the sign. -32768 has no magnitude of 16 bits and, like silence, is left alone. */
static mote_status auto_scale_run(op_ctx *c) {
  const int16_t *const x = c->in[0]->data;
  int16_t *const y = c->out[0]->data;
  const size_t n = op_count(c->in[0]);
  int32_t loudest = 0, bits = 0;
  for (size_t i = 0; i < n; i++) {
    const int32_t magnitude = x[i] < 0 ? -x[i] : x[i];
    if (magnitude > loudest) loudest = magnitude;
  }
  while (loudest && loudest << (bits + 1) <= INT16_MAX) bits++;
  for (size_t i = 0; i < n; i++) y[i] = (int16_t)(x[i] * (1 << bits));
  *(int32_t *)c->out[1]->data = bits;
  return MOTE_OK;
}

const mote_op op_signal_fft_auto_scale = {
    .name = "SignalFftAutoScale",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 2,
    .outputs_max = 2,
    .types = "i16 > i16 i32",
    .infer = auto_scale_infer,
    .run = auto_scale_run,
    .notes = "The second output says by how many bits it shifted.",
};

/* ---- SignalRfft, SignalIrfft ---- */

typedef struct signal_fft {
  int32_t length;
  fft_real real;   /* float32 */
  fft_fixed fixed; /* integers */
} signal_fft;

static bool is_inverse(const op_ctx *c) { return !strcmp(c->op->name, "SignalIrfft"); }
static bool is_real(const op_ctx *c) { return c->in[0]->type == MOTE_FLOAT32; }

static mote_status fft_check(op_ctx *c) {
  signal_fft *const p = c->params;
  MOTE_TRY(custom_int(c, "fft_length", 2, 1 << 28, &p->length));
  OP_REQUIRE(c, p->length % 2 == 0, MOTE_ERR_MODEL, "the option 'fft_length' is %d; it must be even", (int)p->length);
  return MOTE_OK;
}

/* Bytes of tables, and of the memory to work in; frames of floats are computed in doubles, at its beginning. */
static bool fft_bytes(const op_ctx *c, size_t *tables, size_t *work) {
  const signal_fft *const p = c->params;
  if (is_real(c))
    return fft_real_room((size_t)p->length, tables, work) &&
           size_add(*work, ((size_t)p->length + 2) * sizeof(double), work);
  return fft_fixed_room(p->length, tables, work) && size_mul(*tables, sizeof(int32_t), tables) &&
         size_add(*work, (size_t)p->length, work) && size_mul(*work, sizeof(int32_t), work);
}

static mote_status fft_prepare(op_ctx *c) {
  signal_fft *const p = c->params;
  size_t tables, work;
  OP_REQUIRE(c, fft_bytes(c, &tables, &work), MOTE_ERR_LIMIT, "an 'fft_length' of %d is more than memory can hold",
             (int)p->length);
  void *const memory = op_alloc(c, tables);
  if (!memory) return op_no_memory(c, tables);
  if (is_real(c)) fft_real_init(&p->real, (size_t)p->length, memory);
  else fft_fixed_init(&p->fixed, p->length, c->in[0]->type == MOTE_INT16 ? 16 : 32, is_inverse(c), memory);
  return MOTE_OK;
}

static mote_status fft_infer(op_ctx *c) {
  const int32_t length = ((const signal_fft *)c->params)->length;
  const op_tensor *const x = c->in[0];
  const int32_t complex_numbers = length / 2 + 1;
  MOTE_TRY(signal_frames(c));
  op_same_shape(c->out[0], x);
  if (x->rank < 0) return MOTE_OK;
  const int32_t frame = x->dims[x->rank - 1];
  if (is_inverse(c))
    OP_REQUIRE(c, frame < 0 || (frame % 2 == 0 && frame / 2 >= complex_numbers), MOTE_ERR_SHAPE,
               "frames of %d numbers are too short for an 'fft_length' of %d; they must have %d complex numbers",
               (int)frame, (int)length, (int)complex_numbers);
  else
    OP_REQUIRE(c, frame <= length, MOTE_ERR_SHAPE, "frames of %d samples are longer than the 'fft_length' of %d",
               (int)frame, (int)length);
  c->out[0]->dims[x->rank - 1] = is_inverse(c) ? length : 2 * complex_numbers;
  return move_check_size(c);
}

static mote_status fft_plan_memory(op_ctx *c) {
  size_t tables;
  return fft_bytes(c, &tables, &c->scratch_size) ? MOTE_OK : op_no_memory(c, 0);
}

static void run_real(const op_ctx *c, const float *x, size_t frame, float *y) {
  const signal_fft *const p = c->params;
  const size_t length = (size_t)p->length, count = is_inverse(c) ? length + 2 : frame;
  double *const numbers = c->scratch, *const work = numbers + length + 2;
  memset(numbers, 0, (length + 2) * sizeof *numbers);
  for (size_t i = 0; i < count; i++) numbers[i] = (double)x[i];
  if (is_inverse(c)) {
    fft_real_inverse(&p->real, numbers, work);
    for (size_t i = 0; i < length; i++) y[i] = (float)(numbers[i] / (double)length);
  } else {
    fft_real_run(&p->real, numbers, work);
    for (size_t i = 0; i < length + 2; i++) y[i] = (float)numbers[i];
  }
}

/* Frames that are shorter than the transform are filled up with zeros. */
static void run_fixed(const op_ctx *c, const char *x, size_t bytes, char *y) {
  const signal_fft *const p = c->params;
  const size_t length = (size_t)p->length;
  int32_t *const padded = c->scratch, *const work = padded + length;
  if (is_inverse(c)) {
    fft_fixed_inverse(&p->fixed, x, y, work);
    return;
  }
  memset(padded, 0, length * sizeof *padded);
  memcpy(padded, x, bytes);
  fft_fixed_run(&p->fixed, padded, y, work);
}

static mote_status fft_run_frames(op_ctx *c) {
  const op_tensor *const x = c->in[0], *const y = c->out[0];
  const size_t element = (size_t)move_element(x->type), frame = (size_t)x->dims[x->rank - 1];
  const size_t out_frame = (size_t)y->dims[y->rank - 1], rows = signal_rows(x);
  for (size_t i = 0; i < rows; i++) {
    const char *const from = (const char *)x->data + i * frame * element;
    char *const to = (char *)y->data + i * out_frame * element;
    if (is_real(c)) run_real(c, (const float *)(const void *)from, frame, (float *)(void *)to);
    else run_fixed(c, from, frame * element, to);
  }
  return MOTE_OK;
}

const mote_op op_signal_rfft = {
    .name = "SignalRfft",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i16|i32|f32 > =",
    .params_size = sizeof(signal_fft),
    .check = fft_check,
    .prepare = fft_prepare,
    .infer = fft_infer,
    .plan = fft_plan_memory,
    .run = fft_run_frames,
    .notes = "Complex numbers are neighbours in the last dimension; integers are divided by the length.",
};

const mote_op op_signal_irfft = {
    .name = "SignalIrfft",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i16|i32|f32 > =",
    .params_size = sizeof(signal_fft),
    .check = fft_check,
    .prepare = fft_prepare,
    .infer = fft_infer,
    .plan = fft_plan_memory,
    .run = fft_run_frames,
    .notes = "Complex numbers are neighbours in the last dimension; every result is divided by the length.",
};

/* ---- SignalEnergy ---- */

typedef struct energy_params {
  int32_t first, end;
} energy_params;

static mote_status energy_check(op_ctx *c) {
  energy_params *const p = c->params;
  MOTE_TRY(custom_int(c, "start_index", 0, INT32_MAX, &p->first));
  return custom_int(c, "end_index", 0, INT32_MAX, &p->end);
}

static mote_status energy_infer(op_ctx *c) {
  const energy_params *const p = c->params;
  const op_tensor *const x = c->in[0];
  MOTE_TRY(signal_vector(c, 0));
  move_unknown(c->out[0], 1);
  if (x->rank < 0 || x->dims[0] < 0) return MOTE_OK;
  c->out[0]->dims[0] = x->dims[0] / 2;
  OP_REQUIRE(c, p->end <= x->dims[0] / 2, MOTE_ERR_SHAPE,
             "the option 'end_index' is %d, and the spectrum has %d complex numbers", (int)p->end,
             (int)(x->dims[0] / 2));
  return MOTE_OK;
}

/* Outside of the bins asked for it is 0; the microcontroller runtime leaves there what it finds. */
static mote_status energy_run(op_ctx *c) {
  const energy_params *const p = c->params;
  const int16_t *const x = c->in[0]->data;
  uint32_t *const y = c->out[0]->data;
  memset(y, 0, op_count(c->out[0]) * sizeof *y);
  for (int32_t i = p->first; i < p->end; i++) {
    const int32_t re = x[2 * i], im = x[2 * i + 1];
    y[i] = (uint32_t)(re * re) + (uint32_t)(im * im);
  }
  return MOTE_OK;
}

const mote_op op_signal_energy = {
    .name = "SignalEnergy",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i16 > u32",
    .params_size = sizeof(energy_params),
    .check = energy_check,
    .infer = energy_infer,
    .run = energy_run,
    .notes = "Squared magnitudes of the bins from start_index up to end_index; 0 elsewhere.",
};

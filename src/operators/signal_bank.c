/* signal_bank.c: the second half of the microcontroller runtime's front end for sound: from energies of a spectrum to
 * the channels that a network hears: SignalFilterBank, SignalFilterBankSquareRoot, SignalFilterBankSpectralSubtraction,
 * SignalPCAN and SignalFilterBankLog.
 *
 * All in integers that wrap as that runtime's do.
 */
#include <math.h>
#include <string.h>

#include "operators/custom.h"
#include "operators/signal.h"

/* Output i is a vector like input 0. */
static mote_status like_input(op_ctx *c) {
  MOTE_TRY(signal_vector(c, 0));
  for (int32_t i = 0; i < c->num_outputs; i++) op_same_shape(c->out[i], c->in[0]);
  return MOTE_OK;
}

/* Bits in x, x > 0. */
static int32_t bit_length(uint32_t x) { return 32 - __builtin_clz(x); }

/* ---- SignalFilterBank ---- */

enum { BANK_ENERGY, BANK_WEIGHTS, BANK_UNWEIGHTS, BANK_FREQUENCIES, BANK_STARTS, BANK_WIDTHS };

static mote_status bank_check(op_ctx *c) { return custom_int(c, "num_channels", 0, INT32_MAX - 1, c->params); }

static mote_status bank_infer(op_ctx *c) {
  const int32_t channels = *(const int32_t *)c->params;
  for (int i = BANK_ENERGY; i <= BANK_WIDTHS; i++) MOTE_TRY(signal_vector(c, i));
  for (int i = BANK_FREQUENCIES; i <= BANK_WIDTHS; i++) {
    const op_tensor *const t = c->in[i];
    OP_REQUIRE(c, t->rank < 0 || t->dims[0] < 0 || t->dims[0] > channels, MOTE_ERR_SHAPE,
               "input %d has %d elements; %d channels need %d, one before the first", i,
               (int)(t->rank < 0 ? 0 : t->dims[0]), (int)channels, (int)channels + 1);
  }
  op_set_shape(c->out[0], 1, &channels);
  return MOTE_OK;
}

/* Fails unless the bins and weights of a channel lie in the inputs. */
static mote_status bank_bounds(op_ctx *c, int32_t channel, int32_t width) {
  const int32_t bin = ((const int16_t *)c->in[BANK_FREQUENCIES]->data)[channel];
  const int32_t weight = ((const int16_t *)c->in[BANK_STARTS]->data)[channel];
  OP_REQUIRE(c, bin >= 0 && bin + width <= c->in[BANK_ENERGY]->dims[0], MOTE_ERR_RUN,
             "channel %d reads %d bins from %d on; there are %d", (int)channel, (int)width, (int)bin,
             (int)c->in[BANK_ENERGY]->dims[0]);
  for (int i = BANK_WEIGHTS; i <= BANK_UNWEIGHTS; i++)
    OP_REQUIRE(c, weight >= 0 && weight + width <= c->in[i]->dims[0], MOTE_ERR_RUN,
               "channel %d reads %d weights from %d on; input %d has %d", (int)channel, (int)width, (int)weight, i,
               (int)c->in[i]->dims[0]);
  return MOTE_OK;
}

/* Every bin counts for two channels, one with its weight and the next with what is left of it: the first sum is that of
 * a channel before the first, and is dropped. */
static mote_status bank_run(op_ctx *c) {
  const int32_t channels = *(const int32_t *)c->params;
  const uint32_t *const energy = c->in[BANK_ENERGY]->data;
  const int16_t *const weights = c->in[BANK_WEIGHTS]->data, *const unweights = c->in[BANK_UNWEIGHTS]->data;
  uint64_t *const y = c->out[0]->data;
  uint64_t sum = 0, next = 0;
  for (int32_t i = 0; i <= channels; i++, sum = next, next = 0) {
    const int16_t width = ((const int16_t *)c->in[BANK_WIDTHS]->data)[i];
    if (width > 0) MOTE_TRY(bank_bounds(c, i, width));
    const int16_t bin = ((const int16_t *)c->in[BANK_FREQUENCIES]->data)[i];
    const int16_t weight = ((const int16_t *)c->in[BANK_STARTS]->data)[i];
    for (int16_t k = 0; k < width; k++) {
      sum += (uint64_t)weights[weight + k] * energy[bin + k];
      next += (uint64_t)unweights[weight + k] * energy[bin + k];
    }
    if (i) y[i - 1] = sum;
  }
  return MOTE_OK;
}

const mote_op op_signal_filter_bank = {
    .name = "SignalFilterBank",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 6,
    .inputs_max = 6,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "u32 i16 i16 i16 i16 i16 > u64",
    .params_size = sizeof(int32_t),
    .check = bank_check,
    .infer = bank_infer,
    .run = bank_run,
    .notes = "Inputs: energies, weights, unweights, first bins, first weights and widths of channels.",
};

/* ---- SignalFilterBankSquareRoot ---- */

static mote_status root_infer(op_ctx *c) {
  const op_tensor *const bits = c->in[1];
  OP_REQUIRE(c, !op_shape_known(bits) || op_count(bits) == 1, MOTE_ERR_SHAPE, "the scale must be one number");
  return like_input(c);
}

/* Rounded to nearest; at the largest result of 32 bits, and of 16 for inputs of 32, it stays below. */
static uint32_t square_root(uint64_t x) {
  const uint64_t most = x >> 32 ? UINT32_MAX : UINT16_MAX;
  uint64_t root = 0;
  for (uint64_t bit = (uint64_t)1 << 62; bit; bit >>= 2) {
    if (x >= root + bit) {
      x -= root + bit;
      root = (root >> 1) + bit;
    } else root >>= 1;
  }
  return (uint32_t)(root + (x > root && root != most));
}

static mote_status root_run(op_ctx *c) {
  const int32_t bits = *(const int32_t *)c->in[1]->data;
  const uint64_t *const x = c->in[0]->data;
  uint32_t *const y = c->out[0]->data;
  const size_t n = op_count(c->in[0]);
  OP_REQUIRE(c, bits >= 0, MOTE_ERR_RUN, "the scale is %d bits; it must not be below 0", (int)bits);
  for (size_t i = 0; i < n; i++) y[i] = bits < 32 ? square_root(x[i]) >> bits : 0;
  return MOTE_OK;
}

const mote_op op_signal_filter_bank_square_root = {
    .name = "SignalFilterBankSquareRoot",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "u64 i32 > u32",
    .infer = root_infer,
    .run = root_run,
    .notes = "The root is shifted down by the second input, as SignalFftAutoScale gives it.",
};

/* ---- SignalFilterBankSpectralSubtraction ---- */

typedef struct subtraction_params {
  int32_t channels;
  int32_t smoothing[2], one_minus[2]; /* of even channels and of odd ones */
  int32_t smoothing_bits, bits, remaining;
  bool clamping;
} subtraction_params;

static mote_status subtraction_check(op_ctx *c) {
  subtraction_params *const p = c->params;
  const int32_t lo = INT32_MIN, hi = INT32_MAX;
  MOTE_TRY(custom_int(c, "num_channels", 0, hi, &p->channels));
  MOTE_TRY(custom_int(c, "smoothing", lo, hi, &p->smoothing[0]));
  MOTE_TRY(custom_int(c, "alternate_smoothing", lo, hi, &p->smoothing[1]));
  MOTE_TRY(custom_int(c, "one_minus_smoothing", lo, hi, &p->one_minus[0]));
  MOTE_TRY(custom_int(c, "alternate_one_minus_smoothing", lo, hi, &p->one_minus[1]));
  MOTE_TRY(custom_int(c, "smoothing_bits", 0, 31, &p->smoothing_bits));
  MOTE_TRY(custom_int(c, "spectral_subtraction_bits", 0, 63, &p->bits));
  MOTE_TRY(custom_int(c, "min_signal_remaining", lo, hi, &p->remaining));
  return custom_bool(c, "clamping", &p->clamping);
}

static mote_status subtraction_infer(op_ctx *c) {
  const int32_t channels = ((const subtraction_params *)c->params)->channels;
  const op_tensor *const x = c->in[0];
  OP_REQUIRE(c, x->rank != 1 || x->dims[0] < 0 || x->dims[0] == channels, MOTE_ERR_SHAPE,
             "the input has %d channels and the option 'num_channels' is %d", (int)(x->rank == 1 ? x->dims[0] : 0),
             (int)channels);
  return like_input(c);
}

/* The state is the estimate of the noise, which begins at 0. */
static mote_status subtraction_plan(op_ctx *c) {
  c->state_size = op_count(c->in[0]) * sizeof(uint32_t);
  return MOTE_OK;
}

static mote_status subtraction_run(op_ctx *c) {
  const subtraction_params *const p = c->params;
  const uint32_t *const x = c->in[0]->data;
  uint32_t *const y = c->out[0]->data, *const noise = c->state;
  const size_t n = op_count(c->in[0]);
  for (size_t i = 0; i < n; i++) {
    const uint32_t signal = x[i] << p->smoothing_bits;
    const uint64_t fresh = (uint64_t)signal * (uint32_t)p->smoothing[i & 1];
    const uint64_t kept = (uint64_t)noise[i] * (uint32_t)p->one_minus[i & 1];
    noise[i] = (uint32_t)((fresh + kept) >> p->bits);
    const uint32_t estimate = noise[i] < signal ? noise[i] : signal;
    if (p->clamping) noise[i] = estimate;
    const uint32_t floor_value = (uint32_t)((uint64_t)x[i] * (uint32_t)p->remaining >> p->bits);
    const uint32_t subtracted = (signal - estimate) >> p->smoothing_bits;
    y[i] = subtracted > floor_value ? subtracted : floor_value;
  }
  if (n) memcpy(c->out[1]->data, noise, n * sizeof *noise);
  return MOTE_OK;
}

const mote_op op_signal_filter_bank_spectral_subtraction = {
    .name = "SignalFilterBankSpectralSubtraction",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 2,
    .outputs_max = 2,
    .types = "u32 > u32 u32",
    .traits = OP_STATEFUL,
    .params_size = sizeof(subtraction_params),
    .check = subtraction_check,
    .infer = subtraction_infer,
    .plan = subtraction_plan,
    .run = subtraction_run,
    .notes = "The second output is the estimate of the noise, which lives from run to run.",
};

/* ---- SignalPCAN ---- */

enum { PCAN_SIGNAL, PCAN_NOISE, PCAN_GAINS };
/* Gains are 0, 1, 2, and then by length in bits: a value, a slope and a curvature, 4 entries apart. */
enum { PCAN_ENTRIES = 4 * 32 - 3, PCAN_SNR_BITS = 12, PCAN_OUT_BITS = 6 };

static mote_status pcan_check(op_ctx *c) { return custom_int(c, "snr_shift", 0, 63, c->params); }

static mote_status pcan_infer(op_ctx *c) {
  const op_tensor *const x = c->in[PCAN_SIGNAL], *const noise = c->in[PCAN_NOISE], *const gains = c->in[PCAN_GAINS];
  MOTE_TRY(signal_vector(c, PCAN_NOISE));
  MOTE_TRY(signal_vector(c, PCAN_GAINS));
  OP_REQUIRE(c, x->rank < 0 || noise->rank < 0 || x->dims[0] < 0 || noise->dims[0] < 0 || x->dims[0] == noise->dims[0],
             MOTE_ERR_SHAPE, "there are %d channels, and estimates of the noise of %d", (int)x->dims[0],
             (int)noise->dims[0]);
  OP_REQUIRE(c, gains->rank < 0 || gains->dims[0] < 0 || gains->dims[0] >= PCAN_ENTRIES, MOTE_ERR_SHAPE,
             "the table of gains has %d entries; it must have %d", (int)(gains->rank < 0 ? 0 : gains->dims[0]),
             PCAN_ENTRIES);
  return like_input(c);
}

static int16_t pcan_gain(const int16_t *gains, uint32_t noise) {
  if (noise <= 2) return gains[noise];
  const int32_t bits = bit_length(noise);
  const int16_t *const g = gains + 4 * bits - 6;
  const int32_t fraction = (int32_t)((bits < 11 ? noise << (11 - bits) : noise >> (bits - 11)) & 0x3ff);
  const int32_t slope = ((g[2] * fraction) >> 5) + g[1] * 32;
  const int32_t rise = (int32_t)((uint32_t)slope * (uint32_t)fraction + (1u << 14)) >> 15;
  return (int16_t)(rise + g[0]);
}

/* x^2 / 4 below 2, x - 1 above. */
static uint32_t pcan_shrink(uint32_t snr) {
  if (snr < 2u << PCAN_SNR_BITS) return snr * snr >> (2 + 2 * PCAN_SNR_BITS - PCAN_OUT_BITS);
  return (snr >> (PCAN_SNR_BITS - PCAN_OUT_BITS)) - (1u << PCAN_OUT_BITS);
}

static mote_status pcan_run(op_ctx *c) {
  const int32_t shift = *(const int32_t *)c->params;
  const uint32_t *const x = c->in[PCAN_SIGNAL]->data, *const noise = c->in[PCAN_NOISE]->data;
  uint32_t *const y = c->out[0]->data;
  const size_t n = op_count(c->in[PCAN_SIGNAL]);
  for (size_t i = 0; i < n; i++) {
    const uint32_t gain = (uint32_t)pcan_gain(c->in[PCAN_GAINS]->data, noise[i]);
    y[i] = pcan_shrink((uint32_t)((uint64_t)x[i] * gain >> shift));
  }
  return MOTE_OK;
}

const mote_op op_signal_pcan = {
    .name = "SignalPCAN",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "u32 u32 i16 > u32",
    .traits = OP_INPLACE_0,
    .params_size = sizeof(int32_t),
    .check = pcan_check,
    .infer = pcan_infer,
    .run = pcan_run,
    .notes = "Per-channel amplitude normalization: signal, noise and a table of 125 gains.",
};

/* ---- SignalFilterBankLog ---- */

typedef struct log_params {
  int32_t correction_bits, scale;
} log_params;

static mote_status log_check(op_ctx *c) {
  log_params *const p = c->params;
  MOTE_TRY(custom_int(c, "input_correction_bits", 0, 31, &p->correction_bits));
  return custom_int(c, "output_scale", INT32_MIN, INT32_MAX, &p->scale);
}

/* How far log2(1 + i/128) lies above i/128, in 16 bits. */
static int32_t log_bow(int32_t i) {
  const double x = i / 128.0;
  return (int32_t)floor(65536 * (log2(1 + x) - x) + 0.5);
}

/* scale ln(x), x > 1: log2 from 128 points in 16 bits of fraction, times ln(2) in as many. What lies between two points
 * that runtime shifts by 16 bits where 9 would be right, so that it hardly counts; and so it is here. */
static uint32_t scaled_log(uint32_t x, uint32_t scale) {
  const int32_t whole = bit_length(x) - 1;
  const uint32_t rest = x - (1u << whole);
  const int32_t fraction = (int32_t)(whole < 16 ? rest << (16 - whole) : rest >> (whole - 16));
  const int32_t segment = fraction >> 9, low = log_bow(segment), high = log_bow(segment + 1);
  const int32_t bow = low + (((high - low) * (fraction - segment * 512)) >> 16);
  const uint32_t log2_x = ((uint32_t)whole << 16) + (uint32_t)(fraction + bow);
  const uint32_t ln_x = (uint32_t)((UINT64_C(45426) * log2_x + 32768) >> 16);
  return (scale * ln_x + 32768) >> 16;
}

static mote_status log_run(op_ctx *c) {
  const log_params *const p = c->params;
  const uint32_t *const x = c->in[0]->data;
  int16_t *const y = c->out[0]->data;
  const size_t n = op_count(c->in[0]);
  for (size_t i = 0; i < n; i++) {
    const uint32_t v = x[i] << p->correction_bits;
    const uint32_t log = v > 1 ? scaled_log(v, (uint32_t)p->scale) : 0;
    y[i] = (int16_t)(log < INT16_MAX ? log : INT16_MAX);
  }
  return MOTE_OK;
}

const mote_op op_signal_filter_bank_log = {
    .name = "SignalFilterBankLog",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "u32 > i16",
    .params_size = sizeof(log_params),
    .check = log_check,
    .infer = like_input,
    .run = log_run,
    .notes = "Natural logarithms times output_scale / 65536; below 2 it is 0.",
};

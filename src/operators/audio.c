/* audio.c: the custom operators AudioSpectrogram and Mfcc: from sound to what speech recognizers look at.
 *
 * Both compute in double precision. The front end of microcontrollers, in fixed point, is signal_*.c.
 */
#include <math.h>
#include <string.h>

#include "base/size.h"
#include "kernels/fft.h"
#include "operators/custom.h"
#include "operators/move.h"

static const double pi = 3.14159265358979323846;

/* ---- AudioSpectrogram ---- */

typedef struct spectrogram_params {
  int32_t window, stride;
  bool squared;
} spectrogram_params;

/* In doubles: the window, the tables of the transform, then for each worker a frame and what the transform needs. */
typedef struct spectrogram_record {
  size_t length, tables, memory, worker, frame;
} spectrogram_record;

static mote_status spectrogram_check(op_ctx *c) {
  spectrogram_params *const p = c->params;
  MOTE_TRY(custom_int(c, "window_size", 2, 1 << 30, &p->window));
  MOTE_TRY(custom_int(c, "stride", 1, INT32_MAX, &p->stride));
  return custom_bool(c, "magnitude_squared", &p->squared);
}

static mote_status spectrogram_infer(op_ctx *c) {
  const spectrogram_params *const p = c->params;
  const op_tensor *const x = c->in[0];
  op_tensor *const y = c->out[0];
  OP_REQUIRE(c, x->rank < 0 || x->rank == 2, MOTE_ERR_SHAPE,
             "the input has %d dimensions; it must have 2: samples, channels", (int)x->rank);
  move_unknown(y, 3);
  y->dims[2] = (int32_t)(fft_power_of_two((size_t)p->window) / 2 + 1);
  if (x->rank < 0) return MOTE_OK;
  y->dims[0] = x->dims[1];
  if (x->dims[0] >= 0) y->dims[1] = x->dims[0] < p->window ? 0 : 1 + (x->dims[0] - p->window) / p->stride;
  return move_check_size(c);
}

static mote_status spectrogram_plan(op_ctx *c) {
  spectrogram_record *const r = c->record;
  const size_t window = (size_t)((const spectrogram_params *)c->params)->window;
  size_t tables = 0, work = 0, all = 0;
  if (!op_count(c->out[0])) return MOTE_OK;
  r->length = fft_power_of_two(window);
  bool fits = fft_real_room(r->length, &tables, &work);
  r->tables = window;
  r->frame = r->length + 2;
  fits = fits && size_add(window, tables / sizeof(double), &r->memory);
  fits = fits && size_add(r->frame, work / sizeof(double), &r->worker);
  fits = fits && size_mul(r->worker, (size_t)c->workers, &all) && size_add(all, r->memory, &all);
  OP_REQUIRE(c, fits && size_mul(all, sizeof(double), &c->scratch_size), MOTE_ERR_LIMIT,
             "windows of %zu samples are more than memory can hold", window);
  return MOTE_OK;
}

typedef struct spectrogram_job {
  const op_ctx *c;
  fft_real transform;
} spectrogram_job;

/* Frame n, over all channels. */
static void frame_task(void *arg, size_t n, int worker) {
  const spectrogram_job *const j = arg;
  const spectrogram_params *const p = j->c->params;
  const spectrogram_record *const r = j->c->record;
  const size_t channels = (size_t)j->c->in[0]->dims[1], frames = (size_t)j->c->out[0]->dims[1];
  const size_t channel = n / frames, first = n % frames * (size_t)p->stride, bins = r->length / 2 + 1;
  const double *const hann = j->c->scratch;
  double *const frame = (double *)j->c->scratch + r->memory + (size_t)worker * r->worker;
  const float *const x = (const float *)j->c->in[0]->data + first * channels + channel;
  float *const y = (float *)j->c->out[0]->data + n * bins;
  memset(frame, 0, r->frame * sizeof(double));
  for (size_t i = 0; i < (size_t)p->window; i++) frame[i] = (double)x[i * channels] * hann[i];
  fft_real_run(&j->transform, frame, frame + r->frame);
  for (size_t i = 0; i < bins; i++) {
    y[i] = (float)(frame[2 * i] * frame[2 * i] + frame[2 * i + 1] * frame[2 * i + 1]);
    if (!p->squared) y[i] = sqrtf(y[i]);
  }
}

static mote_status spectrogram_run(op_ctx *c) {
  const spectrogram_params *const p = c->params;
  const spectrogram_record *const r = c->record;
  double *const hann = c->scratch;
  spectrogram_job j = {.c = c};
  if (!op_count(c->out[0])) return MOTE_OK;
  for (int32_t i = 0; i < p->window; i++) hann[i] = 0.5 - 0.5 * cos(2.0 * pi * i / p->window);
  fft_real_init(&j.transform, r->length, hann + r->tables);
  op_parallel(c, op_span(c->out[0], 0, 2), frame_task, &j);
  return MOTE_OK;
}

const mote_op op_audio_spectrogram = {
    .name = "AudioSpectrogram",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 > f32",
    .params_size = sizeof(spectrogram_params),
    .record_size = sizeof(spectrogram_record),
    .check = spectrogram_check,
    .infer = spectrogram_infer,
    .plan = spectrogram_plan,
    .run = spectrogram_run,
    .notes = "Periodic Hann windows, filled up to a power of two; magnitudes or their squares.",
};

/* ---- Mfcc ---- */

enum { MFCC_SPECTROGRAM, MFCC_RATE };

typedef struct mfcc_params {
  int32_t upper, lower; /* Hz */
  int32_t bands, coefficients;
} mfcc_params;

/* The bank of triangles on the mel scale, and the cosine transform; all in scratch. */
typedef struct mel_bank {
  size_t bins, bands;
  size_t first, last;                     /* bins that count */
  double *centers, *weights, *band, *dct; /* band: -1 below the first center; weights: share of that band */
  double *energies;                       /* [bands] */
} mel_bank;

/* Frequencies of 0 stand for TensorFlow's defaults, as counts do that are left out. */
static mote_status mfcc_check(op_ctx *c) {
  mfcc_params *const p = c->params;
  *p = (mfcc_params){.upper = 4000, .lower = 20, .bands = 40, .coefficients = 13};
  MOTE_TRY(custom_int_or(c, "upper_frequency_limit", 1, INT32_MAX, &p->upper));
  MOTE_TRY(custom_int_or(c, "lower_frequency_limit", 0, INT32_MAX, &p->lower));
  MOTE_TRY(custom_int_or(c, "filterbank_channel_count", 1, 1 << 20, &p->bands));
  MOTE_TRY(custom_int_or(c, "dct_coefficient_count", 1, 1 << 20, &p->coefficients));
  OP_REQUIRE(c, p->lower < p->upper, MOTE_ERR_MODEL,
             "lower_frequency_limit is %d and upper_frequency_limit %d; the first must be smaller", (int)p->lower,
             (int)p->upper);
  OP_REQUIRE(c, p->coefficients <= p->bands, MOTE_ERR_MODEL,
             "dct_coefficient_count is %d; there are only %d channels in the filter bank", (int)p->coefficients,
             (int)p->bands);
  return MOTE_OK;
}

static mote_status mfcc_infer(op_ctx *c) {
  const op_tensor *const x = c->in[MFCC_SPECTROGRAM];
  OP_REQUIRE(c, x->rank < 0 || x->rank == 3, MOTE_ERR_SHAPE,
             "the spectrogram has %d dimensions; it must have 3: channels, frames, bins", (int)x->rank);
  OP_REQUIRE(c, x->rank < 0 || x->dims[2] < 0 || x->dims[2] > 1, MOTE_ERR_SHAPE,
             "a spectrogram of %d bins is too short; there must be at least 2", (int)(x->rank < 0 ? 0 : x->dims[2]));
  OP_REQUIRE(c, !op_shape_known(c->in[MFCC_RATE]) || op_count(c->in[MFCC_RATE]) == 1, MOTE_ERR_SHAPE,
             "the sample rate must be one number");
  move_unknown(c->out[0], 3);
  c->out[0]->dims[2] = ((const mfcc_params *)c->params)->coefficients;
  for (int32_t i = 0; i < 2 && x->rank == 3; i++) c->out[0]->dims[i] = x->dims[i];
  return move_check_size(c);
}

static mote_status mfcc_plan(op_ctx *c) {
  const mfcc_params *const p = c->params;
  const size_t bins = (size_t)c->in[MFCC_SPECTROGRAM]->dims[2], bands = (size_t)p->bands;
  size_t numbers;
  const bool fits = size_mul(bands, (size_t)p->coefficients + 2, &numbers) && size_add(numbers, 2 * bins + 1, &numbers);
  OP_REQUIRE(c, fits && size_mul(numbers, sizeof(double), &c->scratch_size), MOTE_ERR_LIMIT,
             "%zu channels and %d coefficients are more than memory can hold", bands, (int)p->coefficients);
  return MOTE_OK;
}

static double mel(double hertz) { return 1127.0 * log1p(hertz / 700.0); }

/* Each bin belongs to the falling side of one triangle and the rising side of the next. */
static void init_bands(mel_bank *m, const mfcc_params *p, double rate) {
  const double low = mel(p->lower), spacing = (mel(p->upper) - low) / (double)(m->bands + 1);
  const double bin = 0.5 * rate / (double)(m->bins - 1);
  const double first = 1.5 + p->lower / bin, last = p->upper / bin;
  size_t band = 0;
  for (size_t i = 0; i <= m->bands; i++) m->centers[i] = low + spacing * (double)(i + 1);
  m->first = first < (double)m->bins ? (size_t)first : m->bins;
  m->last = last < (double)m->bins ? (size_t)last : m->bins;
  for (size_t i = m->first; i <= m->last && i < m->bins; i++) {
    const double at = mel((double)i * bin);
    while (band < m->bands && m->centers[band] < at) band++;
    const double from = band ? m->centers[band - 1] : low;
    m->band[i] = (double)band - 1;
    m->weights[i] = (m->centers[band] - at) / (m->centers[band] - from);
  }
}

static void init_dct(mel_bank *m, int32_t coefficients) {
  const double factor = sqrt(2.0 / (double)m->bands), step = pi / (double)m->bands;
  for (int32_t i = 0; i < coefficients; i++)
    for (size_t k = 0; k < m->bands; k++) m->dct[(size_t)i * m->bands + k] = factor * cos(i * step * ((double)k + 0.5));
}

static mel_bank make_bank(const op_ctx *c, double rate) {
  const mfcc_params *const p = c->params;
  mel_bank m = {.bins = (size_t)c->in[MFCC_SPECTROGRAM]->dims[2], .bands = (size_t)p->bands};
  m.centers = c->scratch;
  m.energies = m.centers + m.bands + 1;
  m.weights = m.energies + m.bands;
  m.band = m.weights + m.bins;
  m.dct = m.band + m.bins;
  init_bands(&m, p, rate);
  init_dct(&m, p->coefficients);
  return m;
}

/* Logarithms of what each triangle sees of the magnitudes; the spectrum has their squares. */
static void see_bands(const mel_bank *m, const float *spectrum) {
  memset(m->energies, 0, m->bands * sizeof(double));
  for (size_t i = m->first; i <= m->last; i++) {
    const double magnitude = sqrt((double)spectrum[i]), falling = magnitude * m->weights[i];
    const ptrdiff_t band = (ptrdiff_t)m->band[i];
    if (band >= 0) m->energies[band] += falling;
    if (band + 1 < (ptrdiff_t)m->bands) m->energies[band + 1] += magnitude - falling;
  }
  for (size_t i = 0; i < m->bands; i++) m->energies[i] = log(m->energies[i] < 1e-12 ? 1e-12 : m->energies[i]);
}

/* A spectrum that ends below the upper limit gives zeros, as in TensorFlow Lite. */
static mote_status mfcc_run(op_ctx *c) {
  const mfcc_params *const p = c->params;
  const int32_t rate = *(const int32_t *)c->in[MFCC_RATE]->data;
  const size_t frames = op_span(c->out[0], 0, 2), coefficients = (size_t)p->coefficients;
  float *to = c->out[0]->data;
  OP_REQUIRE(c, rate > 0, MOTE_ERR_RUN, "the sample rate is %d Hz; it must be above 0", (int)rate);
  const mel_bank m = make_bank(c, rate);
  if (m.last >= m.bins) {
    memset(to, 0, c->out[0]->bytes);
    return MOTE_OK;
  }
  for (size_t n = 0; n < frames; n++) {
    see_bands(&m, (const float *)c->in[MFCC_SPECTROGRAM]->data + n * m.bins);
    for (size_t i = 0; i < coefficients; i++, to++) {
      double sum = 0;
      for (size_t k = 0; k < m.bands; k++) sum += m.dct[i * m.bands + k] * m.energies[k];
      *to = (float)sum;
    }
  }
  return MOTE_OK;
}

const mote_op op_mfcc = {
    .name = "Mfcc",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "f32 i32 > f32",
    .params_size = sizeof(mfcc_params),
    .check = mfcc_check,
    .infer = mfcc_infer,
    .plan = mfcc_plan,
    .run = mfcc_run,
    .notes = "From squared magnitudes; defaults 20 to 4000 Hz, 40 channels, 13 coefficients.",
};

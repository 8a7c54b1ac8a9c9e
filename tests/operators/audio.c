/* AudioSpectrogram and Mfcc against the sums that define them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/flex.h"
#include "support/op_case.h"

extern const mote_op op_audio_spectrogram, op_mfcc;

static const double pi = 3.14159265358979323846;
enum { MOST = 2048 };
static float numbers[MOST];

static void fill(op_random *r, int32_t least) {
  for (size_t i = 0; i < MOST; i++) numbers[i] = (float)op_random_in(r, least, 1000) / 250;
}

/* Options are in the order of their keys. */
static void begin(op_case *k, const mote_op *op, const flex_option *options, uint32_t count) {
  static uint8_t blob[FLEX_ROOM];
  op_case_begin(k, op, NULL);
  k->c.custom = blob;
  k->c.custom_size = flex_write(options, count, blob);
}

/* ---- AudioSpectrogram ---- */

/* The square of bin u of the frame that begins with sample `first` of a channel. */
static double power_at(const int32_t *dims, int32_t channel, int32_t first, int32_t window, int32_t length, int32_t u) {
  double re = 0, im = 0;
  for (int32_t i = 0; i < window; i++) {
    const double hann = 0.5 - 0.5 * cos(2 * pi * i / window), angle = 2 * pi * u * i / length;
    const double v = (double)numbers[(first + i) * dims[1] + channel] * hann;
    re += v * cos(angle), im -= v * sin(angle);
  }
  return re * re + im * im;
}

static void check_spectrogram(const int32_t *dims, int32_t window, int32_t stride, bool squared) {
  const flex_option options[] = {
      {"magnitude_squared", squared}, {"stride", (float)stride}, {"window_size", (float)window}};
  int32_t length = 1;
  while (length < window) length *= 2;
  op_case k;
  begin(&k, &op_audio_spectrogram, options, 3);
  k.c.workers = 2;
  op_case_input(&k, MOTE_FLOAT32, 2, dims, numbers, 0);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  const int32_t frames = dims[0] < window ? 0 : (dims[0] - window) / stride + 1, bins = length / 2 + 1;
  assert_memory_equal(k.out[0].dims, ((int32_t[]){dims[1], frames, bins}), 12);
  for (int32_t i = 0; i < dims[1] * frames * bins; i++) {
    const double power = power_at(dims, i / bins / frames, i / bins % frames * stride, window, length, i % bins);
    assert_true(fabs((double)((float *)k.out[0].data)[i] - (squared ? power : sqrt(power))) < 1e-3 * (1 + power));
  }
  assert_true(op_case_end(&k));
}

static void spectrograms(void **state) {
  (void)state;
  op_random r = {1};
  for (int round = 0; round < 60; round++) {
    const int32_t dims[2] = {op_random_in(&r, 0, 80), op_random_in(&r, 0, 3)};
    fill(&r, -1000);
    check_spectrogram(dims, op_random_in(&r, 2, 40), op_random_in(&r, 1, 20), round % 2);
  }
}

/* ---- Mfcc ---- */

static double mel(double hertz) { return 1127 * log(1 + hertz / 700); }

/* How much of a bin at `hertz` band n sees: a triangle between the centers of its neighbours. */
static double seen(double hertz, int32_t n, double low, double spacing) {
  const double at = (mel(hertz) - mel(low)) / spacing - n; /* 1 at the center */
  return at <= 0 || at >= 2 ? 0 : at <= 1 ? at : 2 - at;
}

static double coefficient(const float *spectrum, int32_t bins, const float *limits, int32_t bands, int32_t rate,
                          int32_t i) {
  const double low = (double)limits[0], high = (double)limits[1], width = 0.5 * rate / (bins - 1);
  const double spacing = (mel(high) - mel(low)) / (bands + 1);
  double sum = 0;
  for (int32_t n = 0; n < bands; n++) {
    double energy = 0;
    for (int32_t b = (int32_t)(1.5 + low / width); b <= (int32_t)(high / width); b++)
      energy += sqrt((double)spectrum[b]) * seen(b * width, n, low, spacing);
    sum += sqrt(2.0 / bands) * cos(i * pi / bands * (n + 0.5)) * log(fmax(energy, 1e-12));
  }
  return sum;
}

static void check_mfcc(op_random *r, int32_t bins) {
  const int32_t dims[3] = {op_random_in(r, 0, 2), op_random_in(r, 0, 3), bins}, rate = 16000;
  const int32_t bands = op_random_in(r, 1, 30), count = op_random_in(r, 1, bands);
  const float limits[2] = {(float)op_random_in(r, 0, 300), (float)op_random_in(r, 3000, 7900)};
  const flex_option options[] = {{"dct_coefficient_count", (float)count},
                                 {"filterbank_channel_count", (float)bands},
                                 {"lower_frequency_limit", limits[0]},
                                 {"upper_frequency_limit", limits[1]}};
  op_case k;
  fill(r, 0);
  begin(&k, &op_mfcc, options, 4);
  op_case_input(&k, MOTE_FLOAT32, 3, dims, numbers, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, &rate, OP_CONST);
  op_case_output(&k, MOTE_FLOAT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].dims, ((int32_t[]){dims[0], dims[1], count}), 12);
  for (int32_t i = 0; i < dims[0] * dims[1] * count; i++) {
    const double expected = coefficient(numbers + i / count * bins, bins, limits, bands, rate, i % count);
    assert_true(fabs((double)((float *)k.out[0].data)[i] - expected) < 1e-3);
  }
  assert_true(op_case_end(&k));
}

static void cepstra(void **state) {
  (void)state;
  op_random r = {2};
  for (int32_t bins = 100; bins < 280; bins += 3) check_mfcc(&r, bins);
}

/* A rate under which the upper limit lies beyond the spectrum gives zeros; without options the limits are 20 and 4000
 * Hz. */
static void cepstra_of_too_low_a_rate(void **state) {
  (void)state;
  op_random r = {3};
  fill(&r, 1);
  for (int32_t rate = 7000; rate <= 16000; rate += 9000) {
    op_case k;
    op_case_begin(&k, &op_mfcc, NULL);
    op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){1, 1, 257}, numbers, 0);
    op_case_input(&k, MOTE_INT32, 0, NULL, &rate, 0);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_int_equal(k.out[0].dims[2], 13);
    for (int i = 0; i < 13; i++) {
      const double expected = rate < 8000 ? 0 : coefficient(numbers, 257, (float[]){20, 4000}, 40, rate, i);
      assert_true(fabs((double)((float *)k.out[0].data)[i] - expected) < 1e-3);
    }
    assert_true(op_case_end(&k));
  }
}

/* ---- refusals ---- */

typedef struct refusal {
  const mote_op *op;
  mote_status status;
  int32_t rank, dims[3], rate;
  flex_option options[4];
} refusal;

static const refusal refusals[] = {
    {&op_audio_spectrogram, MOTE_ERR_MODEL, 2, {9, 1}, 0, {{0}}},
    {&op_audio_spectrogram, MOTE_ERR_MODEL, 2, {9, 1}, 0, {{"stride", 1}, {"window_size", 1}}},
    {&op_audio_spectrogram, MOTE_ERR_MODEL, 2, {9, 1}, 0, {{"stride", 0}, {"window_size", 4}}},
    {&op_audio_spectrogram, MOTE_ERR_SHAPE, 1, {9}, 0, {{"stride", 1}, {"window_size", 4}}},
    {&op_mfcc, MOTE_ERR_SHAPE, 2, {9, 1}, 16000, {{0}}},
    {&op_mfcc, MOTE_ERR_SHAPE, 3, {1, 1, 1}, 16000, {{0}}},
    {&op_mfcc, MOTE_ERR_MODEL, 3, {1, 1, 9}, 16000, {{"upper_frequency_limit", 20}}},
    {&op_mfcc, MOTE_ERR_MODEL, 3, {1, 1, 9}, 16000, {{"dct_coefficient_count", 41}}},
    {&op_mfcc, MOTE_ERR_MODEL, 3, {1, 1, 9}, 16000, {{"filterbank_channel_count", 0}}},
    {&op_mfcc, MOTE_ERR_RUN, 3, {1, 1, 9}, 0, {{0}}},
    {&op_mfcc, MOTE_ERR_RUN, 3, {1, 1, 9}, -8000, {{0}}},
};

static void refuses(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    const refusal *const f = &refusals[i];
    uint32_t count = 0;
    op_case k;
    while (f->options[count].key) count++;
    begin(&k, f->op, f->options, count);
    op_case_input(&k, MOTE_FLOAT32, f->rank, f->dims, numbers, 0);
    if (f->op == &op_mfcc) op_case_input(&k, MOTE_INT32, 0, NULL, &f->rate, 0);
    op_case_output(&k, MOTE_FLOAT32);
    assert_int_equal(op_case_run(&k), f->status);
    assert_true(k.error.text[0]);
    assert_true(op_case_end(&k));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(spectrograms), cmocka_unit_test(cepstra),
                                     cmocka_unit_test(cepstra_of_too_low_a_rate), cmocka_unit_test(refuses)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

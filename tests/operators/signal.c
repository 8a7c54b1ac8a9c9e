/* The front end for sound of the microcontroller runtime, operator by operator against what each is defined to do. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/flex.h"
#include "support/op_case.h"

extern const mote_op op_signal_delay, op_signal_energy, op_signal_fft_auto_scale, op_signal_filter_bank,
    op_signal_filter_bank_log, op_signal_filter_bank_spectral_subtraction, op_signal_filter_bank_square_root,
    op_signal_framer, op_signal_irfft, op_signal_overlap_add, op_signal_pcan, op_signal_rfft, op_signal_stacker,
    op_signal_window;

static const double pi = 3.14159265358979323846;
enum { MOST = 4096 };

/* Options end with a key NULL and are in the order of their keys. */
static void begin(op_case *k, const mote_op *op, const flex_option *options) {
  static uint8_t blob[FLEX_ROOM];
  uint32_t count = 0;
  op_case_begin(k, op, NULL);
  while (options && options[count].key) count++;
  k->c.custom = blob;
  k->c.custom_size = flex_write(options, count, blob);
}

static void fill_i16(op_random *r, int16_t *to, size_t n, int32_t most) {
  for (size_t i = 0; i < n; i++) to[i] = (int16_t)op_random_in(r, -most, most);
}

static uint32_t any_u32(op_random *r) { return op_random_below(r, 1u << 31) << 1 >> op_random_below(r, 32); }

/* ---- one frame ---- */

static void windows(void **state) {
  (void)state;
  op_random r = {1};
  int16_t x[MOST], weights[16];
  for (int round = 0; round < 100; round++) {
    const int32_t dims[3] = {op_random_in(&r, 0, 4), op_random_in(&r, 1, 4), op_random_in(&r, 1, 16)};
    const int32_t shift = op_random_in(&r, 0, 31);
    op_case k;
    fill_i16(&r, x, MOST, 32767);
    fill_i16(&r, weights, 16, 32767);
    begin(&k, &op_signal_window, (flex_option[]){{"shift", (float)shift}, {0}});
    op_case_input(&k, MOTE_INT16, 3, dims, x, 0);
    op_case_input(&k, MOTE_INT16, 1, dims + 2, weights, round % 2 ? OP_CONST : 0);
    op_case_output(&k, MOTE_INT16);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_true(op_same_dims(&k.out[0], &k.in[0]));
    for (size_t i = 0; i < op_count(&k.out[0]); i++) {
      const double v = floor(x[i] * (double)weights[i % (size_t)dims[2]] / pow(2, shift));
      assert_int_equal(((int16_t *)k.out[0].data)[i], (int)fmax(-32768, fmin(32767, v)));
    }
    assert_true(op_case_end(&k));
  }
}

static void check_scale(const int16_t *x, int32_t n, int32_t bits) {
  op_case k;
  begin(&k, &op_signal_fft_auto_scale, NULL);
  op_case_input(&k, MOTE_INT16, 1, &n, x, 0);
  op_case_output(&k, MOTE_INT16);
  op_case_output(&k, MOTE_INT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(k.out[1].rank, 0);
  assert_int_equal(*(int32_t *)k.out[1].data, bits);
  for (int32_t i = 0; i < n; i++) assert_int_equal(((int16_t *)k.out[0].data)[i], x[i] * (1 << bits));
  assert_true(op_case_end(&k));
}

static void scales(void **state) {
  (void)state;
  op_random r = {2};
  int16_t x[40];
  for (int32_t bits = 0; bits < 15; bits++) {
    fill_i16(&r, x, 40, 1 << (14 - bits));
    x[17] = (int16_t)((1 << (14 - bits)) * (bits % 2 ? -1 : 1));
    check_scale(x, 40, bits);
  }
  check_scale((int16_t[]){0, 0, 0}, 3, 0);
  check_scale((int16_t[]){5, INT16_MIN, 7}, 3, 0);
  check_scale(NULL, 0, 0);
}

static void energies(void **state) {
  (void)state;
  const int16_t x[] = {1, 2, -3, 4, INT16_MIN, INT16_MIN, 32767, -1, 9, 9};
  const uint32_t expected[] = {0, 25, 1u << 31, 32767u * 32767u + 1, 0};
  op_case k;
  begin(&k, &op_signal_energy, (flex_option[]){{"end_index", 4}, {"start_index", 1}, {0}});
  op_case_input(&k, MOTE_INT16, 1, (int32_t[]){10}, x, 0);
  op_case_output(&k, MOTE_UINT32);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(k.out[0].bytes, sizeof expected);
  assert_memory_equal(k.out[0].data, expected, sizeof expected);
  assert_true(op_case_end(&k));
}

/* ---- transforms ---- */

static double number(const op_tensor *t, size_t i) {
  return t->type == MOTE_FLOAT32 ? (double)((float *)t->data)[i]
         : t->type == MOTE_INT16 ? ((int16_t *)t->data)[i]
                                 : ((int32_t *)t->data)[i];
}

static void set_number(const op_tensor *t, void *data, size_t i, double v) {
  if (t->type == MOTE_FLOAT32) ((float *)data)[i] = (float)v;
  else if (t->type == MOTE_INT16) ((int16_t *)data)[i] = (int16_t)v;
  else ((int32_t *)data)[i] = (int32_t)v;
}

/* Spectra of frames that are cut out of rows, as integers over their length. */
static void check_spectrum(const op_tensor *x, const op_tensor *y, int32_t length, size_t row) {
  const size_t frame = (size_t)x->dims[x->rank - 1], bins = (size_t)length / 2 + 1;
  const double share = x->type == MOTE_FLOAT32 ? 1 : length, bound = x->type == MOTE_FLOAT32 ? 0.1 : 20;
  for (size_t u = 0; u < bins; u++) {
    double sum[2] = {0};
    for (size_t i = 0; i < frame; i++) {
      const double angle = -2 * pi * (double)(u * i) / length, v = number(x, row * frame + i);
      sum[0] += v * cos(angle), sum[1] += v * sin(angle);
    }
    for (size_t c = 0; c < 2; c++) assert_true(fabs(number(y, 2 * (row * bins + u) + c) - sum[c] / share) < bound);
  }
}

/* Forward, then back: the signal again, or its share when integers were divided twice. */
static void check_transforms(op_random *r, mote_type type, int32_t length) {
  static double aligned[MOST];
  const int32_t dims[3] = {op_random_in(r, 0, 2), op_random_in(r, 1, 2), op_random_in(r, 0, length)};
  const flex_option options[] = {{"fft_length", (float)length}, {0}};
  op_case k, back;
  begin(&k, &op_signal_rfft, options);
  op_tensor *const x = op_case_input(&k, type, 3, dims, aligned, 0);
  for (size_t i = 0; i < op_count(x); i++) set_number(x, aligned, i, op_random_in(r, -16000, 16000));
  op_tensor *const y = op_case_output(&k, type);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(y->dims[2], length + 2);
  const size_t rows = op_span(x, 0, 2);
  for (size_t row = 0; row < rows; row++) check_spectrum(x, y, length, row);
  begin(&back, &op_signal_irfft, options);
  op_case_input(&back, type, 3, y->dims, y->data, 0);
  op_tensor *const z = op_case_output(&back, type);
  assert_int_equal(op_case_run(&back), MOTE_OK);
  assert_int_equal(z->dims[2], length);
  for (size_t i = 0; i < op_count(z); i++) {
    const size_t row = i / (size_t)length, at = i % (size_t)length, frame = (size_t)dims[2];
    const double v = at < frame ? number(x, row * frame + at) : 0;
    assert_true(fabs(number(z, i) - (type == MOTE_FLOAT32 ? v : v / length)) < (type == MOTE_FLOAT32 ? 0.1 : 20));
  }
  assert_true(op_case_end(&back));
  assert_true(op_case_end(&k));
}

static void transforms(void **state) {
  (void)state;
  static const mote_type types[] = {MOTE_INT16, MOTE_INT32, MOTE_FLOAT32};
  op_random r = {3};
  for (int i = 0; i < 3; i++)
    for (int32_t length = 2; length <= 64; length += 2) check_transforms(&r, types[i], length);
}

/* A click has an even spectrum, and the integers of both are exact. */
static void clicks(void **state) {
  (void)state;
  const int16_t x[64] = {16384};
  op_case k, back;
  const flex_option options[] = {{"fft_length", 64}, {0}};
  begin(&k, &op_signal_rfft, options);
  op_case_input(&k, MOTE_INT16, 1, (int32_t[]){64}, x, 0);
  op_tensor *const y = op_case_output(&k, MOTE_INT16);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  for (size_t i = 0; i < 66; i++) assert_int_equal(((int16_t *)y->data)[i], i % 2 ? 0 : 256);
  begin(&back, &op_signal_irfft, options);
  op_case_input(&back, MOTE_INT16, 1, y->dims, y->data, 0);
  op_tensor *const z = op_case_output(&back, MOTE_INT16);
  assert_int_equal(op_case_run(&back), MOTE_OK);
  for (size_t i = 0; i < 64; i++) assert_int_equal(((int16_t *)z->data)[i], i ? 0 : 256);
  assert_true(op_case_end(&back));
  assert_true(op_case_end(&k));
}

/* ---- channels ---- */

static void banks(void **state) {
  (void)state;
  enum { CHANNELS = 4, BINS = 20 };
  op_random r = {4};
  for (int round = 0; round < 50; round++) {
    uint32_t energy[BINS];
    int16_t weights[BINS], unweights[BINS], first[CHANNELS + 1], start[CHANNELS + 1], width[CHANNELS + 1];
    uint64_t sum[CHANNELS + 2] = {0};
    for (int i = 0; i < BINS; i++) energy[i] = any_u32(&r);
    fill_i16(&r, weights, BINS, 4096);
    fill_i16(&r, unweights, BINS, 4096);
    for (int i = 0; i <= CHANNELS; i++) {
      width[i] = (int16_t)op_random_in(&r, -1, 6);
      first[i] = (int16_t)op_random_in(&r, 0, BINS - 6);
      start[i] = (int16_t)op_random_in(&r, 0, BINS - 6);
      for (int n = 0; n < width[i]; n++) {
        sum[i] += (uint64_t)weights[start[i] + n] * energy[first[i] + n];
        sum[i + 1] += (uint64_t)unweights[start[i] + n] * energy[first[i] + n];
      }
    }
    op_case k;
    begin(&k, &op_signal_filter_bank, (flex_option[]){{"num_channels", CHANNELS}, {0}});
    op_case_input(&k, MOTE_UINT32, 1, (int32_t[]){BINS}, energy, 0);
    op_case_input(&k, MOTE_INT16, 1, (int32_t[]){BINS}, weights, OP_CONST);
    op_case_input(&k, MOTE_INT16, 1, (int32_t[]){BINS}, unweights, OP_CONST);
    op_case_input(&k, MOTE_INT16, 1, (int32_t[]){CHANNELS + 1}, first, OP_CONST);
    op_case_input(&k, MOTE_INT16, 1, (int32_t[]){CHANNELS + 1}, start, OP_CONST);
    op_case_input(&k, MOTE_INT16, 1, (int32_t[]){CHANNELS + 1}, width, OP_CONST);
    op_case_output(&k, MOTE_UINT64);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_memory_equal(k.out[0].data, sum + 1, CHANNELS * sizeof *sum);
    first[2] = (int16_t)(BINS - width[2] + 1); /* one bin too far */
    if (width[2] > 0) assert_int_equal(op_signal_filter_bank.run(&k.c), MOTE_ERR_RUN);
    first[2] = 0, start[2] = -1;
    if (width[2] > 0) assert_int_equal(op_signal_filter_bank.run(&k.c), MOTE_ERR_RUN);
    assert_true(op_case_end(&k));
  }
}

/* r is the root of x, rounded: (r - 1/2)^2 < x <= (r + 1/2)^2; or as near as 16 bits, or 32, come. */
static void check_root(uint64_t x, uint32_t root) {
  const uint64_t square = (uint64_t)root * root;
  const bool low = root == 0 || x > square - root, high = x <= square + root;
  const bool most = root == (x >> 32 ? UINT32_MAX : UINT16_MAX);
  assert_true(low && (high || most));
}

static void roots(void **state) {
  (void)state;
  op_random r = {5};
  uint64_t x[200] = {0, 1, 2, 3, UINT32_MAX, UINT64_MAX, (uint64_t)UINT32_MAX + 1};
  for (int i = 7; i < 200; i++) x[i] = (uint64_t)any_u32(&r) << (i % 33) ^ any_u32(&r);
  for (int32_t bits = 0; bits < 34; bits += 3) {
    op_case k, plain;
    begin(&plain, &op_signal_filter_bank_square_root, NULL);
    begin(&k, &op_signal_filter_bank_square_root, NULL);
    op_case_input(&plain, MOTE_UINT64, 1, (int32_t[]){200}, x, 0);
    op_case_input(&plain, MOTE_INT32, 0, NULL, (int32_t[]){0}, 0);
    op_case_input(&k, MOTE_UINT64, 1, (int32_t[]){200}, x, 0);
    op_case_input(&k, MOTE_INT32, 0, NULL, &bits, 0);
    op_case_output(&plain, MOTE_UINT32);
    op_case_output(&k, MOTE_UINT32);
    assert_int_equal(op_case_run(&plain), MOTE_OK);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int i = 0; i < 200; i++) {
      const uint32_t root = ((uint32_t *)plain.out[0].data)[i];
      check_root(x[i], root);
      assert_int_equal(((uint32_t *)k.out[0].data)[i], (uint64_t)root >> bits);
    }
    assert_true(op_case_end(&k) && op_case_end(&plain));
  }
}

/* Two even channels and an odd one over some runs, each with its own share of the new. */
static void subtracts(void **state) {
  (void)state;
  op_random r = {6};
  for (int clamping = 0; clamping < 2; clamping++) {
    const flex_option options[] = {{"alternate_one_minus_smoothing", 15000},
                                   {"alternate_smoothing", 1384},
                                   {"clamping", (float)clamping},
                                   {"min_signal_remaining", 819},
                                   {"num_channels", 3},
                                   {"one_minus_smoothing", 12000},
                                   {"smoothing", 4384},
                                   {"smoothing_bits", 10},
                                   {"spectral_subtraction_bits", 14},
                                   {0}};
    uint32_t x[3];
    double noise[3] = {0};
    op_case k;
    begin(&k, &op_signal_filter_bank_spectral_subtraction, options);
    op_case_input(&k, MOTE_UINT32, 1, (int32_t[]){3}, x, 0);
    op_case_output(&k, MOTE_UINT32);
    op_case_output(&k, MOTE_UINT32);
    for (int run = 0; run < 30; run++) {
      for (int i = 0; i < 3; i++) x[i] = op_random_below(&r, 1u << op_random_in(&r, 1, 21));
      assert_int_equal(run ? k.c.op->run(&k.c) : op_case_run(&k), MOTE_OK);
      for (int i = 0; i < 3; i++) {
        const double signal = x[i] * 1024.0, fresh = i % 2 ? 1384 : 4384, kept = i % 2 ? 15000 : 12000;
        noise[i] = floor((signal * fresh + noise[i] * kept) / 16384);
        const double least = floor(x[i] * 819.0 / 16384), left = floor((signal - fmin(signal, noise[i])) / 1024);
        if (clamping) noise[i] = fmin(signal, noise[i]);
        assert_true(((uint32_t *)k.out[0].data)[i] == fmax(least, left));
        assert_true(((uint32_t *)k.out[1].data)[i] == noise[i]);
      }
    }
    assert_true(op_case_end(&k));
  }
}

/* The gain between points of the table: value, slope, curvature of each octave. */
static double gain_of(const int16_t *gains, uint32_t noise) {
  if (noise <= 2) return gains[noise];
  const int bits = (int)floor(log2(noise)) + 1;
  const int16_t *const g = gains + 4 * bits - 6;
  const double part = fmod(floor(noise * pow(2, 11 - bits)), 1024);
  const double slope = floor(g[2] * part / 32) + g[1] * 32.0;
  return g[0] + floor((slope * part + 16384) / 32768);
}

static void gains(void **state) {
  (void)state;
  op_random r = {7};
  for (int round = 0; round < 50; round++) {
    uint32_t x[40], noise[40];
    int16_t table[125];
    const int32_t shift = op_random_in(&r, 0, 40);
    for (int i = 0; i < 125; i++) table[i] = (int16_t)op_random_in(&r, 0, 8000);
    for (int i = 0; i < 40; i++) x[i] = any_u32(&r) >> 1, noise[i] = any_u32(&r);
    op_case k;
    begin(&k, &op_signal_pcan, (flex_option[]){{"snr_shift", (float)shift}, {0}});
    op_case_input(&k, MOTE_UINT32, 1, (int32_t[]){40}, x, 0);
    op_case_input(&k, MOTE_UINT32, 1, (int32_t[]){40}, noise, 0);
    op_case_input(&k, MOTE_INT16, 1, (int32_t[]){125}, table, OP_CONST);
    op_case_output(&k, MOTE_UINT32);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int i = 0; i < 40; i++) {
      const double snr = fmod(floor(x[i] * gain_of(table, noise[i]) / pow(2, shift)), 4294967296.0);
      const double expected = snr < 8192 ? floor(snr * snr / 1048576) : floor(snr / 64) - 64;
      assert_true(((uint32_t *)k.out[0].data)[i] == expected);
    }
    assert_true(op_case_end(&k));
  }
}

/* Steps of the table, which are hardly smoothed, are up to 224 / 65536 high. */
static void logarithms(void **state) {
  (void)state;
  op_random r = {8};
  uint32_t x[200] = {0, 1, 2, 3, UINT32_MAX};
  for (int i = 5; i < 200; i++) x[i] = any_u32(&r);
  for (int32_t shift = 0; shift < 5; shift++) {
    op_case k;
    const flex_option options[] = {{"input_correction_bits", (float)shift}, {"output_scale", 1600}, {0}};
    begin(&k, &op_signal_filter_bank_log, options);
    op_case_input(&k, MOTE_UINT32, 1, (int32_t[]){200}, x, 0);
    op_case_output(&k, MOTE_INT16);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int i = 0; i < 200; i++) {
      const uint32_t v = x[i] << shift;
      const double expected = v > 1 ? fmin(32767, 1600 * log(v)) : 0;
      assert_true(fabs(((int16_t *)k.out[0].data)[i] - expected) <= 4);
    }
    assert_true(op_case_end(&k));
  }
}

/* ---- streams: a long signal in pieces against the whole of it ---- */

static void delays(void **state) {
  (void)state;
  op_random r = {9};
  static int16_t all[2][MOST];
  for (int32_t delay = 0; delay < 20; delay++) {
    const int32_t frame = op_random_in(&r, 1, 8);
    int16_t x[2 * 8];
    op_case k;
    fill_i16(&r, all[0], 2 * MOST, 32767);
    begin(&k, &op_signal_delay, (flex_option[]){{"delay_length", (float)delay}, {0}});
    op_case_input(&k, MOTE_INT16, 3, (int32_t[]){1, 2, frame}, x, 0);
    op_case_output(&k, MOTE_INT16);
    for (int32_t run = 0; run < 12; run++) {
      for (int32_t i = 0; i < 2 * frame; i++) x[i] = all[i / frame][run * frame + i % frame];
      assert_int_equal(run ? k.c.op->run(&k.c) : op_case_run(&k), MOTE_OK);
      for (int32_t i = 0; i < 2 * frame; i++) {
        const int32_t at = run * frame + i % frame - delay;
        assert_int_equal(((int16_t *)k.out[0].data)[i], at < 0 ? 0 : all[i / frame][at]);
      }
    }
    assert_true(op_case_end(&k));
  }
}

static void check_framer(op_random *r, int32_t size, int32_t step, bool prefill) {
  enum { RUNS = 9, ROWS = 2, FRAMES = 3 };
  static int16_t all[ROWS][RUNS * FRAMES * 16], x[ROWS * FRAMES * 16];
  const int32_t samples = FRAMES * step, ahead = prefill && size > step ? size - step : 0;
  int32_t given = 0, produced = 0;
  op_case k;
  fill_i16(r, all[0], sizeof all / 2, 32767);
  begin(&k, &op_signal_framer,
        (flex_option[]){{"frame_size", (float)size}, {"frame_step", (float)step}, {"prefill", prefill}, {0}});
  op_case_input(&k, MOTE_INT16, 2, (int32_t[]){ROWS, samples}, x, 0);
  op_case_output(&k, MOTE_INT16);
  op_case_output(&k, MOTE_BOOL);
  for (int32_t run = 0; run < RUNS; run++) {
    for (int32_t i = 0; i < ROWS * samples; i++) x[i] = all[i / samples][run * samples + i % samples];
    assert_int_equal(run ? k.c.op->run(&k.c) : op_case_run(&k), MOTE_OK);
    assert_memory_equal(k.out[0].dims, ((int32_t[]){ROWS, FRAMES, size}), 12);
    bool complete = true;
    for (int32_t n = 0; n < FRAMES; n++) {
      given += step;
      const bool enough = given + ahead >= produced * step + size;
      for (int32_t i = 0; i < ROWS * size; i++) {
        const int32_t row = i / size, at = produced * step + i % size - ahead;
        const int16_t got = ((int16_t *)k.out[0].data)[(row * FRAMES + n) * size + i % size];
        assert_int_equal(got, enough && at >= 0 ? all[row][at] : 0);
      }
      complete &= enough;
      produced += enough;
    }
    assert_int_equal(*(bool *)k.out[1].data, complete);
  }
  assert_true(op_case_end(&k));
}

static void frames(void **state) {
  (void)state;
  op_random r = {10};
  for (int32_t size = 1; size < 20; size++)
    for (int32_t step = 1; step < 10; step++) check_framer(&r, size, step, false), check_framer(&r, size, step, true);
}

static void check_overlap(op_random *r, mote_type type, int32_t size, int32_t step) {
  enum { RUNS = 6, ROWS = 2, FRAMES = 2 };
  static int16_t all[ROWS][RUNS * FRAMES][16];
  static double x[ROWS * FRAMES * 16]; /* room for either type */
  op_case k;
  fill_i16(r, all[0][0], sizeof all / 2, 1000);
  begin(&k, &op_signal_overlap_add, (flex_option[]){{"frame_step", (float)step}, {0}});
  op_tensor *const in = op_case_input(&k, type, 3, (int32_t[]){ROWS, FRAMES, size}, x, 0);
  op_tensor *const out = op_case_output(&k, type);
  for (int32_t run = 0; run < RUNS; run++) {
    for (int32_t i = 0; i < ROWS * FRAMES * size; i++)
      set_number(in, x, (size_t)i, all[i / size / FRAMES][run * FRAMES + i / size % FRAMES][i % size]);
    assert_int_equal(run ? k.c.op->run(&k.c) : op_case_run(&k), MOTE_OK);
    assert_memory_equal(out->dims, ((int32_t[]){ROWS, FRAMES * step}), 8);
    for (int32_t i = 0; i < ROWS * FRAMES * step; i++) {
      const int32_t row = i / (FRAMES * step), at = run * FRAMES * step + i % (FRAMES * step);
      double sum = 0;
      for (int32_t n = 0; n <= at / step; n++)
        if (at - n * step < size) sum += all[row][n][at - n * step];
      assert_true(number(out, (size_t)i) == sum);
    }
  }
  assert_true(op_case_end(&k));
}

static void overlaps(void **state) {
  (void)state;
  op_random r = {11};
  for (int32_t size = 1; size <= 16; size++)
    for (int32_t step = 1; step <= size; step++)
      check_overlap(&r, MOTE_INT16, size, step), check_overlap(&r, MOTE_FLOAT32, size, step);
}

/* Each sum saturates, and the next frame is added to what is left of it. */
static void overlaps_saturate(void **state) {
  (void)state;
  const int16_t x[3][3] = {{0, 30000, 30000}, {30000, 30000, -32768}, {-30000, -32768, 0}};
  const int16_t expected[] = {0, 32767, 2767};
  op_case k;
  begin(&k, &op_signal_overlap_add, (flex_option[]){{"frame_step", 1}, {0}});
  op_case_input(&k, MOTE_INT16, 2, (int32_t[]){3, 3}, x, 0);
  op_case_output(&k, MOTE_INT16);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_memory_equal(k.out[0].data, expected, sizeof expected);
  k.in[0].dims[0] = 0;
  assert_true(op_case_end(&k));
}

static void check_stacker(op_random *r, int32_t left, int32_t right, int32_t step) {
  enum { CHANNELS = 3, RUNS = 15 };
  const int32_t height = left + 1 + right;
  int16_t all[RUNS][CHANNELS], x[CHANNELS];
  int32_t produced = 0;
  op_case k;
  fill_i16(r, all[0], CHANNELS * RUNS, 32767);
  begin(&k, &op_signal_stacker,
        (flex_option[]){{"num_channels", CHANNELS},
                        {"stacker_left_context", (float)left},
                        {"stacker_right_context", (float)right},
                        {"stacker_step", (float)step},
                        {0}});
  op_case_input(&k, MOTE_INT16, 1, (int32_t[]){CHANNELS}, x, 0);
  op_case_output(&k, MOTE_INT16);
  op_case_output(&k, MOTE_BOOL);
  for (int32_t run = 0; run < RUNS; run++) {
    memcpy(x, all[run], sizeof x);
    assert_int_equal(run ? k.c.op->run(&k.c) : op_case_run(&k), MOTE_OK);
    assert_int_equal(k.out[0].dims[0], height * CHANNELS);
    const bool full = left + run + 1 >= produced * step + height;
    assert_int_equal(*(bool *)k.out[1].data, full);
    for (int32_t i = 0; i < height * CHANNELS; i++) {
      const int32_t at = produced * step + i / CHANNELS - left; /* the first frame stands for those before it */
      assert_int_equal(((int16_t *)k.out[0].data)[i], full ? all[at < 0 ? 0 : at][i % CHANNELS] : 0);
    }
    produced += full;
  }
  assert_true(op_case_end(&k));
}

static void stacks(void **state) {
  (void)state;
  op_random r = {12};
  for (int32_t left = 0; left < 4; left++)
    for (int32_t right = 0; right < 4; right++)
      for (int32_t step = 1; step <= left + right + 1; step++) check_stacker(&r, left, right, step);
}

/* ---- refusals ---- */

typedef struct refusal {
  const mote_op *op;
  mote_status status;
  flex_option options[10];
  struct {
    mote_type type;
    int32_t rank, dims[OP_MAX_RANK];
  } in[6];
} refusal;

#define I16(...)                                                                                                       \
  { MOTE_INT16, __VA_ARGS__ }
#define U32(...)                                                                                                       \
  { MOTE_UINT32, __VA_ARGS__ }
#define BANK                                                                                                           \
  { "num_channels", 2 }
#define STACK(left, right, step)                                                                                       \
  {"num_channels", 2}, {"stacker_left_context", left}, {"stacker_right_context", right}, { "stacker_step", step }
#define SUBTRACTION(bits)                                                                                              \
  {"alternate_one_minus_smoothing", 1}, {"alternate_smoothing", 1}, {"min_signal_remaining", 1}, {"num_channels", 2},  \
      {"one_minus_smoothing", 1}, {"smoothing", 1}, {"smoothing_bits", 1}, {                                           \
    "spectral_subtraction_bits", bits                                                                                  \
  }

static const refusal refusals[] = {
    {&op_signal_window, MOTE_ERR_MODEL, {{0}}, {I16(1, {4}), I16(1, {4})}},
    {&op_signal_window, MOTE_ERR_MODEL, {{"shift", 32}}, {I16(1, {4}), I16(1, {4})}},
    {&op_signal_window, MOTE_ERR_SHAPE, {{"shift", 1}}, {I16(0, {0}), I16(1, {4})}},
    {&op_signal_window, MOTE_ERR_SHAPE, {{"shift", 1}}, {I16(1, {4}), I16(2, {2, 2})}},
    {&op_signal_window, MOTE_ERR_SHAPE, {{"shift", 1}}, {I16(1, {4}), I16(1, {3})}},
    {&op_signal_window, MOTE_ERR_SHAPE, {{"shift", 1}}, {I16(1, {4}), I16(1, {0})}},
    {&op_signal_window, MOTE_ERR_TYPE, {{"shift", 1}}, {U32(1, {4}), I16(1, {4})}},
    {&op_signal_rfft, MOTE_ERR_MODEL, {{0}}, {I16(1, {4})}},
    {&op_signal_rfft, MOTE_ERR_MODEL, {{"fft_length", 5}}, {I16(1, {4})}},
    {&op_signal_rfft, MOTE_ERR_MODEL, {{"fft_length", 0}}, {I16(1, {4})}},
    {&op_signal_rfft, MOTE_ERR_SHAPE, {{"fft_length", 4}}, {I16(1, {5})}},
    {&op_signal_rfft, MOTE_ERR_SHAPE, {{"fft_length", 4}}, {I16(0, {0})}},
    {&op_signal_rfft, MOTE_ERR_TYPE, {{"fft_length", 4}}, {U32(1, {4})}},
    {&op_signal_irfft, MOTE_ERR_SHAPE, {{"fft_length", 4}}, {I16(1, {4})}},
    {&op_signal_irfft, MOTE_ERR_SHAPE, {{"fft_length", 4}}, {I16(1, {7})}},
    {&op_signal_energy, MOTE_ERR_MODEL, {{"end_index", 2}}, {I16(1, {4})}},
    {&op_signal_energy, MOTE_ERR_MODEL, {{"end_index", 2}, {"start_index", -1}}, {I16(1, {4})}},
    {&op_signal_energy, MOTE_ERR_SHAPE, {{"end_index", 3}, {"start_index", 0}}, {I16(1, {4})}},
    {&op_signal_energy, MOTE_ERR_SHAPE, {{"end_index", 1}, {"start_index", 0}}, {I16(2, {1, 4})}},
    {&op_signal_filter_bank,
     MOTE_ERR_SHAPE,
     {BANK},
     {U32(1, {4}), I16(1, {4}), I16(1, {4}), I16(1, {3}), I16(1, {3}), I16(1, {2})}},
    {&op_signal_filter_bank,
     MOTE_ERR_SHAPE,
     {BANK},
     {U32(2, {1, 4}), I16(1, {4}), I16(1, {4}), I16(1, {3}), I16(1, {3}), I16(1, {3})}},
    {&op_signal_filter_bank,
     MOTE_ERR_MODEL,
     {{"num_channels", -1}},
     {U32(1, {4}), I16(1, {4}), I16(1, {4}), I16(1, {3}), I16(1, {3}), I16(1, {3})}},
    {&op_signal_filter_bank_square_root, MOTE_ERR_SHAPE, {{0}}, {{MOTE_UINT64, 1, {4}}, {MOTE_INT32, 1, {2}}}},
    {&op_signal_filter_bank_square_root, MOTE_ERR_SHAPE, {{0}}, {{MOTE_UINT64, 2, {1, 4}}, {MOTE_INT32, 0, {0}}}},
    {&op_signal_filter_bank_spectral_subtraction, MOTE_ERR_SHAPE, {SUBTRACTION(1)}, {U32(1, {3})}},
    {&op_signal_filter_bank_spectral_subtraction, MOTE_ERR_SHAPE, {SUBTRACTION(1)}, {U32(2, {1, 2})}},
    {&op_signal_filter_bank_spectral_subtraction, MOTE_ERR_MODEL, {SUBTRACTION(64)}, {U32(1, {2})}},
    {&op_signal_pcan, MOTE_ERR_SHAPE, {{"snr_shift", 1}}, {U32(1, {4}), U32(1, {3}), I16(1, {125})}},
    {&op_signal_pcan, MOTE_ERR_SHAPE, {{"snr_shift", 1}}, {U32(1, {4}), U32(1, {4}), I16(1, {124})}},
    {&op_signal_pcan, MOTE_ERR_SHAPE, {{"snr_shift", 1}}, {U32(2, {1, 4}), U32(1, {4}), I16(1, {125})}},
    {&op_signal_pcan, MOTE_ERR_MODEL, {{"snr_shift", 64}}, {U32(1, {4}), U32(1, {4}), I16(1, {125})}},
    {&op_signal_filter_bank_log, MOTE_ERR_MODEL, {{"input_correction_bits", 32}, {"output_scale", 1}}, {U32(1, {4})}},
    {&op_signal_filter_bank_log, MOTE_ERR_MODEL, {{"input_correction_bits", 2}}, {U32(1, {4})}},
    {&op_signal_filter_bank_log, MOTE_ERR_SHAPE, {{"input_correction_bits", 1}, {"output_scale", 1}}, {U32(0, {0})}},
    {&op_signal_delay, MOTE_ERR_MODEL, {{"delay_length", -1}}, {I16(1, {4})}},
    {&op_signal_delay, MOTE_ERR_SHAPE, {{"delay_length", 1}}, {I16(0, {0})}},
    {&op_signal_framer, MOTE_ERR_MODEL, {{"frame_size", 0}, {"frame_step", 1}}, {I16(1, {4})}},
    {&op_signal_framer, MOTE_ERR_MODEL, {{"frame_size", 1}, {"frame_step", 0}}, {I16(1, {4})}},
    {&op_signal_framer, MOTE_ERR_SHAPE, {{"frame_size", 3}, {"frame_step", 3}}, {I16(1, {4})}},
    {&op_signal_framer, MOTE_ERR_SHAPE, {{"frame_size", 3}, {"frame_step", 1}}, {I16(1, {0})}},
    {&op_signal_framer, MOTE_ERR_SHAPE, {{"frame_size", 3}, {"frame_step", 1}}, {I16(0, {0})}},
    {&op_signal_framer, MOTE_ERR_SHAPE, {{"frame_size", 3}, {"frame_step", 1}}, {I16(8, {1, 1, 1, 1, 1, 1, 1, 1})}},
    {&op_signal_overlap_add, MOTE_ERR_MODEL, {{"frame_step", 0}}, {I16(2, {2, 4})}},
    {&op_signal_overlap_add, MOTE_ERR_SHAPE, {{"frame_step", 5}}, {I16(2, {2, 4})}},
    {&op_signal_overlap_add, MOTE_ERR_SHAPE, {{"frame_step", 1}}, {I16(1, {4})}},
    {&op_signal_overlap_add, MOTE_ERR_SHAPE, {{"frame_step", 1 << 20}}, {I16(2, {1 << 12, 1 << 20})}},
    {&op_signal_stacker, MOTE_ERR_MODEL, {STACK(1, 1, 4)}, {I16(1, {2})}},
    {&op_signal_stacker, MOTE_ERR_MODEL, {STACK(1, 1, 0)}, {I16(1, {2})}},
    {&op_signal_stacker, MOTE_ERR_MODEL, {STACK(-1, 1, 1)}, {I16(1, {2})}},
    {&op_signal_stacker, MOTE_ERR_SHAPE, {STACK(1, 1, 1)}, {I16(1, {3})}},
    {&op_signal_stacker, MOTE_ERR_SHAPE, {STACK(1, 1, 1)}, {I16(2, {1, 2})}},
    {&op_signal_stacker, MOTE_ERR_SHAPE, {STACK(1 << 29, 1 << 29, 1)}, {I16(1, {2})}},
};

static void refuses(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    const refusal *const f = &refusals[i];
    op_case k;
    begin(&k, f->op, f->options);
    for (int32_t n = 0; n < f->op->inputs_min; n++)
      op_case_input(&k, f->in[n].type, f->in[n].rank, f->in[n].dims, NULL, 0);
    const char *out = strchr(f->op->types, '>') + 2;
    for (int32_t n = 0; n < f->op->outputs_min; n++)
      op_case_output(&k, n                         ? (strstr(out, "bool") ? MOTE_BOOL : MOTE_UINT32)
                         : !strncmp(out, "u64", 3) ? MOTE_UINT64
                         : !strncmp(out, "u32", 3) ? MOTE_UINT32
                                                   : MOTE_INT16);
    const mote_status status = op_case_infer(&k);
    if (status != f->status || !k.error.text[0]) print_message("row %zu, %s: %s\n", i, f->op->name, k.error.text);
    assert_int_equal(status, f->status);
    assert_true(k.error.text[0]);
    assert_true(op_case_end(&k));
  }
}

static void refuses_a_negative_scale(void **state) {
  (void)state;
  op_case k;
  begin(&k, &op_signal_filter_bank_square_root, NULL);
  op_case_input(&k, MOTE_UINT64, 1, (int32_t[]){1}, (uint64_t[]){4}, 0);
  op_case_input(&k, MOTE_INT32, 0, NULL, (int32_t[]){-1}, 0);
  op_case_output(&k, MOTE_UINT32);
  assert_int_equal(op_case_run(&k), MOTE_ERR_RUN);
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(windows),
      cmocka_unit_test(scales),
      cmocka_unit_test(energies),
      cmocka_unit_test(transforms),
      cmocka_unit_test(clicks),
      cmocka_unit_test(banks),
      cmocka_unit_test(roots),
      cmocka_unit_test(subtracts),
      cmocka_unit_test(gains),
      cmocka_unit_test(logarithms),
      cmocka_unit_test(delays),
      cmocka_unit_test(frames),
      cmocka_unit_test(overlaps),
      cmocka_unit_test(overlaps_saturate),
      cmocka_unit_test(stacks),
      cmocka_unit_test(refuses),
      cmocka_unit_test(refuses_a_negative_scale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

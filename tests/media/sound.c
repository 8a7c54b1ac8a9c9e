/* WAV files of every kind are decoded to the samples they were made from; resampling keeps tones. */
#include <math.h>

#include "make.h"

static mote_error error;

static void wav_of_all_kinds(void **state) {
  (void)state;
  static const int kinds[][2] = {{1, 8}, {1, 16}, {1, 24}, {1, 32}, {3, 32}, {3, 64}};
  for (int k = 0; k < 6; k++)
    for (int channels = 1; channels <= 3; channels++)
      for (int extensible = 0; extensible < 2; extensible++) {
        bytes b = make_wav(kinds[k][0], kinds[k][1], channels, 50, extensible);
        mote_sound *sound = mote_sound_from_memory(b.data, b.size, "test", NULL, &error);
        assert_non_null(sound);
        assert_int_equal(sound->rate, 16000);
        assert_int_equal(sound->channels, channels);
        assert_int_equal(sound->frames, 50);
        for (int i = 0; i < 50; i++)
          for (int c = 0; c < channels; c++) assert_true(sound->samples[i * channels + c] == (float)wave(i, c));
        mote_sound_free(sound);
        done(&b);
      }
}

static void sounds_go_into_tensors(void **state) {
  (void)state;
  bytes b = make_wav(1, 16, 2, 10, false);
  mote_sound *sound = mote_sound_from_memory(b.data, b.size, "test", NULL, &error);
  assert_non_null(sound);
  float f[8];
  int16_t s[8];
  int8_t q[8];
  mote_tensor t = {.type = MOTE_FLOAT32, .rank = 1, .dims = {8}, .data = f, .size = sizeof f};
  assert_int_equal(mote_sound_to_tensor(sound, 5, &t, &error), MOTE_OK);
  for (int i = 0; i < 8; i++) assert_true(f[i] == (i < 5 ? (float)((wave(i + 5, 0) + wave(i + 5, 1)) / 2) : 0));
  t.type = MOTE_INT16, t.data = s, t.size = sizeof s;
  assert_int_equal(mote_sound_to_tensor(sound, 5, &t, &error), MOTE_OK);
  for (int i = 0; i < 8; i++) assert_int_equal(s[i], lround(f[i] * 32768.0));
  t.type = MOTE_INT8, t.data = q, t.size = sizeof q;
  assert_int_equal(mote_sound_to_tensor(sound, 5, &t, &error), MOTE_ERR_TYPE);
  t.scale = 1 / 64.0f, t.zero_point = 1;
  assert_int_equal(mote_sound_to_tensor(sound, 5, &t, &error), MOTE_OK);
  for (int i = 0; i < 8; i++) assert_int_equal(q[i], (int)lround(f[i] * 64.0) + 1);
  mote_sound_free(sound);
  done(&b);
}

static void lengths_are_checked(void **state) {
  (void)state;
  bytes b = make_wav(1, 16, 1, 100, false);
  assert_null(mote_sound_from_memory(b.data, b.size - 1, "short", NULL, &error));
  assert_non_null(strstr(error.text, "truncated"));
  const size_t length = b.size - 200 - 4;
  memset(b.data + length, 0xff, 4); /* as a pipe writes it */
  mote_sound *sound = mote_sound_from_memory(b.data, b.size, "piped", NULL, &error);
  assert_non_null(sound);
  assert_int_equal(sound->frames, 100);
  mote_sound_free(sound);
  done(&b);
  b = make_wav(6, 8, 1, 10, false);
  assert_null(mote_sound_from_memory(b.data, b.size, "law", NULL, &error));
  assert_non_null(strstr(error.text, "A-law"));
  assert_int_equal(error.code, MOTE_ERR_UNSUPPORTED);
  done(&b);
  assert_null(mote_sound_from_memory("OggS....", 8, "x.ogg", NULL, &error));
  assert_non_null(strstr(error.text, "Ogg"));
}

static void resampling_keeps_tones(void **state) {
  (void)state;
  static const int rates[] = {16000, 8000, 48000, 44100};
  const double pi = 3.14159265358979323846;
  float tone[2000];
  for (int i = 0; i < 2000; i++) tone[i] = (float)sin(2 * pi * 1000 * i / 16000);
  const mote_sound sound = {.rate = 16000, .channels = 1, .frames = 2000, .samples = tone};
  for (int r = 0; r < 4; r++) {
    mote_sound *other = mote_sound_resample(&sound, rates[r], NULL, &error);
    assert_non_null(other);
    assert_int_equal(other->frames, (2000 * (int64_t)rates[r] + 15999) / 16000);
    for (size_t i = other->frames / 8; i < other->frames * 7 / 8; i++)
      assert_true(fabs(other->samples[i] - sin(2 * pi * 1000 * (double)i / rates[r])) < 2e-3);
    mote_sound_free(other);
  }
  assert_null(mote_sound_resample(&sound, 0, NULL, &error));
}

static void shared_sounds_are_read(void **state) {
  (void)state;
  const char *shared = getenv("MOTE_SHARED") ? getenv("MOTE_SHARED") : "../shared";
  char path[4096];
  snprintf(path, sizeof path, "%s/audio/yes_1000ms.wav", shared);
  FILE *file = fopen(path, "rb");
  if (!file) {
    print_message("skipped: %s is not there\n", path);
    return;
  }
  fclose(file);
  mote_sound *sound = mote_sound_open(path, NULL, &error);
  assert_non_null(sound);
  assert_int_equal(sound->rate, 16000);
  assert_int_equal(sound->frames, 16000);
  mote_sound_free(sound);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wav_of_all_kinds),       cmocka_unit_test(sounds_go_into_tensors),
      cmocka_unit_test(lengths_are_checked),    cmocka_unit_test(resampling_keeps_tones),
      cmocka_unit_test(shared_sounds_are_read),
  };
  return cmocka_run_group_tests_name("media: sounds", tests, NULL, NULL);
}

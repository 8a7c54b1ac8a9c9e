/* A real layer whose weights have a scale for each block of 32: against float64. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/f16.h"
#include "base/file.h"
#include "mote/mote.h"
#include "schema/read.h"

enum { ROWS = 1024, COLS = 1024, BLOCK = 32 };

static bool model_path(char *to, size_t room) {
  const char *const shared = getenv("MOTE_SHARED");
  snprintf(to, room, "%s/models/qwen_fc_int4_blockwise.tflite", shared ? shared : "../shared");
  FILE *const f = fopen(to, "rb");
  if (f) fclose(f);
  return f != NULL;
}

/* What a constant of subgraph 0 holds. */
static const void *constant(const sch_file *file, size_t index, uint64_t wanted) {
  const void *data;
  uint64_t size;
  const sch_Tensor *const t = &file->model->subgraphs.data[0].tensors.data[index];
  assert_true(sch_buffer(file, t->buffer, &data, &size) && size == wanted);
  return data;
}

/* One output: the weights times the numbers that the input stands for after quantization, whose step is `step`. */
static double output(const uint8_t *w, const uint16_t *scales, const double *x, size_t row) {
  double sum = 0;
  for (size_t i = 0; i < COLS; i++)
    sum += x[i] * int4_get(w, row * COLS + i) * (double)f16_to_f32(scales[(row * COLS + i) / BLOCK]);
  return sum;
}

static void agrees_with_float64(void **state) {
  (void)state;
  char path[1024];
  mote_error e;
  if (!model_path(path, sizeof path)) {
    print_message("skipped: %s is not there (MOTE_SHARED names its folder)\n", path);
    skip();
  }
  mem *const m = mem_new(NULL, 0);
  file_view view;
  sch_file *file;
  assert_int_equal(file_open(&view, m, path, false, &e), MOTE_OK);
  assert_int_equal(sch_read(&view, m, NULL, &file, &e), MOTE_OK);
  const uint8_t *const w = constant(file, 1, ROWS * COLS / 2);
  const uint16_t *const scales = constant(file, 3, ROWS * COLS / BLOCK * 2);
  mote_model *const model = mote_model_open(path, NULL, &e);
  mote_program *const program = mote_program_new(model, NULL, &e);
  mote_session *const session = mote_session_new(program, NULL, &e);
  assert_non_null(session);
  float *const x = mote_session_input(session, 0)->data;
  static double exact[COLS], quantized[COLS];
  double lo = 0, hi = 0;
  for (int i = 0; i < COLS; i++) {
    exact[i] = x[i] = (float)sin(i * 0.7) * (float)(1 + i % 5);
    lo = fmin(lo, exact[i]), hi = fmax(hi, exact[i]);
  }
  const double step = (hi - lo) / 255, zero = fmin(127, fmax(-128, round(-128 - lo / step)));
  for (int i = 0; i < COLS; i++) quantized[i] = (round(zero + exact[i] / step) - zero) * step;
  assert_int_equal(mote_session_run(session, &e), MOTE_OK);
  const float *const y = mote_session_output(session, 0)->data;
  double worst = 0, size = 0;
  for (size_t i = 0; i < ROWS; i++) {
    const double want = output(w, scales, exact, i);
    assert_true(fabs((double)y[i] - output(w, scales, quantized, i)) < 2e-3);
    worst = fmax(worst, fabs((double)y[i] - want)), size = fmax(size, fabs(want));
  }
  assert_true(worst < 0.01 * size); /* what quantizing the input to 8 bits costs */
  mote_session_free(session);
  mote_program_free(program);
  mote_model_free(model);
  sch_close(file);
  file_close(&view);
  mem_release(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_float64)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

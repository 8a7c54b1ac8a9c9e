/* layers.c: a real layer of 16-bit activations that TensorFlow Lite refuses, a transposed convolution of a network for
 * sound, against float64; and the sentence that a wrong size of its output gets.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "mote/mote.h"
#include "schema/read.h"

enum { CHANNELS = 64, FILTER_H = 3, FILTER_W = 4, IN_W = 5, OUT_H = 3, OUT_W = 12, STRIDE_W = 2 };

static bool model_path(char *to, size_t room) {
  const char *const shared = getenv("MOTE_SHARED");
  snprintf(to, room, "%s/models/seanet_transpose_conv0_16x8.tflite", shared ? shared : "../shared");
  FILE *const f = fopen(to, "rb");
  if (f) fclose(f);
  return f != NULL;
}

/* The tensors of the file: filter, input, bias and output, by their indices. */
typedef struct layer {
  const int8_t *w;
  const int64_t *b;
  const float *w_scale;
  double in_scale, out_scale;
} layer;

static layer layer_of(const sch_file *file) {
  const sch_Tensor *const t = file->model->subgraphs.data[0].tensors.data;
  const void *w, *b;
  uint64_t size;
  assert_true(sch_buffer(file, t[1].buffer, &w, &size) && size == CHANNELS * FILTER_H * FILTER_W * CHANNELS);
  assert_true(sch_buffer(file, t[3].buffer, &b, &size) && size == CHANNELS * 8);
  return (layer){w, b, t[1].quantization->scale.data, (double)t[2].quantization->scale.data[0],
                 (double)t[4].quantization->scale.data[0]};
}

/* One line of pixels comes in, and each line of the output is a filter line over it. */
static double output(const layer *l, const int16_t *x, int h, int w, int o) {
  int64_t b;
  memcpy(&b, l->b + o, sizeof b);
  double sum = (double)b;
  for (int i = 0; i < IN_W; i++) {
    const int f = w - STRIDE_W * i;
    if (f < 0 || f >= FILTER_W) continue;
    for (int c = 0; c < CHANNELS; c++)
      sum += x[i * CHANNELS + c] * (double)l->w[((o * FILTER_H + h) * FILTER_W + f) * CHANNELS + c];
  }
  return fmin(32767, fmax(-32768, sum * l->in_scale * (double)l->w_scale[o] / l->out_scale));
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
  const layer l = layer_of(file);
  mote_model *const model = mote_model_open(path, NULL, &e);
  mote_program *const program = mote_program_new(model, NULL, &e);
  mote_session *const session = mote_session_new(program, NULL, &e);
  assert_non_null(session);
  memcpy(mote_session_input(session, 0)->data, (int32_t[]){1, OUT_H, OUT_W, CHANNELS}, 16);
  int16_t *const x = mote_session_input(session, 1)->data;
  for (int i = 0; i < IN_W * CHANNELS; i++) x[i] = (int16_t)(3000 * sin(i * 0.9));
  assert_int_equal(mote_session_run(session, &e), MOTE_OK);
  const mote_tensor *const out = mote_session_output(session, 0);
  assert_memory_equal(out->dims, ((int32_t[]){1, OUT_H, OUT_W, CHANNELS}), 16);
  for (int i = 0; i < OUT_H * OUT_W * CHANNELS; i++) {
    const double want = output(&l, x, i / CHANNELS / OUT_W, i / CHANNELS % OUT_W, i % CHANNELS);
    /* multipliers of 16-bit layers have 15 bits */
    assert_true(fabs(((const int16_t *)out->data)[i] - want) <= 0.51 + fabs(want) / 32768);
  }
  memcpy(mote_session_input(session, 0)->data, (int32_t[]){1, OUT_H, OUT_W + 2, CHANNELS}, 16);
  assert_int_equal(mote_session_run(session, &e), MOTE_ERR_SHAPE);
  assert_non_null(strstr(e.text, "14 elements"));
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

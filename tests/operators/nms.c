/* NON_MAX_SUPPRESSION_V5: against a plain definition, ties, NaN, sizes that a run decides, and what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/op_case.h"

extern const mote_op op_non_max_suppression_v5;

enum { BOXES = 60 };

static double overlap(const float *a, const float *b) {
  const double height = fmin(fmax(a[0], a[2]), fmax(b[0], b[2])) - fmax(fmin(a[0], a[2]), fmin(b[0], b[2]));
  const double width = fmin(fmax(a[1], a[3]), fmax(b[1], b[3])) - fmax(fmin(a[1], a[3]), fmin(b[1], b[3]));
  const double both = fmax(height, 0) * fmax(width, 0);
  const double area_a = fabs((double)(a[0] - a[2]) * (double)(a[1] - a[3]));
  const double area_b = fabs((double)(b[0] - b[2]) * (double)(b[1] - b[3]));
  return both > 0 ? both / (area_a + area_b - both) : 0;
}

/* Hard suppression of boxes with different scores. */
static int32_t select_boxes(float (*boxes)[4], const float *scores, int32_t n, int32_t max, double iou, double floor,
                            int32_t *selected) {
  bool gone[BOXES] = {false};
  int32_t count = 0;
  while (count < max) {
    int32_t best = -1;
    for (int32_t i = 0; i < n; i++)
      if (!gone[i] && (double)scores[i] > floor && (best < 0 || scores[i] > scores[best])) best = i;
    if (best < 0) break;
    gone[best] = true;
    bool free = true;
    for (int32_t i = 0; i < count; i++) free &= overlap(boxes[selected[i]], boxes[best]) < iou;
    if (free) selected[count++] = best;
  }
  return count;
}

static void begin(op_case *k, float (*boxes)[4], const float *scores, int32_t n, const int32_t *max,
                  const float *limits) {
  op_case_begin(k, &op_non_max_suppression_v5, NULL);
  op_case_input(k, MOTE_FLOAT32, 2, (int32_t[]){n, 4}, boxes, 0);
  op_case_input(k, MOTE_FLOAT32, 1, (int32_t[]){n}, scores, 0);
  op_case_input(k, MOTE_INT32, 0, NULL, max, OP_CONST);
  for (int i = 0; i < 3; i++) op_case_input(k, MOTE_FLOAT32, 0, NULL, &limits[i], OP_CONST);
  op_case_output(k, MOTE_INT32);
  op_case_output(k, MOTE_FLOAT32);
  op_case_output(k, MOTE_INT32);
}

static void follows_the_definition(void **state) {
  (void)state;
  op_random r = {3};
  for (int round = 0; round < 300; round++) {
    float boxes[BOXES][4], scores[BOXES];
    int32_t want[BOXES];
    const int32_t n = op_random_in(&r, 0, BOXES), max = op_random_in(&r, 0, BOXES + 5);
    const float limits[3] = {(float)op_random_in(&r, 1, 10) / 10.0f, (float)op_random_in(&r, 0, 5) / 10.0f, 0};
    for (int32_t i = 0; i < n; i++) {
      for (int j = 0; j < 2; j++) {
        boxes[i][j] = (float)op_random_in(&r, 0, 1000) / 300.0f;
        boxes[i][j + 2] = boxes[i][j] + (float)op_random_in(&r, 1, 300) / (op_random_below(&r, 2) ? 300.0f : -300.0f);
      }
      scores[i] = (float)(op_random_in(&r, 0, 99) * BOXES + i) / (100.0f * BOXES);
    }
    const int32_t count =
        select_boxes(boxes, scores, n, max < BOXES ? max : BOXES, (double)limits[0], (double)limits[1], want);
    op_case k;
    begin(&k, boxes, scores, n, &max, limits);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    const int32_t *const got = k.out[0].data;
    const float *const got_scores = k.out[1].data;
    assert_int_equal(k.out[0].dims[0], max);
    assert_int_equal(*(int32_t *)k.out[2].data, count);
    for (int32_t i = 0; i < max; i++) {
      assert_int_equal(got[i], i < count ? want[i] : 0);
      assert_true(got_scores[i] == (i < count ? scores[want[i]] : 0));
    }
    assert_true(op_case_end(&k));
  }
}

static void nan_is_dropped_and_soft_scores_fall(void **state) {
  (void)state;
  float boxes[3][4] = {{0, 0, 1, 1}, {0, 0, 1, 1.25f}, {0, 0, 1, 1}};
  const float scores[3] = {0.9f, 0.8f, NAN};
  const float limits[3] = {1, 0.01f, 0.5f};
  const int32_t max = 3;
  op_case k;
  begin(&k, boxes, scores, 3, &max, limits);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(*(int32_t *)k.out[2].data, 2);
  const float *const got = k.out[1].data;
  assert_true(got[0] == 0.9f && fabsf(got[1] - 0.8f * expf(-0.8f * 0.8f)) < 1e-6f && got[2] == 0);
  assert_true(op_case_end(&k));
}

/* As in TFLite, whose queue takes a selected box back: nothing, not even itself, overlaps a box without area. */
static void boxes_without_area_are_selected_again(void **state) {
  (void)state;
  float boxes[2][4] = {{1, 1, 1, 2}, {5, 5, 6, 6}};
  const float scores[2] = {0.9f, 0.8f}, limits[3] = {0.5f, 0, 0};
  const int32_t max = 4;
  op_case k;
  begin(&k, boxes, scores, 2, &max, limits);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_int_equal(*(int32_t *)k.out[2].data, 2);
  const int32_t want[4] = {0, 0, 0, 0};
  assert_memory_equal(k.out[0].data, want, sizeof want);
  assert_true(op_case_end(&k));
}

static void what_makes_no_sense_is_refused(void **state) {
  (void)state;
  float boxes[2][4] = {{0, 0, 1, 1}, {2, 2, 3, 3}};
  const float scores[2] = {1, 0.5f};
  const float limits[3] = {0.5f, 0, 0}, negative[3] = {0.5f, 0, -1};
  const int32_t below = -1, one = 1;
  op_case k;
  begin(&k, boxes, scores, 2, &below, limits);
  assert_int_equal(op_case_run(&k), MOTE_ERR_MODEL);
  assert_true(op_case_end(&k));

  begin(&k, boxes, scores, 2, &one, negative);
  assert_int_equal(op_case_run(&k), MOTE_ERR_RUN);
  assert_true(op_case_end(&k));

  begin(&k, boxes, scores, 2, &one, limits);
  k.in[1].dims[0] = 1;
  assert_int_equal(op_case_run(&k), MOTE_ERR_SHAPE);
  assert_true(op_case_end(&k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_definition),
      cmocka_unit_test(nan_is_dropped_and_soft_scores_fall),
      cmocka_unit_test(boxes_without_area_are_selected_again),
      cmocka_unit_test(what_makes_no_sense_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* ctc.c: beams against a search over sets of sequences, and wide ones against the sum over all alignments; what is
 * refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/flex.h"
#include "support/op_case.h"

extern const mote_op op_ctc_beam_search_decoder;

enum { TIME = 5, CLASSES = 4, BATCH = 3, MOST = 2000 };

typedef struct sequence {
  int length, labels[TIME];
  double blank, label; /* probabilities of alignments that end in a blank, and in the last label */
} sequence;

static double total(const sequence *s) { return s->blank + s->label; }

static bool same(const sequence *a, const sequence *b) {
  return a->length == b->length && !memcmp(a->labels, b->labels, (size_t)a->length * sizeof *a->labels);
}

static const sequence *find(const sequence *list, int count, const sequence *s) {
  for (int i = 0; i < count; i++)
    if (same(&list[i], s)) return &list[i];
  return NULL;
}

static int by_total(const void *a, const void *b) {
  const double x = total(a), y = total(b);
  return (x < y) - (x > y);
}

static int last_of(const sequence *s) { return s->length ? s->labels[s->length - 1] : -1; }

/* One moment: all sequences that can come of those in the beam, of which the best `width` stay. */
static int advance(sequence *beam, int count, const double *p, int classes, int width) {
  static sequence next[MOST];
  int n = 0;
  for (int i = 0; i < count; i++) {
    const sequence *const b = &beam[i];
    sequence stay = *b, up = *b;
    stay.blank = total(b) * p[classes - 1];
    if (b->length) {
      up.length--;
      const sequence *const parent = find(beam, count, &up);
      double from = b->label;
      if (parent) from += last_of(b) == last_of(parent) ? parent->blank : total(parent);
      stay.label = from * p[last_of(b)];
    }
    next[n++] = stay;
    for (int k = 0; k < classes - 1; k++) {
      sequence longer = *b;
      longer.labels[longer.length++] = k;
      longer.blank = 0;
      longer.label = p[k] * (k == last_of(b) ? b->blank : total(b));
      if (!find(beam, count, &longer) && longer.label > 0) next[n++] = longer;
    }
  }
  qsort(next, (size_t)n, sizeof *next, by_total);
  if (n > width) n = width;
  memcpy(beam, next, (size_t)n * sizeof *next);
  return n;
}

static void softmax(const float *x, int n, double *p) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += p[i] = exp((double)x[i]);
  for (int i = 0; i < n; i++) p[i] /= sum;
}

static int merged(const sequence *s, bool merge, int32_t *to) {
  int n = 0;
  for (int i = 0; i < s->length; i++)
    if (!merge || i == s->length - 1 || s->labels[i] != s->labels[i + 1]) to[n++] = s->labels[i];
  return n;
}

static void begin(op_case *k, const flex_option *options, int32_t paths) {
  static uint8_t blob[FLEX_ROOM];
  op_case_begin(k, &op_ctc_beam_search_decoder, NULL);
  k->c.custom = blob;
  k->c.custom_size = flex_write(options, 3, blob);
  for (int32_t i = 0; i < 3 * paths; i++) op_case_output(k, MOTE_INT32);
  op_case_output(k, MOTE_FLOAT32);
}

/* What the outputs say of one sequence of the batch, and one path. */
static int read_path(const op_case *k, int32_t paths, int32_t path, int32_t batch, int32_t *to) {
  const int32_t *const index = k->out[path].data, *const value = k->out[paths + path].data;
  int n = 0;
  for (int32_t i = 0; i < k->out[paths + path].dims[0]; i++) {
    if (index[2 * i] != batch) continue;
    assert_int_equal(index[2 * i + 1], n);
    to[n++] = value[i];
  }
  return n;
}

static void compare(const op_case *k, const sequence *beam, int32_t paths, int32_t batch, bool merge) {
  for (int32_t i = 0; i < paths; i++) {
    int32_t got[TIME], want[TIME];
    const int n = read_path(k, paths, i, batch, got);
    assert_int_equal(n, merged(&beam[i], merge, want));
    if (n) assert_memory_equal(got, want, (size_t)n * sizeof *got);
    const double chance = (double)((float *)k->out[3 * paths].data)[batch * paths + i];
    assert_true(fabs(chance - log(total(&beam[i]))) < 1e-4);
    const int32_t *const shape = k->out[2 * paths + i].data;
    assert_true(shape[0] == BATCH && shape[1] >= n);
  }
}

static void beams_are_searched(void **state) {
  (void)state;
  static sequence beam[MOST];
  op_random r = {21};
  for (int turn = 0; turn < 400; turn++) {
    const int32_t classes = op_random_in(&r, 3, CLASSES), width = turn % 4 ? op_random_in(&r, 1, 9) : MOST;
    int32_t paths = op_random_in(&r, 1, width < 3 ? width : 3), lengths[BATCH];
    const bool merge = op_random_below(&r, 2);
    float x[TIME * BATCH * CLASSES];
    for (int i = 0; i < TIME * BATCH * CLASSES; i++) x[i] = (float)op_random_in(&r, -3000, 3000) / 997;
    for (int i = 0; i < BATCH; i++) lengths[i] = op_random_in(&r, 2, TIME);
    const flex_option options[] = {
        {"beam_width", (float)width}, {"merge_repeated", merge}, {"top_paths", (float)paths}};
    op_case k;
    begin(&k, options, paths);
    op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){TIME, BATCH, classes}, x, 0);
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){BATCH}, lengths, 0);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t b = 0; b < BATCH; b++) {
      double p[CLASSES];
      int count = 1;
      beam[0] = (sequence){.blank = 1};
      for (int32_t t = 0; t < lengths[b]; t++) {
        softmax(x + (t * BATCH + b) * classes, classes, p);
        count = advance(beam, count, p, classes, width);
      }
      assert_true(count >= paths);
      compare(&k, beam, paths, b, merge);
    }
    assert_true(op_case_end(&k));
  }
}

/* The chance of every sequence is the sum over all alignments that spell it. */
static void wide_beams_are_exact(void **state) {
  (void)state;
  enum { STEPS = 4, LABELS = 3, ALL = 81 }; /* 3 to the 4th */
  static sequence found[ALL];
  const flex_option options[] = {{"beam_width", ALL}, {"merge_repeated", 0}, {"top_paths", 5}};
  op_random r = {22};
  for (int turn = 0; turn < 50; turn++) {
    const int32_t length = STEPS;
    float x[STEPS * LABELS];
    int count = 0;
    for (int i = 0; i < STEPS * LABELS; i++) x[i] = (float)op_random_in(&r, -2000, 2000) / 991;
    for (int code = 0; code < ALL; code++) {
      sequence s = {.label = 1};
      int before = LABELS - 1;
      for (int t = 0, rest = code; t < STEPS; t++, rest /= LABELS) {
        double p[LABELS];
        const int k = rest % LABELS;
        softmax(x + t * LABELS, LABELS, p);
        s.label *= p[k];
        if (k != before && k != LABELS - 1) s.labels[s.length++] = k;
        before = k;
      }
      sequence *const known = (sequence *)(uintptr_t)find(found, count, &s);
      if (known) known->label += s.label;
      else found[count++] = s;
    }
    qsort(found, (size_t)count, sizeof *found, by_total);
    op_case k;
    begin(&k, options, 5);
    op_case_input(&k, MOTE_FLOAT32, 3, (int32_t[]){STEPS, 1, LABELS}, x, 0);
    op_case_input(&k, MOTE_INT32, 1, (int32_t[]){1}, &length, 0);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (int32_t i = 0; i < 5; i++) {
      int32_t got[STEPS];
      const int n = read_path(&k, 5, i, 0, got);
      assert_true(n == found[i].length && !memcmp(got, found[i].labels, (size_t)n * sizeof *got));
      assert_true(fabs((double)((float *)k.out[15].data)[i] - log(total(&found[i]))) < 1e-4);
    }
    assert_true(op_case_end(&k));
  }
}

static mote_status decode(const flex_option *options, int32_t paths, int32_t rank, const int32_t *dims, int32_t batch,
                          int32_t length) {
  static const float x[64];
  const int32_t lengths[] = {length, length, length, length};
  op_case k;
  begin(&k, options, paths);
  op_case_input(&k, MOTE_FLOAT32, rank, dims, x, 0);
  op_case_input(&k, MOTE_INT32, 1, &batch, lengths, 0);
  const mote_status status = op_case_run(&k);
  op_case_end(&k);
  return status;
}

static void what_is_refused(void **state) {
  (void)state;
  const flex_option two[] = {{"beam_width", 2}, {"merge_repeated", 1}, {"top_paths", 2}};
  const flex_option more[] = {{"beam_width", 2}, {"merge_repeated", 1}, {"top_paths", 3}};
  const flex_option nothing[] = {{"beam_width", 0}, {"merge_repeated", 1}, {"top_paths", 0}};
  const flex_option huge[] = {{"beam_width", 2e9f}, {"merge_repeated", 1}, {"top_paths", 1}};
  const flex_option strange[] = {{"beam_width", 2}, {"merge_repeated", 1}, {"other", 2}};
  const int32_t dims[] = {3, 2, 4}, none[] = {3, 2, 0}, empty[] = {3, 0, 4};
  assert_int_equal(decode(two, 2, 3, dims, 2, 3), MOTE_OK);
  assert_int_equal(decode(two, 2, 3, empty, 0, 3), MOTE_OK);
  assert_int_equal(decode(two, 1, 3, dims, 2, 3), MOTE_ERR_MODEL);
  assert_int_equal(decode(more, 3, 3, dims, 2, 3), MOTE_ERR_MODEL);
  assert_int_equal(decode(nothing, 0, 3, dims, 2, 3), MOTE_ERR_MODEL);
  assert_int_equal(decode(strange, 2, 3, dims, 2, 3), MOTE_ERR_MODEL);
  assert_int_equal(decode(huge, 1, 3, dims, 2, 3), MOTE_ERR_LIMIT);
  assert_int_equal(decode(two, 2, 2, dims, 2, 3), MOTE_ERR_SHAPE);
  assert_int_equal(decode(two, 2, 3, none, 2, 3), MOTE_ERR_SHAPE);
  assert_int_equal(decode(two, 2, 3, dims, 3, 3), MOTE_ERR_SHAPE);
  assert_int_equal(decode(two, 2, 3, dims, 2, 4), MOTE_ERR_RUN); /* longer than the input */
  assert_int_equal(decode(two, 2, 3, dims, 2, 0), MOTE_ERR_RUN); /* the empty sequence alone */
  op_case k;
  begin(&k, two, 2);
  op_case_input(&k, MOTE_FLOAT32, 3, dims, NULL, 0);
  op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, NULL, 0);
  k.out[1].type = MOTE_FLOAT32;
  assert_int_equal(op_case_infer(&k), MOTE_ERR_TYPE);
  op_case_end(&k);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(beams_are_searched),
      cmocka_unit_test(wide_beams_are_exact),
      cmocka_unit_test(what_is_refused),
  };
  return cmocka_run_group_tests_name("operators: ctc", tests, NULL, NULL);
}

/* posenet.c: pictures of people that were drawn here are read back; limits, thresholds, masks, and what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/flex.h"
#include "support/op_case.h"

extern const mote_op op_posenet_decoder;

enum { PARTS = 17, EDGES = 16, SIDE = 33, STRIDE = 16, PEOPLE = 3, MOST = 4 };

/* Tree of the parts, each after the one that it hangs on, as the network's blocks of offsets have it. */
static const int tree[EDGES][2] = {{0, 1},   {1, 3},   {0, 2}, {2, 4}, {0, 5},  {5, 7},  {7, 9},   {5, 11},
                                   {11, 13}, {13, 15}, {0, 6}, {6, 8}, {8, 10}, {6, 12}, {12, 14}, {14, 16}};

typedef struct spot {
  float y, x;
} spot;

/* A picture: cells with their heat and offsets. */
typedef struct picture {
  float heat[SIDE * SIDE * PARTS], shorts[SIDE * SIDE * 2 * PARTS], mids[SIDE * SIDE * 4 * EDGES];
  float longs[SIDE * SIDE * 2 * PARTS];
} picture;

static picture pic;
static spot people[PEOPLE][PARTS];

/* People stand apart by 11 columns, their parts on a lattice; every place is a multiple of 1/8. */
static void place_people(op_random *r) {
  for (int n = 0; n < PEOPLE; n++)
    for (int k = 0; k < PARTS; k++) {
      people[n][k].y = (float)(2 + k % 6 * 5) + (float)op_random_in(r, -4, 4) / 8;
      people[n][k].x = (float)(n * 11 + 2 + k / 6 * 3) + (float)op_random_in(r, -4, 4) / 8;
    }
}

/* Cells near a part know where it is, and where its neighbours are. */
static void draw_part(int n, int k, float logit) {
  const spot s = people[n][k];
  for (int y = (int)s.y - 1; y <= (int)s.y + 2; y++)
    for (int x = (int)s.x - 1; x <= (int)s.x + 2; x++) {
      if (y < 0 || x < 0 || y >= SIDE || x >= SIDE) continue;
      const size_t cell = (size_t)(y * SIDE + x);
      const float dy = s.y - (float)y, dx = s.x - (float)x;
      pic.heat[cell * PARTS + (size_t)k] = logit - fabsf(dy) - fabsf(dx);
      pic.shorts[cell * 2 * PARTS + (size_t)k] = dy * STRIDE;
      pic.shorts[cell * 2 * PARTS + PARTS + (size_t)k] = dx * STRIDE;
      for (int e = 0; e < EDGES; e++)
        for (int back = 0; back < 2; back++) {
          if (tree[e][back] != k) continue;
          const spot to = people[n][tree[e][!back]];
          const int block = !back ? 0 : e == 0 ? EDGES : 2 * EDGES; /* one edge is read a block early */
          pic.mids[cell * 4 * EDGES + (size_t)(block + e)] = (to.y - (float)y) * STRIDE;
          pic.mids[cell * 4 * EDGES + (size_t)(block + EDGES + e)] = (to.x - (float)x) * STRIDE;
        }
    }
}

static void draw(const float *logits, int count) {
  memset(&pic, 0, sizeof pic);
  for (int i = 0; i < SIDE * SIDE * PARTS; i++) pic.heat[i] = -8;
  for (int n = 0; n < count; n++)
    for (int k = 0; k < PARTS; k++) draw_part(n, k, logits[n]);
  for (int cell = 0; cell < SIDE * SIDE; cell++) /* each third of the width belongs to a person */
    for (int k = 0; k < PARTS && count > 0; k++) {
      const int n = cell % SIDE / 11 < count ? cell % SIDE / 11 : count - 1;
      pic.longs[cell * 2 * PARTS + k] = (people[n][k].y - (float)(cell / SIDE)) * STRIDE;
      pic.longs[cell * 2 * PARTS + PARTS + k] = (people[n][k].x - (float)(cell % SIDE)) * STRIDE;
    }
}

static void begin(op_case *k, float most, float threshold, float radius, float stride, bool masks) {
  static uint8_t blob[FLEX_ROOM];
  const flex_option options[] = {
      {"max_detections", most}, {"nms_radius", radius}, {"score_threshold", threshold}, {"stride", stride}};
  op_case_begin(k, &op_posenet_decoder, NULL);
  k->c.custom = blob;
  k->c.custom_size = flex_write(options, 4, blob);
  op_case_input(k, MOTE_FLOAT32, 4, (int32_t[]){1, SIDE, SIDE, PARTS}, pic.heat, 0);
  op_case_input(k, MOTE_FLOAT32, 4, (int32_t[]){1, SIDE, SIDE, 2 * PARTS}, pic.shorts, 0);
  op_case_input(k, MOTE_FLOAT32, 4, (int32_t[]){1, SIDE, SIDE, 4 * EDGES}, pic.mids, 0);
  if (masks) op_case_input(k, MOTE_FLOAT32, 4, (int32_t[]){1, SIDE, SIDE, 2 * PARTS}, pic.longs, 0);
  for (int i = 0; i < (masks ? 5 : 4); i++) op_case_output(k, MOTE_FLOAT32);
}

/* The heat between four cells. */
static double heat_at(spot s, int k) {
  double sum = 0;
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      sum += fmax(0, 1 - fabs((double)s.y - y)) * fmax(0, 1 - fabs((double)s.x - x)) *
             (double)pic.heat[(y * SIDE + x) * PARTS + k];
  return sum;
}

/* Slot of the outputs against a person. */
static void expect(const op_case *k, int slot, int n) {
  const float *const at = (const float *)k->out[0].data + slot * 2 * PARTS;
  const float *const score = (const float *)k->out[1].data + slot * PARTS;
  double mean = 0;
  for (int i = 0; i < PARTS; i++) {
    const double want = 1 / (1 + exp(-heat_at(people[n][i], i)));
    assert_true(fabsf(at[2 * i] - people[n][i].y * STRIDE) < 1e-2f);
    assert_true(fabsf(at[2 * i + 1] - people[n][i].x * STRIDE) < 1e-2f);
    assert_true(fabs((double)score[i] - want) < 1e-4);
    mean += want / PARTS;
  }
  assert_true(fabs((double)((const float *)k->out[2].data)[slot] - mean) < 1e-4);
}

static float count_of(const op_case *k) { return *(const float *)k->out[3].data; }

/* The best first; unused slots hold zeros; each cell of a mask belongs to the person of its third. */
static void people_are_found(void **state) {
  (void)state;
  static const float logits[PEOPLE] = {3, 5, 4};
  static const int best[PEOPLE] = {1, 2, 0};
  op_random r = {41};
  for (int turn = 0; turn < 40; turn++) {
    const int most = turn % 2 ? MOST : 2, found = most < PEOPLE ? most : PEOPLE;
    op_case k;
    place_people(&r);
    draw(logits, PEOPLE);
    begin(&k, (float)most, 0.5f, 10, STRIDE, true);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_true(count_of(&k) == (float)found);
    for (int n = 0; n < found; n++) expect(&k, n, best[n]);
    for (int n = found; n < most; n++) assert_true(((float *)k.out[2].data)[n] == 0);
    const float *const masks = k.out[4].data;
    assert_true(k.out[4].dims[2] == SIDE && k.out[4].dims[3] == SIDE);
    for (int cell = 0; cell < SIDE * SIDE; cell++) {
      float owners = 0;
      for (int n = 0; n < most; n++) owners += masks[n * SIDE * SIDE + cell];
      assert_true(owners == 1);
      for (int n = 0; n < found; n++)
        if (best[n] == cell % SIDE / 11) assert_true(masks[n * SIDE * SIDE + cell] == 1);
    }
    assert_true(op_case_end(&k));
  }
}

static void the_unlikely_are_left_out(void **state) {
  (void)state;
  static const float logits[PEOPLE] = {3, -1, 4};
  op_random r = {42};
  op_case k;
  place_people(&r);
  draw(logits, PEOPLE);
  begin(&k, MOST, 0.5f, 10, STRIDE, false);
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_true(count_of(&k) == 2);
  expect(&k, 0, 2);
  expect(&k, 1, 0);
  assert_true(op_case_end(&k));
}

static void nobody(void **state) {
  (void)state;
  op_case k;
  draw(NULL, 0);
  for (int turn = 0; turn < 3; turn++) {
    if (turn)
      for (int i = 0; i < SIDE * SIDE * PARTS; i++) pic.heat[i] = turn == 1 ? NAN : 5;
    begin(&k, turn == 2 ? 0 : MOST, 0.5f, 10, STRIDE, true);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    assert_true(count_of(&k) == 0);
    for (size_t i = 0; i < op_count(&k.out[4]); i++) assert_true(((float *)k.out[4].data)[i] == 0);
    assert_true(op_case_end(&k));
  }
}

/* Any offsets, infinite ones and NaN too, stay in the picture. */
static void wild_offsets(void **state) {
  (void)state;
  static const float wild[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 100, 0};
  op_random r = {43};
  for (int turn = 0; turn < 20; turn++) {
    op_case k;
    for (size_t i = 0; i < sizeof pic / sizeof(float); i++) ((float *)&pic)[i] = wild[op_random_below(&r, 7)];
    begin(&k, MOST, 0.5f, 10, STRIDE, true);
    assert_int_equal(op_case_run(&k), MOTE_OK);
    for (size_t i = 0; i < (size_t)count_of(&k) * 2 * PARTS; i++) {
      const float at = ((float *)k.out[0].data)[i];
      assert_true(at >= 0 && at <= (SIDE - 1) * STRIDE);
    }
    assert_true(op_case_end(&k));
  }
}

/* Bytes that stand for the same numbers. */
static void bytes(void **state) {
  (void)state;
  static const float logits[PEOPLE] = {3, 5, 4};
  static const op_quant one = {.count = 1};
  static uint8_t heat[SIDE * SIDE * PARTS];
  op_random r = {44};
  op_case k;
  place_people(&r);
  draw(logits, PEOPLE);
  for (int i = 0; i < SIDE * SIDE * PARTS; i++) {
    heat[i] = (uint8_t)(pic.heat[i] * 8 + 128);
    pic.heat[i] = (float)(heat[i] - 128) / 8;
  }
  begin(&k, MOST, 0.5f, 10, STRIDE, false);
  k.in[0].type = MOTE_UINT8, k.in[0].data = heat, k.in[0].bytes = sizeof heat;
  k.in[0].quant = &one, k.in[0].scale = 0.125f, k.in[0].zero_point = 128;
  assert_int_equal(op_case_run(&k), MOTE_OK);
  assert_true(count_of(&k) == PEOPLE);
  expect(&k, 0, 1);
  assert_true(op_case_end(&k));
  begin(&k, MOST, 0.5f, 10, STRIDE, false);
  k.in[0].type = MOTE_UINT8;
  assert_int_not_equal(op_case_infer(&k), MOTE_OK); /* without a scale */
  op_case_end(&k);
}

static void what_is_refused(void **state) {
  (void)state;
  op_case k;
  static const struct { float most, stride; } options[] = {{-1, 16}, {4, 0}};
  for (int i = 0; i < 2; i++) {
    begin(&k, options[i].most, 0.5f, 10, options[i].stride, false);
    assert_int_equal(op_case_infer(&k), MOTE_ERR_MODEL);
    op_case_end(&k);
  }
  for (int cut = 1; cut < 60; cut += 7) {
    begin(&k, MOST, 0.5f, 10, STRIDE, false);
    k.c.custom_size -= (size_t)cut;
    assert_int_equal(op_case_infer(&k), MOTE_ERR_MODEL);
    op_case_end(&k);
  }
  begin(&k, MOST, 0.5f, 10, STRIDE, true);
  k.c.num_outputs = 4;
  assert_int_equal(op_case_infer(&k), MOTE_ERR_MODEL);
  op_case_end(&k);
  for (int i = 0; i < 4; i++)
    for (int32_t d = 0; d < 4; d++) {
      begin(&k, MOST, 0.5f, 10, STRIDE, true);
      k.in[i].dims[d]++;
      const bool free = i == 3 && (d == 1 || d == 2);
      assert_int_equal(op_case_infer(&k), free ? MOTE_OK : MOTE_ERR_SHAPE);
      op_case_end(&k);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(people_are_found),
      cmocka_unit_test(the_unlikely_are_left_out),
      cmocka_unit_test(nobody),
      cmocka_unit_test(wild_offsets),
      cmocka_unit_test(bytes),
      cmocka_unit_test(what_is_refused),
  };
  return cmocka_run_group_tests_name("operators: posenet", tests, NULL, NULL);
}

/* layout.c: boxes do not lie on each other, wires lead down, and nothing depends on chance. */
#include "view/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 4000 };

typedef struct plan {
  layout_box boxes[MOST];
  layout_wire wires[MOST];
  int32_t ends[4 * MOST];
  layout layout;
  mem *mem;
  arena arena;
} plan;

static plan p;

static uint32_t seed;
/* In [0, n). */
static int32_t below(int32_t n) {
  seed = seed * 1664525 + 1013904223;
  return (int32_t)((seed >> 8) % (uint32_t)n);
}

static void start(int32_t boxes) {
  p.layout = (layout){.boxes = p.boxes, .num_boxes = boxes, .wires = p.wires};
  for (int32_t i = 0; i < boxes; i++) p.boxes[i] = (layout_box){.width = 80, .height = 40};
  p.mem = mem_new(NULL, 0);
  arena_init(&p.arena, p.mem);
}

static void stop(void) {
  arena_free(&p.arena);
  mem_release(p.mem);
}

/* Wires in the order of their boxes. */
static void wire(int32_t from, const int32_t *to, int32_t count) {
  int32_t used = 0;
  for (int32_t i = 0; i < p.layout.num_wires; i++) used += p.wires[i].count;
  memcpy(p.ends + used, to, (size_t)count * sizeof *to);
  p.wires[p.layout.num_wires++] = (layout_wire){from, p.ends + used, count};
}

static void run(void) {
  mote_error e;
  if (layout_run(&p.layout, &p.arena, &e) != MOTE_OK) fail_msg("%s", e.text);
}

static void check(void) {
  const layout *const l = &p.layout;
  for (int32_t i = 0; i < l->num_boxes; i++) {
    const layout_box *const a = &l->boxes[i];
    assert_true(a->x - a->width / 2 > -0.5f && a->x + a->width / 2 < l->width + 0.5f);
    assert_true(a->y >= 0 && a->y + a->height <= l->height + 0.5f);
    for (int32_t k = i + 1; k < l->num_boxes; k++) {
      const layout_box *const b = &l->boxes[k];
      const float gap_x = (a->x > b->x ? a->x - b->x : b->x - a->x) - (a->width + b->width) / 2;
      const bool apart_y = a->y + a->height <= b->y || b->y + b->height <= a->y;
      if (!apart_y && gap_x < 1) fail_msg("boxes %d and %d lie on each other", (int)i, (int)k);
    }
  }
  for (int32_t i = 0; i < l->num_wires; i++)
    for (int32_t k = 0; k < l->wires[i].count; k++) {
      const layout_box *const from = &l->boxes[l->wires[i].from], *const to = &l->boxes[l->wires[i].to[k]];
      if (l->wires[i].to[k] > l->wires[i].from) assert_true(from->y + from->height < to->y);
      assert_true(l->routes[i].leave[k] <= l->routes[i].num_bends);
    }
}

static void chains_are_straight(void **state) {
  (void)state;
  start(5);
  for (int32_t i = 0; i < 4; i++) wire(i, (int32_t[]){i + 1}, 1);
  run();
  check();
  for (int32_t i = 1; i < 5; i++) assert_true(p.boxes[i].x == p.boxes[0].x);
  assert_int_equal(p.layout.num_layers, 5);
  stop();
}

/* A wire past three boxes has a bend in each of their layers. */
static void long_wires_bend(void **state) {
  (void)state;
  start(5);
  wire(0, (int32_t[]){1, 4}, 2);
  for (int32_t i = 1; i < 4; i++) wire(i, (int32_t[]){i + 1}, 1);
  run();
  check();
  assert_int_equal(p.layout.routes[0].num_bends, 3);
  assert_int_equal(p.layout.routes[0].leave[0], 0);
  assert_int_equal(p.layout.routes[0].leave[1], 3);
  stop();
}

static void any_graph(void **state) {
  (void)state;
  for (int round = 0; round < 60; round++) {
    const int32_t boxes = 1 + below(120);
    start(boxes);
    for (int32_t i = 0; i < boxes; i++) p.boxes[i].width = 30 + (float)below(200);
    for (int32_t i = 0; i < boxes; i++) {
      int32_t to[3];
      const int32_t count = below(4);
      for (int32_t k = 0; k < count; k++) to[k] = below(boxes);
      if (count) wire(i, to, count);
    }
    run();
    check();
    stop();
  }
}

static void nothing_at_all(void **state) {
  (void)state;
  start(0);
  run();
  assert_int_equal(p.layout.num_layers, 0);
  stop();
}

/* Every box of a long chain also leads to the last: wires share their way, and what is too much goes straight. */
static void many_long_wires(void **state) {
  (void)state;
  const int32_t boxes = 1500;
  start(boxes);
  for (int32_t i = 0; i + 1 < boxes; i++) wire(i, (int32_t[]){i + 1, boxes - 1}, 2);
  run();
  assert_int_equal(p.layout.num_layers, boxes);
  stop();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chains_are_straight), cmocka_unit_test(long_wires_bend), cmocka_unit_test(any_graph),
      cmocka_unit_test(nothing_at_all),      cmocka_unit_test(many_long_wires),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* train.c: learns to read digits from drawn ones, and prints the network as JSON.
 *
 *     train [--seed N] [--steps N] [--check IMAGES LABELS] > digits.json
 *
 * Every step draws new digits, so nothing is ever seen twice. With --check the network is also tried on real digits,
 * in IDX files; nothing is learned from them. The same seed and number of steps give the same network.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "measure.h"
#include "net.h"
#include "save.h"

enum { BATCH = 32, WARM_UP = 100, REPORT = 1000, HELD_OUT = 20000, ALL = 1 << 30 };

static const uint64_t HELD_OUT_SEED = 0x6469676974730000U; /* far from any seed a person types */
static const float RATE = 5e-3F;                           /* step size at its highest */

typedef struct settings {
  uint64_t seed;
  int steps;
  const char *images, *labels;
} settings;

/* Adam: a mean of the gradient and of its square, for each weight. */
typedef struct adam {
  float mean[NET_WEIGHTS], square[NET_WEIGHTS];
} adam;

/* Normally distributed weights that keep the variance of what passes through a layer of `inputs` with ReLU. */
static void scatter(rng *r, float *w, int count, int inputs) {
  const float deviation = sqrtf(2.0F / (float)inputs);
  for (int i = 0; i < count; i++) w[i] = deviation * rng_normal(r);
}

static void start(rng *r, net_weights *w) {
  memset(w, 0, sizeof *w);
  scatter(r, w->conv_1, 9 * NET_KERNELS_1, 9);
  scatter(r, w->conv_2, 9 * NET_KERNELS_1 * NET_KERNELS_2, 9 * NET_KERNELS_1);
  scatter(r, w->conv_3, 9 * NET_KERNELS_2 * NET_KERNELS_3, 9 * NET_KERNELS_2);
  scatter(r, w->dense, NET_FEATURES * NET_CLASSES, NET_FEATURES);
}

/* The mean loss over a batch of new digits; `gradient` becomes that of the batch's sum. */
static float learn_batch(rng *r, const net_weights *w, net_weights *gradient) {
  float loss = 0;
  memset(gradient, 0, sizeof *gradient);
  for (int i = 0; i < BATCH; i++) {
    uint8_t pixels[DIGIT_PIXELS];
    float image[NET_PIXELS], target[NET_CLASSES] = {0};
    const int digit = (int)(rng_next(r) % NET_CLASSES);
    digit_draw(r, digit, pixels);
    picture_to_input(pixels, image);
    target[digit] = 1;
    loss += net_learn(w, image, target, gradient);
  }
  return loss / BATCH;
}

/* One step of Adam (decay 0.9 and 0.999), `step` counted from 1; the means are corrected for having begun at 0. */
static void adam_step(adam *a, float *w, const float *gradient, int step, float rate) {
  const float mean_part = 1 - powf(0.9F, (float)step), square_part = 1 - powf(0.999F, (float)step);
  for (int i = 0; i < NET_WEIGHTS; i++) {
    const float g = gradient[i] / BATCH;
    a->mean[i] += 0.1F * (g - a->mean[i]);
    a->square[i] += 0.001F * (g * g - a->square[i]);
    w[i] -= rate * (a->mean[i] / mean_part) / (sqrtf(a->square[i] / square_part) + 1e-8F);
  }
}

/* Rises over the first steps, then falls to 0 as half a cosine does. */
static float rate_at(int step, int steps) {
  const float rise = fminf((float)step / WARM_UP, 1),
              fall = 0.5F + 0.5F * cosf(3.1415927F * (float)step / (float)steps);
  return RATE * rise * fall;
}

static void train(const settings *s, net_weights *w) {
  static net_weights gradient;
  static adam state;
  rng r = {s->seed};
  float loss = 0;
  start(&r, w);
  for (int step = 1; step <= s->steps; step++) {
    loss += learn_batch(&r, w, &gradient);
    adam_step(&state, (float *)w, (const float *)&gradient, step, rate_at(step, s->steps));
    if (step % REPORT) continue;
    fprintf(stderr, "%6d of %d steps, loss %.4f\n", step, s->steps, (double)loss / REPORT);
    loss = 0;
  }
}

static bool report(const settings *s, const net_weights *w) {
  const tally drawn = measure_drawn(w, HELD_OUT_SEED, HELD_OUT);
  fprintf(stderr, "drawn digits, held out: %d of %d, %.2f %%\n", drawn.right, drawn.all, tally_percent(drawn));
  if (!s->images) return true;
  tally real;
  if (!measure_files(w, s->images, s->labels, 0, ALL, &real)) return false;
  fprintf(stderr, "real digits: %d of %d, %.2f %%\n", real.right, real.all, tally_percent(real));
  return true;
}

static bool parse(int argc, char **argv, settings *s) {
  for (int i = 1; i < argc; i++) {
    const int left = argc - i - 1;
    if (!strcmp(argv[i], "--seed") && left >= 1) {
      s->seed = strtoull(argv[++i], NULL, 10);
    } else if (!strcmp(argv[i], "--steps") && left >= 1) {
      s->steps = atoi(argv[++i]);
    } else if (!strcmp(argv[i], "--check") && left >= 2) {
      s->images = argv[++i];
      s->labels = argv[++i];
    } else {
      return false;
    }
  }
  return s->steps > 0;
}

int main(int argc, char **argv) {
  static net_weights w;
  settings s = {.seed = 1, .steps = 16000};
  if (!parse(argc, argv, &s)) {
    fprintf(stderr, "usage: train [--seed N] [--steps N] [--check IMAGES LABELS] > digits.json\n");
    return 2;
  }
  train(&s, &w);
  const bool checked = report(&s, &w);
  save_json(stdout, &w);
  return checked && !ferror(stdout) ? 0 : 1;
}

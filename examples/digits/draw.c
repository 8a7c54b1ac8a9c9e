/* draw.c: from a style to pixels: a hand that misses the points a little, a pen of some width, ink on some paper.
 *
 * The styles themselves are in styles.c.
 */
#include "draw.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "styles.h"

enum { SEGMENT_STEPS = 8, MAX_POINTS = STYLE_KNOTS * SEGMENT_STEPS };

static const float TURN = 6.2831853F; /* a full turn in radians */

typedef struct point {
  float x, y;
} point;

/* The written line: strokes cut into short straight pieces. */
typedef struct line {
  point at[MAX_POINTS];
  bool down[MAX_POINTS]; /* the pen draws from the point before to this one */
  int count;
} line;

/* ---- chance ------------------------------------------------------------------------------------------------- */

/* SplitMix64: every seed, 0 included, gives a full-period stream. */
uint32_t rng_next(rng *r) {
  uint64_t z = (r->state += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return (uint32_t)((z ^ (z >> 31)) >> 32);
}

float rng_uniform(rng *r, float low, float high) { return low + (high - low) * ((float)(rng_next(r) >> 8) * 0x1p-24F); }

float rng_normal(rng *r) {
  const float radius = sqrtf(-2.0F * logf(1.0F - rng_uniform(r, 0.0F, 1.0F)));
  return radius * cosf(TURN * rng_uniform(r, 0.0F, 1.0F));
}

static bool rng_chance(rng *r, float probability) { return rng_uniform(r, 0.0F, 1.0F) < probability; }

/* ---- the hand ----------------------------------------------------------------------------------------------- */

static const style *choose_style(rng *r, int digit) {
  int total = 0;
  for (int i = 0; i < digit_style_count; i++)
    if (digit_styles[i].digit == digit) total += digit_styles[i].weight;
  int left = (int)(rng_next(r) % (uint32_t)total);
  const style *chosen = digit_styles;
  for (int i = 0; i < digit_style_count && left >= 0; i++) {
    if (digit_styles[i].digit != digit) continue;
    chosen = &digit_styles[i];
    left -= chosen->weight;
  }
  return chosen;
}

/* The style's points as this hand places them, in units of the digit's height. Ends of strokes miss more. */
static int place_knots(rng *r, const style *s, point placed[STYLE_KNOTS]) {
  const float miss = rng_uniform(r, 0.01F, 0.05F);
  int count = 0;
  for (; count < STYLE_KNOTS && s->knots[count].kind != KNOT_END; count++) {
    const knot *k = &s->knots[count];
    const bool last = count + 1 == STYLE_KNOTS || s->knots[count + 1].kind <= KNOT_PUT;
    const float spread = k->kind == KNOT_PUT || last ? 1.4F * miss : miss;
    placed[count].x = 0.01F * k->x + spread * rng_normal(r);
    placed[count].y = 0.01F * k->y + spread * rng_normal(r);
  }
  return count;
}

static point mirrored(point centre, point p) { return (point){2 * centre.x - p.x, 2 * centre.y - p.y}; }

/* Catmull-Rom: the curve from b to c that leaves b along a-c and arrives at c along b-d. */
static point curve_at(point a, point b, point c, point d, float t) {
  const float wa = 0.5F * t * (t * (2 - t) - 1), wb = 0.5F * (t * t * (3 * t - 5) + 2);
  const float wc = 0.5F * t * (t * (4 - 3 * t) + 1), wd = 0.5F * t * t * (t - 1);
  return (point){wa * a.x + wb * b.x + wc * c.x + wd * d.x, wa * a.y + wb * b.y + wc * c.y + wd * d.y};
}

static void trace_strokes(const style *s, const point *p, int count, line *out) {
  out->count = 0;
  for (int i = 0; i < count; i++) {
    if (s->knots[i].kind == KNOT_PUT) {
      out->down[out->count] = false;
      out->at[out->count++] = p[i];
      continue;
    }
    const bool enters = s->knots[i - 1].kind == KNOT_VIA;
    const bool leaves = s->knots[i].kind == KNOT_VIA && i + 1 < count && s->knots[i + 1].kind != KNOT_PUT;
    const point before = enters ? p[i - 2] : mirrored(p[i - 1], p[i]);
    const point after = leaves ? p[i + 1] : mirrored(p[i], p[i - 1]);
    for (int step = 1; step <= SEGMENT_STEPS; step++) {
      out->down[out->count] = true;
      out->at[out->count++] = curve_at(before, p[i - 1], p[i], after, (float)step / SEGMENT_STEPS);
    }
  }
}

/* Bends the whole drawing: a plane wave in x and one in y, less than about one period across the digit. */
static void bend(rng *r, line *l) {
  const float strength = rng_uniform(r, 0.0F, 0.05F);
  for (int wave = 0; wave < 2; wave++) {
    const float u = rng_uniform(r, -1.0F, 1.0F), v = rng_uniform(r, -1.0F, 1.0F), phase = rng_uniform(r, 0, TURN);
    for (int i = 0; i < l->count; i++) {
      const float push = strength * sinf(TURN * (u * l->at[i].x + v * l->at[i].y) + phase);
      if (wave == 0) l->at[i].x += push;
      else l->at[i].y += push;
    }
  }
}

/* Gives the upper part more or less of the height, and of the width, than the lower. */
static void share(rng *r, line *l) {
  const float height = expf(0.17F * rng_normal(r)), width = rng_uniform(r, -0.5F, 0.5F);
  for (int i = 0; i < l->count; i++) {
    const float y = fminf(fmaxf(l->at[i].y, 0), 1);
    l->at[i].y += powf(y, height) - y;
    l->at[i].x = 0.4F + (l->at[i].x - 0.4F) * (1 + width * (y - 0.5F));
  }
}

/* Width, slant and rotation, about the middle of the box. */
static void skew(rng *r, line *l) {
  const float width = rng_uniform(r, 0.65F, 1.5F);
  const float slant = 0.12F + 0.22F * rng_normal(r);
  const float angle = 0.1F * rng_normal(r), c = cosf(angle), s = sinf(angle);
  for (int i = 0; i < l->count; i++) {
    const float y = l->at[i].y - 0.5F, x = width * (l->at[i].x - 0.4F) - slant * y;
    l->at[i] = (point){c * x - s * y, s * x + c * y};
  }
}

/* Scales the drawing so that its longer side has a size that the picture can hold, and puts it near the middle.
 * Returns that size. */
static float fit(rng *r, line *l) {
  point low = l->at[0], high = l->at[0];
  for (int i = 1; i < l->count; i++) {
    low = (point){fminf(low.x, l->at[i].x), fminf(low.y, l->at[i].y)};
    high = (point){fmaxf(high.x, l->at[i].x), fmaxf(high.y, l->at[i].y)};
  }
  const float size = rng_uniform(r, 13.5F, 24.0F), scale = size / fmaxf(high.x - low.x, high.y - low.y);
  const float room = 0.5F * (DIGIT_SIDE - 3 - size);
  const float shift_x = 0.5F * DIGIT_SIDE + fminf(fmaxf(1.3F * rng_normal(r), -room), room);
  const float shift_y = 0.5F * DIGIT_SIDE + fminf(fmaxf(1.3F * rng_normal(r), -room), room);
  for (int i = 0; i < l->count; i++) {
    l->at[i].x = scale * (l->at[i].x - 0.5F * (low.x + high.x)) + shift_x;
    l->at[i].y = scale * (l->at[i].y - 0.5F * (low.y + high.y)) + shift_y;
  }
  return size;
}

/* ---- the pen ------------------------------------------------------------------------------------------------ */

static float distance_to_piece(point p, point a, point b) {
  const float dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
  const float along = length2 > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2 : 0;
  const float t = fminf(fmaxf(along, 0), 1);
  const float x = p.x - a.x - t * dx, y = p.y - a.y - t * dy;
  return sqrtf(x * x + y * y);
}

static int pixel_within(float v) { return v < 0 ? 0 : v > DIGIT_SIDE - 1 ? DIGIT_SIDE - 1 : (int)v; }

/* Ink of one straight piece: full within `radius`, fading over `soft` around it. Ink does not add up. */
static void ink_piece(float *ink, point a, point b, float radius, float soft) {
  const float reach = radius + soft;
  const int left = pixel_within(fminf(a.x, b.x) - reach), right = pixel_within(fmaxf(a.x, b.x) + reach);
  const int top = pixel_within(fminf(a.y, b.y) - reach), bottom = pixel_within(fmaxf(a.y, b.y) + reach);
  for (int y = top; y <= bottom; y++) {
    for (int x = left; x <= right; x++) {
      const float d = distance_to_piece((point){(float)x + 0.5F, (float)y + 0.5F}, a, b);
      const float cover = fminf((radius + 0.5F * soft - d) / soft, 1);
      ink[y * DIGIT_SIDE + x] = fmaxf(ink[y * DIGIT_SIDE + x], cover);
    }
  }
}

/* The pen's pressure changes slowly along the line. */
static void write_line(rng *r, const line *l, float size, float *ink) {
  const float radius = rng_uniform(r, 0.4F, 0.115F * size), soft = rng_uniform(r, 0.7F, 1.5F);
  const float swing = rng_uniform(r, 0.0F, 0.25F), pace = rng_uniform(r, 0.01F, 0.06F), phase = rng_uniform(r, 0, TURN);
  memset(ink, 0, DIGIT_PIXELS * sizeof *ink);
  for (int i = 1; i < l->count; i++) {
    if (!l->down[i]) continue;
    const float pressure = 1.0F + swing * sinf(pace * TURN * (float)i + phase);
    ink_piece(ink, l->at[i - 1], l->at[i], radius * pressure, soft);
  }
}

/* ---- the paper ---------------------------------------------------------------------------------------------- */

/* A binomial blur, mixed with the sharp picture by `amount`. */
static void blur(float *ink, float amount) {
  float sharp[DIGIT_PIXELS];
  memcpy(sharp, ink, sizeof sharp);
  for (int y = 1; y < DIGIT_SIDE - 1; y++) {
    for (int x = 1; x < DIGIT_SIDE - 1; x++) {
      const float *p = sharp + y * DIGIT_SIDE + x, *above = p - DIGIT_SIDE, *below = p + DIGIT_SIDE;
      const float soft =
          (4 * p[0] + 2 * (p[-1] + p[1] + above[0] + below[0]) + above[-1] + above[1] + below[-1] + below[1]) / 16;
      ink[y * DIGIT_SIDE + x] += amount * (soft - p[0]);
    }
  }
}

/* Half of the pictures are clean, black on white; the others have grey ink, uneven light and noise. Half of either kind
 * are then turned to light on dark. */
static void develop(rng *r, const float *ink, uint8_t *pixels) {
  const bool clean = rng_chance(r, 0.5F), light_on_dark = rng_chance(r, 0.5F);
  const float dark = clean ? 0 : rng_uniform(r, 0.0F, 0.3F), light = clean ? 1 : rng_uniform(r, 0.75F, 1.0F);
  const float noise = clean ? 0 : rng_uniform(r, 0.0F, 0.05F);
  const float tilt_x = clean ? 0 : rng_uniform(r, -0.12F, 0.12F), tilt_y = clean ? 0 : rng_uniform(r, -0.12F, 0.12F);
  for (int i = 0; i < DIGIT_PIXELS; i++) {
    const float u = (float)(i % DIGIT_SIDE) / DIGIT_SIDE - 0.5F, v = (float)(i / DIGIT_SIDE) / DIGIT_SIDE - 0.5F;
    float grey = light + (dark - light) * ink[i] + tilt_x * u + tilt_y * v;
    if (!clean) grey += noise * rng_normal(r);
    grey = fminf(fmaxf(light_on_dark ? 1 - grey : grey, 0), 1);
    pixels[i] = (uint8_t)lrintf(255 * grey);
  }
}

void digit_draw(rng *r, int digit, uint8_t pixels[DIGIT_PIXELS]) {
  const style *s = choose_style(r, digit);
  point placed[STYLE_KNOTS];
  line l;
  float ink[DIGIT_PIXELS];
  const int count = place_knots(r, s, placed);
  trace_strokes(s, placed, count, &l);
  bend(r, &l);
  share(r, &l);
  skew(r, &l);
  const float size = fit(r, &l);
  write_line(r, &l, size, ink);
  blur(ink, rng_uniform(r, 0.0F, 1.0F));
  develop(r, ink, pixels);
}

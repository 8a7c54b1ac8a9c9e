/* styles.h: how people write the ten digits, as points a pen passes through.
 *
 * A style is one way to write one digit. Its points are given in a box 100 high, x to the right and y down; only their
 * places relative to each other matter, because the drawing is scaled afterwards (draw.c).
 */
#ifndef DIGITS_STYLES_H
#define DIGITS_STYLES_H

#include <stdint.h>

typedef enum knot_kind {
  KNOT_END,    /* no more points */
  KNOT_PUT,    /* the pen is put down here: a new stroke begins */
  KNOT_VIA,    /* the pen passes through smoothly */
  KNOT_CORNER, /* the pen turns sharply */
} knot_kind;

typedef struct knot {
  uint8_t kind;
  int8_t x, y;
} knot;

enum { STYLE_KNOTS = 20 };

typedef struct style {
  int digit;
  int weight;              /* how common the style is among those of its digit */
  knot knots[STYLE_KNOTS]; /* ended by KNOT_END */
} style;

extern const style digit_styles[];
extern const int digit_style_count;

#endif

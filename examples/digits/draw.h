/* draw.h: a generator of handwritten digits, 28 x 28 grey bytes.
 *
 * All that varies comes from one random generator, so that a seed gives the same digits again.
 */
#ifndef DIGITS_DRAW_H
#define DIGITS_DRAW_H

#include <stdint.h>

enum { DIGIT_SIDE = 28, DIGIT_PIXELS = DIGIT_SIDE * DIGIT_SIDE };

typedef struct rng {
  uint64_t state;
} rng;

uint32_t rng_next(rng *r);                        /* 32 random bits */
float rng_uniform(rng *r, float low, float high); /* low <= x < high */
float rng_normal(rng *r);                         /* mean 0, deviation 1 */

/* Draws `digit` (0 to 9) as some hand might have written it: dark on light or light on dark, row by row from the top.
 */
void digit_draw(rng *r, int digit, uint8_t pixels[DIGIT_PIXELS]);

#endif

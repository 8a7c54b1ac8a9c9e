/* measure.h: how many digits a network reads rightly. */
#ifndef DIGITS_MEASURE_H
#define DIGITS_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "draw.h"
#include "net.h"

typedef struct tally {
  int right, all;
} tally;

double tally_percent(tally t);

/* Grey bytes as the network takes them: 0..255 becomes -1..1. */
void picture_to_input(const uint8_t pixels[DIGIT_PIXELS], float image[NET_PIXELS]);

/* Over `count` drawn digits, each class as often as the others. */
tally measure_drawn(const net_weights *w, uint64_t seed, int count);

/* Over digits `first` to `first + count - 1` of a pair of IDX files (the form in which MNIST is given, unpacked); fewer
 * when the files end before. False, with a message on stderr, when they cannot be read. */
bool measure_files(const net_weights *w, const char *images, const char *labels, int first, int count, tally *result);

#endif

/* measure.c: counts right answers over drawn digits and over files of real ones. */
#include "measure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { IMAGES_HEADER = 16, LABELS_HEADER = 8 }; /* bytes before the first element of an IDX file */

double tally_percent(tally t) { return t.all ? 100.0 * t.right / t.all : 0; }

void picture_to_input(const uint8_t pixels[DIGIT_PIXELS], float image[NET_PIXELS]) {
  for (int i = 0; i < DIGIT_PIXELS; i++) image[i] = ((float)pixels[i] - 127.5F) / 127.5F;
}

static void count_picture(const net_weights *w, const uint8_t *pixels, int digit, tally *t) {
  float image[NET_PIXELS], probability[NET_CLASSES];
  picture_to_input(pixels, image);
  net_run(w, image, probability);
  int best = 0;
  for (int i = 1; i < NET_CLASSES; i++)
    if (probability[i] > probability[best]) best = i;
  t->right += best == digit;
  t->all++;
}

tally measure_drawn(const net_weights *w, uint64_t seed, int count) {
  rng r = {seed};
  tally t = {0, 0};
  for (int i = 0; i < count; i++) {
    uint8_t pixels[DIGIT_PIXELS];
    digit_draw(&r, i % NET_CLASSES, pixels);
    count_picture(w, pixels, i % NET_CLASSES, &t);
  }
  return t;
}

/* Opens an IDX file that begins with these bytes, at the given place; NULL with a message when it cannot. */
static FILE *open_idx(const char *path, const char *magic, long place) {
  FILE *f = fopen(path, "rb");
  if (!f) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return NULL;
  }
  char head[4];
  if (fread(head, 1, sizeof head, f) != sizeof head || memcmp(head, magic, sizeof head) || fseek(f, place, SEEK_SET)) {
    fprintf(stderr, "%s: not an IDX file of digits; a file that ends in .gz must be unpacked first\n", path);
    fclose(f);
    return NULL;
  }
  return f;
}

bool measure_files(const net_weights *w, const char *images, const char *labels, int first, int count, tally *result) {
  FILE *pictures = open_idx(images, "\0\0\10\3", IMAGES_HEADER + (long)first * DIGIT_PIXELS);
  FILE *digits = pictures ? open_idx(labels, "\0\0\10\1", LABELS_HEADER + (long)first) : NULL;
  *result = (tally){0, 0};
  for (int i = 0; digits && i < count; i++) {
    uint8_t pixels[DIGIT_PIXELS];
    const int digit = fgetc(digits);
    if (digit == EOF || fread(pixels, 1, sizeof pixels, pictures) != sizeof pixels) break;
    count_picture(w, pixels, digit, result);
  }
  const bool read = digits != NULL;
  if (digits) fclose(digits);
  if (pictures) fclose(pictures);
  return read;
}

/* seven.c: draws seven.png, a picture a person could have drawn: a 7 in black felt pen on white paper.
 *
 *     seven > seven.png
 *
 * Its points were set by hand and have nothing to do with the styles that the network learned from.
 */
#include <math.h>
#include <png.h>
#include <stdint.h>
#include <stdio.h>

enum { SIDE = 200, FINE = 4 }; /* each pixel is looked at in FINE x FINE places */

/* Where the pen was, and half the width of its line there. */
typedef struct dot {
  float x, y, radius;
} dot;

static const dot pen[] = {
    {52, 58, 4.2F},   {52, 54, 4.9F},   {54, 50, 5.3F},  {58, 48, 5.5F},  {64, 47, 5.4F},   {71, 47, 5.2F},
    {79, 48, 5.1F},   {87, 48, 5.2F},   {95, 47, 5.0F},  {104, 45, 5.1F}, {113, 44, 5.3F},  {122, 42, 5.6F},
    {131, 41, 5.9F},  {138, 41, 6.2F},  {142, 43, 6.4F}, {141, 48, 6.1F}, {138, 55, 5.8F},  {133, 63, 5.5F},
    {128, 71, 5.4F},  {124, 79, 5.2F},  {119, 87, 5.3F}, {115, 95, 5.2F}, {110, 103, 5.0F}, {107, 111, 5.1F},
    {103, 119, 5.3F}, {100, 127, 5.2F}, {96, 135, 5.4F}, {94, 143, 5.5F}, {91, 150, 5.2F},  {90, 157, 4.7F},
    {89, 163, 3.9F},
};

/* Whether the place lies under the pen while it went from a to b, its width changing evenly. */
static int under(float x, float y, dot a, dot b) {
  const float dx = b.x - a.x, dy = b.y - a.y;
  const float along = ((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy);
  const float t = fminf(fmaxf(along, 0), 1), radius = a.radius + t * (b.radius - a.radius);
  const float rx = x - a.x - t * dx, ry = y - a.y - t * dy;
  return rx * rx + ry * ry <= radius * radius;
}

static int inked(float x, float y) {
  for (size_t i = 1; i < sizeof pen / sizeof *pen; i++)
    if (under(x, y, pen[i - 1], pen[i])) return 1;
  return 0;
}

static uint8_t grey_at(int column, int row) {
  const int paper = 252, ink = 24;
  int dark = 0;
  for (int i = 0; i < FINE * FINE; i++) {
    const float x = (float)column + ((float)(i % FINE) + 0.5F) / FINE;
    const float y = (float)row + ((float)(i / FINE) + 0.5F) / FINE;
    dark += inked(x, y);
  }
  return (uint8_t)(paper + (ink - paper) * dark / (FINE * FINE));
}

int main(void) {
  static uint8_t pixels[SIDE * SIDE];
  for (int i = 0; i < SIDE * SIDE; i++) pixels[i] = grey_at(i % SIDE, i / SIDE);
  png_image image = {.version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = PNG_FORMAT_GRAY};
  if (png_image_write_to_stdio(&image, stdout, 0, pixels, SIDE, NULL)) return 0;
  fprintf(stderr, "seven: %s\n", image.message);
  return 1;
}

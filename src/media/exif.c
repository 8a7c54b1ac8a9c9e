/* exif.c: the orientation of a photo: finding it, and turning the pixels. All other EXIF fields are passed over. */
#include <string.h>

#include "base/size.h"
#include "media/picture.h"

typedef struct tiff {
  const uint8_t *data;
  size_t size;
  bool big_endian;
} tiff;

static bool tiff_u16(const tiff *t, size_t at, uint32_t *value) {
  if (t->size < 2 || at > t->size - 2) return false;
  *value = t->big_endian ? get_u16be(t->data + at) : get_u16le(t->data + at);
  return true;
}

static bool tiff_u32(const tiff *t, size_t at, uint32_t *value) {
  if (t->size < 4 || at > t->size - 4) return false;
  *value = t->big_endian ? get_u32be(t->data + at) : get_u32le(t->data + at);
  return true;
}

int32_t exif_orientation(const uint8_t *data, size_t size) {
  enum { TAG_ORIENTATION = 0x112, TYPE_SHORT = 3, ENTRY = 12 };
  const tiff t = {data, size, size >= 2 && !memcmp(data, "MM", 2)};
  uint32_t magic, start, count, tag, type, value;
  if (size < 2 || (!t.big_endian && memcmp(data, "II", 2))) return 1;
  if (!tiff_u16(&t, 2, &magic) || magic != 42 || !tiff_u32(&t, 4, &start) || !tiff_u16(&t, start, &count)) return 1;
  for (uint32_t i = 0; i < count; i++) {
    size_t entry;
    if (!size_add(start, 2 + (size_t)i * ENTRY, &entry) || !tiff_u16(&t, entry, &tag)) return 1;
    if (tag != TAG_ORIENTATION) continue;
    if (!tiff_u16(&t, entry + 2, &type) || type != TYPE_SHORT || !tiff_u16(&t, entry + 8, &value)) return 1;
    return value >= 1 && value <= 8 ? (int32_t)value : 1;
  }
  return 1;
}

/* Orientation n says where the stored first row and first column belong. In the upright picture, one pixel to the right
 * is a step of `right` stored pixels, one row down a step of `down`, beginning at the corner (x, y) of the stored one.
 */
typedef struct turn {
  bool x_end, y_end, transposed;
} turn;

static const turn turns[9] = {
    [1] = {false, false, false}, [2] = {true, false, false}, [3] = {true, true, false}, [4] = {false, true, false},
    [5] = {false, false, true},  [6] = {false, true, true},  [7] = {true, true, true},  [8] = {true, false, true},
};

mote_status picture_orient(picture *p, mem *m, mote_error *e) {
  if (p->orientation <= 1 || p->orientation > 8) return MOTE_OK;
  const turn t = turns[p->orientation];
  const size_t bytes = (size_t)p->channels, size = mem_size(p->pixels);
  uint8_t *upright = mem_alloc(m, size);
  if (!upright) return err_memory(e, "the turned picture", size);

  const ptrdiff_t pixel = p->channels, row = (ptrdiff_t)p->width * p->channels;
  const ptrdiff_t along_x = t.x_end ? -pixel : pixel, along_y = t.y_end ? -row : row;
  const ptrdiff_t right = t.transposed ? along_y : along_x, down = t.transposed ? along_x : along_y;
  const int32_t width = t.transposed ? p->height : p->width, height = t.transposed ? p->width : p->height;
  const uint8_t *corner = p->pixels + (t.x_end ? (p->width - 1) * pixel : 0) + (t.y_end ? (p->height - 1) * row : 0);
  uint8_t *to = upright;
  for (int32_t y = 0; y < height; y++)
    for (int32_t x = 0; x < width; x++, to += bytes) memcpy(to, corner + y * down + x * right, bytes);

  mem_free(m, p->pixels);
  p->pixels = upright;
  p->width = width;
  p->height = height;
  return MOTE_OK;
}

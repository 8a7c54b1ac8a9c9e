/* bmp.c: Windows and OS/2 bitmaps of 1, 4, 8, 16, 24 and 32 bits, uncompressed, in either row order. */
#include <string.h>

#include "media/picture.h"

enum { FILE_HEADER = 14, CORE_HEADER = 12, INFO_HEADER = 40, ALPHA_HEADER = 56, LARGEST_HEADER = 4096 };
enum { BI_RGB, BI_RLE8, BI_RLE4, BI_BITFIELDS, BI_JPEG, BI_PNG, BI_ALPHABITFIELDS };

typedef struct bmp {
  const media_source *source;
  uint32_t header, offset; /* bytes of the second header; where the pixels begin */
  int64_t width, height;
  bool top_down;
  uint32_t bits, compression, colors;
  uint32_t mask[4]; /* red, green, blue, alpha; 0: none */
  uint8_t palette[256][3];
  bool grey; /* every palette entry is */
} bmp;

static mote_status bad(const bmp *b, mote_error *e, const char *what, uint32_t value) {
  return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged BMP picture: %s is %u", b->source->name, what, (unsigned)value);
}

static mote_status read_masks(bmp *b, mote_error *e) {
  static const uint32_t masks16[3] = {0x7c00, 0x3e0, 0x1f}, masks32[3] = {0xff0000, 0xff00, 0xff};
  if (b->bits != 16 && b->bits != 32) return MOTE_OK;
  if (b->compression == BI_RGB) {
    memcpy(b->mask, b->bits == 16 ? masks16 : masks32, sizeof masks16);
    return MOTE_OK;
  }
  /* Behind a plain info header or, at the same place, in the longer ones. */
  const bool alpha = b->header >= ALPHA_HEADER || b->compression == BI_ALPHABITFIELDS;
  const size_t at = FILE_HEADER + INFO_HEADER, count = alpha ? 4 : 3;
  if (at + 4 * count > b->source->size) return media_truncated(b->source, "the colour masks", e);
  for (size_t i = 0; i < count; i++) {
    const uint32_t mask = get_u32le(b->source->data + at + 4 * i), low = mask & (0 - mask);
    if (((uint64_t)mask + low) & mask) return bad(b, e, "a colour mask with gaps", mask);
    b->mask[i] = mask;
  }
  return MOTE_OK;
}

static mote_status read_palette(bmp *b, mote_error *e) {
  if (b->bits > 8) return MOTE_OK;
  const size_t entry = b->header == CORE_HEADER ? 3 : 4, at = FILE_HEADER + (size_t)b->header;
  const uint32_t most = 1u << b->bits, count = b->colors && b->colors < most ? b->colors : most;
  if (at + entry * count > b->source->size) return media_truncated(b->source, "the palette", e);
  b->grey = true;
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *p = b->source->data + at + entry * i;
    const uint8_t rgb[3] = {p[2], p[1], p[0]};
    memcpy(b->palette[i], rgb, sizeof rgb);
    b->grey &= rgb[0] == rgb[1] && rgb[1] == rgb[2];
  }
  return MOTE_OK;
}

static mote_status check_compression(const bmp *b, mote_error *e) {
  static const char *const names[] = {
      [BI_RLE8] = "run-length (RLE8)", [BI_RLE4] = "run-length (RLE4)", [BI_JPEG] = "JPEG", [BI_PNG] = "PNG"};
  const uint32_t c = b->compression;
  const bool fields = c == BI_BITFIELDS || c == BI_ALPHABITFIELDS;
  if (c == BI_RGB || (fields && (b->bits == 16 || b->bits == 32))) return MOTE_OK;
  if (c > BI_ALPHABITFIELDS || fields) return bad(b, e, "its compression", c);
  return err_set(e, MOTE_ERR_UNSUPPORTED, "%s is a BMP picture with %s compression; save it uncompressed",
                 b->source->name, names[c]);
}

static mote_status read_header(bmp *b, mote_error *e) {
  const uint8_t *p = b->source->data;
  const size_t size = b->source->size;
  if (size < FILE_HEADER + 4) return media_truncated(b->source, "the header", e);
  b->offset = get_u32le(p + 10);
  b->header = get_u32le(p + FILE_HEADER);
  const bool core = b->header == CORE_HEADER;
  if (!core && (b->header < INFO_HEADER || b->header > LARGEST_HEADER))
    return bad(b, e, "the size of its header", b->header);
  if (size < (size_t)FILE_HEADER + (core ? CORE_HEADER : INFO_HEADER))
    return media_truncated(b->source, "the header", e);
  p += FILE_HEADER;
  if (core) {
    b->width = get_u16le(p + 4);
    b->height = get_u16le(p + 6);
    b->bits = get_u16le(p + 10);
  } else {
    b->width = (int32_t)get_u32le(p + 4);
    b->height = (int32_t)get_u32le(p + 8);
    b->bits = get_u16le(p + 14);
    b->compression = get_u32le(p + 16);
    b->colors = get_u32le(p + 32);
  }
  b->top_down = b->height < 0;
  if (b->top_down) b->height = -b->height;
  if (b->width < 0) return bad(b, e, "its width, as an unsigned number,", get_u32le(p + 4));
  if (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 16 && b->bits != 24 && b->bits != 32)
    return bad(b, e, "the number of bits of a pixel", b->bits);
  if (b->offset < FILE_HEADER + b->header) return bad(b, e, "the place where pixels begin", b->offset);
  MOTE_TRY(check_compression(b, e));
  MOTE_TRY(read_masks(b, e));
  return read_palette(b, e);
}

static void row_from_palette(const bmp *b, const uint8_t *from, uint8_t *to) {
  const uint32_t per_byte = 8 / b->bits, last = (1u << b->bits) - 1;
  for (int64_t x = 0; x < b->width; x++) {
    const uint32_t shift = 8 - b->bits * (1 + (uint32_t)x % per_byte);
    const uint8_t *color = b->palette[from[x / per_byte] >> shift & last];
    if (b->grey) *to++ = color[0];
    else {
      memcpy(to, color, 3);
      to += 3;
    }
  }
}

static uint8_t field(uint32_t pixel, uint32_t mask) {
  if (!mask) return 0;
  const uint64_t low = mask & (0 - mask), most = mask / low, value = (pixel & mask) / low;
  return (uint8_t)((value * 255 + most / 2) / most);
}

static void row_from_fields(const bmp *b, const uint8_t *from, uint8_t *to) {
  const int channels = b->mask[3] ? 4 : 3;
  for (int64_t x = 0; x < b->width; x++, from += b->bits / 8) {
    const uint32_t pixel = b->bits == 16 ? get_u16le(from) : get_u32le(from);
    for (int c = 0; c < channels; c++) *to++ = field(pixel, b->mask[c]);
  }
}

static void row_from_bgr(const bmp *b, const uint8_t *from, uint8_t *to) {
  for (int64_t x = 0; x < b->width; x++, from += 3, to += 3) {
    to[0] = from[2];
    to[1] = from[1];
    to[2] = from[0];
  }
}

/* Many programs name an alpha mask and leave the bits 0; an invisible picture is not what they meant. */
static void mend_alpha(picture *p) {
  const size_t size = mem_size(p->pixels);
  for (size_t i = 3; i < size; i += 4)
    if (p->pixels[i]) return;
  for (size_t i = 3; i < size; i += 4) p->pixels[i] = 255;
}

mote_status bmp_decode(const media_source *s, picture *p, mote_error *e) {
  bmp b = {.source = s};
  MOTE_TRY(read_header(&b, e));
  const int32_t channels = b.bits <= 8 ? (b.grey ? 1 : 3) : b.mask[3] ? 4 : 3;
  MOTE_TRY(picture_check(s, (uint64_t)b.width, (uint64_t)b.height, e));
  const uint64_t row = ((uint64_t)b.width * b.bits + 7) / 8, pitch = (row + 3) / 4 * 4;
  if (pitch * (uint64_t)(b.height - 1) + row + b.offset > s->size) return media_truncated(s, "the pixels", e);
  MOTE_TRY(picture_take(p, s, (uint64_t)b.width, (uint64_t)b.height, channels, e));
  const size_t to_pitch = (size_t)b.width * (size_t)channels;
  for (int64_t y = 0; y < b.height; y++) {
    const uint8_t *from = s->data + b.offset + (size_t)pitch * (size_t)(b.top_down ? y : b.height - 1 - y);
    uint8_t *to = p->pixels + to_pitch * (size_t)y;
    if (b.bits <= 8) row_from_palette(&b, from, to);
    else if (b.bits == 24) row_from_bgr(&b, from, to);
    else row_from_fields(&b, from, to);
  }
  if (channels == 4) mend_alpha(p);
  return MOTE_OK;
}

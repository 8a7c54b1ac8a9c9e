/* pnm.c: PBM, PGM and PPM, as text (P1 to P3) and as bytes (P4 to P6), up to 16 bits a sample. The first picture of a
 * file is read. */
#include "base/size.h"
#include "media/picture.h"

typedef struct pnm {
  const media_source *source;
  size_t at;
  int variant; /* the digit after the P */
  uint32_t width, height, most;
} pnm;

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Passes over white space and comments, which run from '#' to the end of their line. */
static void skip_blank(pnm *n) {
  const media_source *s = n->source;
  for (bool comment = false; n->at < s->size; n->at++) {
    const uint8_t c = s->data[n->at];
    if (comment) comment = c != '\n' && c != '\r';
    else if (c == '#') comment = true;
    else if (!is_space(c)) return;
  }
}

static mote_status number(pnm *n, const char *what, uint32_t *value, mote_error *e) {
  const media_source *s = n->source;
  skip_blank(n);
  if (n->at == s->size) return media_truncated(s, what, e);
  uint64_t v = 0;
  const size_t start = n->at;
  for (; n->at < s->size && s->data[n->at] >= '0' && s->data[n->at] <= '9' && v <= UINT32_MAX; n->at++)
    v = v * 10 + (s->data[n->at] - '0');
  if (n->at == start || v > UINT32_MAX)
    return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged PNM picture: %s at byte %zu is no number from 0 to 2^32 - 1",
                   s->name, what, start);
  *value = (uint32_t)v;
  return MOTE_OK;
}

static mote_status read_header(pnm *n, mote_error *e) {
  n->variant = n->source->data[1] - '0';
  n->at = 2;
  n->most = 1;
  MOTE_TRY(number(n, "the width", &n->width, e));
  MOTE_TRY(number(n, "the height", &n->height, e));
  if (n->variant == 1 || n->variant == 4) return MOTE_OK;
  MOTE_TRY(number(n, "the largest value", &n->most, e));
  if (n->most < 1 || n->most > 65535)
    return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged PNM picture: its largest value is %u, and 1 to 65535 can be",
                   n->source->name, (unsigned)n->most);
  return MOTE_OK;
}

static uint8_t to_8_bits(const pnm *n, uint32_t v) {
  return v >= n->most ? 255 : (uint8_t)((v * 255 + n->most / 2) / n->most);
}

static mote_status read_text(pnm *n, picture *p, mote_error *e) {
  const size_t count = mem_size(p->pixels);
  for (size_t i = 0; i < count; i++) {
    uint32_t v;
    if (n->variant == 1) { /* digits need no space between them; 1 is black */
      skip_blank(n);
      if (n->at == n->source->size) return media_truncated(n->source, "the pixels", e);
      const uint8_t c = n->source->data[n->at++];
      if (c != '0' && c != '1')
        return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged PNM picture: byte %zu is neither 0 nor 1", n->source->name,
                       n->at - 1);
      v = c == '0';
    } else MOTE_TRY(number(n, "a sample", &v, e));
    p->pixels[i] = to_8_bits(n, v);
  }
  return MOTE_OK;
}

static void row_of_bits(const uint8_t *from, uint8_t *to, uint32_t width) {
  for (uint32_t x = 0; x < width; x++) to[x] = from[x / 8] & 0x80 >> x % 8 ? 0 : 255;
}

/* Bytes of a row; of a row as text, the fewest. */
static uint64_t row_bytes(const pnm *n, int32_t channels) {
  if (n->variant == 4) return ((uint64_t)n->width + 7) / 8;
  return (uint64_t)n->width * (uint64_t)channels * (n->variant > 3 && n->most > 255 ? 2 : 1);
}

static void read_bytes(const pnm *n, picture *p) {
  const bool wide = n->most > 255;
  const size_t samples = (size_t)p->width * (size_t)p->channels, row = (size_t)row_bytes(n, p->channels);
  for (uint32_t y = 0; y < n->height; y++) {
    const uint8_t *from = n->source->data + n->at + row * y;
    uint8_t *to = p->pixels + samples * y;
    if (n->variant == 4) row_of_bits(from, to, n->width);
    else
      for (size_t i = 0; i < samples; i++) to[i] = to_8_bits(n, wide ? get_u16be(from + 2 * i) : from[i]);
  }
}

mote_status pnm_decode(const media_source *s, picture *p, mote_error *e) {
  pnm n = {.source = s};
  MOTE_TRY(read_header(&n, e));
  const int32_t channels = n.variant == 3 || n.variant == 6 ? 3 : 1;
  MOTE_TRY(picture_check(s, n.width, n.height, e));
  if (n.variant > 3 && n.at < s->size) n.at++; /* the one white space that ends the header */
  if (row_bytes(&n, channels) * n.height > s->size - n.at) return media_truncated(s, "the pixels", e);
  MOTE_TRY(picture_take(p, s, n.width, n.height, channels, e));
  if (n.variant <= 3) return read_text(&n, p, e);
  read_bytes(&n, p);
  return MOTE_OK;
}

/* make.h: files made in memory for the media tests: a growing run of bytes, and pictures written with libjpeg, libpng
 * or by hand. */
#ifndef TEST_MEDIA_MAKE_H
#define TEST_MEDIA_MAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mote/media.h"

typedef struct bytes {
  uint8_t *data;
  size_t size, room;
} bytes;

static inline void put(bytes *b, const void *data, size_t n) {
  if (b->size + n > b->room) {
    b->room = 2 * (b->size + n);
    b->data = realloc(b->data, b->room);
    assert_non_null(b->data);
  }
  if (n) memcpy(b->data + b->size, data, n);
  b->size += n;
}
static inline void put_text(bytes *b, const char *text) { put(b, text, strlen(text)); }
static inline void put_le(bytes *b, uint64_t v, size_t n) {
  for (size_t i = 0; i < n; i++, v >>= 8) put(b, &(uint8_t){(uint8_t)v}, 1);
}
static inline void put_be(bytes *b, uint64_t v, size_t n) {
  for (size_t i = n; i-- > 0;) put(b, &(uint8_t){(uint8_t)(v >> (8 * i))}, 1);
}
static inline void done(bytes *b) {
  free(b->data);
  *b = (bytes){0};
}

/* A repeatable picture: smooth enough for JPEG, different in every channel and corner. */
static inline uint8_t sample(int x, int y, int c) { return (uint8_t)(40 + 7 * x + 3 * y + 50 * c); }

/* A TIFF header with one field: the orientation. */
static inline bytes make_exif(int orientation, bool big_endian) {
  bytes b = {0};
  void (*number)(bytes *, uint64_t, size_t) = big_endian ? put_be : put_le;
  put_text(&b, big_endian ? "MM" : "II");
  number(&b, 42, 2);
  number(&b, 8, 4);
  number(&b, 2, 2);
  number(&b, 0x10f, 2); /* a field before it: the maker, 3 characters */
  number(&b, 2, 2);
  number(&b, 3, 4);
  put(&b, "me\0\0", 4);
  number(&b, 0x112, 2);
  number(&b, 3, 2);
  number(&b, 1, 4);
  number(&b, (uint64_t)orientation, 2);
  number(&b, 0, 2);
  number(&b, 0, 4);
  return b;
}

typedef struct jpeg_options {
  int channels; /* 1, 3 or 4 (CMYK) */
  bool progressive;
  int orientation; /* 0: no EXIF */
  bool big_endian;
} jpeg_options;
bytes make_jpeg(int width, int height, jpeg_options o);

typedef struct png_options {
  int color, depth; /* as in the file: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA */
  bool interlaced, transparent;
  int orientation; /* 0: none */
} png_options;
bytes make_png(int width, int height, png_options o);

/* An uncompressed bitmap; bits 1, 4, 8 (grey palette unless colored), 16, 24, 32; height < 0: top first. */
bytes make_bmp(int width, int height, int bits, bool colored);
bytes make_pnm(int width, int height, int variant, int most);

/* PCM (format 1) or float (3); frame i of channel c is wave(i, c) in [-1, 1). */
bytes make_wav(int format, int bits, int channels, int frames, bool extensible);
static inline double wave(int i, int c) { return ((i * 37 + c * 11) % 64 - 32) / 32.0; }

/* Every kind of file once, small; returns how many there are. */
enum { MAKE_ALL = 22 };
size_t make_all(bytes files[MAKE_ALL]);

#endif

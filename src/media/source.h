/* source.h: one file of a person, being read: its bytes, its name for messages, its limits. */
#ifndef MEDIA_SOURCE_H
#define MEDIA_SOURCE_H

#include "base/error.h"
#include "base/file.h"
#include "mote/media.h"

typedef struct media_source {
  const uint8_t *data;
  size_t size; /* at least 1 */
  mem *mem;    /* where the result is taken from; carries the memory limit */
  uint64_t max_pixels;
  char name[256]; /* printable */
  file_view view;
} media_source;

/* Opens a file, or names bytes in memory. Empty ones are refused. On success media_close must follow. */
mote_status media_open(media_source *s, const char *path, const mote_media_config *config, mote_error *e);
mote_status media_from_memory(media_source *s, const void *data, size_t size, const char *name,
                              const mote_media_config *config, mote_error *e);
/* Objects made from a source retain s->mem for themselves. */
void media_close(media_source *s);

/* "NAME ends at byte N, in the middle of WHAT": for every truncated file. */
mote_status media_truncated(const media_source *s, const char *what, mote_error *e);

/* What a file is, by its first bytes. */
typedef enum media_kind {
  KIND_OTHER, /* known by name alone, or unknown */
  KIND_JPEG,
  KIND_PNG,
  KIND_BMP,
  KIND_PNM,
  KIND_WAV,
  KIND_NPY,
  KIND_IDX,
  KIND_ZIP,
  KIND_GZIP,
  KIND_TAR
} media_kind;
media_kind media_kind_of(const void *data, size_t size);

/* "1x224x224x3"; "a scalar" for rank 0. Returns `to`. */
enum { MEDIA_DIMS_TEXT = 12 * MOTE_MAX_RANK };
char *media_dims_text(char to[MEDIA_DIMS_TEXT], const int32_t *dims, int32_t rank);

/* Little-endian and big-endian numbers of files, at any alignment. */
static inline uint32_t get_u16le(const uint8_t *p) { return p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t get_u16be(const uint8_t *p) { return p[1] | (uint32_t)p[0] << 8; }
static inline uint32_t get_u32le(const uint8_t *p) { return get_u16le(p) | get_u16le(p + 2) << 16; }
static inline uint32_t get_u32be(const uint8_t *p) { return get_u16be(p + 2) | get_u16be(p) << 16; }

#endif

/* tar.c: see tar.h. */
#include "media/tar.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 512, NAME = 100, SIZE_AT = 124, KIND_AT = 156, MAGIC_AT = 257, PREFIX_AT = 345, PREFIX = 155 };

/* Octal digits, or, after a first byte of 0x80, a big-endian number. */
static bool number(const uint8_t *p, int n, uint64_t *value) {
  *value = 0;
  if (*p & 0x80) {
    for (int i = 1; i < n; i++) {
      if (*value >> 56) return false;
      *value = *value << 8 | p[i];
    }
    return true;
  }
  int i = 0;
  while (i < n && p[i] == ' ') i++;
  for (; i < n && p[i] >= '0' && p[i] <= '7'; i++) *value = *value * 8 + (uint64_t)(p[i] - '0');
  return i == n || !p[i] || p[i] == ' ';
}

static void header_name(const uint8_t *h, char to[TAR_NAME]) {
  const int name = (int)strnlen((const char *)h, NAME);
  const bool ustar = !memcmp(h + MAGIC_AT, "ustar\0", 6);
  const int prefix = ustar ? (int)strnlen((const char *)h + PREFIX_AT, PREFIX) : 0;
  snprintf(to, TAR_NAME, "%.*s%s%.*s", prefix, (const char *)h + PREFIX_AT, prefix ? "/" : "", name, (const char *)h);
}

bool tar_next(const media_source *s, size_t *at, tar_file *file, mote_error *e) {
  if (e) e->code = MOTE_OK;
  file->name[0] = 0;
  while (*at < s->size && s->size - *at >= BLOCK) {
    const uint8_t *h = s->data + *at;
    if (!h[0]) return false; /* blocks of zeros end an archive */
    uint64_t size;
    if (memcmp(h + MAGIC_AT, "ustar", 5) != 0 || !number(h + SIZE_AT, 12, &size)) {
      err_set(e, MOTE_ERR_FORMAT, "%s is a damaged tar archive: no header at byte %zu", s->name, *at);
      return false;
    }
    const size_t left = s->size - *at - BLOCK;
    if (size > left) {
      media_truncated(s, "a file of the archive", e);
      return false;
    }
    const uint64_t padded = (size + BLOCK - 1) / BLOCK * BLOCK;
    *at += BLOCK + (padded > left ? left : (size_t)padded);
    file->data = h + BLOCK;
    file->size = (size_t)size;
    const uint8_t kind = h[KIND_AT];
    if (kind == 'L')
      snprintf(file->name, TAR_NAME, "%.*s", (int)(size < TAR_NAME ? size : TAR_NAME), (const char *)h + BLOCK);
    else if (kind == '0' || !kind) {
      if (!file->name[0]) header_name(h, file->name);
      return true;
    }
  }
  return false;
}

/* archive.c: see archive.h.
 *
 * Offsets in an archive count from the start of the model's file, or from the start of the archive: writers do both.
 * The end record says which, as the central directory stands right before it.
 */
#include "metadata/archive.h"

#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "media/source.h"

enum {
  LOCAL_HEAD = 30,
  ENTRY_HEAD = 46,
  END_RECORD = 22,
  MOST_COMMENT = 65535,
  VERSION = 20,           /* of the format, 2.0 */
  UTF8 = 1 << 11,         /* the name is */
  FIRST_DAY = 1 << 5 | 1, /* 1 January 1980: the same archive whenever it is made */
  UNIX = 3
};

static const uint32_t plain_file = 0100644U << 16;

bool archive_takes_name(const char *name) {
  return name[0] && strcmp(name, ".") != 0 && !strstr(name, "..") && !strpbrk(name, "/\\:");
}

/* ---- finding ---- */

/* Position of the end record; `size` when there is none. */
static size_t find_end(const uint8_t *file, size_t size) {
  for (size_t comment = 0; comment <= MOST_COMMENT && comment + END_RECORD <= size; comment++) {
    const uint8_t *p = file + size - END_RECORD - comment;
    if (!memcmp(p, "PK\5\6", 4) && get_u16le(p + 20) == comment) return (size_t)(p - file);
  }
  return size;
}

bool archive_has(const uint8_t *file, size_t size) { return find_end(file, size) != size; }

mote_status archive_find(const uint8_t *file, size_t size, const char *model, archive_place *to, mote_error *e) {
  const size_t end = find_end(file, size);
  if (end == size)
    return err_set(e, MOTE_ERR_FORMAT, "%s names files in a zip archive behind the model, but there is none", model);
  const uint8_t *p = file + end;
  const uint32_t entries = get_u16le(p + 10), directory_size = get_u32le(p + 12), directory = get_u32le(p + 16);
  if (entries > ARCHIVE_ENTRIES)
    return err_set(e, MOTE_ERR_LIMIT, "the zip archive behind %s has %u entries; at most %d are read", model,
                   (unsigned)entries, (int)ARCHIVE_ENTRIES);
  if (get_u16le(p + 4) || get_u16le(p + 6) || get_u16le(p + 8) != entries || (uint64_t)directory + directory_size > end)
    return err_set(e, MOTE_ERR_FORMAT,
                   "the zip archive behind %s is damaged: its directory of %u bytes at %u does not fit", model,
                   (unsigned)directory_size, (unsigned)directory);
  *to = (archive_place){end - directory_size - directory, end - directory_size, directory_size, end, entries};
  return MOTE_OK;
}

/* ---- writing ---- */

typedef struct zip_writer {
  uint8_t *data;
  size_t size;
} zip_writer;

static void put(zip_writer *w, const void *bytes, size_t n) {
  if (n) memcpy(w->data + w->size, bytes, n);
  w->size += n;
}

static void put_number(zip_writer *w, uint32_t v, int bytes) {
  for (int i = 0; i < bytes; i++) w->data[w->size++] = (uint8_t)(v >> 8 * i);
}

/* CRC-32 of ISO 3309, bit by bit: label files are small. */
static uint32_t checksum(const uint8_t *data, size_t size) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < size; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xedb88320U & (0U - (crc & 1)));
  }
  return ~crc;
}

/* What the local header and the directory's entry share. */
static void put_about(zip_writer *w, const char *name, uint32_t crc, size_t size) {
  put_number(w, VERSION, 2);
  put_number(w, UTF8, 2);
  put_number(w, 0, 2); /* stored */
  put_number(w, 0, 2); /* midnight */
  put_number(w, FIRST_DAY, 2);
  put_number(w, crc, 4);
  put_number(w, (uint32_t)size, 4);
  put_number(w, (uint32_t)size, 4);
  put_number(w, (uint32_t)strlen(name), 2);
  put_number(w, 0, 2); /* no extra field */
}

static void put_local(zip_writer *w, const char *name, uint32_t crc, const void *data, size_t size) {
  put(w, "PK\3\4", 4);
  put_about(w, name, crc, size);
  put(w, name, strlen(name));
  put(w, data, size);
}

static void put_entry(zip_writer *w, const char *name, uint32_t crc, size_t size, size_t local) {
  put(w, "PK\1\2", 4);
  put_number(w, UNIX << 8 | VERSION, 2);
  put_about(w, name, crc, size);
  put_number(w, 0, 2); /* no comment */
  put_number(w, 0, 2); /* first disk */
  put_number(w, 0, 2);
  put_number(w, plain_file, 4);
  put_number(w, (uint32_t)local, 4);
  put(w, name, strlen(name));
}

static void put_end(zip_writer *w, uint32_t entries, size_t directory) {
  const size_t size = w->size - directory;
  put(w, "PK\5\6", 4);
  put_number(w, 0, 4); /* one disk */
  put_number(w, entries, 2);
  put_number(w, entries, 2);
  put_number(w, (uint32_t)size, 4);
  put_number(w, (uint32_t)directory, 4);
  put_number(w, 0, 2); /* no comment */
}

/* Entries of the directory that was there, but for one of this name; their offsets counted from byte `from`. */
static mote_status put_old(zip_writer *w, const uint8_t *file, const archive_place *p, size_t from, const char *model,
                           const char *name, uint32_t *entries, mote_error *e) {
  size_t at = p->directory;
  for (uint32_t i = 0; i < p->entries; i++) {
    const uint8_t *entry = file + at;
    const bool whole = p->end - at >= ENTRY_HEAD && !memcmp(entry, "PK\1\2", 4);
    const size_t name_size = whole ? get_u16le(entry + 28) : 0;
    const size_t size = whole ? ENTRY_HEAD + name_size + get_u16le(entry + 30) + get_u16le(entry + 32) : 0;
    const uint64_t local = whole ? (uint64_t)get_u32le(entry + 42) + p->start : 0;
    if (!whole || size > p->end - at || local < from || local > p->directory)
      return err_set(e, MOTE_ERR_FORMAT, "the zip archive behind %s is damaged at entry %u: nothing can be added to it",
                     model, (unsigned)i);
    at += size;
    if (name_size == strlen(name) && !memcmp(entry + ENTRY_HEAD, name, name_size)) continue;
    zip_writer offset = {w->data, w->size + 42};
    put(w, entry, size);
    put_number(&offset, (uint32_t)(local - from), 4);
    ++*entries;
  }
  return MOTE_OK;
}

mote_status archive_extend(const uint8_t *file, size_t size, size_t from, const char *model, const char *name,
                           const void *data, size_t data_size, arena *a, const void **out, size_t *out_size,
                           mote_error *e) {
  archive_place old = {.directory = size, .end = size};
  if (from < size && archive_has(file, size)) MOTE_TRY(archive_find(file, size, model, &old, e));
  if (old.directory < from) old = (archive_place){.directory = size, .end = size};
  const size_t kept = old.directory - from, added = LOCAL_HEAD + ENTRY_HEAD + END_RECORD + 2 * strlen(name);
  size_t room;
  if (strlen(name) > UINT16_MAX || data_size > INT32_MAX || kept > INT32_MAX)
    return err_set(e, MOTE_ERR_LIMIT, "a zip archive behind a model holds at most 2 GiB");
  zip_writer w = {0};
  if (size_add(size - from, added, &room) && size_add(room, data_size, &room)) w.data = arena_alloc(a, room);
  if (!w.data) return err_memory(e, "a zip archive", (uint64_t)size - from + added + data_size);
  const uint32_t crc = checksum(data, data_size);
  uint32_t entries = 1;
  put(&w, file ? file + from : NULL, kept);
  const size_t local = w.size;
  put_local(&w, name, crc, data, data_size);
  const size_t directory = w.size;
  MOTE_TRY(put_old(&w, file, &old, from, model, name, &entries, e));
  put_entry(&w, name, crc, data_size, local);
  put_end(&w, entries, directory);
  *out = w.data;
  *out_size = w.size;
  return MOTE_OK;
}

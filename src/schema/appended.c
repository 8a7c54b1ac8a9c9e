/* appended.c: bytes behind the model, in most cases a zip archive of labels.
 *
 * A zip archive is found from its end, and its directory counts either from the start of the archive or from the start
 * of the file that it was appended to. In the second case it must be told when the model before it changes its size.
 */
#include "schema/appended.h"

#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "schema/write.h"

enum { PADDING = 64 }; /* fewer zeros than this are no content */

static void extend(uint64_t *end, uint64_t offset, uint64_t size) {
  if (offset > 1 && offset + size > *end) *end = offset + size;
}

sch_range sch_appended(const sch_file *file) {
  if (!file->data) return (sch_range){0};
  const sch_Model *m = file->model;
  uint64_t end = file->flatbuffer_size;
  for (uint32_t i = 0; i < m->buffers.count; i++) extend(&end, m->buffers.data[i].offset, m->buffers.data[i].size);
  for (uint32_t g = 0; g < m->subgraphs.count; g++)
    for (uint32_t i = 0; i < m->subgraphs.data[g].operators.count; i++) {
      const sch_Operator *op = &m->subgraphs.data[g].operators.data[i];
      extend(&end, op->large_custom_options_offset, op->large_custom_options_size);
    }
  uint64_t zeros = 0;
  while (zeros < PADDING && end + zeros < file->size && !file->data[end + zeros]) zeros++;
  if (end + zeros == file->size) return (sch_range){0};
  return (sch_range){.offset = end, .size = file->size - end, .present = true};
}

/* ---- zip ---- */

enum { END_SIZE = 22, ENTRY_SIZE = 46, MAX_COMMENT = 65535 };

static uint32_t get(const uint8_t *p, int bytes) {
  uint32_t v = 0;
  for (int i = 0; i < bytes; i++) v |= (uint32_t)p[i] << 8 * i;
  return v;
}

static void set32(uint8_t *p, uint32_t v) {
  for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

/* The archive's end record; NULL when there is none. */
static uint8_t *find_end(uint8_t *data, size_t size) {
  for (size_t i = END_SIZE; i <= size && i <= END_SIZE + MAX_COMMENT; i++) {
    uint8_t *p = data + size - i;
    if (memcmp(p, "PK\5\6", 4) == 0 && get(p + 20, 2) == i - END_SIZE) return p;
  }
  return NULL;
}

/* Adds `shift` to the offsets of an archive that count from the start of the file, where it stood at `from`. */
static void shift_zip(uint8_t *data, size_t size, uint64_t from, int64_t shift) {
  uint8_t *const end = find_end(data, size);
  if (!end) return;
  const uint32_t directory_size = get(end + 12, 4), directory = get(end + 16, 4), entries = get(end + 10, 2);
  if (directory_size > (size_t)(end - data)) return;
  uint8_t *p = end - directory_size;
  const int64_t moved = (int64_t)directory + shift;
  if (directory != from + (uint64_t)(p - data) || moved < 0 || moved > UINT32_MAX) return;
  for (uint32_t i = 0; i < entries; i++) {
    if (end - p < ENTRY_SIZE || memcmp(p, "PK\1\2", 4) != 0) return;
    set32(p + 42, (uint32_t)((int64_t)get(p + 42, 4) + shift));
    const size_t step = (size_t)ENTRY_SIZE + get(p + 28, 2) + get(p + 30, 2) + get(p + 32, 2);
    if (step > (size_t)(end - p)) return;
    p += step;
  }
  set32(end + 16, (uint32_t)moved);
}

/* A copy of what stood at `from` for `at`. */
static mote_status move(const void *bytes, size_t size, uint64_t from, uint64_t at, arena *a, const void **data,
                        mote_error *e) {
  uint8_t *copy = arena_alloc(a, size);
  if (!copy) return err_memory(e, "a copy of what follows the model", size);
  memcpy(copy, bytes, size);
  shift_zip(copy, size, from, (int64_t)at - (int64_t)from);
  *data = copy;
  return MOTE_OK;
}

mote_status appended_moved(const sch_file *source, uint64_t at, arena *a, const void **data, size_t *size,
                           mote_error *e) {
  const sch_range range = sch_appended(source);
  *data = sch_bytes(source, &range);
  if (!size_from_u64(range.size, size)) return err_memory(e, "what follows the model", range.size);
  return *size && at != range.offset ? move(*data, *size, range.offset, at, a, data, e) : MOTE_OK;
}

mote_status appended_archive(const sch_range *archive, uint64_t at, arena *a, const void **data, size_t *size,
                             mote_error *e) {
  *size = (size_t)archive->size;
  return move(archive->memory, *size, 0, at, a, data, e);
}

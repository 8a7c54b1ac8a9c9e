/* zip.c: see zip.h. libzip unpacks; what it is given is bounded here first (rule F22). */
#include "metadata/zip.h"

#include <string.h>

#include "base/error.h"
#include "metadata/archive.h"

#ifdef MOTE_HAVE_ZIP

#include <zip.h>

enum { MOST_BYTES = 64 << 20, MOST_RATIO = 200 };

static mote_status check_entry(const zip_stat_t *s, const char *model, const char *entry, mote_error *e) {
  const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if ((s->valid & needed) != needed)
    return err_set(e, MOTE_ERR_FORMAT, "'%s' in the zip archive behind %s does not say how it is stored", entry, model);
  if ((s->comp_method != ZIP_CM_STORE && s->comp_method != ZIP_CM_DEFLATE) || s->encryption_method != ZIP_EM_NONE)
    return err_set(e, MOTE_ERR_UNSUPPORTED,
                   "'%s' in the zip archive behind %s is neither stored nor deflated, or encrypted", entry, model);
  if (s->size > MOST_BYTES || s->size / MOST_RATIO > s->comp_size)
    return err_set(
        e, MOTE_ERR_LIMIT,
        "'%s' in the zip archive behind %s would unpack %llu bytes from %llu; at most %d MiB and %d times the "
        "packed size are read",
        entry, model, (unsigned long long)s->size, (unsigned long long)s->comp_size, MOST_BYTES >> 20, (int)MOST_RATIO);
  return MOTE_OK;
}

static mote_status unpack(zip_t *archive, zip_uint64_t index, void *to, size_t size, const char *model,
                          const char *entry, mote_error *e) {
  zip_file_t *f = zip_fopen_index(archive, index, 0);
  zip_int64_t got = f ? 0 : -1;
  size_t done = 0;
  while (f && done < size && (got = zip_fread(f, (uint8_t *)to + done, size - done)) > 0) done += (size_t)got;
  /* One more read is what makes libzip compare the checksum. */
  char rest;
  const bool whole = f && done == size && zip_fread(f, &rest, 1) == 0;
  if (f) zip_fclose(f);
  return whole ? MOTE_OK
               : err_set(e, MOTE_ERR_FORMAT, "'%s' in the zip archive behind %s is damaged: %s", entry, model,
                         f ? "its bytes do not match its size or checksum" : "its header makes no sense");
}

static mote_status read_entry(zip_t *archive, const char *model, const char *entry, mem *m, void **data, size_t *size,
                              mote_error *e) {
  const zip_int64_t index = zip_name_locate(archive, entry, ZIP_FL_ENC_RAW);
  zip_stat_t s;
  zip_stat_init(&s);
  if (index < 0 || zip_stat_index(archive, (zip_uint64_t)index, 0, &s))
    return err_set(e, MOTE_ERR_FORMAT, "%s names the file '%s', which is not in the zip archive behind it", model,
                   entry);
  MOTE_TRY(check_entry(&s, model, entry, e));
  *size = (size_t)s.size;
  *data = mem_alloc(m, *size);
  if (!*data) return err_memory(e, "an unpacked file", s.size);
  const mote_status status = unpack(archive, (zip_uint64_t)index, *data, *size, model, entry, e);
  if (status) mem_free(m, *data);
  return status;
}

mote_status appended_read(const uint8_t *file, size_t size, const char *model, const char *entry, mem *m, void **data,
                          size_t *data_size, mote_error *e) {
  char shown[80];
  err_name(shown, sizeof shown, entry, strlen(entry));
  if (!archive_takes_name(entry))
    return err_set(e, MOTE_ERR_FORMAT, "%s names the file '%s', which is a path, and only plain names are read", model,
                   shown);
  archive_place place;
  MOTE_TRY(archive_find(file, size, model, &place, e));
  zip_source_t *source = zip_source_buffer_create(file + place.start, size - place.start, 0, NULL);
  zip_t *archive = source ? zip_open_from_source(source, ZIP_RDONLY, NULL) : NULL;
  if (!archive) {
    zip_source_free(source);
    return err_set(e, MOTE_ERR_FORMAT, "the zip archive behind %s is damaged, so '%s' cannot be read", model, shown);
  }
  const mote_status status = read_entry(archive, model, entry, m, data, data_size, e);
  zip_discard(archive);
  return status;
}

#else

mote_status appended_read(const uint8_t *file, size_t size, const char *model, const char *entry, mem *m, void **data,
                          size_t *data_size, mote_error *e) {
  (void)file, (void)size, (void)m, (void)data, (void)data_size;
  return err_set(e, MOTE_ERR_UNSUPPORTED,
                 "%s holds the file '%s' in a zip archive, but this build of mote was made without libzip", model,
                 archive_takes_name(entry) ? entry : "?");
}

#endif

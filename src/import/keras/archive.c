/* archive.c: see archive.h. Files are asked for by the names that are known: names in the archive are never paths here.
 */
#include "import/keras/archive.h"

#include <string.h>
#include <zip.h>

#include "base/error.h"

enum { MOST_RATIO = 1040, SMALL = 1 << 16 };

struct k_archive {
  zip_t *zip;
  const char *path;
};

mote_status k_archive_open(k_archive **out, const char *path, arena *a, mote_error *e) {
  k_archive *z = ARENA_NEW(a, k_archive);
  if (!z) return err_memory(e, "an archive", sizeof *z);
  int code = 0;
  *z = (k_archive){zip_open(path, ZIP_RDONLY, &code), path};
  if (!z->zip) return err_set(e, MOTE_ERR_FORMAT, "%s: the zip archive is damaged", path);
  *out = z;
  return MOTE_OK;
}

void k_archive_close(k_archive *z) {
  if (z) zip_discard(z->zip);
}

/* What a file unpacks to is bounded by what it is packed in: deflate packs no better. */
static mote_status check(const zip_stat_t *s, const char *name, mote_error *e) {
  const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if ((s->valid & needed) != needed || s->encryption_method != ZIP_EM_NONE ||
      (s->comp_method != ZIP_CM_STORE && s->comp_method != ZIP_CM_DEFLATE))
    return err_set(e, MOTE_ERR_UNSUPPORTED, "'%s' in the archive is neither stored nor deflated, or encrypted", name);
  if (s->size > SMALL && s->size / MOST_RATIO > s->comp_size)
    return err_set(e, MOTE_ERR_LIMIT, "'%s' in the archive claims %llu bytes, packed in %llu", name,
                   (unsigned long long)s->size, (unsigned long long)s->comp_size);
  return MOTE_OK;
}

mote_status k_archive_read(const k_archive *z, const char *name, arena *a, k_bytes *out, mote_error *e) {
  const zip_int64_t index = zip_name_locate(z->zip, name, ZIP_FL_ENC_RAW);
  zip_stat_t s;
  zip_stat_init(&s);
  *out = (k_bytes){NULL, 0};
  if (index < 0) return MOTE_OK;
  if (zip_stat_index(z->zip, (zip_uint64_t)index, 0, &s))
    return err_set(e, MOTE_ERR_FORMAT, "'%s' in the archive is damaged", name);
  MOTE_TRY(check(&s, name, e));
  uint8_t *data = s.size < SIZE_MAX ? arena_alloc(a, (size_t)s.size + 1) : NULL;
  if (!data) return err_memory(e, "a file of the archive", s.size);
  zip_file_t *f = zip_fopen_index(z->zip, (zip_uint64_t)index, 0);
  size_t done = 0;
  zip_int64_t got = f ? 0 : -1;
  while (f && done < s.size && (got = zip_fread(f, data + done, s.size - done)) > 0) done += (size_t)got;
  char rest; /* one more read is what makes libzip compare the checksum */
  const bool whole = f && done == s.size && zip_fread(f, &rest, 1) == 0;
  if (f) zip_fclose(f);
  if (!whole) return err_set(e, MOTE_ERR_FORMAT, "'%s' in the archive does not match its size or checksum", name);
  *out = (k_bytes){data, done};
  return MOTE_OK;
}

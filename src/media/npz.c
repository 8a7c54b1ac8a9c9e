/* npz.c: see npz.h. libzip unpacks. */
#include "media/npz.h"

#include <string.h>

#include "media/unpack.h"

#ifdef MOTE_HAVE_ZIP

#include <zip.h>

static mote_status bad_entry(const media_source *s, const char *name, const char *why, mote_error *e) {
  char shown[80];
  err_name(shown, sizeof shown, name, strlen(name));
  return err_set(e, MOTE_ERR_FORMAT, "'%s' in %s %s", shown, s->name, why);
}

/* Reads to the end, which is what makes libzip compare the checksum. */
static mote_status copy_entry(zip_file_t *f, uint64_t size, const media_source *s, const char *name, unpacked *u,
                              mote_error *e) {
  uint8_t chunk[1 << 14];
  zip_int64_t got;
  while ((got = zip_fread(f, chunk, sizeof chunk)) > 0) MOTE_TRY(unpack_put(u, chunk, (size_t)got, e));
  return got == 0 && u->size == size ? MOTE_OK
                                     : bad_entry(s, name, "is damaged: its bytes do not match its size or checksum", e);
}

static mote_status unpack_entry(zip_t *archive, zip_uint64_t index, const zip_stat_t *stat, const media_source *s,
                                file_view *view, mote_error *e) {
  zip_file_t *f = zip_fopen_index(archive, index, 0);
  if (!f) return bad_entry(s, stat->name, "is damaged, encrypted, or packed in a way that libzip does not know", e);
  char full[600];
  unpacked u;
  snprintf(full, sizeof full, "%s in %s", stat->name, s->name);
  mote_status status = unpack_begin(&u, s, full, e);
  if (status == MOTE_OK) status = copy_entry(f, stat->size, s, stat->name, &u, e);
  if (status == MOTE_OK) status = unpack_end(&u, s->mem, view, e);
  else unpack_drop(&u);
  zip_fclose(f);
  return status;
}

static mote_status read_entries(zip_t *archive, const media_source *s,
                                mote_status (*take)(void *user, const char *name, file_view view, mote_error *e),
                                void *user, mote_error *e) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  if (count < 0 || count > NPZ_MOST)
    return err_set(e, MOTE_ERR_LIMIT, "%s has %lld entries; at most %d are read", s->name, (long long)count,
                   (int)NPZ_MOST);
  for (zip_uint64_t i = 0; i < (zip_uint64_t)count; i++) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(archive, i, 0, &stat) || !(stat.valid & ZIP_STAT_SIZE) || !(stat.valid & ZIP_STAT_NAME))
      return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged archive: entry %llu makes no sense", s->name,
                     (unsigned long long)i);
    char name[256];
    const size_t length = strlen(stat.name);
    if (length < 4 || length - 4 >= sizeof name || strcmp(stat.name + length - 4, ".npy") != 0) continue;
    memcpy(name, stat.name, length - 4);
    name[length - 4] = 0;
    file_view view;
    MOTE_TRY(unpack_entry(archive, i, &stat, s, &view, e));
    MOTE_TRY(take(user, name, view, e));
  }
  return MOTE_OK;
}

mote_status npz_read(const media_source *s,
                     mote_status (*take)(void *user, const char *name, file_view view, mote_error *e), void *user,
                     mote_error *e) {
  zip_source_t *source = zip_source_buffer_create(s->data, s->size, 0, NULL);
  zip_t *archive = source ? zip_open_from_source(source, ZIP_RDONLY, NULL) : NULL;
  if (!archive) {
    zip_source_free(source);
    return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged zip archive, so its arrays cannot be read", s->name);
  }
  const mote_status status = read_entries(archive, s, take, user, e);
  zip_discard(archive);
  return status;
}

#else

mote_status npz_read(const media_source *s,
                     mote_status (*take)(void *user, const char *name, file_view view, mote_error *e), void *user,
                     mote_error *e) {
  (void)take, (void)user;
  return err_set(e, MOTE_ERR_UNSUPPORTED,
                 "%s is a zip archive, but this build of mote was made without libzip; give its arrays as .npy",
                 s->name);
}

#endif

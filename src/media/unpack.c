/* unpack.c: see unpack.h. */
#include "media/unpack.h"

#include <errno.h>
#include <string.h>

#include "base/size.h"

enum { CHUNK = 1 << 16 };
static const uint64_t most_unpacked = UINT64_C(16) << 30;

mote_status unpack_begin(unpacked *u, const media_source *s, const char *name, mote_error *e) {
  *u = (unpacked){.limit = s->mem->limit ? s->mem->limit : most_unpacked};
  err_name(u->name, sizeof u->name, name, strlen(name));
  u->file = tmpfile();
  return u->file ? MOTE_OK
                 : err_set(e, MOTE_ERR_IO, "%s cannot be unpacked: no temporary file can be made: %s", u->name,
                           strerror(errno));
}

mote_status unpack_put(unpacked *u, const void *data, size_t size, mote_error *e) {
  u->size += size;
  if (u->size > u->limit)
    return err_set(e, MOTE_ERR_LIMIT, "%s unpacks to more than the limit of %llu bytes", u->name,
                   (unsigned long long)u->limit);
  return fwrite(data, 1, size, u->file) == size
             ? MOTE_OK
             : err_set(e, MOTE_ERR_IO, "%s cannot be unpacked into a temporary file: %s", u->name, strerror(errno));
}

mote_status unpack_end(unpacked *u, mem *m, file_view *view, mote_error *e) {
  mote_status status = MOTE_OK;
  if (fflush(u->file))
    status = err_set(e, MOTE_ERR_IO, "%s cannot be unpacked into a temporary file: %s", u->name, strerror(errno));
  if (status == MOTE_OK) status = file_from_fd(view, m, fileno(u->file), u->name, 0, 0, false, e);
  unpack_drop(u);
  return status;
}

void unpack_drop(unpacked *u) {
  if (u->file) fclose(u->file);
  u->file = NULL;
}

#ifdef MOTE_HAVE_ZLIB

#include <zlib.h>

static mote_status damaged(const media_source *s, mote_error *e) {
  return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged or truncated gzip file", s->name);
}

/* One member after the other, as gzip files may be joined. */
static mote_status inflate_all(z_stream *z, const media_source *s, unpacked *u, mote_error *e) {
  size_t left = s->size;
  uint8_t out[CHUNK];
  z->next_in = s->data;
  for (;;) {
    if (!z->avail_in) {
      z->avail_in = left > CHUNK ? CHUNK : (uInt)left;
      left -= z->avail_in;
    }
    z->next_out = out;
    z->avail_out = CHUNK;
    const int code = inflate(z, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END) return damaged(s, e);
    MOTE_TRY(unpack_put(u, out, CHUNK - z->avail_out, e));
    if (code == Z_STREAM_END && !z->avail_in && !left) return MOTE_OK;
    if (code == Z_STREAM_END && inflateReset(z) != Z_OK) return damaged(s, e);
    if (code == Z_OK && !z->avail_in && !left && z->avail_out) return damaged(s, e);
  }
}

mote_status unpack_gzip(media_source *s, mote_error *e) {
  if (media_kind_of(s->data, s->size) != KIND_GZIP) return MOTE_OK;
  unpacked u;
  file_view view;
  z_stream z = {0};
  if (inflateInit2(&z, 15 + 16) != Z_OK) return err_memory(e, "zlib", sizeof z); /* 16: with gzip's header */
  mote_status status = unpack_begin(&u, s, s->name, e);
  if (status == MOTE_OK) status = inflate_all(&z, s, &u, e);
  inflateEnd(&z);
  if (status == MOTE_OK) status = unpack_end(&u, s->mem, &view, e);
  else unpack_drop(&u);
  if (status != MOTE_OK) return status;
  file_close(&s->view);
  s->view = view;
  s->data = view.data;
  s->size = (size_t)view.size; /* it is mapped, so it can be addressed */
  return MOTE_OK;
}

#else

mote_status unpack_gzip(media_source *s, mote_error *e) {
  if (media_kind_of(s->data, s->size) != KIND_GZIP) return MOTE_OK;
  return err_set(e, MOTE_ERR_UNSUPPORTED,
                 "%s is compressed by gzip, but this build of mote was made without zlib; unpack it by gunzip first",
                 s->name);
}

#endif

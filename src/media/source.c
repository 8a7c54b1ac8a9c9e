/* source.c: see source.h. */
#include "media/source.h"

#include <stdio.h>
#include <string.h>

#include "base/size.h"

enum { DEFAULT_PIXELS = 1 << 28 };

static mote_status set_up(media_source *s, const char *name, const mote_media_config *config, mote_error *e) {
  *s = (media_source){.max_pixels = config && config->max_pixels ? config->max_pixels : DEFAULT_PIXELS};
  s->mem = mem_new(config ? &config->allocator : NULL, config ? config->memory_limit : 0);
  if (!s->mem) return err_memory(e, "an allocator object", sizeof(mem));
  err_name(s->name, sizeof s->name, name, strlen(name));
  return MOTE_OK;
}

mote_status media_open(media_source *s, const char *path, const mote_media_config *config, mote_error *e) {
  if (!path) return err_set(e, MOTE_ERR_ARGUMENT, "the path is NULL; name a file");
  MOTE_TRY(set_up(s, path, config, e));
  mote_status status = file_open(&s->view, s->mem, path, false, e);
  if (!status && !s->view.size) status = err_set(e, MOTE_ERR_FORMAT, "%s is empty", s->name);
  if (!status && !size_from_u64(s->view.size, &s->size))
    status = err_set(e, MOTE_ERR_LIMIT, "%s is larger than this machine can address", s->name);
  s->data = s->view.data;
  if (status) media_close(s);
  return status;
}

mote_status media_from_memory(media_source *s, const void *data, size_t size, const char *name,
                              const mote_media_config *config, mote_error *e) {
  if (!name) name = "the data";
  if (!data || !size) return err_set(e, MOTE_ERR_FORMAT, "%.200s is empty", name);
  MOTE_TRY(set_up(s, name, config, e));
  s->data = data;
  s->size = size;
  return MOTE_OK;
}

void media_close(media_source *s) {
  file_close(&s->view);
  mem_release(s->mem);
  s->mem = NULL;
}

mote_status media_truncated(const media_source *s, const char *what, mote_error *e) {
  return err_set(e, MOTE_ERR_FORMAT, "%s is truncated: it ends at byte %zu, in the middle of %s", s->name, s->size,
                 what);
}

char *media_dims_text(char to[MEDIA_DIMS_TEXT], const int32_t *dims, int32_t rank) {
  if (rank <= 0) return strcpy(to, "a scalar");
  size_t used = 0;
  for (int32_t i = 0; i < rank && i < MOTE_MAX_RANK; i++)
    used += (size_t)snprintf(to + used, MEDIA_DIMS_TEXT - used, i ? "x%d" : "%d", (int)dims[i]);
  return to;
}

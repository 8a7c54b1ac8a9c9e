/* pack.c: blocks made once from a constant, for everything that uses it. */
#include "base/error.h"
#include "runtime/runtime.h"

void packs_free(pack_list *l, mem *m) {
  for (pack *p = l->first, *next; p; p = next) {
    next = p->next;
    mem_free(m, p->data);
    mem_free(m, p);
  }
  l->first = NULL;
}

static pack *find(pack_list *l, const void *source, uint32_t layout, size_t bytes) {
  for (pack *p = l->first; p; p = p->next)
    if (p->source == source && p->layout == layout && p->bytes == bytes) return p;
  return NULL;
}

static pack *add(pack_list *l, mem *m, const void *source, uint32_t layout, size_t bytes, bool filled) {
  pack *p = MEM_NEW(m, pack);
  void *data = p && filled ? mem_alloc(m, bytes) : NULL;
  if (!p || (filled && !data)) {
    mem_free(m, p);
    return NULL;
  }
  *p = (pack){.next = l->first, .source = source, .layout = layout, .bytes = bytes, .data = data};
  l->first = p;
  l->bytes += bytes;
  return p;
}

mote_status packs_get(pack_list *l, mem *m, const void *source, uint32_t layout, size_t bytes,
                      void (*fill)(void *to, const void *arg), const void *arg, const void **out, bool *made,
                      mote_error *e) {
  pthread_mutex_lock(&l->lock);
  pack *p = find(l, source, layout, bytes);
  *made = !p;
  if (!p && (p = add(l, m, source, layout, bytes, fill != NULL)) && fill) fill(p->data, arg);
  pthread_mutex_unlock(&l->lock);
  if (!p) return err_memory(e, "packed weights", bytes);
  *out = fill ? p->data : source;
  return MOTE_OK;
}

void packs_disown(pack_list *l, const void *source) {
  pthread_mutex_lock(&l->lock);
  for (pack *p = l->first; p; p = p->next)
    if (p->source == source) p->source = NULL;
  pthread_mutex_unlock(&l->lock);
}

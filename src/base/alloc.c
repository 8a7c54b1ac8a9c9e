/* alloc.c: see alloc.h. A block is [padding][header][data]; data is MEM_ALIGN-aligned, the header stands before it. */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include "base/size.h"

typedef struct header {
  void *block; /* what the allocator beneath gave */
  size_t size; /* what was asked for */
} header;

static void *libc_allocate(void *user, size_t size) {
  (void)user;
  return malloc(size);
}

static void libc_release(void *user, void *block) {
  (void)user;
  free(block);
}

static header *header_of(const void *p) { return (header *)((uintptr_t)p - sizeof(header)); }

mem *mem_new(const mote_allocator *fn, uint64_t limit) {
  const mote_allocator beneath =
      fn && fn->allocate ? *fn : (mote_allocator){.allocate = libc_allocate, .release = libc_release};
  mem *m = beneath.allocate(beneath.user, sizeof *m);
  if (!m) return NULL;
  memset(m, 0, sizeof *m);
  m->fn = beneath;
  m->limit = limit;
  atomic_init(&m->refs, 1);
  return m;
}

mem *mem_retain(mem *m) {
  atomic_fetch_add(&m->refs, 1);
  return m;
}

void mem_release(mem *m) {
  if (!m || atomic_fetch_sub(&m->refs, 1) != 1) return;
  const mote_allocator fn = m->fn;
  fn.release(fn.user, m);
}

/* Counts n bytes as used, unless the limit forbids it. */
static int reserve(mem *m, size_t n) {
  const uint64_t used = atomic_fetch_add(&m->used, n) + n;
  if (m->limit && (n > m->limit || used > m->limit)) {
    atomic_fetch_sub(&m->used, n);
    return 0;
  }
  uint64_t peak = atomic_load(&m->peak);
  while (used > peak && !atomic_compare_exchange_weak(&m->peak, &peak, used)) {}
  return 1;
}

void *mem_alloc(mem *m, size_t n) {
  size_t total;
  if (!size_add(n, sizeof(header) + MEM_ALIGN, &total) || !reserve(m, n)) return NULL;
  atomic_fetch_add(&m->calls, 1);
  void *block = m->fn.allocate(m->fn.user, total);
  if (!block) {
    atomic_fetch_sub(&m->used, n);
    return NULL;
  }
  void *p = (void *)(((uintptr_t)block + sizeof(header) + MEM_ALIGN - 1) & ~(uintptr_t)(MEM_ALIGN - 1));
  *header_of(p) = (header){block, n};
  return p;
}

void *mem_zalloc(mem *m, size_t n) {
  void *p = mem_alloc(m, n);
  if (p) memset(p, 0, n);
  return p;
}

void *mem_array(mem *m, size_t count, size_t size) {
  size_t n;
  return size_mul(count, size, &n) ? mem_zalloc(m, n) : NULL;
}

void *mem_resize(mem *m, void *p, size_t n) {
  if (!p) return mem_alloc(m, n);
  void *q = mem_alloc(m, n);
  if (!q) return NULL;
  const size_t old = mem_size(p);
  memcpy(q, p, old < n ? old : n);
  mem_free(m, p);
  return q;
}

void mem_free(mem *m, void *p) {
  if (!p) return;
  const header h = *header_of(p);
  atomic_fetch_sub(&m->used, h.size);
  m->fn.release(m->fn.user, h.block);
}

size_t mem_size(const void *p) { return p ? header_of(p)->size : 0; }

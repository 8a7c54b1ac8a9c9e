/* alloc.h: the one door to memory: a user-given allocator with a limit and a count.
 *
 * Every block is aligned to MEM_ALIGN and knows its own size. Thread-safe as far as the allocator beneath is.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "mote/mote.h"

enum { MEM_ALIGN = 64 };

typedef struct mem {
  mote_allocator fn;      /* beneath; filled with the C library's when the caller gave none */
  uint64_t limit;         /* bytes in use at once; 0 = none */
  _Atomic uint64_t used;  /* bytes in use */
  _Atomic uint64_t peak;  /* the most that were */
  _Atomic uint64_t calls; /* allocations made so far */
  _Atomic int refs;       /* owners; mem_release frees at 0 */
} mem;

/* A new allocator object with one owner; NULL when `fn` gives nothing. fn may be NULL (the C library). */
mem *mem_new(const mote_allocator *fn, uint64_t limit);
mem *mem_retain(mem *m);
void mem_release(mem *m);

/* n bytes, uninitialised / zeroed; NULL when the limit or the allocator says no. n = 0 gives a valid pointer. */
void *mem_alloc(mem *m, size_t n);
void *mem_zalloc(mem *m, size_t n);
/* count objects of size bytes each, zeroed, with the product checked. */
void *mem_array(mem *m, size_t count, size_t size);
/* Grows or shrinks; contents are kept up to the smaller size. On failure the old block stays valid. */
void *mem_resize(mem *m, void *p, size_t n);
void mem_free(mem *m, void *p); /* NULL is fine */
size_t mem_size(const void *p); /* what was asked for */

#define MEM_NEW(m, type) ((type *)mem_zalloc((m), sizeof(type)))
#define MEM_ARRAY(m, type, count) ((type *)mem_array((m), (count), sizeof(type)))

#endif

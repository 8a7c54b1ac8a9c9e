/* arena.c: see arena.h. */
#include "base/arena.h"

#include <string.h>

#include "base/size.h"

struct arena_block {
  arena_block *before;
  size_t used, room;
  _Alignas(16) unsigned char data[];
};

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

void arena_init(arena *a, mem *m) { *a = (arena){.mem = m, .next_block = FIRST_BLOCK}; }

void arena_free(arena *a) {
  for (arena_block *b = a->last, *before; b; b = before) {
    before = b->before;
    mem_free(a->mem, b);
  }
  a->last = NULL;
}

static arena_block *add_block(arena *a, size_t n) {
  const size_t room = n > a->next_block ? n : a->next_block;
  size_t total;
  if (!size_add(sizeof(arena_block), room, &total)) return NULL;
  arena_block *b = mem_alloc(a->mem, total);
  if (!b) return NULL;
  *b = (arena_block){.before = a->last, .room = room};
  a->last = b;
  if (a->next_block < LARGEST_BLOCK) a->next_block *= 2;
  return b;
}

void *arena_alloc(arena *a, size_t n) {
  if (!size_align(n, 16, &n)) return NULL;
  arena_block *b = a->last;
  if (!b || b->room - b->used < n) b = add_block(a, n);
  if (!b) return NULL;
  void *p = b->data + b->used;
  b->used += n;
  return memset(p, 0, n);
}

void *arena_array(arena *a, size_t count, size_t size) {
  size_t n;
  return size_mul(count, size, &n) ? arena_alloc(a, n) : NULL;
}

char *arena_string(arena *a, const void *bytes, size_t n) {
  size_t room;
  char *s = size_add(n, 1, &room) ? arena_alloc(a, room) : NULL;
  if (s && n) memcpy(s, bytes, n);
  return s;
}

/* arena.h: many small records with one lifetime. Blocks grow by doubling; nothing is freed before arena_free. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/alloc.h"

typedef struct arena_block arena_block;

typedef struct arena {
  mem *mem;
  arena_block *last;
  size_t next_block;
} arena;

void arena_init(arena *a, mem *m);
void arena_free(arena *a);
/* Zeroed, aligned to 16; NULL when memory ran out. */
void *arena_alloc(arena *a, size_t n);
void *arena_array(arena *a, size_t count, size_t size);
/* A copy of n bytes with a 0 behind them. */
char *arena_string(arena *a, const void *bytes, size_t n);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_array((a), (count), sizeof(type)))

#endif

/* check.c: see check.h. */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void check_case(check *c, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(c->now, sizeof c->now, format, args);
  va_end(args);
}

void check_fail(check *c, const char *format, ...) {
  va_list args;
  if (c->failures++ >= 10) return;
  printf("%s, %s, %s: ", c->family, cpu_name(c->level), c->now);
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  printf("\n");
}

void check_equal(check *c, const char *what, const void *want, const void *got, size_t bytes) {
  const uint8_t *a = want, *b = got;
  for (size_t i = 0; i < bytes; i++)
    if (a[i] != b[i]) {
      check_fail(c, "%s: byte %zu of %zu is %u, not %u", what, i, bytes, b[i], a[i]);
      return;
    }
}

/* splitmix64 */
uint64_t check_random(check *c) {
  uint64_t z = c->seed += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

int64_t check_int(check *c, int64_t lo, int64_t hi) {
  return lo + (int64_t)(check_random(c) % ((uint64_t)hi - (uint64_t)lo + 1));
}
bool check_coin(check *c) { return check_random(c) & 1; }
float check_float(check *c) { return (float)check_int(c, -0x800000, 0x800000) * 0x1p-23f; }

size_t check_size(check *c, size_t tile, size_t most) {
  const int64_t near = check_int(c, 0, (int64_t)(most / tile)) * (int64_t)tile + check_int(c, -1, 1);
  return check_coin(c) ? (size_t)(near < 0 ? 0 : near) : (size_t)check_int(c, 0, (int64_t)most);
}

/* Blocks in use. */
static struct {
  void *base;
  size_t bytes;
} blocks[64];
static int count;

void *check_memory(check *c, size_t bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), inside = (bytes + page) / page * page;
  char *base = mmap(NULL, inside + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED || count == 64 || mprotect(base, page, PROT_NONE) ||
      mprotect(base + page + inside, page, PROT_NONE)) {
    printf("out of memory for %zu bytes between guard pages\n", bytes);
    exit(1);
  }
  blocks[count].base = base;
  blocks[count++].bytes = inside + 2 * page;
  char *p = base + page + (check_coin(c) ? 0 : inside - bytes);
  for (size_t i = 0; i < bytes; i++) p[i] = (char)check_random(c);
  return p;
}

void *check_copy(check *c, const void *from, size_t bytes) {
  void *p = check_memory(c, bytes);
  return memcpy(p, from, bytes);
}

void check_free(check *c) {
  (void)c;
  while (count > 0) {
    count--;
    munmap(blocks[count].base, blocks[count].bytes);
  }
}

/* check.h: what the checks of kernel families share: random numbers, memory between guard pages, and reports.
 *
 * A family adds one function and one line to the table in checkkern.c. Its function is called for each level the
 * machine has and compares that level with scalar on random sizes; `rounds` says how many.
 */
#ifndef KERNELS_CHECK_H
#define KERNELS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

typedef struct check {
  const char *family;
  cpu_level level;
  int rounds;
  uint64_t seed;
  int failures;
  char now[200]; /* the case being run, for reports and for crashes */
} check;

typedef void check_family(check *c);

/* Says what case is about to run. */
__attribute__((format(printf, 2, 3))) void check_case(check *c, const char *format, ...);
/* Counts and reports a difference in that case. */
__attribute__((format(printf, 2, 3))) void check_fail(check *c, const char *format, ...);
/* Both blocks are equal, byte for byte. */
void check_equal(check *c, const char *what, const void *want, const void *got, size_t bytes);

uint64_t check_random(check *c);
/* Uniform in [lo, hi]. */
int64_t check_int(check *c, int64_t lo, int64_t hi);
bool check_coin(check *c);
/* A float in [-1, 1]. */
float check_float(check *c);
/* A size near a multiple of `tile`, from 0 to about `most`. */
size_t check_size(check *c, size_t tile, size_t most);

/* `bytes` bytes that touch a page without access, before or behind them, by chance; filled with random bytes. Freed,
 * all at once, by check_free. */
void *check_memory(check *c, size_t bytes);
/* A copy of memory made so, guarded likewise. */
void *check_copy(check *c, const void *from, size_t bytes);
void check_free(check *c);

check_family check_gemm_f32, check_gemm_s8, check_requant, check_dwconv_f32, check_dwconv_s8, check_binary, check_map,
    check_reduce, check_pool, check_resize, check_softmax_f32, check_lstm_f32, check_lstm_s16;

#endif

/* expand.h: rows gathered, or single elements repeated, so that what broadcasts becomes dense. */
#ifndef KERNELS_EXPAND_H
#define KERNELS_EXPAND_H

#include <stdbool.h>
#include <stddef.h>

/* Row r of `rows` rows of n elements begins row_step elements after the one before it in `from`, and follows it in
 * `to`. With `repeat` a row is its first element n times over. Elements are of 1, 2, 4 or 8 bytes. */
void kern_expand(void *to, const void *from, size_t rows, size_t row_step, size_t n, bool repeat, size_t bytes);

#endif

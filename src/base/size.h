/* size.h: the only place where sizes are computed.
 *
 * Every function returns false when the result does not fit (or an operand is negative) and then leaves *out alone.
 */
#ifndef BASE_SIZE_H
#define BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool size_add(size_t a, size_t b, size_t *out) { return !__builtin_add_overflow(a, b, out); }
static inline bool size_mul(size_t a, size_t b, size_t *out) { return !__builtin_mul_overflow(a, b, out); }

/* a rounded up to a multiple of align, a power of two. */
static inline bool size_align(size_t a, size_t align, size_t *out) {
  size_t padded;
  if (!size_add(a, align - 1, &padded)) return false;
  *out = padded & ~(align - 1);
  return true;
}

/* Product of n dimensions, each >= 0. A dimension of 0 hides no overflow of 64 bits: the others are multiplied all the
 * same, so that a shape is good or bad whatever the machine, as long as its elements fit in memory. */
static inline bool size_dims(const int32_t *dims, int n, size_t *out) {
  uint64_t product = 1;
  bool empty = false;
  for (int i = 0; i < n; i++) {
    if (dims[i] < 0) return false;
    if (dims[i] == 0) empty = true;
    else if (__builtin_mul_overflow(product, (uint64_t)dims[i], &product)) return false;
  }
  if (!empty && product > SIZE_MAX) return false;
  *out = empty ? 0 : (size_t)product;
  return true;
}

static inline bool size_from_u64(uint64_t a, size_t *out) {
  if (a > SIZE_MAX) return false;
  *out = (size_t)a;
  return true;
}

#endif

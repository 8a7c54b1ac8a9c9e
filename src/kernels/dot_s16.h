/* dot_s16.h: exact inner products of int16 activations, for 16x8 and 16x16 models. */
#ifndef KERNELS_DOT_S16_H
#define KERNELS_DOT_S16_H

#include <stddef.h>
#include <stdint.h>

int64_t dot_s16_s8(const int16_t *a, const int8_t *w, size_t n);
int64_t dot_s16_s16(const int16_t *a, const int16_t *w, size_t n);
int64_t sum_s16(const int16_t *a, size_t n);

#endif

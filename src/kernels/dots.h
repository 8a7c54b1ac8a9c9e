/* dots.h: single inner products, and rows added up, for the shapes and types that the matrix kernels are not made for:
 * one or two columns, weights that are computed in the run, 16-bit activations. One version serves all instruction
 * sets.
 */
#ifndef KERNELS_DOTS_H
#define KERNELS_DOTS_H

#include <stddef.h>
#include <stdint.h>

/* start + sum of a[i] * b[i], in lanes, so that the order depends on n alone. */
float dot_f32(const float *a, const float *b, size_t n, float start);

/* Sum of (a[i] - a_zero) * (w[i] - w_zero), modulo 2^32; zero points lie within the type. */
int32_t dot_s8(const int8_t *a, int32_t a_zero, const int8_t *w, int32_t w_zero, size_t n);
int32_t dot_u8(const uint8_t *a, int32_t a_zero, const uint8_t *w, int32_t w_zero, size_t n);

/* Exact. */
int64_t dot_s16_s8(const int16_t *a, const int8_t *w, size_t n);
int64_t dot_s16_s16(const int16_t *a, const int16_t *w, size_t n);

/* y[i] += x[i], integers modulo 2^32; y[i] += a * x[i]. x and y do not overlap. */
void add_row_f32(float *y, const float *x, size_t n);
void add_row_s32(int32_t *y, const int32_t *x, size_t n);
void add_scaled_f32(float *y, const float *x, float a, size_t n);

int32_t sum_s8(const int8_t *a, size_t n); /* modulo 2^32 */
int64_t sum_s16(const int16_t *a, size_t n);

#endif

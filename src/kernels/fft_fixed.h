/* fft_fixed.h: transforms of real numbers in fixed point, 16 or 32 bits, as the microcontroller runtime computes them.
 *
 * That runtime's answers are KISS FFT's: numbers are fractions of 15 or 31 bits, every stage divides by its radix
 * before it adds, every product is rounded to nearest. The result of the forward transform is the spectrum over n, that
 * of the inverse transform the signal itself again when the spectrum was such a one. The order of radices, each
 * rounding and the wrapping of what does not fit are part of the answer, and the same here. Not here: floating point,
 * which is fft.h.
 */
#ifndef KERNELS_FFT_FIXED_H
#define KERNELS_FFT_FIXED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FFT_FIXED_RADICES = 32 };

typedef struct fft_fixed {
  int32_t half; /* complex numbers in the transform that does it: n / 2 */
  int32_t frac; /* 15 or 31 */
  bool inverse;
  int32_t stages;
  int32_t radix[FFT_FIXED_RADICES], rest[FFT_FIXED_RADICES]; /* of each stage, and what of the length is left then */
  const int32_t *turns;                                      /* [half] complex: of the transform */
  const int32_t *split;                                      /* [half / 2] complex: between it and the real numbers */
} fft_fixed;

/* Numbers in the tables of a transform of n real numbers, and in the memory that it works in; false when they do not
 * fit. n is even and positive. */
bool fft_fixed_room(int32_t n, size_t *tables, size_t *work);
void fft_fixed_init(fft_fixed *p, int32_t n, int32_t bits, bool inverse, int32_t *tables);

/* n real numbers of 16 or 32 bits into n/2 + 1 complex ones of the same kind; from and to do not overlap. */
void fft_fixed_run(const fft_fixed *p, const void *from, void *to, int32_t *work);
/* n/2 + 1 complex numbers into n real ones; p is an inverse plan. */
void fft_fixed_inverse(const fft_fixed *p, const void *from, void *to, int32_t *work);

#endif

/* fft.h: discrete Fourier transforms in double precision, of any length.
 *
 * Complex numbers are pairs: real, imaginary. Transforms are sums without a factor; the inverse of a transform gives n
 * times its input. Lengths that are powers of two go by halves (Cooley and Tukey), all others are a convolution with a
 * chirp by a transform of at least twice the length (Bluestein). Not here: fixed point, which is fft_fixed.h.
 */
#ifndef KERNELS_FFT_H
#define KERNELS_FFT_H

#include <stdbool.h>
#include <stddef.h>

/* A transform of n complex numbers. */
typedef struct fft_plan {
  size_t n, m;             /* m: a power of two, n itself or the length of the convolution */
  const double *turns;     /* exp(-2 pi i k / m), k < m / 2 */
  const double *chirp;     /* exp(-pi i k^2 / n), k < n; NULL when n is a power of two */
  const double *chirp_fft; /* [m] the transform of its conjugate, laid around 0, over m */
} fft_plan;

/* A transform of n real numbers into n/2 + 1 complex ones, and back. */
typedef struct fft_real {
  size_t n;
  fft_plan half;       /* of n/2 when n is even, else of n */
  const double *turns; /* exp(-2 pi i k / n), k <= n/2, when n is even */
} fft_real;

/* Bytes of the tables of a plan, and of the memory that each of its transforms needs; false when they do not fit. */
bool fft_room(size_t n, size_t *tables, size_t *work);
bool fft_real_room(size_t n, size_t *tables, size_t *work);

/* Makes a plan; n > 0. `tables` stay in use by it. */
void fft_plan_init(fft_plan *p, size_t n, double *tables);
void fft_real_init(fft_real *p, size_t n, double *tables);

/* In place: x[n] complex. */
void fft_run(const fft_plan *p, double *x, bool inverse, double *work);
/* In place, in 2 (n/2 + 1) doubles: the first n of them real, against n/2 + 1 complex. The inverse takes the first
 * number for real, and the last too when n is even. */
void fft_real_run(const fft_real *p, double *x, double *work);
void fft_real_inverse(const fft_real *p, double *x, double *work);

/* The smallest power of two that is not below n; 0 when there is none. */
size_t fft_power_of_two(size_t n);

#endif

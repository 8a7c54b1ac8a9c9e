/* fft.c: see fft.h. */
#include "kernels/fft.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/size.h"

static const double pi = 3.14159265358979323846;

typedef struct complex_number {
  double re, im;
} complex_number;

static complex_number get(const double *x, size_t i) { return (complex_number){x[2 * i], x[2 * i + 1]}; }
static void put(double *x, size_t i, complex_number v) { x[2 * i] = v.re, x[2 * i + 1] = v.im; }
static complex_number add(complex_number a, complex_number b) { return (complex_number){a.re + b.re, a.im + b.im}; }
static complex_number sub(complex_number a, complex_number b) { return (complex_number){a.re - b.re, a.im - b.im}; }
static complex_number conjugate(complex_number a) { return (complex_number){a.re, -a.im}; }
static complex_number mul(complex_number a, complex_number b) {
  return (complex_number){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
/* exp(-pi i part / whole) */
static complex_number turn(double part, double whole) {
  return (complex_number){cos(pi * part / whole), -sin(pi * part / whole)};
}

size_t fft_power_of_two(size_t n) {
  size_t m = 1;
  while (m < n && m) m *= 2;
  return m;
}

static bool is_power_of_two(size_t n) { return n && !(n & (n - 1)); }

/* ---- lengths that are powers of two ---- */

/* Puts element i where i's bits read backwards say. */
static void reverse_bits(double *x, size_t m) {
  for (size_t i = 1, j = 0; i < m; i++) {
    size_t bit = m / 2;
    for (; j & bit; bit /= 2) j ^= bit;
    j |= bit;
    if (i >= j) continue;
    const complex_number v = get(x, i);
    put(x, i, get(x, j));
    put(x, j, v);
  }
}

static void run_halves(double *x, size_t m, const double *turns) {
  reverse_bits(x, m);
  for (size_t half = 1; half < m; half *= 2)
    for (size_t at = 0; at < m; at += 2 * half)
      for (size_t k = 0; k < half; k++) {
        const complex_number a = get(x, at + k), b = mul(get(x, at + half + k), get(turns, k * (m / 2 / half)));
        put(x, at + k, add(a, b));
        put(x, at + half + k, sub(a, b));
      }
}

/* ---- any length ---- */

bool fft_room(size_t n, size_t *tables, size_t *work) {
  const bool direct = is_power_of_two(n);
  size_t twice = n, table_numbers, work_numbers;
  if (!direct && !size_mul(n, 2, &twice)) return false;
  const size_t m = fft_power_of_two(twice);
  work_numbers = direct ? 0 : m;
  return m && size_add(m / 2 + 1, work_numbers, &table_numbers) &&
         size_add(table_numbers, direct ? 0 : n, &table_numbers) &&
         size_mul(table_numbers, 2 * sizeof(double), tables) && size_mul(work_numbers, 2 * sizeof(double), work);
}

/* The chirp, and the transform of what it is convolved with. k^2 is taken modulo 2 n, where the angle repeats. */
static void init_chirp(fft_plan *p, double *chirp, double *around) {
  const uint64_t period = 2 * (uint64_t)p->n;
  uint64_t square = 0;
  memset(around, 0, p->m * 2 * sizeof(double));
  for (size_t k = 0; k < p->n; k++) {
    const complex_number c = turn((double)square, (double)p->n);
    put(chirp, k, c);
    put(around, k, conjugate(c));
    if (k) put(around, p->m - k, conjugate(c));
    square = (square + 2 * (uint64_t)k + 1) % period;
  }
  run_halves(around, p->m, p->turns);
  for (size_t k = 0; k < 2 * p->m; k++) around[k] /= (double)p->m;
}

void fft_plan_init(fft_plan *p, size_t n, double *tables) {
  const bool direct = is_power_of_two(n);
  *p = (fft_plan){.n = n, .m = fft_power_of_two(direct ? n : 2 * n), .turns = tables};
  for (size_t k = 0; k < p->m / 2; k++) put(tables, k, turn(2 * (double)k, (double)p->m));
  if (direct) return;
  double *const chirp = tables + (p->m / 2 + 1) * 2, *const around = chirp + 2 * n;
  p->chirp = chirp;
  p->chirp_fft = around;
  init_chirp(p, chirp, around);
}

/* x_k = chirp_k sum_j (x_j chirp_j) conj(chirp_(k-j)), the sum as a product of transforms. */
static void run_chirp(const fft_plan *p, double *x, double *work) {
  memset(work, 0, p->m * 2 * sizeof(double));
  for (size_t k = 0; k < p->n; k++) put(work, k, mul(get(x, k), get(p->chirp, k)));
  run_halves(work, p->m, p->turns);
  for (size_t k = 0; k < p->m; k++) put(work, k, conjugate(mul(get(work, k), get(p->chirp_fft, k))));
  run_halves(work, p->m, p->turns); /* the inverse, of conjugates */
  for (size_t k = 0; k < p->n; k++) put(x, k, mul(conjugate(get(work, k)), get(p->chirp, k)));
}

void fft_run(const fft_plan *p, double *x, bool inverse, double *work) {
  for (size_t k = 0; inverse && k < p->n; k++) x[2 * k + 1] = -x[2 * k + 1];
  if (p->chirp) run_chirp(p, x, work);
  else run_halves(x, p->m, p->turns);
  for (size_t k = 0; inverse && k < p->n; k++) x[2 * k + 1] = -x[2 * k + 1];
}

/* ---- real numbers ---- */

static bool is_even(size_t n) { return n % 2 == 0; }

bool fft_real_room(size_t n, size_t *tables, size_t *work) {
  size_t turns, inside;
  if (!fft_room(is_even(n) ? n / 2 : n, tables, &inside)) return false;
  /* An odd length needs room for all n complex numbers besides. */
  return size_mul(n / 2 + 1, 2 * sizeof(double), &turns) && size_add(*tables, is_even(n) ? turns : 0, tables) &&
         size_mul(is_even(n) ? 0 : n, 2 * sizeof(double), work) && size_add(*work, inside, work);
}

void fft_real_init(fft_real *p, size_t n, double *tables) {
  *p = (fft_real){.n = n};
  if (is_even(n)) {
    for (size_t k = 0; k <= n / 2; k++) put(tables, k, turn(2 * (double)k, (double)n));
    p->turns = tables;
    tables += (n / 2 + 1) * 2;
  }
  fft_plan_init(&p->half, is_even(n) ? n / 2 : n, tables);
}

static void run_odd(const fft_real *p, double *x, double *work) {
  for (size_t k = 0; k < p->n; k++) put(work, k, (complex_number){x[k], 0});
  fft_run(&p->half, work, false, work + 2 * p->n);
  memcpy(x, work, (p->n / 2 + 1) * 2 * sizeof(double));
}

static void inverse_odd(const fft_real *p, double *x, double *work) {
  put(work, 0, (complex_number){x[0], 0});
  for (size_t k = 1; k <= p->n / 2; k++) {
    put(work, k, get(x, k));
    put(work, p->n - k, conjugate(get(x, k)));
  }
  fft_run(&p->half, work, true, work + 2 * p->n);
  for (size_t k = 0; k < p->n; k++) x[k] = work[2 * k];
}

/* Even and odd elements are the real and the imaginary part of one transform of half the length; its spectrum z holds
 * both of theirs: even (z_k + conj(z_-k)) / 2, odd (z_k - conj(z_-k)) / 2i. */
void fft_real_run(const fft_real *p, double *x, double *work) {
  const size_t h = p->n / 2;
  if (!is_even(p->n)) {
    run_odd(p, x, work);
    return;
  }
  fft_run(&p->half, x, false, work);
  put(x, h, get(x, 0));
  for (size_t k = 0; k <= h / 2; k++) {
    const complex_number a = get(x, k), b = conjugate(get(x, h - k));
    const complex_number even = add(a, b), odd = mul(sub(a, b), get(p->turns, k));
    /* minus i times odd */
    put(x, k, (complex_number){0.5 * (even.re + odd.im), 0.5 * (even.im - odd.re)});
    put(x, h - k, (complex_number){0.5 * (even.re - odd.im), 0.5 * (-even.im - odd.re)});
  }
}

void fft_real_inverse(const fft_real *p, double *x, double *work) {
  const size_t h = p->n / 2;
  if (!is_even(p->n)) {
    inverse_odd(p, x, work);
    return;
  }
  x[1] = x[2 * h + 1] = 0;
  for (size_t k = 0; k <= h / 2; k++) {
    const complex_number a = get(x, k), b = conjugate(get(x, h - k));
    const complex_number even = add(a, b), odd = mul(sub(a, b), conjugate(get(p->turns, k)));
    /* plus i times odd */
    put(x, k, (complex_number){even.re - odd.im, even.im + odd.re});
    put(x, h - k, (complex_number){even.re + odd.im, odd.re - even.im});
  }
  fft_run(&p->half, x, true, work);
}

/* fft_fixed.c: see fft_fixed.h. */
#include "kernels/fft_fixed.h"

#include <math.h>
#include <string.h>

#include "base/size.h"

typedef struct fixed_complex {
  int32_t re, im;
} fixed_complex;

static fixed_complex get(const int32_t *x, int32_t i) {
  return (fixed_complex){x[2 * (size_t)i], x[2 * (size_t)i + 1]};
}
static void put(int32_t *x, int32_t i, fixed_complex v) { x[2 * (size_t)i] = v.re, x[2 * (size_t)i + 1] = v.im; }

/* ---- arithmetic of 16 or 32 bits: sums wrap, products are rounded ---- */

static int32_t wrap(const fft_fixed *p, int64_t v) { return p->frac == 15 ? (int16_t)v : (int32_t)v; }
static int32_t rounded(const fft_fixed *p, int64_t product) {
  return wrap(p, (product + ((int64_t)1 << (p->frac - 1))) >> p->frac);
}
static int32_t scale(const fft_fixed *p, int32_t a, int32_t b) { return rounded(p, (int64_t)a * b); }

static fixed_complex add(const fft_fixed *p, fixed_complex a, fixed_complex b) {
  return (fixed_complex){wrap(p, (int64_t)a.re + b.re), wrap(p, (int64_t)a.im + b.im)};
}
static fixed_complex sub(const fft_fixed *p, fixed_complex a, fixed_complex b) {
  return (fixed_complex){wrap(p, (int64_t)a.re - b.re), wrap(p, (int64_t)a.im - b.im)};
}
/* The sum of two products of 32 bits wraps too, at 64: none is reached by numbers that were divided before. */
static int64_t sum64(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
static fixed_complex mul(const fft_fixed *p, fixed_complex a, fixed_complex b) {
  return (fixed_complex){rounded(p, sum64((int64_t)a.re * b.re, -((int64_t)a.im * b.im))),
                         rounded(p, sum64((int64_t)a.re * b.im, (int64_t)a.im * b.re))};
}
/* a times i, or, backwards, -i */
static fixed_complex quarter(const fft_fixed *p, fixed_complex a, bool back) {
  return back ? (fixed_complex){a.im, wrap(p, -(int64_t)a.re)} : (fixed_complex){wrap(p, -(int64_t)a.im), a.re};
}
/* Divided by k: a product with the largest number over k. */
static fixed_complex divided(const fft_fixed *p, fixed_complex a, int32_t k) {
  const int32_t part = (p->frac == 15 ? INT16_MAX : INT32_MAX) / k;
  return (fixed_complex){scale(p, a.re, part), scale(p, a.im, part)};
}

/* ---- plans ---- */

/* Fours first, then a two, then odd factors, the smallest first; what has no divisor up to its root is one radix. */
static void factor(fft_fixed *p) {
  int32_t n = p->half, radix = 4;
  const int32_t root = (int32_t)floor(sqrt((double)n));
  do {
    while (n % radix) {
      radix = radix == 4 ? 2 : radix == 2 ? 3 : radix + 2;
      if (radix > root) radix = n;
    }
    n /= radix;
    p->radix[p->stages] = radix;
    p->rest[p->stages++] = n;
  } while (n > 1);
}

static fixed_complex turn(const fft_fixed *p, double phase) {
  const double most = p->frac == 15 ? (double)INT16_MAX : (double)INT32_MAX;
  return (fixed_complex){(int32_t)floor(.5 + most * cos(phase)), (int32_t)floor(.5 + most * sin(phase))};
}

/* work: the two of them for the transform, and a column of the largest radix. */
bool fft_fixed_room(int32_t n, size_t *tables, size_t *work) {
  const size_t half = (size_t)n / 2;
  return size_mul(half + half / 2 + 1, 2, tables) && size_mul(half, 6, work);
}

void fft_fixed_init(fft_fixed *p, int32_t n, int32_t bits, bool inverse, int32_t *tables) {
  static const double pi = 3.141592653589793238462643383279502884197169399375105820974944;
  const double sign = inverse ? -1 : 1;
  *p = (fft_fixed){.half = n / 2, .frac = bits - 1, .inverse = inverse, .turns = tables};
  factor(p);
  for (int32_t i = 0; i < p->half; i++) put(tables, i, turn(p, sign * (-2 * pi * i / p->half)));
  int32_t *const split = tables + 2 * (size_t)p->half;
  for (int32_t i = 0; i < p->half / 2; i++) put(split, i, turn(p, sign * (-pi * ((double)(i + 1) / p->half + .5))));
  p->split = split;
}

/* ---- one stage: columns of `radix` numbers, m apart ---- */

static void column_2(const fft_fixed *p, int32_t *x, int32_t m, const fixed_complex *v) {
  put(x, 0, add(p, v[0], v[1]));
  put(x, m, sub(p, v[0], v[1]));
}

static void column_3(const fft_fixed *p, int32_t *x, int32_t m, const fixed_complex *v, int32_t sine) {
  const fixed_complex sum = add(p, v[1], v[2]), difference = sub(p, v[1], v[2]);
  const fixed_complex middle = sub(p, v[0], (fixed_complex){sum.re >> 1, sum.im >> 1});
  const fixed_complex turned = {scale(p, difference.re, sine), scale(p, difference.im, sine)};
  put(x, 0, add(p, v[0], sum));
  put(x, m, add(p, middle, quarter(p, turned, false)));
  put(x, 2 * m, add(p, middle, quarter(p, turned, true)));
}

static void column_4(const fft_fixed *p, int32_t *x, int32_t m, const fixed_complex *v) {
  const fixed_complex even = add(p, v[0], v[2]), even_difference = sub(p, v[0], v[2]);
  const fixed_complex odd = add(p, v[1], v[3]), odd_difference = sub(p, v[1], v[3]);
  put(x, 0, add(p, even, odd));
  put(x, m, add(p, even_difference, quarter(p, odd_difference, !p->inverse)));
  put(x, 2 * m, sub(p, even, odd));
  put(x, 3 * m, add(p, even_difference, quarter(p, odd_difference, p->inverse)));
}

/* a and b: the turns by a fifth and by two. */
static void column_5(const fft_fixed *p, int32_t *x, int32_t m, const fixed_complex *v, fixed_complex a,
                     fixed_complex b) {
  const fixed_complex s14 = add(p, v[1], v[4]), d14 = sub(p, v[1], v[4]);
  const fixed_complex s23 = add(p, v[2], v[3]), d23 = sub(p, v[2], v[3]);
  const fixed_complex near = {wrap(p, (int64_t)v[0].re + scale(p, s14.re, a.re) + scale(p, s23.re, b.re)),
                              wrap(p, (int64_t)v[0].im + scale(p, s14.im, a.re) + scale(p, s23.im, b.re))};
  const fixed_complex near_turned = {wrap(p, (int64_t)scale(p, d14.im, a.im) + scale(p, d23.im, b.im)),
                                     wrap(p, -(int64_t)scale(p, d14.re, a.im) - scale(p, d23.re, b.im))};
  const fixed_complex far = {wrap(p, (int64_t)v[0].re + scale(p, s14.re, b.re) + scale(p, s23.re, a.re)),
                             wrap(p, (int64_t)v[0].im + scale(p, s14.im, b.re) + scale(p, s23.im, a.re))};
  const fixed_complex far_turned = {wrap(p, -(int64_t)scale(p, d14.im, b.im) + scale(p, d23.im, a.im)),
                                    wrap(p, (int64_t)scale(p, d14.re, b.im) - scale(p, d23.re, a.im))};
  put(x, 0, add(p, v[0], add(p, s14, s23)));
  put(x, m, sub(p, near, near_turned));
  put(x, 2 * m, add(p, far, far_turned));
  put(x, 3 * m, sub(p, far, far_turned));
  put(x, 4 * m, add(p, near, near_turned));
}

/* Any radix by its definition. `at` is the column's place in its block. */
static void column_any(const fft_fixed *p, int32_t *x, int32_t m, int32_t at, int32_t stride, int32_t radix,
                       const int32_t *column) {
  for (int32_t to = 0; to < radix; to++) {
    const int64_t step = (int64_t)stride * (at + to * m) % p->half;
    fixed_complex sum = get(column, 0);
    int64_t k = 0;
    for (int32_t from = 1; from < radix; from++) {
      k = (k + step) % p->half;
      sum = add(p, sum, mul(p, get(column, from), get(p->turns, (int32_t)k)));
    }
    put(x, to * m, sum);
  }
}

static void run_column(const fft_fixed *p, int32_t *x, int32_t m, int32_t at, int32_t stride, int32_t radix,
                       int32_t *column) {
  for (int32_t i = 0; i < radix; i++) put(column, i, divided(p, get(x, i * m), radix));
  if (radix > 5 || radix == 1) {
    column_any(p, x, m, at, stride, radix, column);
    return;
  }
  fixed_complex v[5];
  v[0] = get(column, 0);
  for (int32_t i = 1; i < radix; i++) v[i] = mul(p, get(column, i), get(p->turns, at * stride * i));
  switch (radix) {
    case 2: column_2(p, x, m, v); break;
    case 3: column_3(p, x, m, v, get(p->turns, stride * m).im); break;
    case 4: column_4(p, x, m, v); break;
    default: column_5(p, x, m, v, get(p->turns, stride * m), get(p->turns, stride * 2 * m)); break;
  }
}

/* Where element i of the order in which stages work comes from: its digits backwards. */
static int32_t source(const fft_fixed *p, int32_t i) {
  int32_t from = 0, stride = 1;
  for (int32_t s = 0; s < p->stages; s++) {
    from += i / p->rest[s] * stride;
    i %= p->rest[s];
    stride *= p->radix[s];
  }
  return from;
}

static void run(const fft_fixed *p, const int32_t *from, int32_t *to, int32_t *column) {
  for (int32_t i = 0; i < p->half; i++) put(to, i, get(from, source(p, i)));
  for (int32_t s = p->stages; s-- > 0;) {
    const int32_t m = p->rest[s], block = p->radix[s] * m, stride = p->half / block;
    for (int32_t b = 0; b < stride; b++)
      for (int32_t at = 0; at < m; at++)
        run_column(p, to + 2 * ((size_t)b * (size_t)block + (size_t)at), m, at, stride, p->radix[s], column);
  }
}

/* ---- real numbers ---- */

static fixed_complex load(const fft_fixed *p, const void *from, int32_t i) {
  fixed_complex v;
  int16_t both[2];
  if (p->frac == 31) {
    memcpy(&v, (const char *)from + (size_t)i * sizeof v, sizeof v);
    return v;
  }
  memcpy(both, (const char *)from + (size_t)i * sizeof both, sizeof both);
  return (fixed_complex){both[0], both[1]};
}

static void store(const fft_fixed *p, void *to, int32_t i, fixed_complex v) {
  const int32_t both[2] = {v.re, v.im};
  const int16_t short_both[2] = {(int16_t)v.re, (int16_t)v.im};
  if (p->frac == 15) memcpy((char *)to + (size_t)i * 4, short_both, 4);
  else memcpy((char *)to + (size_t)i * 8, both, 8);
}

static fixed_complex conjugate(const fft_fixed *p, fixed_complex a) {
  return (fixed_complex){a.re, wrap(p, -(int64_t)a.im)};
}

/* Half a sum, which for 16 bits has room for its carry. */
static int32_t half_of(int64_t v) { return (int32_t)v >> 1; }

void fft_fixed_run(const fft_fixed *p, const void *from, void *to, int32_t *work) {
  const int32_t h = p->half;
  int32_t *const x = work + 2 * (size_t)h, *const column = x + 2 * (size_t)h;
  for (int32_t k = 0; k < h; k++) put(work, k, load(p, from, k));
  run(p, work, x, column);
  const fixed_complex first = divided(p, get(x, 0), 2);
  store(p, to, 0, (fixed_complex){wrap(p, (int64_t)first.re + first.im), 0});
  store(p, to, h, (fixed_complex){wrap(p, (int64_t)first.re - first.im), 0});
  for (int32_t k = 1; k <= h / 2; k++) {
    const fixed_complex a = divided(p, get(x, k), 2), b = divided(p, conjugate(p, get(x, h - k)), 2);
    const fixed_complex even = add(p, a, b), odd = mul(p, sub(p, a, b), get(p->split, k - 1));
    store(p, to, k, (fixed_complex){half_of((int64_t)even.re + odd.re), half_of((int64_t)even.im + odd.im)});
    store(p, to, h - k, (fixed_complex){half_of((int64_t)even.re - odd.re), half_of((int64_t)odd.im - even.im)});
  }
}

void fft_fixed_inverse(const fft_fixed *p, const void *from, void *to, int32_t *work) {
  const int32_t h = p->half;
  int32_t *const x = work + 2 * (size_t)h, *const column = x + 2 * (size_t)h;
  const int64_t first = load(p, from, 0).re, last = load(p, from, h).re;
  put(work, 0, divided(p, (fixed_complex){wrap(p, first + last), wrap(p, first - last)}, 2));
  for (int32_t k = 1; k <= h / 2; k++) {
    const fixed_complex a = divided(p, load(p, from, k), 2);
    const fixed_complex b = divided(p, conjugate(p, load(p, from, h - k)), 2);
    const fixed_complex even = add(p, a, b), odd = mul(p, sub(p, a, b), get(p->split, k - 1));
    put(work, k, add(p, even, odd));
    put(work, h - k, conjugate(p, sub(p, even, odd)));
  }
  run(p, work, x, column);
  for (int32_t k = 0; k < h; k++) store(p, to, k, get(x, k));
}

/* fit.c: see fit.h. */
#include "compress/fit.h"

#include <math.h>
#include <string.h>

#include "compress/kmeans.h"

bool fit_open(fit *f, mem *m, size_t inputs, size_t outputs) {
  *f = (fit){.mem = m, .inputs = inputs, .outputs = outputs};
  f->products = MEM_ARRAY(m, float, inputs *inputs + 1);
  f->wanted = MEM_ARRAY(m, float, outputs *inputs + 1);
  f->sum_x = MEM_ARRAY(m, double, inputs + 1);
  f->sum_y = MEM_ARRAY(m, double, outputs + 1);
  if (f->products && f->wanted && f->sum_x && f->sum_y) return true;
  fit_close(f);
  return false;
}

void fit_close(fit *f) {
  if (!f->mem) return;
  mem_free(f->mem, f->products);
  mem_free(f->mem, f->wanted);
  mem_free(f->mem, f->sum_x);
  mem_free(f->mem, f->sum_y);
  *f = (fit){0};
}

/* to += a * x */
static void add_times(float *restrict to, float a, const float *restrict x, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] += a * x[i];
}

void fit_add(fit *f, const float *x, const float *y) {
  const size_t n = f->inputs;
  f->rows++;
  for (size_t i = 0; i < n; i++) {
    f->sum_x[i] += (double)x[i];
    if (x[i] != 0) add_times(f->products + i * n + i, x[i], x + i, n - i);
  }
  for (size_t o = 0; o < f->outputs; o++) {
    f->sum_y[o] += (double)y[o];
    add_times(f->wanted + o * n, y[o], x, n);
  }
}

/* ---- solving ---- */

typedef struct solving {
  const fit *f;
  float *weights, *bias, *misses; /* misses: [workers * inputs] */
  double stay;                    /* how strongly weights are held where they are */
  int sweeps;
} solving;

/* Sums over rows become those of differences from the mean, and the lower half is filled in. */
static void center(fit *f) {
  const size_t n = f->inputs;
  for (size_t i = 0; i < n; i++)
    for (size_t j = i; j < n; j++) {
      f->products[i * n + j] -= (float)(f->sum_x[i] * f->sum_x[j] / f->rows);
      f->products[j * n + i] = f->products[i * n + j];
    }
  for (size_t o = 0; o < f->outputs; o++)
    for (size_t i = 0; i < n; i++) f->wanted[o * n + i] -= (float)(f->sum_y[o] * f->sum_x[i] / f->rows);
}

/* What makes the mean of an output right. */
static float bias_for(const fit *f, const float *w, size_t o) {
  double mean = f->sum_y[o] / f->rows;
  for (size_t i = 0; i < f->inputs; i++) mean -= (double)w[i] * f->sum_x[i] / f->rows;
  return (float)mean;
}

/* One output, weight by weight: each takes the value that is best while the others stay, again and again. */
static void solve_row(void *arg, size_t o, int worker) {
  const solving *const s = arg;
  const fit *const f = s->f;
  const size_t n = f->inputs;
  float *const w = s->weights + o * n, *const miss = s->misses + (size_t)worker * n;
  memcpy(miss, f->wanted + o * n, n * sizeof *miss); /* the slope of the error, and of staying */
  for (size_t i = 0; i < n; i++)
    if (w[i] != 0) add_times(miss, -w[i], f->products + i * n, n);
  for (int sweep = 0; sweep < s->sweeps; sweep++)
    for (size_t i = 0; i < n; i++) {
      const double size = (double)f->products[i * n + i] + s->stay;
      if (w[i] == 0 || size <= 0) continue;
      const float step = (float)((double)miss[i] / size);
      if (w[i] + step == 0) continue; /* a weight that became zero would be lost to the next sweep */
      w[i] += step;
      add_times(miss, -step, f->products + i * n, n);
      miss[i] -= (float)s->stay * step;
    }
  s->bias[o] = bias_for(f, w, o);
}

bool fit_solve(fit *f, float *weights, float *bias, mote_pool *pool) {
  enum { MOST_SWEEPS = 30, LEAST_SWEEPS = 4 };
  const double work = 4e9 / ((double)f->outputs * (double)f->inputs * (double)f->inputs + 1);
  const size_t n = f->inputs;
  if (f->rows < 2) return true;
  center(f);
  double mean = 0;
  for (size_t i = 0; i < n; i++) mean += (double)f->products[i * n + i] / (double)n;
  solving s = {.f = f, .weights = weights, .bias = bias};
  s.stay = mean * 0.01 * (1 + 20 * (double)n / f->rows);
  s.sweeps = work > MOST_SWEEPS ? MOST_SWEEPS : work < LEAST_SWEEPS ? LEAST_SWEEPS : (int)work;
  s.misses = MEM_ARRAY(f->mem, float, (size_t)pool_workers(pool) * n + 1);
  if (!s.misses) return false;
  pool_run(pool, f->outputs, solve_row, &s);
  mem_free(f->mem, s.misses);
  return true;
}

/* ---- rounding ---- */

/* The upper triangle U with U' U = (products + damping)^-1: row i tells how the weights behind i make up for an error
 * of weight i. First R, upper, with R R' = products + damping, from the last column on; then its inverse, in place. */
static bool factor(const fit *f, double *r, double *row) {
  const size_t n = f->inputs;
  double mean = 0;
  for (size_t i = 0; i < n; i++) mean += (double)f->products[i * n + i] / (double)n;
  const double damping = mean * 0.01 * (1 + 20 * (double)n / f->rows) + 1e-12;
  for (size_t j = n; j-- > 0;) {
    for (size_t i = 0; i <= j; i++) {
      double sum = (double)f->products[i * n + j] + (i == j ? damping : 0);
      for (size_t k = j + 1; k < n; k++) sum -= r[i * n + k] * r[j * n + k];
      row[i] = sum;
    }
    if (!(row[j] > 0)) return false;
    const double root = sqrt(row[j]);
    for (size_t i = 0; i < j; i++) r[i * n + j] = row[i] / root;
    r[j * n + j] = root;
  }
  for (size_t i = n; i-- > 0;) {
    memset(row, 0, n * sizeof *row);
    for (size_t k = i + 1; k < n; k++)
      for (size_t j = k; j < n; j++) row[j] -= r[i * n + k] * r[k * n + j];
    const double inverse = 1 / r[i * n + i];
    for (size_t j = i + 1; j < n; j++) r[i * n + j] = row[j] * inverse;
    r[i * n + i] = inverse;
  }
  return true;
}

typedef struct rounding {
  const fit *f;
  const double *u, *values;
  size_t k;
  float *weights, *bias;
} rounding;

static void round_row(void *arg, size_t o, int worker) {
  const rounding *const r = arg;
  const size_t n = r->f->inputs;
  float *const w = r->weights + o * n;
  (void)worker;
  for (size_t i = 0; i < n; i++) {
    if (w[i] == 0) continue;
    const double *const u = r->u + i * n;
    const double to = r->values[kmeans_nearest(r->k, r->values, (double)w[i])], miss = ((double)w[i] - to) / u[i];
    w[i] = (float)to;
    for (size_t j = i + 1; j < n; j++)
      if (w[j] != 0) w[j] -= (float)(miss * u[j]);
  }
  r->bias[o] = bias_for(r->f, w, o);
}

bool fit_round(const fit *f, float *weights, float *bias, const double *values, size_t k, mote_pool *pool) {
  const size_t n = f->inputs;
  if (f->rows < 2) return true;
  double *const u = MEM_ARRAY(f->mem, double, n *n + 1), *const row = MEM_ARRAY(f->mem, double, n + 1);
  rounding r = {f, u, values, k, weights, bias};
  const bool good = u && row;
  if (good && factor(f, u, row)) pool_run(pool, f->outputs, round_row, &r);
  else
    for (size_t i = 0; good && i < n * f->outputs; i++)
      if (weights[i] != 0) weights[i] = (float)values[kmeans_nearest(k, values, (double)weights[i])];
  mem_free(f->mem, u);
  mem_free(f->mem, row);
  return good;
}

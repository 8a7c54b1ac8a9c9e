/* fit.h: weights of a linear layer anew, so that its answers come nearest to wanted ones (least squares).
 *
 * Rows of what comes in and of what should come out are summed up as they pass (their products, not they themselves);
 * then each output is fitted by itself, its weights that are zero staying so, from the weights that are there.
 */
#ifndef COMPRESS_FIT_H
#define COMPRESS_FIT_H

#include "base/thread.h"

enum { FIT_MOST_INPUTS = 1152 }; /* 3x3 of 128 channels: 5 MB of products */

typedef struct fit {
  mem *mem;
  size_t inputs, outputs;
  double rows;
  float *products; /* [inputs * inputs]: sums of x[i] * x[j], j >= i */
  float *wanted;   /* [outputs * inputs]: sums of y[o] * x[i] */
  double *sum_x, *sum_y;
} fit;

bool fit_open(fit *f, mem *m, size_t inputs, size_t outputs);
void fit_close(fit *f);

/* Takes a row of what comes in, and what should come out. */
void fit_add(fit *f, const float *x, const float *y);

/* Changes weights (row o has those of output o, one after the other) and biases. The fewer rows there were, the nearer
 * weights stay to what they are. The same for any number of threads; pool may be NULL. */
bool fit_solve(fit *f, float *weights, float *bias, mote_pool *pool);

/* After fit_solve: replaces each weight by the nearest of k values, row by row from the front, and lets the weights
 * behind it make up for what that lost (Frantar et al. 2022). Weights that are zero stay so. */
bool fit_round(const fit *f, float *weights, float *bias, const double *values, size_t k, mote_pool *pool);

#endif

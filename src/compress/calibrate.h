/* calibrate.h: what the activations of a network are like on samples: their ranges, and the means of their channels. */
#ifndef COMPRESS_CALIBRATE_H
#define COMPRESS_CALIBRATE_H

#include "compress/quant.h"

typedef struct calibrated {
  float lo, hi;       /* that was chosen */
  channel_sums means; /* channels 0: nobody asked */
} calibrated;

/* Looks at every value that the plan needs, and keeps the means of inputs of layers with weights. `to` [values of the
 * main graph] is in `a`. */
mote_status calibrate(quant_plan *p, sampler *s, calibrated *to, mote_error *e);
void calibrate_free(calibrated *c, int32_t count, mem *m);

/* Takes out of the biases of the main graph what rounding the weights of integer layers adds to them on average:
 * b[c] -= sum over k of (rounded w[c][k] - w[c][k]) * mean of x[k] (Nagel et al. 2019, bias correction). The plan's
 * graph changes. */
mote_status calibrate_biases(const quant_plan *p, const calibrated *seen, mote_error *e);

#endif

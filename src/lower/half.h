/* half.h: weights stored as float16, each behind a DEQUANTIZE that makes float32 of it. */
#ifndef LOWER_HALF_H
#define LOWER_HALF_H

#include "lower/network.h"

typedef struct half_report {
  int32_t constants; /* that became float16 */
  int32_t kept;      /* that stayed float32, because an operator wants a constant there */
  uint64_t clamped;  /* elements past +-65504, which became that */
  char first[80];    /* the name of the first constant with such elements */
} half_report;

/* Turns all float32 constants into float16, as TensorFlow Lite's float16 quantization does: runtimes compute in float32
 * all the same. Values get new numbers. report may be NULL. */
mote_status network_half(mote_graph *g, half_report *report, mote_error *e);

#endif

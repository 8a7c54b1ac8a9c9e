/* trained.h: networks of quantization-aware training, which carry ranges (FAKE_QUANT), become networks of 8 bits. */
#ifndef GRAPH_TRAINED_H
#define GRAPH_TRAINED_H

#include "graph/passes.h"

/* Whether there is any FAKE_QUANT. */
bool trained_has_ranges(const graph_set *set);
/* All rewrites of `options`, and those that make integers of what has ranges. What has none stays float, between a
 * DEQUANTIZE and a QUANTIZE. report may be NULL. */
mote_status trained_run(graph_set *set, arena *a, const passes_options *options, passes_report *report, mote_error *e);

#endif

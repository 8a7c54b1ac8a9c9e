/* observe.h: running a network on samples and looking at values inside it.
 *
 *     observer o;
 *     MOTE_TRY(observe_open(&o, graph, count, values, threads, e));
 *     for (int64_t i = 0; i < samples->count && status == MOTE_OK; i++) {
 *       status = observe_sample(&o, samples, i, &label, e);
 *       const mote_tensor *t = observe_value(&o, 0);
 *       ...
 *     }
 *     observe_close(&o);
 *
 * Values are those of the main graph that operators make or that are inputs. They become outputs of a copy of the
 * network, which runs as any other; the network itself is not touched.
 */
#ifndef COMPRESS_OBSERVE_H
#define COMPRESS_OBSERVE_H

#include "lower/network.h"
#include "mote/compress.h"

typedef struct observer {
  mem *mem;
  mote_graph *copy;
  mote_model *model;
  mote_session *session;
  int32_t count;
  int32_t *at; /* [count]: output of the copy that shows the value */
} observer;

/* `g` must outlive the observer. On failure nothing is left to be closed. */
mote_status observe_open(observer *o, const mote_graph *g, int32_t count, const int32_t *values, int threads,
                         mote_error *e);
void observe_close(observer *o);

/* Runs sample `index`, from the first state of the network on. MOTE_ERR_FORMAT and MOTE_ERR_IO say that this sample
 * cannot be read and another may. */
mote_status observe_sample(observer *o, const mote_samples *samples, int64_t index, int32_t *label, mote_error *e);

/* Value i of the list as it came out; holds until the next sample. Its shape and data may differ from sample to sample.
 */
const mote_tensor *observe_value(const observer *o, int32_t i);

#endif

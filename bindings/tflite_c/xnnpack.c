/* xnnpack.c: the XNNPACK delegate's interface: a delegate that succeeds and takes nothing, for mote's own kernels do
 * what it would do. */
#include <stdlib.h>

#include "bindings/tflite_c/tflite_c.h"
#include "tensorflow/lite/delegates/xnnpack/xnnpack_delegate.h"

typedef struct xnnpack {
  TfLiteDelegate delegate;
  TfLiteXNNPackDelegateOptions options;
} xnnpack;

struct TfLiteXNNPackDelegateWeightsCache {
  bool hard; /* finalized for good */
};

static TfLiteStatus take_nothing(TfLiteContext *c, TfLiteDelegate *d) {
  (void)c;
  (void)d;
  return kTfLiteOk;
}

TfLiteXNNPackDelegateOptions TfLiteXNNPackDelegateOptionsDefault(void) {
  return (TfLiteXNNPackDelegateOptions){.weight_cache_file_descriptor = -1};
}

TfLiteDelegate *TfLiteXNNPackDelegateCreate(const TfLiteXNNPackDelegateOptions *options) {
  xnnpack *x = calloc(1, sizeof *x);
  if (!x) return NULL;
  x->options = TfLiteXNNPackDelegateOptionsDefault();
  if (options) x->options.num_threads = options->num_threads;
  x->delegate = (TfLiteDelegate){.data_ = x,
                                 .Prepare = take_nothing,
                                 .flags = kTfLiteDelegateFlagsAllowDynamicTensors,
                                 .opaque_delegate_builder = NULL};
  return &x->delegate;
}

TfLiteDelegate *TfLiteXNNPackDelegateCreateWithThreadpool(const TfLiteXNNPackDelegateOptions *options,
                                                          TfLiteContext *context) {
  (void)context;
  return TfLiteXNNPackDelegateCreate(options);
}

void TfLiteXNNPackDelegateDelete(TfLiteDelegate *d) {
  if (d) free(d->data_);
}

void *TfLiteXNNPackDelegateGetThreadPool(TfLiteDelegate *d) {
  (void)d;
  return NULL;
}

const TfLiteXNNPackDelegateOptions *TfLiteXNNPackDelegateGetOptions(TfLiteDelegate *d) {
  return d ? &((const xnnpack *)d->data_)->options : NULL;
}

int TfLiteXNNPackDelegateGetFlags(TfLiteDelegate *d) { return d ? (int)((const xnnpack *)d->data_)->options.flags : 0; }

struct TfLiteXNNPackDelegateWeightsCache *TfLiteXNNPackDelegateWeightsCacheCreate(void) {
  return calloc(1, sizeof(struct TfLiteXNNPackDelegateWeightsCache));
}

struct TfLiteXNNPackDelegateWeightsCache *TfLiteXNNPackDelegateWeightsCacheCreateWithSize(size_t size) {
  (void)size;
  return TfLiteXNNPackDelegateWeightsCacheCreate();
}

bool TfLiteXNNPackDelegateWeightsCacheFinalizeSoft(struct TfLiteXNNPackDelegateWeightsCache *cache) {
  return cache && !cache->hard;
}

bool TfLiteXNNPackDelegateWeightsCacheFinalizeHard(struct TfLiteXNNPackDelegateWeightsCache *cache) {
  if (!cache || cache->hard) return false;
  cache->hard = true;
  return true;
}

void TfLiteXNNPackDelegateWeightsCacheDelete(struct TfLiteXNNPackDelegateWeightsCache *cache) { free(cache); }

bool TfLiteXNNPackDelegateCanUseInMemoryWeightCacheProvider(void) { return false; }
const char *TfLiteXNNPackDelegateInMemoryFilePath(void) { return ":memory"; }

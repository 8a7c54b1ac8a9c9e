/* mote/compress.h: networks made smaller, and two networks compared.
 *
 * What needs to see data asks for samples by number, as often as it needs to and in any order, one at a time: any
 * number of samples takes the memory of one. Results are the same for the same samples and seed, whatever the number
 * of threads.
 *
 * Threads: a call uses its graph alone; callbacks come from the calling thread. Each call may be cancelled by its
 * progress callback; the graph is then as it was.
 */
#ifndef MOTE_COMPRESS_H
#define MOTE_COMPRESS_H

#include "mote/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- samples and progress ---------------------------------------------------------------------------------- */

enum { MOTE_NO_LABEL = -1 };

/* Where samples come from. read fills all inputs of a session (mote_session_input) with sample `index`, 0 to count - 1,
 * in whatever types these inputs have; *label is the class that is right, or MOTE_NO_LABEL. A sample that read fails on
 * with MOTE_ERR_FORMAT or MOTE_ERR_IO is left out and told of (on_note); any other failure ends the call. */
typedef struct mote_samples {
  int64_t count; /* 0: there are none */
  mote_status (*read)(void *user, int64_t index, mote_session *session, int32_t *label, mote_error *e);
  void *user;
} mote_samples;

/* What goes on. */
typedef struct mote_watch {
  bool (*on_progress)(void *user, const char *what, double done); /* done: 0 to 1; false cancels. NULL: none */
  void (*on_note)(void *user, const char *sentence);              /* what is odd but no failure. NULL: none */
  void *user;
} mote_watch;

/* ---- size -------------------------------------------------------------------------------------------------- */

/* What a file takes: as it is, and packed as a zip (an APK, say) packs it. */
typedef struct mote_size {
  uint64_t bytes;
  uint64_t zipped; /* 0: this build cannot tell */
} mote_size;

/* Of bytes in memory. Takes some seconds for 100 MB. */
MOTE_API mote_size mote_size_of(const void *data, size_t size);

/* ---- pruning ----------------------------------------------------------------------------------------------- */

typedef enum mote_prune_pattern {
  MOTE_PRUNE_WEIGHTS, /* single weights, wherever they are */
  MOTE_PRUNE_1X4,     /* 4 neighbours of a row (the last dimension) at a time */
  MOTE_PRUNE_1X16,    /* 16 of them */
  MOTE_PRUNE_2_OF_4,  /* 2 of each 4 neighbours of a row */
  MOTE_PRUNE_CHANNELS /* whole channels, which the network then does not have any more */
} mote_prune_pattern;

/* Zero-initialise, then set what matters. One of sparsity, size and macs says how much is pruned. */
typedef struct mote_prune_config {
  size_t struct_size; /* sizeof(mote_prune_config); 0 counts as the size of this version */
  mote_prune_pattern pattern;
  double sparsity; /* share of the weights that is pruned, 0 to below 1; 0: not said */
  uint64_t size;   /* most bytes that the file may take; needs encode or CHANNELS, as zeros take as much as others */
  uint64_t macs;   /* most multiply-adds of one run, those with weights that are zero left out */
  /* By samples each layer is tried, and what is left is brought back to what the network answered: weights that stay
   * are fitted anew. Without them magnitudes alone decide, and nothing is repaired. The loss is told by the last fifth.
   */
  mote_samples samples;
  bool uniform;   /* every layer loses the same share; else the whole network is looked at at once */
  bool no_repair; /* leave what stays as it is */
  bool encode;    /* store sparse weights as sparse tensors where that is smaller, as is done anyway where some were */
  const char *keep; /* operators that stay as they are: names of operators or of their outputs, separated by spaces */
  int32_t smallest; /* weights of fewer elements stay as they are; 0: 64 */
  int32_t
      multiple; /* CHANNELS: layers keep a multiple of this, which kernels like; 0: 8, fewer in narrow ones; 1: any */
  int threads;  /* as in mote_config */
  mote_watch watch;
} mote_prune_config;

/* A layer with weights, as it came out. */
typedef struct mote_prune_layer {
  const char *op, *name;  /* operator, and its first output */
  uint64_t weights, left; /* how many there were, and how many are left that are not zero */
  const uint8_t *mask;    /* of the weights that there are now: bit i (the lowest of a byte first) is set where weight i
                             may differ from zero. Who trains the network on keeps the others at zero */
  mote_value value;       /* that holds the weights, in the graph of the number below */
  int32_t graph;
  bool encoded; /* as a sparse tensor */
} mote_prune_layer;

typedef struct mote_prune_report {
  uint64_t weights, left;                  /* in all layers that could be pruned */
  uint64_t macs_before, macs_after;        /* of all layers with weights; those with zeros are left out */
  int32_t channels_before, channels_after; /* CHANNELS: those that might go, and those that are left of them */
  mote_size before, after;
  int64_t samples; /* that the loss is told by */
  double sqnr;     /* decibel, of the outputs on them; NAN: not measured */
  double top1;     /* share of the rows of the first output in which the largest is the same; NAN: not measured */
  int32_t num_layers;
  const mote_prune_layer *layers;
} mote_prune_report;

/* Prunes a network: the weights that matter least become zero, or go. NULL on failure; the graph is then as it was. */
MOTE_API mote_prune_report *mote_prune(mote_graph *graph, const mote_prune_config *config, mote_error *e);
MOTE_API void mote_prune_report_free(mote_prune_report *report); /* NULL is fine */

/* ---- clustering -------------------------------------------------------------------------------------------- */

/* Where the search for the values begins. */
typedef enum mote_cluster_start {
  MOTE_CLUSTER_BEST,    /* all of them, and the one with the least error is taken */
  MOTE_CLUSTER_LINEAR,  /* equal steps from the least to the largest weight */
  MOTE_CLUSTER_DENSITY, /* equal numbers of weights */
  MOTE_CLUSTER_RANDOM   /* chosen by chance, far ones more often (k-means++) */
} mote_cluster_start;

/* Zero-initialise, then set what matters. */
typedef struct mote_cluster_config {
  size_t struct_size; /* sizeof(mote_cluster_config); 0 counts as the size of this version */
  int32_t clusters;   /* values that the weights of a layer may have, 2 or more */
  mote_cluster_start start;
  const char *keep; /* as in mote_prune_config */
  int32_t smallest; /* weights of fewer elements stay as they are; 0: 64 */
  /* By samples weights make up for what rounding others to the values loses, and the loss is told. */
  mote_samples samples;
  int threads; /* as in mote_config */
  uint64_t seed;
  mote_watch watch;
} mote_cluster_config;

typedef struct mote_cluster_layer {
  const char *op, *name; /* operator, and its first output */
  uint64_t weights, zeros;
  int32_t before, after; /* different values; before stops at 65536 */
  double sqnr;           /* decibel, of the weights */
} mote_cluster_layer;

typedef struct mote_cluster_report {
  mote_size before, after;
  int64_t samples;   /* that the loss is told by: the last fifth of them */
  double sqnr, top1; /* as in mote_prune_report */
  int32_t num_layers;
  const mote_cluster_layer *layers;
} mote_cluster_report;

/* Gives the weights of each layer a few values only, so that the file packs well. Weights that are zero stay so. NULL
 * on failure; the graph is then as it was. */
MOTE_API mote_cluster_report *mote_cluster(mote_graph *graph, const mote_cluster_config *config, mote_error *e);
MOTE_API void mote_cluster_report_free(mote_cluster_report *report); /* NULL is fine */

/* ---- quantization ------------------------------------------------------------------------------------------ */

typedef enum mote_quantize_kind {
  MOTE_QUANTIZE_AUTO,    /* int8 with samples, else dynamic */
  MOTE_QUANTIZE_DYNAMIC, /* weights int8; activations float, quantized by the operators that can while they run */
  MOTE_QUANTIZE_FLOAT16, /* weights float16 */
  MOTE_QUANTIZE_INT8,    /* weights and activations int8 */
  MOTE_QUANTIZE_INT16X8, /* weights int8, activations int16 */
  MOTE_QUANTIZE_INT4,    /* weights int4 where an operator takes them, else int8; activations int8 with samples, else
                            float */
  MOTE_QUANTIZE_INT2     /* weights int2 where an operator takes them, else as INT4 */
} mote_quantize_kind;

/* How the range of an activation is chosen from what was seen of it. */
typedef enum mote_calibration {
  MOTE_CALIBRATE_BEST,           /* whichever of the others has the least error, tensor by tensor */
  MOTE_CALIBRATE_MIN_MAX,        /* all that was seen */
  MOTE_CALIBRATE_MOVING_AVERAGE, /* of the extremes of each sample, the newest counting 5 % */
  MOTE_CALIBRATE_PERCENTILE,     /* all but the outermost 0.01 % on either side */
  MOTE_CALIBRATE_MSE,            /* least mean squared error */
  MOTE_CALIBRATE_ENTROPY         /* least information lost (Kullback-Leibler divergence) */
} mote_calibration;

/* Zero-initialise, then set what matters. */
typedef struct mote_quantize_config {
  size_t struct_size; /* sizeof(mote_quantize_config); 0 counts as the size of this version */
  mote_quantize_kind kind;
  mote_samples samples; /* to calibrate with, and to tell the loss by: the last fifth is held back for that */
  mote_type io;         /* of inputs and outputs that were float32: MOTE_FLOAT32 (stay so), INT8, UINT8, INT16 */
  bool weights_only;    /* operators compute in float; weights are widened before use */
  bool strict;          /* fail, naming all operators that would stay float */
  const char *keep;     /* operators that stay float: names of operators or of their outputs, separated by spaces */
  int32_t smallest;     /* weights of fewer elements stay as they are; 0: 1024 for dynamic and float16, else 1 */
  mote_calibration calibration;
  bool no_bias_correction; /* else the mean error of a layer's rounded weights is taken out of its bias */
  double max_drop; /* most that may be lost of the agreement with the float network: 0.01 is one point of top-1. Layers
                      that cost most stay in a wider type until this holds on the samples held back. 0: not asked for */
  int threads;     /* as in mote_config */
  mote_watch watch;
} mote_quantize_config;

/* A layer, as it came out. */
typedef struct mote_quantize_layer {
  const char *op, *name; /* operator, and its first output */
  const char *type;      /* "int8", "int16x8", "int4", "float16 weights", "float32" */
  const char *reason;    /* why it stayed float; NULL: it did not */
  double sqnr;           /* decibel, of its output in the quantized network; NAN: not measured */
} mote_quantize_layer;

typedef struct mote_quantize_report {
  mote_quantize_kind kind;
  int32_t operators, quantized; /* of operators that compute: all, and those in integers or with quantized weights */
  mote_size before, after;
  int64_t calibrated, held_back, left_out; /* samples */
  double top1;  /* share of held back samples on which the float network's answer is the quantized one's */
  double sqnr;  /* decibel, of all outputs on them */
  bool promise; /* max_drop holds, or was not asked for */
  int32_t num_layers;
  const mote_quantize_layer *layers;
} mote_quantize_report;

/* Quantizes a float network. NULL on failure; the graph is then as it was. */
MOTE_API mote_quantize_report *mote_quantize(mote_graph *graph, const mote_quantize_config *config, mote_error *e);
MOTE_API void mote_quantize_report_free(mote_quantize_report *report); /* NULL is fine */

/* ---- comparison -------------------------------------------------------------------------------------------- */

/* Zero-initialise, then set what matters. */
typedef struct mote_compare_config {
  size_t struct_size; /* sizeof(mote_compare_config); 0 counts as the size of this version */
  mote_samples samples;
  int threads; /* as in mote_config */
  mote_watch watch;
} mote_compare_config;

/* A value that both networks compute, over all samples; quantized ones count as the reals they stand for. NAN where
 * its shapes differ. */
typedef struct mote_compare_value {
  const char *op, *name; /* in the first network */
  double sqnr;           /* decibel: the first network's value over the difference; INFINITY: there is none */
  double cosine;
  double max_error;
  double low, high; /* in the first network */
  double saturated; /* share of the second network's integers at an end of their type that is not 0 */
} mote_compare_value;

typedef struct mote_compare_report {
  int64_t samples, labelled;
  double top1;                   /* share of samples with the same answer; NAN: the first output is no list of scores */
  double accuracy_a, accuracy_b; /* on samples with labels; NAN: there are none */
  int32_t num_outputs, num_layers;
  const mote_compare_value *outputs;
  const mote_compare_value *layers; /* in the order of the first network; matched by the names of their outputs, else by
                                       order where both have the same operators but for QUANTIZE and DEQUANTIZE */
} mote_compare_report;

/* Runs both networks on all samples. NULL on failure. */
MOTE_API mote_compare_report *mote_compare(const mote_graph *a, const mote_graph *b, const mote_compare_config *config,
                                           mote_error *e);
MOTE_API void mote_compare_report_free(mote_compare_report *report); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif

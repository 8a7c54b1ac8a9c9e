/* mote/convert.h: models of other kinds, and .tflite files once more, as networks (mote/graph.h) that can be saved.
 *
 *     mote_error e;
 *     mote_convert_report r;
 *     mote_graph *g = mote_convert("model.h5", NULL, &r, &e);
 *     if (!g || mote_graph_save(g, "model.tflite", &e)) fprintf(stderr, "%s\n", e.text);
 *     mote_graph_free(g);
 *
 * What kind of file it is follows from its contents. The network is improved on the way: constants are folded,
 * operators fused, what nobody needs is left out; names and order of inputs and outputs stay.
 */
#ifndef MOTE_CONVERT_H
#define MOTE_CONVERT_H

#include "mote/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A shape in place of the source's: -1 leaves a dimension open. */
typedef struct mote_convert_shape {
  const char *name; /* of an input; NULL: of the only one */
  int32_t rank;
  int32_t dims[MOTE_MAX_RANK];
} mote_convert_shape;

/* Zero-initialise, then set what matters. Strings and lists are read during the call alone. */
typedef struct mote_convert_config {
  size_t struct_size;        /* sizeof(mote_convert_config); 0 counts as the size of this version */
  const mote_config *memory; /* what it says of memory holds; NULL: no limit */
  const char *runtime;       /* the oldest release of TensorFlow Lite that has to run the result ("2.5"); operators
                                that it lacks are not brought in, and those of the source are put together from older
                                ones where these give the same numbers. NULL: any */
  bool no_rewrites;          /* take the network as it is */
  bool allow_custom;         /* operators of TensorFlow that .tflite lacks become custom ones of the same name */
  bool float16;              /* store weights as float16 (mote_graph_float16) */
  const char *without;       /* rewrites to leave out, by name, separated by spaces; NULL: none */
  void (*on_note)(void *user, const char *sentence); /* told of what is odd but no failure */
  void *on_note_user;
  void (*on_fault)(void *user, const char *sentence); /* told of each part that cannot be converted, before it fails */
  void *on_fault_user;
  const char *signature;      /* of a source with several; NULL: "serving_default", else the first */
  const char *const *inputs;  /* names of tensors to begin at and end with; NULL: as the source says */
  const char *const *outputs; /* (TensorFlow) */
  int32_t num_inputs, num_outputs;
  const mote_convert_shape *shapes; /* of inputs */
  int32_t num_shapes;
  int32_t batch; /* in place of an open first dimension of the inputs; 0: it stays open */
  /* What the file is to say of itself (mote_graph_labels, mote_graph_normalise), at the ends where it fits: */
  const char *const *labels; /* names of classes, for the output that has as many values, else the first */
  size_t num_labels;         /* 0: none */
  const char *labels_name;   /* of their file in the model's archive; NULL: "labels.txt" */
  const float *mean, *std;   /* for the first input that takes pictures: 1 value, or one for each channel */
  int32_t num_mean, num_std; /* both 0: not said; one of them: mean is 0, std is 1 */
} mote_convert_config;

/* A rewrite that was applied: its name, why it is done, how often. Static. */
typedef struct mote_rewrite {
  const char *name, *reason;
  int32_t count;
} mote_rewrite;

enum { MOTE_CONVERT_REWRITES = 64 };

/* What came of it. */
typedef struct mote_convert_report {
  char kind[40];        /* "TensorFlow Lite", "Keras", ... */
  int32_t layers;       /* of the source: layers, operators */
  int32_t nodes_before; /* operators before the rewrites, all graphs */
  int32_t nodes;        /* and after */
  uint64_t parameters;  /* elements of constants that are numbers of a network, not shapes or axes */
  const char *runtime;  /* first release of TensorFlow Lite that runs it. Static. */
  int32_t num_rewrites;
  mote_rewrite rewrites[MOTE_CONVERT_REWRITES];
} mote_convert_report;

/* The network of a file. NULL on failure: everything that cannot be converted is in the sentence. report may be NULL.
 */
MOTE_API mote_graph *mote_convert(const char *path, const mote_convert_config *config, mote_convert_report *report,
                                  mote_error *e);

/* Layer (or operator) `index` of a kind of source ("Keras", "TensorFlow") that can be converted: a name, static; NULL
 * behind the last, and for kinds that this build does not read. */
MOTE_API const char *mote_convert_known(const char *kind, int32_t index);

#ifdef __cplusplus
}
#endif
#endif

/* weights.h: where the weights of a layer are in a file, in the layouts of all versions.
 *
 *     Keras 1, 2, and HDF5 of 3   /model_weights/LAYER (or /LAYER) with an attribute weight_names: paths below it,
 *                                 in the order in which the layer made them
 *     Keras 3                     /layers/CLASS_N/vars/0, 1, ... with what the layer holds in groups of its own:
 *                                 /layers/lstm/cell/vars/0
 */
#ifndef IMPORT_KERAS_WEIGHTS_H
#define IMPORT_KERAS_WEIGHTS_H

#include "import/keras/config.h"
#include "import/keras/hdf5.h"

typedef struct k_scope {
  bool listed;            /* by names, in order; else by groups */
  bool whole;             /* of the outermost model */
  const char *group;      /* path */
  const k_strings *names; /* listed: paths below the group */
  int32_t *next;          /* listed: how many were taken; shared with parts of the layer */
} k_scope;

/* Of the outermost model. */
mote_status k_scope_begin(k_scope *s, k_file *f, arena *a, mote_error *e);
/* Of a layer of a model. */
mote_status k_scope_layer(const k_scope *model, const k_layer *l, k_file *f, arena *a, k_scope *out, mote_error *e);
/* Of a part of a layer, such as "cell". */
mote_status k_scope_part(const k_scope *layer, const char *part, arena *a, k_scope *out, mote_error *e);

/* Path of array `index` of the scope; listed ones are taken in order. NULL: there is none. */
const char *k_scope_take(const k_scope *s, int index, arena *a);
/* How many are left to take; 0 for groups. */
int32_t k_scope_left(const k_scope *s);

#endif

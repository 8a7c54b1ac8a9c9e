/* kinds.h: families of operators, for their colours. */
#ifndef VIEW_KINDS_H
#define VIEW_KINDS_H

#include "schema/schema.h"

typedef enum view_kind {
  KIND_PRODUCT, /* convolutions and products of matrices */
  KIND_ACTIVATION,
  KIND_POOL, /* and reductions */
  KIND_NORMALIZE,
  KIND_ARITHMETIC,
  KIND_SHAPE, /* moves data */
  KIND_RECURRENT,
  KIND_QUANTIZE, /* changes of types */
  KIND_CONTROL,  /* calls and state */
  KIND_CUSTOM,
  KIND_OTHER,
  KIND_COUNT
} view_kind;

/* By the operator's name in the format. */
view_kind kind_of(int32_t code, const char *name);
/* "convolutions and products" */
const char *kind_name(view_kind kind);

#endif

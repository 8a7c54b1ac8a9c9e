/* custom.h: the options of custom operators that are a FlexBuffer map of numbers, one by one. */
#ifndef OPERATORS_CUSTOM_H
#define OPERATORS_CUSTOM_H

#include "operators/op.h"

/* True when the options have this key. */
bool custom_has(const op_ctx *c, const char *key);
/* A whole number in [lo, hi] that must be there; or one that leaves *to alone when it is not. */
mote_status custom_int(op_ctx *c, const char *key, int32_t lo, int32_t hi, int32_t *to);
mote_status custom_int_or(op_ctx *c, const char *key, int32_t lo, int32_t hi, int32_t *to);
/* A bool; false when it is not there. */
mote_status custom_bool(op_ctx *c, const char *key, bool *to);

#endif

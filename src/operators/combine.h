/* combine.h: joining elements that come to one place: what scattering does with duplicates. */
#ifndef OPERATORS_COMBINE_H
#define OPERATORS_COMBINE_H

#include <stddef.h>

#include "mote/mote.h"

typedef enum combine_kind {
  COMBINE_REPLACE,
  COMBINE_ADD,
  COMBINE_MULTIPLY,
  COMBINE_MAXIMUM,
  COMBINE_MINIMUM
} combine_kind;

/* Types that every kind takes, as a row of mote_op.types. */
#define COMBINE_TYPES "f32|f16|bf16|f64|i8|i16|i32|i64|u8|u16|u32|u64|bool"

/* to[i] = to[i] KIND from[i]. Integers wrap; bools are added as `or` and multiplied as `and`. */
void combine(combine_kind kind, mote_type type, void *to, const void *from, size_t n);

#endif

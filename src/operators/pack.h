/* pack.h: blocks made from weights, and scratch that is laid out in parts. */
#ifndef OPERATORS_PACK_H
#define OPERATORS_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/size.h"
#include "operators/op.h"

/* Every kind of block there is: blocks of one source and size differ when their kinds do. */
enum {
  PACK_CONV_2D = 16,
  PACK_DEPTHWISE,
  PACK_FULLY_CONNECTED,
  PACK_ROWS_F32,
  PACK_ROWS_HYBRID,
  PACK_LSTM_S8,
  PACK_LSTM_BASIC,
  PACK_LOW_BITS,
  PACK_MATMUL,
  PACK_TRANSPOSED
};

/* What a block from constant weights is made of. Operators may share the weights but not their biases or scales, so all
 * that fill reads besides `source` stands in made_from: blocks that differ in it are kept apart. */
typedef struct pack_request {
  const void *source;
  uint32_t kind; /* PACK_..., at most 255 */
  struct {
    const void *data;
    size_t size;
  } made_from[4];
  size_t bytes;
  void (*fill)(void *to, const void *arg); /* `to` is aligned to MEM_ALIGN */
  const void *arg;
} pack_request;

/* The block, made now or found; it lives as long as the program (prepare). */
mote_status pack_constant(op_ctx *c, const pack_request *r, const void **out);

/* Parts of scratch, each aligned to MEM_ALIGN. */
typedef struct scratch_layout {
  size_t bytes;
  bool too_large; /* more than an address can say: the plan fails */
} scratch_layout;

/* Offset of a new part of count * size bytes. */
static inline size_t scratch_part(scratch_layout *l, size_t count, size_t size) {
  const size_t at = l->bytes;
  size_t bytes = 0;
  if (!size_mul(count, size, &bytes) || !size_align(bytes, MEM_ALIGN, &bytes) || !size_add(at, bytes, &l->bytes))
    l->too_large = true;
  return at;
}

/* Sets c->scratch_size, or fails (plan). */
mote_status scratch_done(op_ctx *c, const scratch_layout *l);

#endif

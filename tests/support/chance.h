/* chance.h: networks made of any bytes: one operator or a few, with operand counts, types and shapes that their
 * descriptors take, more or less. The same bytes give the same network.
 *
 * About three in four are tame: made to be accepted. The others have, here and there, a value that fits nothing: a
 * dimension of 0 or 2^31 - 1, an axis out of range, a NaN, a type that is not taken.
 */
#ifndef SUPPORT_CHANCE_H
#define SUPPORT_CHANCE_H

#include "operators/op.h"
#include "support/net.h"

/* Decisions are read from the bytes; after the last one everything is 0. */
typedef struct chance {
  const uint8_t *data;
  size_t size, at;
  bool wild;
} chance;

/* In [0, n); n at most 256. */
uint32_t chance_below(chance *c, uint32_t n);

/* Builds a network around `op`, NULL: one that the bytes choose. The caller ends it with net_end. */
void chance_net(net *n, chance *c, const mote_op *op);

/* Contents for a tensor of this type. */
void chance_fill(chance *c, mote_type type, void *data, size_t bytes);

#endif

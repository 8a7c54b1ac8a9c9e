/* number.h: elements of any numeric type as one of the few types that arithmetic is done in.
 *
 * float16, bfloat16 and float32 are met as float; bool and all integers as int64_t (uint64 as its bits, which is all
 * that sums and products need); complex numbers as pairs of floats or doubles. Rare types so need no loops of their
 * own: a block is read, worked on and written. Native types are used where they lie.
 */
#ifndef KERNELS_NUMBER_H
#define KERNELS_NUMBER_H

#include <stddef.h>

#include "mote/mote.h"

typedef enum num_class { NUM_NONE, NUM_F32, NUM_F64, NUM_INT, NUM_C64, NUM_C128 } num_class;

enum { NUM_BLOCK = 256, NUM_WIDEST = 16 }; /* elements of a block, and the bytes of the largest class */

num_class num_class_of(mote_type type);

/* Elements first .. first + n - 1 as their class: where they lie, or else in `block`. n <= NUM_BLOCK. */
const void *num_read(mote_type type, const void *data, size_t first, size_t n, void *block);
/* Where results for elements from `first` on should be computed: in place, or in `block`. */
void *num_place(mote_type type, void *data, size_t first, void *block);
/* Writes n values that num_place had a place for. Integers keep their low bits; of packed types `first` is the first
 * element of a byte, and what remains of the last byte becomes 0. */
void num_write(mote_type type, void *data, size_t first, size_t n, const void *values);

/* Elements first .. first + n - 1 of type `from` at x as the same of type `to` at y, `first` beginning a byte of packed
 * types: floats are truncated to integers and saturate, NaN gives the
 * largest; integers keep their low bits; complex numbers lose or get an imaginary part; bool is whether not 0. */
void num_convert(mote_type from, const void *x, mote_type to, void *y, size_t first, size_t n);

#endif

/* move.h: what operators that only move elements share. The copying itself is kernels/copy.h. */
#ifndef OPERATORS_MOVE_H
#define OPERATORS_MOVE_H

#include "kernels/copy.h"
#include "operators/op.h"

/* Types whose elements are whole bytes, as a row of mote_op.types takes them; and all, with move_any. */
#define MOVE_TYPES "f32|f16|bf16|f64|i8|i16|i32|i64|u8|u16|u32|u64|bool|c64|c128"
#define MOVE_ALL MOVE_TYPES "|i4|i2|u4|str"

/* Bytes of one element of such a type. */
static inline int64_t move_element(mote_type type) { return mote_type_bits(type) / 8; }
/* Bytes from one element to the next along each axis of a dense tensor; returns the bytes of the whole. */
int64_t move_steps(const op_tensor *t, int64_t steps[OP_MAX_RANK]);
/* Runs a plan, on the threads there are when it is large. */
void move_run(op_ctx *c, const copy_plan *plan, void *to, const void *from);
/* Copies bytes as they are, likewise. */
void move_bytes(op_ctx *c, void *to, const void *from, size_t bytes);
/* Copies `rows` runs of `bytes`; neighbours lie to_step and from_step bytes apart. */
void move_rows(op_ctx *c, void *to, int64_t to_step, const void *from, int64_t from_step, int64_t rows, int64_t bytes);

/* Positions in a tensor: of axis i the elements first[i], first[i] + step[i], ... Steps are > 0 where one writes. */
typedef struct move_grid {
  int64_t first[OP_MAX_RANK], step[OP_MAX_RANK];
} move_grid;
/* The grid of everything: first 0, step 1. */
move_grid move_whole(void);
/* Copies count[i] positions of each axis from one grid to another; ranks and types are equal. */
void move_box(op_ctx *c, const op_tensor *to, const move_grid *at, const op_tensor *from, const move_grid *of,
              const int64_t *count);
/* Fills a whole tensor with one element. */
void move_fill(op_ctx *c, const op_tensor *to, const void *element);
/* The element that stands for 0 in t: its zero point when it is quantised. */
void move_zero(const op_tensor *t, int64_t element[2]);

/* Packed integers and strings for operators that know whole bytes only: `run` sees stand-ins, packed integers as bytes
 * and strings as int32 numbers, 0 being the empty string. Where nothing is packed and nothing a string, run sees the
 * operands themselves. plan must end with move_plan, which adds the room it takes to scratch_size. */
mote_status move_plan(op_ctx *c);
mote_status move_any(op_ctx *c, op_phase run);

/* Fails unless a and out are quantised alike, as operators demand that move what they do not look at. */
mote_status move_same_quant(op_ctx *c, const op_tensor *a, const op_tensor *out);
/* Sets dimension i of output 0 from 64 bits; fails when it does not fit. */
mote_status move_set_dim(op_ctx *c, int32_t i, int64_t n);
/* Fails when output 0 has more elements than memory can hold; what is unknown passes. */
mote_status move_check_size(op_ctx *c);
/* The one integer that operand i holds; false while it is not known. */
bool move_scalar(const op_ctx *c, int i, int64_t *value);

/* Marks out's rank and all its dimensions as unknown. */
static inline void move_unknown(op_tensor *out, int32_t rank) {
  out->rank = rank;
  for (int32_t i = 0; i < rank; i++) out->dims[i] = -1;
}

#endif

/* move.h: what operators that only move elements share. The copying itself is kernels/copy.h. */
#ifndef OPERATORS_MOVE_H
#define OPERATORS_MOVE_H

#include "kernels/copy.h"
#include "operators/op.h"

/* Types whose elements are whole bytes, as a row of mote_op.types takes them. */
#define MOVE_TYPES "f32|f16|bf16|f64|i8|i16|i32|i64|u8|u16|u32|u64|bool|c64|c128"

/* Bytes of one element of such a type. */
static inline int64_t move_element(mote_type type) { return mote_type_bits(type) / 8; }
/* Bytes from one element to the next along each axis of a dense tensor; returns the bytes of the whole. */
int64_t move_steps(const op_tensor *t, int64_t steps[OP_MAX_RANK]);
/* Runs a plan, on the threads there are when it is large. */
void move_run(op_ctx *c, const copy_plan *plan, void *to, const void *from);
/* Copies `rows` runs of `bytes`; neighbours lie to_step and from_step bytes apart. */
void move_rows(op_ctx *c, void *to, int64_t to_step, const void *from, int64_t from_step, int64_t rows, int64_t bytes);

/* Marks out's rank and all its dimensions as unknown. */
static inline void move_unknown(op_tensor *out, int32_t rank) {
  out->rank = rank;
  for (int32_t i = 0; i < rank; i++) out->dims[i] = -1;
}

#endif

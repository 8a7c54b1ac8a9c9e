/* mote/op.h: operators of one's own.
 *
 * A custom operator is a mote_op_def, registered by name in the configuration of a program (mote.h). A file that holds
 * a custom operator of that name then runs it. The struct is versioned by its size: zero what you do not use.
 *
 *     static mote_status infer(void *user, mote_op_call *call) {
 *       mote_op_same_shape(call, 0, 0);                 // output 0 is shaped as input 0
 *       return MOTE_OK;
 *     }
 *     static mote_status run(void *user, mote_op_call *call) {
 *       const mote_tensor *x = mote_op_input(call, 0);
 *       const mote_tensor *y = mote_op_output(call, 0);
 *       ...
 *     }
 *     static const mote_op_def twice = {.struct_size = sizeof twice, .name = "Twice", .infer = infer, .run = run};
 *
 * Threads: `infer` and `run` of one session are called by the thread that runs it; several sessions may call them at
 * once. They may not call functions of mote.h on the session that runs them.
 */
#ifndef MOTE_OP_H
#define MOTE_OP_H

#include "mote/mote.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mote_op_call mote_op_call;

struct mote_op_def {
  size_t struct_size; /* sizeof(mote_op_def) */
  const char *name;   /* as the file names it; not NULL */
  void *user;         /* handed to the functions */
  /* Sets the shape of every output from the shapes of the inputs; data is there for constants only. Not NULL. */
  mote_status (*infer)(void *user, mote_op_call *call);
  /* Computes. Every byte of every output is to be written. Not NULL. */
  mote_status (*run)(void *user, mote_op_call *call);
  bool stateful; /* true: never computed ahead of time, keeps its order among operators with effects */
};

MOTE_API int32_t mote_op_input_count(const mote_op_call *call);
MOTE_API int32_t mote_op_output_count(const mote_op_call *call);
/* Views valid during the call; NULL when the index is out of range or the input was left out. */
MOTE_API const mote_tensor *mote_op_input(mote_op_call *call, int32_t index);
MOTE_API const mote_tensor *mote_op_output(mote_op_call *call, int32_t index);
/* The bytes of the operator's custom options (often a FlexBuffer map). */
MOTE_API const void *mote_op_options(const mote_op_call *call, size_t *size);
/* In infer: the shape of an output. rank 0 .. MOTE_MAX_RANK, dimensions >= 0. */
MOTE_API mote_status mote_op_set_shape(mote_op_call *call, int32_t output, const int32_t *dims, int32_t rank);
MOTE_API mote_status mote_op_same_shape(mote_op_call *call, int32_t output, int32_t input);
/* Says why the call fails; returns `code`. The sentence is copied. */
MOTE_API mote_status mote_op_fail(mote_op_call *call, mote_status code, const char *sentence);

#ifdef __cplusplus
}
#endif
#endif

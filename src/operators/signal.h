/* signal.h: what the operators of the microcontroller runtime's front end share. */
#ifndef OPERATORS_SIGNAL_H
#define OPERATORS_SIGNAL_H

#include "operators/move.h"

/* Input i is a vector. */
mote_status signal_vector(op_ctx *c, int input);
/* Input 0 has a last dimension, which is a frame; and how many frames there are. */
mote_status signal_frames(op_ctx *c);
size_t signal_rows(const op_tensor *x);

#endif

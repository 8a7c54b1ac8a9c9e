/* cells.h: what a recurrent layer does in one time step. */
#ifndef IMPORT_KERAS_CELLS_H
#define IMPORT_KERAS_CELLS_H

#include "import/keras/emit.h"

typedef enum k_cell_kind { K_SIMPLE, K_LSTM, K_GRU, K_CONV_LSTM } k_cell_kind;

typedef struct k_cell {
  k_cell_kind kind;
  const json_t *config;
  const k_array *kernel, *recurrent;
  const k_array *bias;         /* NULL: none */
  const float *recurrent_bias; /* of a GRU that resets after the product; NULL: none */
  int32_t units;               /* of each state: elements, or channels */
  int32_t states;              /* 1, of an LSTM 2 */
  int32_t space;               /* of convolutions: dimensions; else 0 */
  bool reset_after;
} k_cell;

enum { K_MOST_CELLS = 16, K_MOST_STATES = 2 * K_MOST_CELLS };

/* The cell of a layer's class ("LSTM" or "LSTMCell") and settings; takes its weights. False with a failure. */
bool k_cell_read(k_ctx *c, const char *class_name, const json_t *config, const k_scope *weights, k_cell *out);
bool k_cell_is(const char *class_name);

/* The part that does not depend on the state: x[..., in] times the kernel, plus the bias. Convolutions take x of one
 * dimension more than pictures have: batch and time in one. */
int32_t k_cell_project(k_ctx *c, const k_cell *cell, int32_t x);
/* One step: from what was projected and the states to new states; the first is the output. */
void k_cell_step(k_ctx *c, const k_cell *cell, int32_t projected, const int32_t *state, int32_t *next);

#endif

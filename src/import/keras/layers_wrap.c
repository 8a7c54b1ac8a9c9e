/* layers_wrap.c: layers around another one. */
#include <string.h>

#include "import/keras/emit.h"

/* Layers that treat the last dimension alone do not care how many there are before it. */
static bool is_pointwise(const char *class_name) {
  static const char *const names[] = {"Dense", "Activation", "Dropout", "ReLU", "LeakyReLU", "ELU", "Rescaling"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(names[i], class_name)) return true;
  return false;
}

static const k_layer *inner_layer(k_ctx *c) {
  mote_error e;
  const k_layer *layer = k_config_layer(c->e->config, json_object_get(c->config, "layer"), c->b->arena, &e);
  if (!layer) build_fail(c->b, e.code, "%s", e.text);
  return layer;
}

/* Every time step through the same layer: steps become a part of the batch. */
static void time_distributed(k_ctx *c) {
  const k_layer *layer = inner_layer(c);
  const int32_t x = c->in[0].value, rank = k_rank(c, x);
  k_tensor out[K_MOST_OUT];
  int32_t count = 0;
  if (!layer) return;
  if (rank < 2) {
    build_fail(c->b, MOTE_ERR_MODEL, "its input has no time steps");
    return;
  }
  const k_scope weights = k_part(c, "layer");
  if (is_pointwise(layer->class_name)) {
    k_emit_inner(c, layer, &weights, &(k_tensor){x, -1}, 1, out, &count);
    c->out[0].value = out[0].value;
    return;
  }
  k_size sizes[OP_MAX_RANK], merged[OP_MAX_RANK];
  for (int32_t i = 0; i < rank; i++) sizes[i] = k_size_of(c, x, i);
  merged[0] = k_size_times(c, sizes[0], sizes[1]);
  for (int32_t i = 2; i < rank; i++) merged[i - 1] = sizes[i];
  const k_tensor in = {k_reshape(c, x, merged, rank - 1), -1};
  k_emit_inner(c, layer, &weights, &in, 1, out, &count);
  const int32_t inner = k_rank(c, out[0].value);
  if (inner < 1 || inner == OP_MAX_RANK) return;
  for (int32_t i = 1; i < inner; i++) sizes[i + 1] = k_size_of(c, out[0].value, i);
  c->out[0].value = k_reshape(c, out[0].value, sizes, inner + 1);
}

/* The layer inside: what the wrapper adds matters in training alone, and its kernel is the scaled one already. */
static void spectral(k_ctx *c) {
  const k_layer *layer = inner_layer(c);
  if (!layer) return;
  const k_scope weights = k_part(c, "layer");
  k_emit_inner(c, layer, &weights, c->in, c->num_in, c->out, &c->num_out);
}

const k_row k_rows_wrap[] = {
    {"TimeDistributed", time_distributed, 0, true},
    {"SpectralNormalization", spectral, 0, true},
    {NULL, NULL, 0, false},
};

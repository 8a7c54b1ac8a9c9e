/* quant.h: quantizing a network: what may become integers (quant_rules.c, quant_plan.c), in which scales, and the
 * network that follows from it (quant_emit.c). quantize.c is the way through them.
 */
#ifndef COMPRESS_QUANT_H
#define COMPRESS_QUANT_H

#include <math.h>

#include "compress/range.h"
#include "compress/report.h"
#include "compress/sampler.h"

/* ---- rules ---- */

typedef enum quant_output {
  QUANT_FREE,  /* the outputs have a scale of their own */
  QUANT_SAME,  /* inputs and outputs share one */
  QUANT_FIXED, /* the operator's rule names it */
  QUANT_NONE   /* the outputs are no reals (indices, truths) */
} quant_output;

/* What an operator is when it is quantized. Which types it takes then, its descriptor says. */
typedef struct quant_rule {
  int32_t code;
  uint32_t data;    /* bit i: input i is an activation; QUANT_ALL: all inputs are */
  uint32_t weights; /* bit i: input i holds weights */
  int8_t bias;      /* input; -1: none */
  int8_t axis;      /* of the weights, whose coordinates have scales of their own; -1: one scale */
  quant_output output;
  float scale8; /* of a fixed output */
  int32_t zero8;
  float scale16; /* 0: not defined */
} quant_rule;

#define QUANT_ALL UINT32_MAX

/* NULL: the operator has none. */
const quant_rule *quant_rule_of(const graph_node *n);

/* ---- plan ---- */

typedef enum quant_mode {
  QUANT_FLOAT,   /* as it is */
  QUANT_INTEGER, /* inputs, weights and outputs */
  QUANT_HYBRID,  /* weights alone; the operator takes them beside floats */
  QUANT_WIDENED  /* weights alone, which DEQUANTIZE widens */
} quant_mode;

typedef struct quant_node {
  const quant_rule *rule; /* NULL: none */
  quant_mode mode;
  mote_type acts, weights; /* INTEGER: INT8 or INT16; INT8, INT4, INT2, FLOAT16 */
  int8_t axis;             /* of the weights; -1: one scale */
  const char *reason;      /* why it is not what was asked for; NULL: it is */
} quant_node;

typedef struct quant_value {
  int32_t parent; /* values that share a scale are a tree */
  bool needed;    /* its range is */
  bool ranged;
  float lo, hi;            /* of the tree, at its root */
  const quant_rule *fixed; /* at the root: whose scale it is */
} quant_value;

typedef struct quant_plan {
  mote_graph *g; /* of floats */
  const mote_quantize_config *config;
  mote_type acts, weights; /* that are asked for; acts FLOAT32: weights alone */
  quant_node *nodes;       /* of the main graph */
  quant_value *values;
  int32_t num_nodes, num_values;
  arena *arena;
} quant_plan;

/* Decides for every node of the main graph. */
mote_status quant_decide(quant_plan *p, const bool *keep, mote_error *e);
/* Which values share scales, for nodes as they are decided; then which ranges are needed. */
mote_status quant_group(quant_plan *p, mote_error *e);
/* Takes the range of a value into that of those it shares a scale with. */
void quant_range(quant_plan *p, int32_t value, float lo, float hi);
/* Scale and zero point of a value in a type. */
void quant_params(const quant_plan *p, int32_t value, mote_type type, float *scale, int32_t *zero);

static inline bool quant_is_data(const quant_rule *r, int32_t i) {
  return r->data == QUANT_ALL || (i < 32 && r->data >> i & 1);
}
static inline bool quant_is_weights(const quant_rule *r, int32_t i) { return i < 32 && r->weights >> i & 1; }
bool quant_is_real(const graph *g, int32_t value); /* float32, and there */

/* ---- weights ---- */

/* Largest integer of a type of weights: 127, 7, 1. */
int32_t quant_most(mote_type type);

/* The scale of each coordinate of axis (-1: of all). For few bits the one with least error is looked for. */
bool quant_scales(const graph_value *v, int32_t axis, mote_type type, float *scales);
/* The nearest step, ties away from zero. */
static inline double quant_nearest(float w, double scale, int32_t most) {
  return fmin(fmax(round((double)w / scale), -most), most);
}
/* Nearest integers, packed as the type is. */
void quant_round(const graph_value *v, int32_t axis, mote_type type, const float *scales, void *to);

/* ---- the network ---- */

/* What a float value became: the last of `values` of the new network is the one that shows it. */
typedef struct quant_emitted {
  int32_t *shown; /* [num_values]: value of the new network that holds value i; -1: none */
} quant_emitted;

/* Turns p->g into the quantized network. */
mote_status quant_emit(quant_plan *p, quant_emitted *out, mote_error *e);

#endif

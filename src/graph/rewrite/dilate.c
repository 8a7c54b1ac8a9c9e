/* dilate.c: convolutions with holes, as they were written before the operators had dilation. */
#include "graph/rewrite/rewrite.h"

typedef struct spread {
  int64_t block[2], pads[2][2], crops[2][2];
} spread;

/* Small lists of a known length, none of them negative. */
static bool list_of(const rewriting *w, int32_t value, int32_t length, int64_t *to) {
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  if (!rw_ints(w, value, v, &count) || count != length) return false;
  for (int32_t i = 0; i < length; i++) {
    if (v[i] < 0 || v[i] > INT32_MAX / 4) return false;
    to[i] = v[i];
  }
  return true;
}

/* The same blocks before and behind, over height and width, nothing cropped in front of the first element. */
static bool spread_of(const rewriting *w, int32_t to_batch, int32_t to_space, spread *s) {
  int64_t back[2];
  if (!list_of(w, rw_input(w, to_batch, 1), 2, s->block) || !list_of(w, rw_input(w, to_space, 1), 2, back))
    return false;
  if (!list_of(w, rw_input(w, to_batch, 2), 4, s->pads[0]) || !list_of(w, rw_input(w, to_space, 2), 4, s->crops[0]))
    return false;
  for (int i = 0; i < 2; i++)
    if (s->block[i] != back[i] || s->block[i] < 1 || s->crops[i][0] || s->crops[i][1] > s->pads[i][1]) return false;
  return true;
}

/* Options of the convolution with these holes; NULL unless it slides by 1 over what is there. */
static void *dilated(rewriting *w, int32_t node, const spread *s) {
  void *const options = rw_options(w, node);
  if (options && rw_is(w, node, sch_BuiltinOperator_CONV_2D)) {
    sch_Conv2DOptions *const o = options;
    if (o->padding != sch_Padding_VALID || o->stride_h != 1 || o->stride_w != 1) return NULL;
    if (o->dilation_h_factor != 1 || o->dilation_w_factor != 1) return NULL;
    o->dilation_h_factor = (int32_t)s->block[0];
    o->dilation_w_factor = (int32_t)s->block[1];
    return options;
  }
  if (options && rw_is(w, node, sch_BuiltinOperator_DEPTHWISE_CONV_2D)) {
    sch_DepthwiseConv2DOptions *const o = options;
    if (o->padding != sch_Padding_VALID || o->stride_h != 1 || o->stride_w != 1) return NULL;
    if (o->dilation_h_factor != 1 || o->dilation_w_factor != 1) return NULL;
    o->dilation_h_factor = (int32_t)s->block[0];
    o->dilation_w_factor = (int32_t)s->block[1];
    return options;
  }
  return NULL;
}

/* x with what is padded and not cropped again. */
static int32_t padded(rewriting *w, int32_t x, int32_t like, const spread *s) {
  int32_t pads[4][2] = {{0}};
  bool any = false;
  for (int i = 0; i < 2; i++) {
    pads[1 + i][0] = (int32_t)s->pads[i][0];
    pads[1 + i][1] = (int32_t)(s->pads[i][1] - s->crops[i][1]);
    any |= pads[1 + i][0] || pads[1 + i][1];
  }
  if (!any) return x;
  const int32_t to = rw_const(w, like, MOTE_INT32, 2, (int32_t[]){4, 2}, pads);
  return rw_add(w, like, sch_BuiltinOperator_PAD, NULL, 2, (int32_t[]){x, to});
}

/*     x ──▶ SPACE_TO_BATCH_ND ──▶ CONV_2D ──▶ BATCH_TO_SPACE_ND ──▶ y
 *     x ──▶ PAD ──▶ CONV_2D with holes ──▶ y                                   PAD: what is not cropped again */
static bool dilate(rewriting *w, int32_t node) {
  spread s;
  if (!rw_is(w, node, sch_BuiltinOperator_BATCH_TO_SPACE_ND)) return false;
  const int32_t conv = rw_maker(w, rw_input(w, node, 0));
  if (conv < 0 || !rw_only(w, rw_input(w, node, 0)) || rw_value(w, rw_output(w, node))->rank != 4) return false;
  const int32_t to_batch = rw_made_by(w, rw_input(w, conv, 0), sch_BuiltinOperator_SPACE_TO_BATCH_ND);
  if (to_batch < 0 || !rw_only(w, rw_output(w, to_batch)) || !spread_of(w, to_batch, node, &s)) return false;
  void *const options = dilated(w, conv, &s);
  const int32_t x = rw_input(w, to_batch, 0), y = rw_output(w, conv);
  if (!options || !rw_same_kind(w, x, rw_output(w, to_batch)) || !rw_same_kind(w, y, rw_output(w, node))) return false;
  const graph_node n = *rw_node(w, conv);
  const int32_t in = padded(w, x, rw_output(w, to_batch), &s);
  return rw_become(w, node, n.op->code, options, n.num_inputs, (int32_t[]){in, n.inputs[1], rw_input(w, conv, 2)});
}

const rewrite rewrite_dilate_convolution = {
    .name = "dilate-convolution",
    .reason = "the convolution has holes itself",
    .marks = REWRITE_FILE | REWRITE_RUNTIME,
    .apply = dilate,
};

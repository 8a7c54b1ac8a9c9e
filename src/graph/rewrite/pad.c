/* pad.c: PAD joined with PAD, and taken into the operator behind it where that pads just so.
 *
 * A window with padding SAME over an input of n elements gives ceil(n / stride) outputs, and puts half of what they
 * need, rounded down, before the first element. PAD and VALID are the same when they give as many, from the same first
 * place.
 */
#include "graph/rewrite/rewrite.h"

typedef struct pads {
  int32_t rank;
  int64_t v[OP_MAX_RANK][2];
} pads;

static bool pads_of(const rewriting *w, int32_t node, pads *p) {
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  const int32_t x = node < 0 ? -1 : rw_input(w, node, 0);
  if (node < 0 || !rw_is(w, node, sch_BuiltinOperator_PAD) || !rw_ints(w, rw_input(w, node, 1), v, &count))
    return false;
  p->rank = count / 2;
  if (count % 2 || p->rank > OP_MAX_RANK || rw_value(w, x)->rank != p->rank || !rw_same_kind(w, x, rw_output(w, node)))
    return false;
  for (int32_t i = 0; i < count; i++) {
    if (v[i] < 0 || v[i] > INT32_MAX / 4) return false;
    p->v[i / 2][i % 2] = v[i];
  }
  return true;
}

/*     x ──▶ PAD ──▶ PAD ──▶ y          x ──▶ PAD ──▶ y */
static bool join(rewriting *w, int32_t node) {
  pads a, b;
  const int32_t before = rw_maker(w, rw_input(w, node, 0));
  if (!pads_of(w, node, &b) || !pads_of(w, before, &a) || !rw_only(w, rw_output(w, before))) return false;
  int32_t sum[OP_MAX_RANK][2];
  for (int32_t i = 0; i < a.rank; i++)
    for (int k = 0; k < 2; k++) sum[i][k] = (int32_t)(a.v[i][k] + b.v[i][k]);
  const int32_t to = rw_const(w, rw_output(w, node), MOTE_INT32, 2, (int32_t[]){a.rank, 2}, sum);
  return rw_become(w, node, sch_BuiltinOperator_PAD, NULL, 2, (int32_t[]){rw_input(w, before, 0), to});
}

const rewrite rewrite_join_pads = {
    .name = "join-pads",
    .reason = "two paddings are one",
    .marks = REWRITE_FILE | REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = join,
};

/* ---- into windows ---- */

typedef struct window {
  int64_t size, stride; /* size: of the filter with its dilation, from first to last */
} window;

/* Whether PAD by p and VALID over n elements (-1: open) is SAME. */
static bool is_same(const int64_t p[2], int64_t n, window k) {
  if (k.stride == 1) return p[0] + p[1] == k.size - 1 && p[0] == (k.size - 1) / 2;
  if (n < 0 || n + p[0] + p[1] < k.size) return false;
  const int64_t valid = (n + p[0] + p[1] - k.size) / k.stride + 1, same = (n + k.stride - 1) / k.stride;
  const int64_t need = (same - 1) * k.stride + k.size - n, total = need > 0 ? need : 0;
  return valid == same && p[0] == total / 2;
}

/* An operator whose window slides over dimensions 1 and 2. */
typedef struct sliding {
  int32_t *padding; /* in `options` */
  void *options;    /* a copy */
  window h, w;
} sliding;

static window spread(int32_t size, int32_t dilation, int32_t stride) {
  return (window){(int64_t)(size - 1) * dilation + 1, stride};
}

static bool sliding_of(rewriting *w, int32_t node, sliding *s) {
  const graph_value *const filter = rw_node(w, node)->num_inputs > 1 ? rw_value(w, rw_input(w, node, 1)) : NULL;
  s->options = rw_options(w, node);
  if (!s->options) return false;
  switch (rw_node(w, node)->op->code) {
    case sch_BuiltinOperator_CONV_2D: {
      sch_Conv2DOptions *const o = s->options;
      if (!filter || filter->rank != 4) return false;
      s->padding = &o->padding;
      s->h = spread(filter->dims[1], o->dilation_h_factor, o->stride_h);
      s->w = spread(filter->dims[2], o->dilation_w_factor, o->stride_w);
      return true;
    }
    case sch_BuiltinOperator_DEPTHWISE_CONV_2D: {
      sch_DepthwiseConv2DOptions *const o = s->options;
      if (!filter || filter->rank != 4) return false;
      s->padding = &o->padding;
      s->h = spread(filter->dims[1], o->dilation_h_factor, o->stride_h);
      s->w = spread(filter->dims[2], o->dilation_w_factor, o->stride_w);
      return true;
    }
    case sch_BuiltinOperator_MAX_POOL_2D: {
      sch_Pool2DOptions *const o = s->options;
      s->padding = &o->padding;
      s->h = spread(o->filter_height, 1, o->stride_h);
      s->w = spread(o->filter_width, 1, o->stride_w);
      return true;
    }
    default: return false;
  }
}

/* Nothing below zero: then a 0 that PAD puts never is the largest in a window that has an element. */
static bool never_negative(const rewriting *w, int32_t value) {
  const int32_t node = rw_maker(w, value);
  if (node < 0 || !rw_float32(w, value)) return false;
  const int32_t code = rw_node(w, node)->op->code;
  if (code == sch_BuiltinOperator_RELU || code == sch_BuiltinOperator_RELU6 || code == sch_BuiltinOperator_LOGISTIC ||
      code == sch_BuiltinOperator_SOFTMAX || code == sch_BuiltinOperator_RELU_0_TO_1)
    return true;
  const int32_t *const fused = rw_activation(rw_node(w, node));
  return fused && (*fused == sch_ActivationFunctionType_RELU || *fused == sch_ActivationFunctionType_RELU6);
}

/*     x ──▶ PAD ──▶ CONV_2D VALID ──▶ y          x ──▶ CONV_2D SAME ──▶ y
 *
 * MAX_POOL_2D leaves out what it pads, so there x must not be below 0. */
static bool fuse(rewriting *w, int32_t node) {
  pads p;
  sliding s;
  const graph_node n = *rw_node(w, node);
  const int32_t before = n.num_inputs ? rw_maker(w, n.inputs[0]) : -1;
  if (!pads_of(w, before, &p) || p.rank != 4 || !sliding_of(w, node, &s)) return false;
  if (*s.padding != sch_Padding_VALID || p.v[0][0] || p.v[0][1] || p.v[3][0] || p.v[3][1]) return false;
  const int32_t x = rw_input(w, before, 0);
  if (n.op->code == sch_BuiltinOperator_MAX_POOL_2D && !never_negative(w, x)) return false;
  const int32_t *const dims = rw_value(w, x)->signature;
  if (s.h.stride < 1 || s.w.stride < 1 || !is_same(p.v[1], dims[1], s.h) || !is_same(p.v[2], dims[2], s.w))
    return false;
  *s.padding = sch_Padding_SAME;
  return rw_change(w, node, s.options, n.num_inputs, (int32_t[]){x, rw_input(w, node, 1), rw_input(w, node, 2)});
}

const rewrite rewrite_fuse_pad = {
    .name = "fuse-pad",
    .reason = "padding SAME is the padding in front of it",
    .marks = REWRITE_FILE | REWRITE_RUNTIME | REWRITE_EXACT,
    .apply = fuse,
};

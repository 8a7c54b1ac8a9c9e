/* rules_quant.c: rules about quantization (M33 to M35, M37 to M40). */
#include <math.h>

#include "schema/rules.h"

/* Smallest and largest zero point of a type; false when quantization means nothing for it. */
static bool zero_point_range(int32_t type, int64_t *lo, int64_t *hi) {
  switch (type) {
    case sch_TensorType_INT2: *lo = -2, *hi = 1; return true;
    case sch_TensorType_INT4: *lo = -8, *hi = 7; return true;
    case sch_TensorType_UINT4: *lo = 0, *hi = 15; return true;
    case sch_TensorType_INT8: *lo = INT8_MIN, *hi = INT8_MAX; return true;
    case sch_TensorType_UINT8: *lo = 0, *hi = UINT8_MAX; return true;
    case sch_TensorType_INT16: *lo = INT16_MIN, *hi = INT16_MAX; return true;
    case sch_TensorType_UINT16: *lo = 0, *hi = UINT16_MAX; return true;
    default: *lo = INT32_MIN, *hi = INT32_MAX; return type == sch_TensorType_INT32;
  }
}

/* M33: how many scales and zero points, along which axis. */
static bool check_counts(checker *c, place where, const sch_Tensor *t) {
  const sch_QuantizationParameters *q = t->quantization;
  const uint32_t n = q->scale.count;
  if (q->zero_point.count != n && q->zero_point.count > 1) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M33", "it has %u scales, but %u zero points", n, q->zero_point.count);
    return false;
  }
  if (n <= 1 || sch_rank_unknown(c->model, t)) {
    if (n && q->quantized_dimension && t->shape.count && (uint32_t)q->quantized_dimension >= t->shape.count)
      rule_warn(c, where, "M33", "it has one scale, so its quantized dimension %d means nothing",
                q->quantized_dimension);
    return true;
  }
  const int32_t axis = sch_quant_axis(t);
  if (axis < 0 || (uint32_t)axis >= t->shape.count) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M33", "it has %u scales along dimension %d, but has %u dimensions", n,
               q->quantized_dimension, t->shape.count);
    return false;
  }
  if (axis != q->quantized_dimension)
    rule_warn(c, where, "M33", "its quantized dimension is %d, but it has only dimension 0: that is taken",
              q->quantized_dimension);
  if ((uint32_t)t->shape.data[axis] != n) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M33", "it has %u scales along dimension %d, which has %d elements", n, axis,
               t->shape.data[axis]);
    return false;
  }
  return true;
}

/* M34, M35: values of an affine quantization. */
static void check_affine(checker *c, place where, const sch_Tensor *t) {
  const sch_QuantizationParameters *q = t->quantization;
  if (!q->scale.count || !check_counts(c, where, t)) return;
  for (uint32_t i = 0; i < q->scale.count && !rule_stop(c); i++)
    if (!isfinite(q->scale.data[i]) || q->scale.data[i] < 0) {
      rule_fault(c, where, MOTE_ERR_MODEL, "M34", "scale %u is %g; scales are finite and not negative", i,
                 (double)q->scale.data[i]);
      break;
    }
  int64_t lo, hi;
  if (!zero_point_range(t->type, &lo, &hi)) return;
  for (uint32_t i = 0; i < q->zero_point.count && !rule_stop(c); i++)
    if (q->zero_point.data[i] < lo || q->zero_point.data[i] > hi) {
      if (mote_type_bits((mote_type)t->type) < 8) {
        rule_warn(c, where, "M35", "zero point %u is %lld, outside %s", i, (long long)q->zero_point.data[i],
                  mote_type_name((mote_type)t->type));
        break;
      }
      rule_fault(c, where, MOTE_ERR_MODEL, "M35", "zero point %u is %lld, outside %s (%lld to %lld)", i,
                 (long long)q->zero_point.data[i], mote_type_name((mote_type)t->type), (long long)lo, (long long)hi);
      break;
    }
}

/* M37 to M39: a tensor that holds scales or zero points of tensor `of`; NULL after a fault. */
static const sch_Tensor *parameter_tensor(checker *c, place where, int32_t index, const char *what) {
  const sch_SubGraph *g = &c->model->subgraphs.data[where.subgraph];
  if (index < 0 || (uint32_t)index >= g->tensors.count) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M37", "its %s are tensor %d, but there are %u tensors", what, index,
               g->tensors.count);
    return NULL;
  }
  const sch_Tensor *t = &g->tensors.data[index];
  if (index == where.tensor || (t->quantization && (t->quantization->scale.count || t->quantization->details_type)))
    rule_fault(c, where, MOTE_ERR_MODEL, "M39", "its %s are tensor %d, which is quantized itself", what, index);
  else if (!sch_is_constant(c->model, t))
    rule_fault(c, where, MOTE_ERR_MODEL, "M37", "its %s are tensor %d, which is no constant", what, index);
  else return t;
  return NULL;
}

static uint64_t elements(const sch_Tensor *t) {
  uint64_t n = 1;
  for (uint32_t i = 0; i < t->shape.count; i++) n *= (uint64_t)t->shape.data[i];
  return n;
}

/* Scales and zero points are tensors of `count` elements, or fewer where one serves all. */
static void check_parameter_tensors(checker *c, place where, int32_t scales, int32_t zero_points, uint64_t count,
                                    const char *rule) {
  const sch_Tensor *s = parameter_tensor(c, where, scales, "scales");
  if (!s) return;
  if (s->type != sch_TensorType_FLOAT16 && s->type != sch_TensorType_FLOAT32) {
    rule_fault(c, where, MOTE_ERR_MODEL, rule, "its scales are %s; they must be float16 or float32",
               mote_type_name((mote_type)s->type));
    return;
  }
  if (elements(s) != count) {
    rule_fault(c, where, MOTE_ERR_MODEL, rule, "it has %llu scales and needs %llu", (unsigned long long)elements(s),
               (unsigned long long)count);
    return;
  }
  zero_points = sch_zero_points(c->model, &c->model->subgraphs.data[where.subgraph], zero_points);
  if (zero_points < 0) return;
  const sch_Tensor *z = parameter_tensor(c, where, zero_points, "zero points");
  if (z && elements(z) != count)
    rule_fault(c, where, MOTE_ERR_MODEL, rule, "it has %llu zero points and needs %llu",
               (unsigned long long)elements(z), (unsigned long long)count);
}

static void check_blockwise(checker *c, place where, const sch_Tensor *t, const sch_BlockwiseQuantization *q) {
  const int32_t last = t->shape.count ? t->shape.data[t->shape.count - 1] : 1;
  if (q->block_size < 1 || last % q->block_size) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M37", "its last dimension, %d, is not made of blocks of %d elements", last,
               q->block_size);
    return;
  }
  check_parameter_tensors(c, where, q->scales, q->zero_points, elements(t) / (uint64_t)q->block_size, "M37");
}

static void check_multi_axis(checker *c, place where, const sch_Tensor *t, const sch_MultiAxisQuantization *q) {
  uint32_t seen = 0;
  uint64_t count = 1;
  if (!q->quantized_dimensions.count || q->block_size < 0) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M38", "it is quantized along %u axes in blocks of %d",
               q->quantized_dimensions.count, q->block_size);
    return;
  }
  for (uint32_t i = 0; i < q->quantized_dimensions.count; i++) {
    const int32_t axis = q->quantized_dimensions.data[i];
    if (axis < 0 || (uint32_t)axis >= t->shape.count || seen >> axis & 1) {
      rule_fault(c, where, MOTE_ERR_MODEL, "M38", "quantized axis %d is out of range or given twice", axis);
      return;
    }
    seen |= 1u << axis;
    count *= (uint64_t)t->shape.data[axis];
  }
  const uint64_t all = elements(t);
  if (q->block_size) count = all % (uint64_t)q->block_size ? UINT64_MAX : all / (uint64_t)q->block_size;
  check_parameter_tensors(c, where, q->scales, q->zero_points, count, "M38");
}

static void check_tensor(checker *c, uint32_t subgraph, uint32_t index) {
  const sch_Tensor *t = &c->model->subgraphs.data[subgraph].tensors.data[index];
  const sch_QuantizationParameters *q = t->quantization;
  const place where = at_tensor(c, subgraph, index);
  if (!q) return;
  switch (q->details_type) {
    case sch_QuantizationDetails_BlockwiseQuantization: check_blockwise(c, where, t, q->details); break;
    case sch_QuantizationDetails_MultiAxisQuantization: check_multi_axis(c, where, t, q->details); break;
    default: break; /* none, or one that an operator must know */
  }
  check_affine(c, where, t);
}

/* Operands of the operators that add a bias to a sum of products. */
typedef struct summing {
  int32_t code;
  uint8_t input, weights, bias;
} summing;
static const summing products[] = {
    {sch_BuiltinOperator_CONV_2D, 0, 1, 2},
    {sch_BuiltinOperator_DEPTHWISE_CONV_2D, 0, 1, 2},
    {sch_BuiltinOperator_FULLY_CONNECTED, 0, 1, 2},
    {sch_BuiltinOperator_TRANSPOSE_CONV, 2, 1, 3},
};

/* The scales of operand i; NULL when it is absent or not quantized. */
static const sch_f32s *scales_of(const sch_SubGraph *g, const sch_i32s *list, uint32_t i) {
  if (i >= list->count || list->data[i] < 0) return NULL;
  const sch_QuantizationParameters *q = g->tensors.data[list->data[i]].quantization;
  return q && q->scale.count ? &q->scale : NULL;
}

/* M40: a bias is added to sums in the scale input times weights, whatever scale it states. The reference refuses a
 * difference of more than 0.02 of the output's scale. */
static void check_bias(checker *c, uint32_t subgraph, uint32_t index, const summing *p) {
  const sch_SubGraph *g = &c->model->subgraphs.data[subgraph];
  const sch_Operator *op = &g->operators.data[index];
  const sch_f32s *in = scales_of(g, &op->inputs, p->input), *weights = scales_of(g, &op->inputs, p->weights),
                 *bias = scales_of(g, &op->inputs, p->bias), *out = scales_of(g, &op->outputs, 0);
  if (!in || !weights || !bias || !out || (bias->count != 1 && bias->count != weights->count)) return;
  for (uint32_t i = 0; i < weights->count; i++) {
    const double product = (double)in->data[0] * (double)weights->data[i];
    const double stated = (double)bias->data[bias->count == 1 ? 0 : i];
    if (fabs(product - stated) <= 0.02 * (double)out->data[0]) continue;
    rule_warn(c, at_op(c, subgraph, index), "M40",
              "the scale of its bias, %g, is not that of its input times its weights, %g (channel %u): the bias is "
              "taken in the latter",
              stated, product, i);
    return;
  }
}

static void check_biases(checker *c, uint32_t subgraph) {
  const sch_SubGraph *g = &c->model->subgraphs.data[subgraph];
  for (uint32_t i = 0; i < g->operators.count && !rule_stop(c); i++) {
    const int32_t code = sch_op_code(sch_code_of(c->model, &g->operators.data[i]));
    for (size_t k = 0; k < sizeof products / sizeof *products; k++)
      if (products[k].code == code) check_bias(c, subgraph, i, &products[k]);
  }
}

void rules_quantization(checker *c) {
  for (uint32_t g = 0; g < c->model->subgraphs.count; g++) {
    for (uint32_t i = 0; i < c->model->subgraphs.data[g].tensors.count && !rule_stop(c); i++) check_tensor(c, g, i);
    if (!c->faults) check_biases(c, g); /* operators and operands are sound */
  }
}

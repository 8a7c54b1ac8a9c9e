/* sort.c: STABLEHLO_SORT: tensors of one shape are sorted together along a dimension, by a comparator subgraph that
 * says whether one element of each comes before another. Comparators that are one comparison of one tensor's elements
 * are not called.
 */
#include <string.h>

#include "base/f16.h"
#include "base/size.h"
#include "operators/calls.h"
#include "operators/move.h"

enum { OPERANDS_MOST = 32 };

typedef struct sort_params {
  bool known; /* the comparator is `less` or `greater` of one operand */
  bool descending;
  int32_t operand; /* which one */
} sort_params;

static const sch_StablehloSortOptions *options_of(const op_ctx *c) { return c->options; }

/* Whether the only operator of a region compares for order, and which way. */
static bool is_order(const op_region *r, bool *greater) {
  if (r->operators != 1) return false;
  if (r->code == sch_BuiltinOperator_LESS || r->code == sch_BuiltinOperator_GREATER) {
    *greater = r->code == sch_BuiltinOperator_GREATER;
    return true;
  }
  if (r->code != sch_BuiltinOperator_STABLEHLO_COMPARE) return false;
  const sch_StablehloCompareOptions *const o = r->options;
  if (o->compare_type == sch_StablehloComparisonType_STABLEHLO_COMPARISON_TYPE_FLOAT_TOTAL_ORDER) return false;
  *greater = o->comparison_direction == sch_StablehloComparisonDirection_STABLEHLO_COMPARISON_DIRECTION_GT;
  return *greater || o->comparison_direction == sch_StablehloComparisonDirection_STABLEHLO_COMPARISON_DIRECTION_LT;
}

static mote_status check(op_ctx *c) {
  sort_params *const p = c->params;
  const int32_t graph = options_of(c)->comparator_subgraph_index;
  op_region r;
  callee k;
  bool greater = false;
  OP_REQUIRE(c, c->num_inputs == c->num_outputs && c->num_inputs <= OPERANDS_MOST, MOTE_ERR_MODEL,
             "it has %d inputs and %d outputs; they must be equally many, and at most %d", (int)c->num_inputs,
             (int)c->num_outputs, OPERANDS_MOST);
  for (int32_t i = 0; i < c->num_inputs; i++)
    OP_REQUIRE(c, c->in[i]->type == c->out[i]->type, MOTE_ERR_TYPE, "input %d is %s, but output %d is %s", (int)i,
               mote_type_name(c->in[i]->type), (int)i, mote_type_name(c->out[i]->type));
  MOTE_TRY(c->host->region(c, graph, &r));
  MOTE_TRY(calls_find(c, graph, &k));
  OP_REQUIRE(c, k.in_count == 2 * c->num_inputs && k.out_count == 1 && k.out[0]->type == MOTE_BOOL, MOTE_ERR_MODEL,
             "the comparator has %d inputs and %d outputs; it must have %d and give one bool", k.in_count, k.out_count,
             (int)(2 * c->num_inputs));
  const int32_t a = r.takes[0], b = r.takes[1];
  p->known = is_order(&r, &greater) && a >= 0 && b >= 0 && a / 2 == b / 2 && a != b;
  p->operand = p->known ? a / 2 : 0;
  p->descending = greater == (a < b); /* operands the other way round turn the order */
  return MOTE_OK;
}

static op_tensor scalar_at(const op_tensor *t, size_t i) {
  op_tensor s = *t;
  s.rank = 0;
  s.bytes = (size_t)move_element(t->type);
  s.data = t->data ? (char *)t->data + i * s.bytes : NULL;
  s.flags = 0;
  return s;
}

static mote_status infer(op_ctx *c) {
  const sort_params *const p = c->params;
  int32_t axis;
  for (int32_t i = 0; i < c->num_inputs; i++) {
    op_same_shape(c->out[i], c->in[i]);
    if (c->in[0]->rank < 0 || c->in[i]->rank < 0) continue;
    OP_REQUIRE(c, !op_shape_known(c->in[0]) || !op_shape_known(c->in[i]) || op_same_dims(c->in[0], c->in[i]),
               MOTE_ERR_SHAPE, "input %d has another shape than input 0; tensors that are sorted together have one",
               (int)i);
    MOTE_TRY(op_axis(c, options_of(c)->dimension, c->in[i]->rank, &axis));
  }
  if (p->known) return MOTE_OK;
  op_tensor scalars[OPERANDS_MOST], result, *const results[1] = {&result};
  const op_tensor *args[2 * OPERANDS_MOST];
  for (int32_t i = 0; i < c->num_inputs; i++) {
    scalars[i] = scalar_at(c->in[i], 0);
    scalars[i].data = NULL;
    args[2 * i] = args[2 * i + 1] = &scalars[i];
  }
  return c->host->infer_call(c, options_of(c)->comparator_subgraph_index, args, 2 * c->num_inputs, results, 1);
}

/* Two lists of indices. */
static mote_status plan(op_ctx *c) {
  int32_t axis;
  MOTE_TRY(op_axis(c, options_of(c)->dimension, c->in[0]->rank, &axis));
  OP_REQUIRE(c, size_mul((size_t)c->in[0]->dims[axis], 2 * sizeof(size_t), &c->scratch_size), MOTE_ERR_LIMIT,
             "%d elements are more than memory can hold", (int)c->in[0]->dims[axis]);
  return MOTE_OK;
}

static bool less_float(const op_tensor *t, size_t a, size_t b) {
  const uint16_t *const h = t->data;
  switch (t->type) {
    case MOTE_FLOAT32: return ((const float *)t->data)[a] < ((const float *)t->data)[b];
    case MOTE_FLOAT64: return ((const double *)t->data)[a] < ((const double *)t->data)[b];
    case MOTE_FLOAT16: return f16_to_f32(h[a]) < f16_to_f32(h[b]);
    default: return bf16_to_f32(h[a]) < bf16_to_f32(h[b]);
  }
}

static bool less(const op_tensor *t, size_t a, size_t b) {
  switch (t->type) {
    case MOTE_FLOAT32:
    case MOTE_FLOAT64:
    case MOTE_FLOAT16:
    case MOTE_BFLOAT16: return less_float(t, a, b);
    case MOTE_UINT64: return (uint64_t)op_int_at(t, a) < (uint64_t)op_int_at(t, b);
    default: return op_int_at(t, a) < op_int_at(t, b);
  }
}

/* Whether element a comes before element b. */
static mote_status before(op_ctx *c, size_t a, size_t b, bool *yes) {
  const sort_params *const p = c->params;
  if (p->known) {
    const op_tensor *const t = c->in[p->operand];
    *yes = p->descending ? less(t, b, a) : less(t, a, b);
    return MOTE_OK;
  }
  op_tensor scalars[2 * OPERANDS_MOST];
  const op_tensor *args[2 * OPERANDS_MOST], *const *out;
  int count;
  for (int32_t i = 0; i < 2 * c->num_inputs; i++) {
    scalars[i] = scalar_at(c->in[i / 2], i % 2 ? b : a);
    args[i] = &scalars[i];
  }
  MOTE_TRY(c->host->call(c, options_of(c)->comparator_subgraph_index, args, 2 * c->num_inputs, &out, &count));
  OP_REQUIRE(c, out[0]->bytes == 1, MOTE_ERR_MODEL, "the comparator gives %zu bools; it must give one", out[0]->bytes);
  *yes = *(const bool *)out[0]->data;
  return MOTE_OK;
}

/* Merges list[at .. middle) and list[middle .. end), both sorted, into `to`. Of equals the left comes first. */
static mote_status merge(op_ctx *c, const size_t *list, size_t at, size_t middle, size_t end, size_t *to) {
  size_t left = at, right = middle;
  while (at < end) {
    bool take_right = left == middle;
    if (left < middle && right < end) MOTE_TRY(before(c, list[right], list[left], &take_right));
    to[at++] = take_right ? list[right++] : list[left++];
  }
  return MOTE_OK;
}

/* Sorts n indices in `list` with the help of `other`; *sorted is the one that holds the result. */
static mote_status merge_sort(op_ctx *c, size_t *list, size_t *other, size_t n, size_t **sorted) {
  for (size_t width = 1; width < n; width *= 2) {
    OP_POLL(c);
    for (size_t at = 0; at < n; at += 2 * width) {
      const size_t middle = n - at < width ? n : at + width, end = n - at < 2 * width ? n : at + 2 * width;
      MOTE_TRY(merge(c, list, at, middle, end, other));
    }
    size_t *const swap = list;
    list = other;
    other = swap;
  }
  *sorted = list;
  return MOTE_OK;
}

static mote_status run(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  int32_t axis;
  MOTE_TRY(op_axis(c, options_of(c)->dimension, in->rank, &axis));
  const size_t n = (size_t)in->dims[axis], inner = op_span(in, axis + 1, in->rank);
  const size_t rows = op_span(in, 0, axis) * inner;
  size_t *const list = c->scratch, *sorted = list;
  for (size_t row = 0; row < rows; row++) {
    const size_t first = row / inner * n * inner + row % inner;
    for (size_t i = 0; i < n; i++) list[i] = first + i * inner;
    MOTE_TRY(merge_sort(c, list, list + n, n, &sorted));
    for (int32_t k = 0; k < c->num_inputs; k++) {
      const size_t element = (size_t)move_element(c->in[k]->type);
      for (size_t i = 0; i < n; i++)
        memcpy((char *)c->out[k]->data + (first + i * inner) * element,
               (const char *)c->in[k]->data + sorted[i] * element, element);
    }
  }
  return MOTE_OK;
}

const mote_op op_stablehlo_sort = {
    .name = "STABLEHLO_SORT",
    .code = sch_BuiltinOperator_STABLEHLO_SORT,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloSortOptions,
    .inputs_min = 1,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = OP_ANY,
    .types = "f32|f16|bf16|f64|i8|i16|i32|i64|u8|u16|u32|u64|bool ... > "
             "f32|f16|bf16|f64|i8|i16|i32|i64|u8|u16|u32|u64|bool ...",
    .traits = OP_CALLS,
    .params_size = sizeof(sort_params),
    .check = check,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Always stable; any comparator.",
};

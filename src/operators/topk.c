/* topk.c: TOPK_V2: the largest elements of each row of the last dimension, and where they were. */
#include <string.h>

#include "base/f16.h"
#include "base/size.h"
#include "operators/move.h"

enum { TASK_ELEMENTS = 16 * 1024 }; /* of the input; less is not worth a thread */

/* An element as a number that is ordered as elements are, and its index. */
typedef struct entry {
  int64_t key;
  int32_t index;
} entry;

static mote_status infer(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  int64_t k = -1;
  OP_REQUIRE(c, in->rank != 0, MOTE_ERR_SHAPE, "the input is a scalar; it must have a dimension to choose from");
  OP_REQUIRE(c, !op_shape_known(c->in[1]) || op_count(c->in[1]) == 1, MOTE_ERR_SHAPE, "k must be one number");
  const bool known = move_scalar(c, 1, &k);
  const int32_t n = in->rank < 0 ? -1 : in->dims[in->rank - 1];
  if (known && k < 0) k = 0; /* the reference takes a negative number for none */
  OP_REQUIRE(c, !known || n < 0 || k <= n, MOTE_ERR_SHAPE, "the %lld largest are asked for of a dimension that has %d",
             (long long)k, (int)n);
  OP_REQUIRE(c, c->out[1]->type != MOTE_INT16 || !known || k == 0 || n <= INT16_MAX, MOTE_ERR_SHAPE,
             "int16 indices are for dimensions of at most %d, but it has %d", INT16_MAX, (int)n);
  for (int32_t i = 0; i < 2; i++) {
    op_same_shape(c->out[i], in);
    if (in->rank > 0) c->out[i]->dims[in->rank - 1] = known ? (int32_t)k : -1;
  }
  return MOTE_OK;
}

static mote_status plan(op_ctx *c) {
  const int32_t k = c->out[0]->dims[c->out[0]->rank - 1];
  OP_REQUIRE(c, size_mul((size_t)k * sizeof(entry), (size_t)c->workers, &c->scratch_size), MOTE_ERR_LIMIT,
             "%d elements are more than memory can hold", (int)k);
  return MOTE_OK;
}

/* Bits of a float as an integer of the same order; both zeros are equal, and what is no number comes last. */
static int64_t float_key(float f) {
  int32_t bits;
  if (f != f) return INT64_MIN;
  if (f == 0.0f) f = 0.0f;
  memcpy(&bits, &f, 4);
  return bits < 0 ? -(int64_t)(bits & INT32_MAX) : bits;
}

static int64_t key_at(const op_tensor *t, size_t i) {
  switch (t->type) {
    case MOTE_FLOAT32: return float_key(((const float *)t->data)[i]);
    case MOTE_FLOAT16: return float_key(f16_to_f32(((const uint16_t *)t->data)[i]));
    case MOTE_BFLOAT16: return float_key(bf16_to_f32(((const uint16_t *)t->data)[i]));
    default: return op_int_at(t, i);
  }
}

/* Whether a comes behind b in the result: smaller, or equal with a higher index. */
static bool behind(const entry *a, const entry *b) {
  return a->key < b->key || (a->key == b->key && a->index > b->index);
}

/* Lets heap[at] sink to its place; the root of the heap comes last in the result. */
static void sink(entry *heap, int32_t size, int32_t at) {
  const entry e = heap[at];
  for (int32_t child; (child = 2 * at + 1) < size; at = child) {
    if (child + 1 < size && behind(&heap[child + 1], &heap[child])) child++;
    if (!behind(&heap[child], &e)) break;
    heap[at] = heap[child];
  }
  heap[at] = e;
}

/* Fills heap with the first k of the row, then puts better ones in for the worst, then sorts. */
static void choose(const op_tensor *in, size_t row, int32_t n, entry *heap, int32_t k) {
  const size_t first = row * (size_t)n;
  for (int32_t i = 0; i < n; i++) {
    const entry e = {key_at(in, first + (size_t)i), i};
    if (i < k) heap[i] = e;
    if (i == k - 1)
      for (int32_t at = k / 2; at >= 0; at--) sink(heap, k, at);
    if (i >= k && behind(&heap[0], &e)) heap[0] = e, sink(heap, k, 0);
  }
  for (int32_t size = k - 1; size > 0; size--) {
    const entry last = heap[0];
    heap[0] = heap[size];
    heap[size] = last;
    sink(heap, size, 0);
  }
}

static void choose_row(const op_ctx *c, size_t row, entry *heap) {
  const op_tensor *const in = c->in[0], *const values = c->out[0], *const indices = c->out[1];
  const int32_t n = in->dims[in->rank - 1], k = values->dims[in->rank - 1];
  const size_t element = (size_t)move_element(in->type);
  choose(in, row, n, heap, k);
  for (int32_t i = 0; i < k; i++) {
    const size_t to = row * (size_t)k + (size_t)i, from = row * (size_t)n + (size_t)heap[i].index;
    memcpy((char *)values->data + to * element, (const char *)in->data + from * element, element);
    if (indices->type == MOTE_INT16) ((int16_t *)indices->data)[to] = (int16_t)heap[i].index;
    else ((int32_t *)indices->data)[to] = heap[i].index;
  }
}

static size_t rows_of_task(const op_tensor *in) {
  const size_t n = (size_t)in->dims[in->rank - 1];
  return n >= TASK_ELEMENTS ? 1 : TASK_ELEMENTS / n;
}

static void task_rows(void *arg, size_t task, int worker) {
  const op_ctx *const c = arg;
  const op_tensor *const in = c->in[0];
  const size_t rows = op_span(in, 0, in->rank - 1), each = rows_of_task(in);
  entry *const heap = (entry *)c->scratch + (size_t)worker * (size_t)c->out[0]->dims[in->rank - 1];
  for (size_t row = task * each; row < rows && row < (task + 1) * each; row++) choose_row(c, row, heap);
}

static mote_status run(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  if (!op_count(c->out[0])) return MOTE_OK;
  const size_t rows = op_span(in, 0, in->rank - 1), each = rows_of_task(in);
  op_parallel(c, (rows + each - 1) / each, task_rows, c);
  return MOTE_OK;
}

const mote_op op_topk_v2 = {
    .name = "TOPK_V2",
    .code = sch_BuiltinOperator_TOPK_V2,
    .versions = 3,
    .options = sch_BuiltinOptions_TopKV2Options,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 2,
    .outputs_max = 2,
    .types = "f32|f16|bf16|i8|i16|i32|i64|u8|u16|u32 i16|i32 > = i16|i32",
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "In descending order; of equal elements the one with the lower index comes first.",
};

/* where.c: results whose size the data decides: WHERE (places of what is not 0) and UNIQUE (different elements). */
#include <string.h>

#include "base/size.h"
#include "operators/move.h"

/* ---- WHERE ---- */

static mote_status where_infer(op_ctx *c) {
  const int32_t rank = c->in[0]->rank;
  op_set_shape(c->out[0], 2, (int32_t[]){-1, rank < 0 ? -1 : rank});
  return MOTE_OK;
}

/* By bits: a float is 0 whatever its sign. */
static inline bool is_set(const op_tensor *t, size_t i) {
  switch (t->type) {
    case MOTE_FLOAT32: return ((const uint32_t *)t->data)[i] << 1 != 0;
    case MOTE_FLOAT64: return ((const uint64_t *)t->data)[i] << 1 != 0;
    case MOTE_FLOAT16:
    case MOTE_BFLOAT16: return (((const uint16_t *)t->data)[i] & 0x7fff) != 0;
    case MOTE_BOOL:
    case MOTE_INT8:
    case MOTE_UINT8: return ((const uint8_t *)t->data)[i] != 0;
    case MOTE_INT16:
    case MOTE_UINT16: return ((const uint16_t *)t->data)[i] != 0;
    case MOTE_INT32:
    case MOTE_UINT32: return ((const uint32_t *)t->data)[i] != 0;
    default: return ((const uint64_t *)t->data)[i] != 0;
  }
}

static mote_status where_run(op_ctx *c) {
  const op_tensor *const in = c->in[0];
  const size_t count = op_count(in), rank = (size_t)in->rank;
  size_t found = 0, bytes;
  for (size_t i = 0; i < count; i++) found += is_set(in, i);
  OP_REQUIRE(c, found <= INT32_MAX && size_mul(found, rank * sizeof(int64_t), &bytes), MOTE_ERR_LIMIT,
             "%zu places are more than an output can hold", found);
  MOTE_TRY(op_resize(c, 0, 2, (int32_t[]){(int32_t)found, in->rank}, bytes));
  int64_t *to = c->out[0]->data, at[OP_MAX_RANK] = {0};
  for (size_t i = 0; i < count; i++) {
    if (is_set(in, i) && rank) {
      memcpy(to, at, rank * sizeof *to);
      to += rank;
    }
    for (int32_t k = in->rank - 1; k >= 0 && ++at[k] == in->dims[k]; k--) at[k] = 0;
  }
  return MOTE_OK;
}

const mote_op op_where = {
    .name = "WHERE",
    .code = sch_BuiltinOperator_WHERE,
    .versions = 2,
    .options = sch_BuiltinOptions_WhereOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "bool|f32|f16|bf16|f64|i8|i16|i32|i64|u8|u16|u32|u64 > i64",
    .traits = OP_DATA_SHAPE,
    .infer = where_infer,
    .run = where_run,
    .notes = "One row of coordinates for each element that is not 0, in the order of elements.",
};

/* ---- UNIQUE ---- */

static mote_status unique_infer(op_ctx *c) {
  OP_REQUIRE(c, c->in[0]->rank == 1 || c->in[0]->rank < 0, MOTE_ERR_SHAPE,
             "the input has %d dimensions; it must be a vector", (int)c->in[0]->rank);
  move_unknown(c->out[0], 1);
  op_set_shape(c->out[1], 1, &(int32_t){c->in[0]->rank == 1 ? c->in[0]->dims[0] : -1});
  return MOTE_OK;
}

/* Slots of the hash table: a power of two, at most half full. */
static bool slot_count(size_t n, size_t *slots) {
  *slots = 16;
  while (*slots / 2 < n)
    if (!size_mul(*slots, 2, slots)) return false;
  return true;
}

static mote_status unique_plan(op_ctx *c) {
  size_t slots, bytes, list;
  OP_REQUIRE(c,
             slot_count(op_count(c->in[0]), &slots) && size_mul(slots, sizeof(uint32_t), &bytes) &&
                 size_mul(op_count(c->in[0]), sizeof(uint32_t), &list) && size_add(bytes, list, &c->scratch_size),
             MOTE_ERR_LIMIT, "%zu elements are more than memory can hold", op_count(c->in[0]));
  return MOTE_OK;
}

/* Bytes of element i as a number; both zeros of a float are one. */
static uint64_t bits_at(const op_tensor *t, size_t i) {
  const size_t element = (size_t)move_element(t->type);
  uint64_t bits = 0;
  if (t->type == MOTE_FLOAT32 && ((const float *)t->data)[i] == 0.0f) return 0;
  memcpy(&bits, (const char *)t->data + i * element, element);
  return bits;
}

/* The slot of an element: empty (0), or that of its first occurrence (index in `first` + 1). */
static uint32_t *slot_of(uint32_t *slot, size_t slots, const op_tensor *in, const uint32_t *first, uint64_t bits) {
  uint64_t hash = bits * UINT64_C(0x9e3779b97f4a7c15);
  size_t at = (size_t)(hash ^ hash >> 32) & (slots - 1);
  while (slot[at] && bits_at(in, first[slot[at] - 1]) != bits) at = (at + 1) & (slots - 1);
  return &slot[at];
}

static mote_status unique_run(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const places = c->out[1];
  const size_t n = op_count(in), element = (size_t)move_element(in->type);
  size_t slots;
  if (!slot_count(n, &slots)) return op_no_memory(c, n);
  uint32_t *const slot = c->scratch, *const first = slot + slots;
  uint32_t count = 0;
  memset(slot, 0, slots * sizeof *slot);
  for (size_t i = 0; i < n; i++) {
    uint32_t *const s = slot_of(slot, slots, in, first, bits_at(in, i));
    if (!*s) {
      first[count] = (uint32_t)i;
      *s = ++count;
    }
    if (places->type == MOTE_INT64) ((int64_t *)places->data)[i] = *s - 1;
    else ((int32_t *)places->data)[i] = (int32_t)(*s - 1);
  }
  MOTE_TRY(op_resize(c, 0, 1, &(int32_t){(int32_t)count}, count * element));
  for (size_t i = 0; i < count; i++)
    memcpy((char *)c->out[0]->data + i * element, (const char *)in->data + first[i] * element, element);
  return MOTE_OK;
}

const mote_op op_unique = {
    .name = "UNIQUE",
    .code = sch_BuiltinOperator_UNIQUE,
    .versions = 1,
    .options = sch_BuiltinOptions_UniqueOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 2,
    .outputs_max = 2,
    .types = "f32|f16|bf16|f64|i8|i16|i32|i64|u8|u16|u32|u64|bool > = i32|i64",
    .traits = OP_DATA_SHAPE,
    .infer = unique_infer,
    .plan = unique_plan,
    .run = unique_run,
    .notes = "In the order of first occurrence; the second output says which one each element is.",
};

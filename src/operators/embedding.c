/* embedding.c: rows of a table by number or key: EMBEDDING_LOOKUP, EMBEDDING_LOOKUP_SPARSE, HASHTABLE_LOOKUP. */
#include <math.h>
#include <string.h>

#include "base/f16.h"
#include "base/size.h"
#include "operators/move.h"

static mote_status check_row(op_ctx *c, int64_t id, size_t number, int32_t rows) {
  OP_REQUIRE(c, id >= 0 && id < rows, MOTE_ERR_RUN, "id %lld (number %zu) is outside [0, %d), the rows of the table",
             (long long)id, number, (int)rows);
  return MOTE_OK;
}

/* out is [ids.., what lies behind the rows of the table]. */
static mote_status rows_infer(op_ctx *c, const op_tensor *ids, const op_tensor *table, op_tensor *out) {
  OP_REQUIRE(c, ids->rank == 1 || ids->rank < 0, MOTE_ERR_SHAPE, "the ids have %d dimensions; they must be a vector",
             (int)ids->rank);
  op_same_shape(out, table);
  if (table->rank > 0) out->dims[0] = ids->rank == 1 ? ids->dims[0] : -1;
  return MOTE_OK;
}

/* ---- EMBEDDING_LOOKUP ---- */

enum { IDS = 0, TABLE = 1 };

typedef struct lookup_params {
  const uint16_t *block_scales; /* float16 [rows, columns / block]; NULL: scales of the table */
  size_t num_scales;
  int32_t block;
} lookup_params;

/* Whether integers become floats; rows are copied otherwise. */
static bool is_hybrid(const op_ctx *c) {
  const mote_type to = c->out[0]->type;
  return c->in[TABLE]->type != to && (to == MOTE_FLOAT32 || to == MOTE_FLOAT16);
}

static mote_status find_block_scales(op_ctx *c) {
  const op_tensor *const table = c->in[TABLE];
  const op_tensor *const scales = c->host->tensor ? c->host->tensor(c, table->quant->scales) : NULL;
  lookup_params *const p = c->params;
  OP_REQUIRE(c, scales && op_is_const(scales) && scales->type == MOTE_FLOAT16, MOTE_ERR_MODEL,
             "the scales of the table's blocks must be a constant of float16");
  p->block = table->quant->block_size;
  p->num_scales = scales->bytes / sizeof *p->block_scales;
  p->block_scales = scales->data;
  return MOTE_OK;
}

static mote_status lookup_check(op_ctx *c) {
  const op_tensor *const table = c->in[TABLE];
  const op_quant *const q = table->quant;
  if (!is_hybrid(c)) {
    OP_REQUIRE(c, q->count <= 1, MOTE_ERR_UNSUPPORTED, "a table with %d scales can be looked up as float only",
               (int)q->count);
    return MOTE_OK;
  }
  if (q->block_size > 0) return find_block_scales(c);
  OP_REQUIRE(c, q->count >= 1, MOTE_ERR_MODEL, "the table of %s has no scale", mote_type_name(table->type));
  for (int32_t i = 0; i < q->count; i++)
    OP_REQUIRE(c, q->zero_point[i] == 0, MOTE_ERR_MODEL, "the table has zero point %d; it must be 0",
               (int)q->zero_point[i]);
  return MOTE_OK;
}

/* Scales are one, one for each row, or one for each block of a row. */
static mote_status check_scales(op_ctx *c) {
  const op_tensor *const table = c->in[TABLE];
  const lookup_params *const p = c->params;
  const int32_t count = table->quant->count;
  size_t wanted;
  if (!p->block_scales) {
    OP_REQUIRE(c, count == 1 || (table->quant->axis == 0 && table->dims[0] == count), MOTE_ERR_MODEL,
               "the table has %d scales along dimension %d; taken are one, or one for each row", (int)count,
               (int)table->quant->axis);
    return MOTE_OK;
  }
  const size_t columns = op_span(table, 1, table->rank), block = (size_t)p->block;
  OP_REQUIRE(c, columns % block == 0, MOTE_ERR_SHAPE, "rows of %zu elements do not consist of blocks of %zu", columns,
             block);
  OP_REQUIRE(c, size_mul((size_t)table->dims[0], columns / block, &wanted) && p->num_scales >= wanted, MOTE_ERR_MODEL,
             "there are scales for %zu blocks, but the table of %d rows has more", p->num_scales, (int)table->dims[0]);
  return MOTE_OK;
}

static mote_status lookup_infer(op_ctx *c) {
  const op_tensor *const table = c->in[TABLE];
  OP_REQUIRE(c, table->rank < 0 || table->rank >= 2, MOTE_ERR_SHAPE,
             "the table has %d dimensions; it must have 2 or more", (int)table->rank);
  if (is_hybrid(c) && op_shape_known(table)) MOTE_TRY(check_scales(c));
  return rows_infer(c, c->in[IDS], table, c->out[0]);
}

static mote_status lookup_plan(op_ctx *c) { return is_hybrid(c) ? MOTE_OK : move_plan(c); }

static mote_status copy_table_rows(op_ctx *c) {
  const op_tensor *const ids = c->in[IDS], *const table = c->in[TABLE];
  const size_t bytes = op_span(table, 1, table->rank) * (size_t)move_element(table->type), n = op_count(ids);
  for (size_t i = 0; i < n; i++) {
    const int64_t id = op_int_at(ids, i);
    MOTE_TRY(check_row(c, id, i, table->dims[0]));
    if (bytes) memcpy((char *)c->out[0]->data + i * bytes, (const char *)table->data + (size_t)id * bytes, bytes);
  }
  return MOTE_OK;
}

/* Element i of the table as a whole number. uint8 is read as int8: so old converters wrote signed weights. */
static int32_t number_at(const op_tensor *table, size_t i) {
  switch (table->type) {
    case MOTE_INT4: return int4_get(table->data, i);
    case MOTE_INT2: return int2_get(table->data, i);
    default: return ((const int8_t *)table->data)[i];
  }
}

static void dequantize_row(const op_ctx *c, size_t row, size_t id, size_t columns) {
  const op_tensor *const table = c->in[TABLE], *const out = c->out[0];
  const lookup_params *const p = c->params;
  const size_t block = p->block_scales ? (size_t)p->block : columns, each = 8 / (size_t)mote_type_bits(table->type);
  for (size_t at = 0; at < columns; at += block) {
    const float scale = p->block_scales ? f16_to_f32(p->block_scales[id * (columns / block) + at / block])
                                        : table->quant->scale[table->quant->count > 1 ? id : 0];
    const size_t first = (id * columns + at) / each * each; /* packed rows begin with a byte, as in the reference */
    for (size_t i = at; i < at + block; i++) {
      const float v = (float)number_at(table, first + (i - at)) * scale;
      if (out->type == MOTE_FLOAT32) ((float *)out->data)[row * columns + i] = v;
      else ((uint16_t *)out->data)[row * columns + i] = f16_from_f32(v);
    }
  }
}

static mote_status lookup_run(op_ctx *c) {
  const op_tensor *const ids = c->in[IDS], *const table = c->in[TABLE];
  if (!is_hybrid(c)) return move_any(c, copy_table_rows);
  const size_t columns = op_span(table, 1, table->rank), n = op_count(ids);
  for (size_t i = 0; i < n; i++) {
    const int64_t id = op_int_at(ids, i);
    MOTE_TRY(check_row(c, id, i, table->dims[0]));
    dequantize_row(c, i, (size_t)id, columns);
  }
  return MOTE_OK;
}

const mote_op op_embedding_lookup = {
    .name = "EMBEDDING_LOOKUP",
    .code = sch_BuiltinOperator_EMBEDDING_LOOKUP,
    .versions = 5,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i32 " MOVE_ALL " > =1; i32 i8|u8|i4|i2 > f32|f16; i32 i8|u8 > i8|u8",
    .params_size = sizeof(lookup_params),
    .check = lookup_check,
    .infer = lookup_infer,
    .plan = lookup_plan,
    .run = lookup_run,
    .notes = "Integer tables become float by one scale, one for each row, or one for each block of a row.",
};

/* ---- EMBEDDING_LOOKUP_SPARSE ---- */

enum { SPARSE_IDS = 0, SPARSE_INDICES = 1, SPARSE_SHAPE = 2, SPARSE_WEIGHTS = 3, SPARSE_TABLE = 4 };

static mote_status sparse_check(op_ctx *c) {
  const int32_t combiner = ((const sch_EmbeddingLookupSparseOptions *)c->options)->combiner;
  OP_REQUIRE(
      c, combiner == sch_CombinerType_SUM || combiner == sch_CombinerType_MEAN || combiner == sch_CombinerType_SQRTN,
      MOTE_ERR_MODEL, "combiner %d is neither SUM (%d), MEAN (%d) nor SQRTN (%d)", (int)combiner, sch_CombinerType_SUM,
      sch_CombinerType_MEAN, sch_CombinerType_SQRTN);
  return MOTE_OK;
}

static mote_status sparse_shapes(op_ctx *c) {
  const op_tensor *const ids = c->in[SPARSE_IDS], *const indices = c->in[SPARSE_INDICES];
  const op_tensor *const shape = c->in[SPARSE_SHAPE], *const weights = c->in[SPARSE_WEIGHTS];
  OP_REQUIRE(c, ids->rank == 1 && weights->rank == 1 && indices->rank == 2 && shape->rank == 1, MOTE_ERR_SHAPE,
             "ids, weights and shape must be vectors and the indices a matrix; they have %d, %d, %d and %d dimensions",
             (int)ids->rank, (int)weights->rank, (int)shape->rank, (int)indices->rank);
  OP_REQUIRE(c, c->in[SPARSE_TABLE]->rank >= 2, MOTE_ERR_SHAPE, "the table has %d dimensions; it must have 2 or more",
             (int)c->in[SPARSE_TABLE]->rank);
  OP_REQUIRE(c, ids->dims[0] == weights->dims[0] && ids->dims[0] == indices->dims[0], MOTE_ERR_SHAPE,
             "there are %d ids, %d weights and %d rows of indices; they must be equally many", (int)ids->dims[0],
             (int)weights->dims[0], (int)indices->dims[0]);
  OP_REQUIRE(c, indices->dims[1] == shape->dims[0] && shape->dims[0] >= 1, MOTE_ERR_SHAPE,
             "rows of %d indices address a shape of %d dimensions; they must be equal and at least 1",
             (int)indices->dims[1], (int)shape->dims[0]);
  return MOTE_OK;
}

/* The last dimension of the shape is what is combined; the table's rows take its place. */
static mote_status sparse_infer(op_ctx *c) {
  const op_tensor *const shape = c->in[SPARSE_SHAPE], *const table = c->in[SPARSE_TABLE];
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  c->out[0]->rank = -1;
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (!op_shape_known(c->in[i])) return MOTE_OK;
  MOTE_TRY(sparse_shapes(c));
  const int64_t rank = (int64_t)shape->dims[0] - 1 + table->rank - 1;
  OP_REQUIRE(c, rank <= OP_MAX_RANK, MOTE_ERR_SHAPE, "the result has %lld dimensions; at most %d are supported",
             (long long)rank, OP_MAX_RANK);
  move_unknown(c->out[0], (int32_t)rank);
  const bool known = op_ints(c, SPARSE_SHAPE, v, &count);
  for (int32_t i = 0; i < (int32_t)rank; i++) {
    if (i >= shape->dims[0] - 1) c->out[0]->dims[i] = table->dims[i - (shape->dims[0] - 1) + 1];
    else if (known) MOTE_TRY(move_set_dim(c, i, v[i]));
  }
  return move_check_size(c);
}

/* Which row of the output element i of the lookup goes to. */
static mote_status bucket_of(op_ctx *c, size_t i, size_t *bucket) {
  const op_tensor *const indices = c->in[SPARSE_INDICES], *const out = c->out[0];
  const int32_t width = indices->dims[1];
  *bucket = 0;
  for (int32_t k = 0; k < width - 1; k++) {
    const int64_t v = op_int_at(indices, i * (size_t)width + (size_t)k);
    OP_REQUIRE(c, v >= 0 && v < out->dims[k], MOTE_ERR_RUN, "index %lld (row %zu, dimension %d) is outside [0, %d)",
               (long long)v, i, (int)k, (int)out->dims[k]);
    *bucket = *bucket * (size_t)out->dims[k] + (size_t)v;
  }
  return MOTE_OK;
}

/* Divides a finished row by its weights, as the combiner says. */
static void finish(const op_ctx *c, float *row, size_t n, float weights, float squares) {
  const int32_t combiner = ((const sch_EmbeddingLookupSparseOptions *)c->options)->combiner;
  if (combiner == sch_CombinerType_SUM) return;
  const float by = combiner == sch_CombinerType_MEAN ? weights : sqrtf(squares);
  for (size_t i = 0; i < n; i++) row[i] /= by;
}

/* Neighbours of one bucket are combined; a bucket that is come back to begins new sums on what it has. */
static mote_status sparse_run(op_ctx *c) {
  const op_tensor *const ids = c->in[SPARSE_IDS], *const table = c->in[SPARSE_TABLE], *const out = c->out[0];
  const size_t n = op_span(table, 1, table->rank), count = op_count(ids);
  const float *const weights = c->in[SPARSE_WEIGHTS]->data;
  float *const to = out->data;
  float sum = 0, squares = 0;
  size_t current = 0;
  if (out->bytes) memset(out->data, 0, out->bytes);
  for (size_t i = 0; i < count; i++) {
    const int64_t id = op_int_at(ids, i);
    size_t bucket;
    MOTE_TRY(check_row(c, id, i, table->dims[0]));
    MOTE_TRY(bucket_of(c, i, &bucket));
    if (bucket != current) {
      if (i) finish(c, to + current * n, n, sum, squares);
      sum = squares = 0;
      current = bucket;
    }
    sum += weights[i];
    squares += weights[i] * weights[i];
    const float *const from = (const float *)table->data + (size_t)id * n;
    for (size_t k = 0; k < n; k++) to[bucket * n + k] += from[k] * weights[i];
  }
  if (count) finish(c, to + current * n, n, sum, squares);
  return MOTE_OK;
}

const mote_op op_embedding_lookup_sparse = {
    .name = "EMBEDDING_LOOKUP_SPARSE",
    .code = sch_BuiltinOperator_EMBEDDING_LOOKUP_SPARSE,
    .versions = 1,
    .options = sch_BuiltinOptions_EmbeddingLookupSparseOptions,
    .inputs_min = 5,
    .inputs_max = 5,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i32 i32 i32 f32 f32 > f32",
    .check = sparse_check,
    .infer = sparse_infer,
    .run = sparse_run,
    .notes = "Rows are added up with weights, and divided by their sum or the root of their squares' sum.",
};

/* ---- HASHTABLE_LOOKUP ---- */

enum { KEYS_WANTED = 0, KEYS = 1, VALUES = 2 };

static mote_status hash_infer(op_ctx *c) {
  const op_tensor *const keys = c->in[KEYS], *const values = c->in[VALUES];
  OP_REQUIRE(c, (keys->rank == 1 || keys->rank < 0) && values->rank != 0, MOTE_ERR_SHAPE,
             "the keys must be a vector and the values at least one; they have %d and %d dimensions", (int)keys->rank,
             (int)values->rank);
  OP_REQUIRE(c,
             keys->rank < 0 || values->rank < 0 || keys->dims[0] < 0 || values->dims[0] < 0 ||
                 keys->dims[0] == values->dims[0],
             MOTE_ERR_SHAPE, "there are %d keys for %d values; they must be equally many", (int)keys->dims[0],
             (int)values->dims[0]);
  op_set_shape(c->out[1], 1, &(int32_t){c->in[KEYS_WANTED]->rank == 1 ? c->in[KEYS_WANTED]->dims[0] : -1});
  return rows_infer(c, c->in[KEYS_WANTED], values, c->out[0]);
}

/* Binary search among sorted keys; -1 when the key is not there. */
static int32_t find_key(const int32_t *keys, int32_t count, int32_t wanted) {
  int32_t lo = 0, hi = count;
  while (lo < hi) {
    const int32_t middle = lo + (hi - lo) / 2;
    if (keys[middle] == wanted) return middle;
    if (keys[middle] < wanted) lo = middle + 1;
    else hi = middle;
  }
  return -1;
}

static mote_status hash_move(op_ctx *c) {
  const op_tensor *const wanted = c->in[KEYS_WANTED], *const values = c->in[VALUES];
  const size_t bytes = op_span(values, 1, values->rank) * (size_t)move_element(values->type), n = op_count(wanted);
  for (size_t i = 0; i < n; i++) {
    char *const to = (char *)c->out[0]->data + i * bytes;
    const int32_t at = find_key(c->in[KEYS]->data, c->in[KEYS]->dims[0], ((const int32_t *)wanted->data)[i]);
    ((uint8_t *)c->out[1]->data)[i] = at >= 0;
    if (at >= 0 && bytes) memcpy(to, (const char *)values->data + (size_t)at * bytes, bytes);
    else if (bytes) memset(to, 0, bytes);
  }
  return MOTE_OK;
}

static mote_status hash_run(op_ctx *c) { return move_any(c, hash_move); }

const mote_op op_hashtable_lookup = {
    .name = "HASHTABLE_LOOKUP",
    .code = sch_BuiltinOperator_HASHTABLE_LOOKUP,
    .versions = 1,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 2,
    .outputs_max = 2,
    .types = "i32 i32 " MOVE_ALL " > =2 u8",
    .infer = hash_infer,
    .plan = move_plan,
    .run = hash_run,
    .notes = "Keys are sorted; one that is not there gives zeros or an empty string.",
};

/* hashtable.c: HASHTABLE, HASHTABLE_IMPORT, HASHTABLE_FIND, HASHTABLE_SIZE: tables from int64 to string or back.
 *
 * HASHTABLE makes the table of a session and gives out its handle; the first import fills it and later ones leave it as
 * it is, as in TFLite, so that a graph that imports in every run does so once. Of equal keys the first one counts.
 */
#include <string.h>

#include "base/size.h"
#include "operators/strings.h"

/* A pair in either direction. The text lies in the table's bytes. */
typedef struct entry {
  int64_t number;
  size_t text;
  size_t length;
} entry;

struct op_table {
  mote_type key, value;
  bool imported;
  size_t count, mask; /* mask + 1 slots, a power of two, at least twice the count */
  entry *entries;
  uint32_t *slots; /* index of an entry + 1, 0: free */
  char *bytes;
};

static void free_table(mem *m, op_table *table) {
  if (!table) return;
  mem_free(m, table->entries);
  mem_free(m, table->slots);
  mem_free(m, table->bytes);
  mem_free(m, table);
}

/* ---- keys ---- */

typedef struct table_key {
  int64_t number;
  str_view text;
} table_key;

static uint64_t hash_of(const op_table *t, const table_key *k) {
  uint64_t h;
  if (t->key == MOTE_INT64) h = (uint64_t)k->number;
  else {
    h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < k->text.size; i++) h = (h ^ (uint8_t)k->text.data[i]) * 1099511628211u;
  }
  h ^= h >> 32;
  h *= 0x9e3779b97f4a7c15u;
  return h ^ h >> 29;
}

static bool same_key(const op_table *t, const entry *e, const table_key *k) {
  if (t->key == MOTE_INT64) return e->number == k->number;
  return e->length == k->text.size && (!e->length || !memcmp(t->bytes + e->text, k->text.data, e->length));
}

/* The slot that holds the key, or the free one where it would go. */
static uint32_t *slot_of(const op_table *t, const table_key *k) {
  size_t at = (size_t)hash_of(t, k) & t->mask;
  while (t->slots[at] && !same_key(t, &t->entries[t->slots[at] - 1], k)) at = (at + 1) & t->mask;
  return &t->slots[at];
}

/* Element i of a tensor of numbers or strings. */
static mote_status read_key(op_ctx *c, const op_tensor *t, size_t i, table_key *k) {
  if (t->type == MOTE_INT64) {
    k->number = ((const int64_t *)t->data)[i];
    return MOTE_OK;
  }
  OP_REQUIRE(c, str_at(t, i, &k->text), MOTE_ERR_RUN, "string %zu does not lie inside its tensor", i);
  return MOTE_OK;
}

/* A tensor of strings must hold as many as its shape says. */
static mote_status check_strings(op_ctx *c, const op_tensor *t) {
  const size_t count = op_count(t);
  OP_REQUIRE(c, t->type != MOTE_STRING || !count || str_count(t) == count, MOTE_ERR_RUN,
             "a tensor of %zu strings holds %zu", count, str_count(t));
  return MOTE_OK;
}

/* ---- handles ---- */

static mote_status check_handle(op_ctx *c) {
  const op_tensor *const t = c->in[0];
  OP_REQUIRE(c, !op_shape_known(t) || op_count(t) == 1, MOTE_ERR_SHAPE, "the handle must be one element");
  return MOTE_OK;
}

static mote_status table_of(op_ctx *c, op_table **table) {
  op_resource *r;
  MOTE_TRY(c->host->resource(c, OP_RESOURCE_TABLE, *(const int32_t *)c->in[0]->data, &r));
  OP_REQUIRE(c, r->table, MOTE_ERR_RUN, "the hash table is used before HASHTABLE has made it");
  *table = r->table;
  return MOTE_OK;
}

static mote_status check_kinds(op_ctx *c, const op_table *t, mote_type key, mote_type value) {
  OP_REQUIRE(c, t->key == key && t->value == value, MOTE_ERR_RUN,
             "the hash table takes %s to %s, but is used from %s to %s", mote_type_name(t->key),
             mote_type_name(t->value), mote_type_name(key), mote_type_name(value));
  return MOTE_OK;
}

/* ---- HASHTABLE ---- */

typedef struct hashtable_params {
  int32_t id;
  mote_type key, value;
} hashtable_params;

static bool is_pair(int32_t key, int32_t value) {
  return (key == MOTE_INT64 && value == MOTE_STRING) || (key == MOTE_STRING && value == MOTE_INT64);
}

static mote_status hashtable_check(op_ctx *c) {
  const sch_HashtableOptions *const o = c->options;
  OP_REQUIRE(c, is_pair(o->key_dtype, o->value_dtype), MOTE_ERR_UNSUPPORTED,
             "it takes %s to %s; tables take int64 to string or string to int64",
             mote_type_name((mote_type)o->key_dtype), mote_type_name((mote_type)o->value_dtype));
  return MOTE_OK;
}

static mote_status hashtable_prepare(op_ctx *c) {
  const sch_HashtableOptions *const o = c->options;
  hashtable_params *const p = c->params;
  p->key = (mote_type)o->key_dtype;
  p->value = (mote_type)o->value_dtype;
  const sch_string none = {0};
  return c->host->resource_id(c, OP_RESOURCE_TABLE, none, none, o->table_id, &p->id);
}

static mote_status handle_infer(op_ctx *c) {
  op_set_shape(c->out[0], 1, (const int32_t[]){1});
  return MOTE_OK;
}

static mote_status hashtable_run(op_ctx *c) {
  const hashtable_params *const p = c->params;
  op_resource *r;
  MOTE_TRY(c->host->resource(c, OP_RESOURCE_TABLE, p->id, &r));
  if (!r->table) {
    r->table = MEM_NEW(c->host->session_mem(c), op_table);
    if (!r->table) return op_no_memory(c, sizeof *r->table);
    r->free_table = free_table;
    r->table->key = p->key;
    r->table->value = p->value;
  }
  MOTE_TRY(check_kinds(c, r->table, p->key, p->value));
  *(int32_t *)c->out[0]->data = p->id;
  return MOTE_OK;
}

const mote_op op_hashtable = {
    .name = "HASHTABLE",
    .code = sch_BuiltinOperator_HASHTABLE,
    .versions = 1,
    .options = sch_BuiltinOptions_HashtableOptions,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "> res",
    .traits = OP_STATEFUL,
    .params_size = sizeof(hashtable_params),
    .check = hashtable_check,
    .prepare = hashtable_prepare,
    .infer = handle_infer,
    .run = hashtable_run,
    .notes = "Tables take int64 to string or string to int64.",
};

/* ---- HASHTABLE_IMPORT ---- */

static mote_status import_infer(op_ctx *c) {
  const op_tensor *const keys = c->in[1], *const values = c->in[2];
  MOTE_TRY(check_handle(c));
  OP_REQUIRE(c, !op_shape_known(keys) || !op_shape_known(values) || op_same_dims(keys, values), MOTE_ERR_SHAPE,
             "keys and values differ in shape");
  return MOTE_OK;
}

/* Memory for n pairs whose strings together are `bytes` long. */
static bool reserve(mem *m, op_table *t, size_t n, size_t bytes) {
  size_t slots = 2;
  while (slots / 2 < n)
    if (!size_mul(slots, 2, &slots)) return false;
  if (!t->entries) t->entries = MEM_ARRAY(m, entry, n);
  if (!t->slots) t->slots = MEM_ARRAY(m, uint32_t, slots);
  if (!t->bytes) t->bytes = mem_alloc(m, bytes);
  t->mask = slots - 1;
  return t->entries && t->slots && t->bytes;
}

static void forget(mem *m, op_table *t) {
  mem_free(m, t->entries);
  mem_free(m, t->slots);
  mem_free(m, t->bytes);
  *t = (op_table){.key = t->key, .value = t->value};
}

static mote_status fill(op_ctx *c, op_table *t, const op_tensor *keys, const op_tensor *values, size_t n) {
  size_t used = 0;
  for (size_t i = 0; i < n; i++) {
    table_key pair = {0}; /* both halves of the pair: one is the key, the other the value */
    MOTE_TRY(read_key(c, keys, i, &pair));
    MOTE_TRY(read_key(c, values, i, &pair));
    uint32_t *const slot = slot_of(t, &pair);
    if (*slot) continue;
    t->entries[t->count] = (entry){pair.number, used, pair.text.size};
    if (pair.text.size) memcpy(t->bytes + used, pair.text.data, pair.text.size);
    used += pair.text.size;
    *slot = (uint32_t)++t->count;
  }
  return MOTE_OK;
}

static mote_status import_run(op_ctx *c) {
  const op_tensor *const keys = c->in[1], *const values = c->in[2];
  op_table *t;
  MOTE_TRY(table_of(c, &t));
  MOTE_TRY(check_kinds(c, t, keys->type, values->type));
  if (t->imported) return MOTE_OK;
  MOTE_TRY(check_strings(c, keys));
  MOTE_TRY(check_strings(c, values));
  const size_t n = op_count(keys), bytes = keys->type == MOTE_STRING ? keys->bytes : values->bytes;
  OP_REQUIRE(c, n < UINT32_MAX / 2, MOTE_ERR_RUN, "%zu pairs are too many", n);
  mem *const m = c->host->session_mem(c);
  mote_status status = reserve(m, t, n, bytes) ? fill(c, t, keys, values, n) : op_no_memory(c, n * sizeof(entry));
  if (status == MOTE_OK) t->imported = true;
  else forget(m, t);
  return status;
}

const mote_op op_hashtable_import = {
    .name = "HASHTABLE_IMPORT",
    .code = sch_BuiltinOperator_HASHTABLE_IMPORT,
    .versions = 1,
    .options = sch_BuiltinOptions_HashtableImportOptions,
    .inputs_min = 3,
    .inputs_max = 3,
    .types = "res i64 str; res str i64",
    .traits = OP_STATEFUL,
    .infer = import_infer,
    .run = import_run,
    .notes = "The first import fills the table; later ones change nothing.",
};

/* ---- HASHTABLE_FIND ---- */

static mote_status find_infer(op_ctx *c) {
  MOTE_TRY(check_handle(c));
  OP_REQUIRE(c, !op_shape_known(c->in[2]) || op_count(c->in[2]) == 1, MOTE_ERR_SHAPE,
             "the default must be one element");
  op_same_shape(c->out[0], c->in[1]);
  return MOTE_OK;
}

static mote_status find_plan(op_ctx *c) {
  OP_REQUIRE(c, size_mul(op_count(c->in[1]), sizeof(uint32_t), &c->scratch_size), MOTE_ERR_SHAPE,
             "there are too many keys");
  return MOTE_OK;
}

/* Slots of all keys to `found`: index of an entry + 1, 0 where there is none. */
static mote_status look_up(op_ctx *c, const op_table *t, size_t n, uint32_t *found) {
  for (size_t i = 0; i < n; i++) {
    table_key k = {0};
    MOTE_TRY(read_key(c, c->in[1], i, &k));
    found[i] = *slot_of(t, &k);
  }
  return MOTE_OK;
}

static mote_status write_strings(op_ctx *c, const op_table *t, size_t n, const uint32_t *found) {
  const op_tensor *const keys = c->in[1];
  table_key missing = {0};
  MOTE_TRY(read_key(c, c->in[2], 0, &missing));
  uint64_t bytes = 0;
  for (size_t i = 0; i < n; i++) bytes += found[i] ? t->entries[found[i] - 1].length : missing.text.size;
  size_t size;
  OP_REQUIRE(c, str_buffer_size(n, bytes, &size), MOTE_ERR_RUN, "the %zu strings found take 2 GiB or more", n);
  MOTE_TRY(op_resize(c, 0, keys->rank, keys->dims, size));
  str_writer w;
  str_begin(&w, c->out[0]->data, n);
  for (size_t i = 0; i < n; i++) {
    const entry *const e = found[i] ? &t->entries[found[i] - 1] : NULL;
    str_put(&w, e ? (str_view){t->bytes + e->text, e->length} : missing.text);
  }
  return MOTE_OK;
}

static mote_status find_run(op_ctx *c) {
  const op_tensor *const keys = c->in[1];
  op_table *t;
  MOTE_TRY(table_of(c, &t));
  MOTE_TRY(check_kinds(c, t, keys->type, c->out[0]->type));
  OP_REQUIRE(c, t->imported, MOTE_ERR_RUN, "the hash table is read before HASHTABLE_IMPORT has filled it");
  MOTE_TRY(check_strings(c, keys));
  MOTE_TRY(check_strings(c, c->in[2]));
  const size_t n = op_count(keys);
  uint32_t *const found = c->scratch;
  MOTE_TRY(look_up(c, t, n, found));
  if (t->value == MOTE_STRING) return write_strings(c, t, n, found);
  const int64_t missing = *(const int64_t *)c->in[2]->data;
  int64_t *const out = c->out[0]->data;
  for (size_t i = 0; i < n; i++) out[i] = found[i] ? t->entries[found[i] - 1].number : missing;
  return MOTE_OK;
}

const mote_op op_hashtable_find = {
    .name = "HASHTABLE_FIND",
    .code = sch_BuiltinOperator_HASHTABLE_FIND,
    .versions = 1,
    .options = sch_BuiltinOptions_HashtableFindOptions,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "res i64 str > str; res str i64 > i64",
    .traits = OP_STATEFUL | OP_DATA_SHAPE,
    .infer = find_infer,
    .plan = find_plan,
    .run = find_run,
    .notes = "Keys that are not there give the default.",
};

/* ---- HASHTABLE_SIZE ---- */

static mote_status size_infer(op_ctx *c) {
  MOTE_TRY(check_handle(c));
  return handle_infer(c);
}

static mote_status size_run(op_ctx *c) {
  op_table *t;
  MOTE_TRY(table_of(c, &t));
  *(int64_t *)c->out[0]->data = (int64_t)t->count;
  return MOTE_OK;
}

const mote_op op_hashtable_size = {
    .name = "HASHTABLE_SIZE",
    .code = sch_BuiltinOperator_HASHTABLE_SIZE,
    .versions = 1,
    .options = sch_BuiltinOptions_HashtableSizeOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "res > i64",
    .traits = OP_STATEFUL,
    .infer = size_infer,
    .run = size_run,
    .notes = "A table that nothing was imported into has size 0.",
};

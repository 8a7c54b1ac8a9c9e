/* tensor_list.c: lists of tensors, which loops fill round by round: the TensorList operators, and the sum and the zeros
 * of lists.
 *
 * A variant value is the number of a list of the session. Lists never change once they are made; a changed one is a new
 * one that shares the items, and one that no value stands for any more is freed when the next is made. So values can
 * be copied as bytes, and a number that came from elsewhere does no harm: it names another list of the session or none.
 */
#include <string.h>

#include "base/size.h"
#include "operators/op.h"

enum { LIST_MOST = 1 << 24, TYPE_UNKNOWN = -1 };

typedef struct shape {
  int32_t rank; /* -1: unknown */
  int32_t dims[OP_MAX_RANK];
} shape;

/* A tensor that lists share. */
typedef struct item {
  int32_t refs;
  mote_type type;
  shape shape;
  size_t bytes;
  int64_t data[]; /* aligned for every type that items have */
} item;

struct op_tensor_list {
  uint32_t serial;
  bool used;      /* some value stands for it */
  int32_t type;   /* of its items; TYPE_UNKNOWN: the first will say */
  shape elements; /* what their shapes have in common, as far as the list was told */
  int32_t count;
  item *items[]; /* NULL: not set */
};

/* What the bytes of a variant are. */
typedef struct handle {
  int32_t at;
  uint32_t serial;
} handle;

static bool is_flex(const op_ctx *c) { return c->op->name[0] == 'F'; }

/* ---- shapes ---- */

static bool is_full(const shape *s) {
  for (int32_t i = 0; i < s->rank; i++)
    if (s->dims[i] < 0) return false;
  return s->rank >= 0;
}

/* Takes over what `with` knows; false when the two do not fit. */
static bool merge(shape *s, const shape *with) {
  if (with->rank < 0) return true;
  if (s->rank < 0) {
    *s = *with;
    return true;
  }
  if (s->rank != with->rank) return false;
  for (int32_t i = 0; i < s->rank; i++) {
    if (s->dims[i] >= 0 && with->dims[i] >= 0 && s->dims[i] != with->dims[i]) return false;
    if (s->dims[i] < 0) s->dims[i] = with->dims[i];
  }
  return true;
}

static shape shape_of(const op_tensor *t, int32_t from) {
  shape s = {.rank = t->rank - from};
  for (int32_t i = 0; i < s.rank; i++) s.dims[i] = t->dims[from + i];
  return s;
}

/* The shape that an operand holds: a list of dimensions, -1 for one that is unknown; a scalar for an unknown rank. */
static mote_status read_shape(op_ctx *c, int input, shape *to) {
  const op_tensor *const t = c->in[input];
  OP_REQUIRE(c, t->rank <= 1 && (t->rank == 0 || t->dims[0] <= OP_MAX_RANK), MOTE_ERR_RUN,
             "input %d holds a shape: it must be a scalar or a list of at most %d dimensions", input, OP_MAX_RANK);
  to->rank = t->rank ? t->dims[0] : -1;
  for (int32_t i = 0; i < to->rank; i++) {
    const int64_t dim = op_int_at(t, (size_t)i);
    OP_REQUIRE(c, dim >= -1 && dim <= INT32_MAX, MOTE_ERR_RUN, "dimension %d of the shape in input %d is %lld", (int)i,
               input, (long long)dim);
    to->dims[i] = (int32_t)dim;
  }
  return MOTE_OK;
}

/* ---- items and lists ---- */

static void item_release(mem *m, item *x) {
  if (x && --x->refs == 0) mem_free(m, x);
}

static void list_free(mem *m, op_tensor_list *list) {
  for (int32_t i = 0; i < list->count; i++) item_release(m, list->items[i]);
  mem_free(m, list);
}

static void free_all(mem *m, op_tensor_lists *lists) {
  for (int32_t i = 0; i < lists->count; i++)
    if (lists->at[i]) list_free(m, lists->at[i]);
  mem_free(m, lists->at);
  *lists = (op_tensor_lists){0};
}

static op_tensor_list *find(const op_tensor_lists *lists, const op_tensor *variant) {
  handle h;
  if (!variant->data || variant->bytes < sizeof h) return NULL;
  memcpy(&h, variant->data, sizeof h);
  op_tensor_list *const list = h.at >= 0 && h.at < lists->count ? lists->at[h.at] : NULL;
  return list && list->serial == h.serial ? list : NULL;
}

static mote_status list_in(op_ctx *c, int input, const op_tensor_list **out) {
  *out = find(c->host->lists(c), c->in[input]);
  OP_REQUIRE(c, *out, MOTE_ERR_RUN, "input %d is a list that was not made in this session", input);
  return MOTE_OK;
}

static void mark(op_ctx *c, const op_tensor *variant) {
  op_tensor_list *const list = find(c->host->lists(c), variant);
  if (list) list->used = true;
}

/* Frees what no value stands for. Returns where a new list can go. */
static int32_t sweep(op_ctx *c) {
  op_tensor_lists *const lists = c->host->lists(c);
  int32_t room = lists->count;
  for (int32_t i = 0; i < lists->count; i++)
    if (lists->at[i]) lists->at[i]->used = false;
  c->host->variants(c, mark);
  for (int32_t i = lists->count - 1; i >= 0; i--) {
    if (lists->at[i] && lists->at[i]->used) continue;
    if (lists->at[i]) list_free(c->host->session_mem(c), lists->at[i]);
    lists->at[i] = NULL;
    room = i;
  }
  return room;
}

/* A list of `count` items as an output, with those of `from` as far as there are any. */
static mote_status list_out(op_ctx *c, int output, int64_t count, const op_tensor_list *from, op_tensor_list **out) {
  mem *const m = c->host->session_mem(c);
  op_tensor_lists *const lists = c->host->lists(c);
  OP_REQUIRE(c, count >= 0 && count <= LIST_MOST, MOTE_ERR_RUN, "a list of %lld items is asked for; 0 to %d can be had",
             (long long)count, LIST_MOST);
  const int32_t at = sweep(c);
  const size_t bytes = sizeof(op_tensor_list) + (size_t)count * sizeof(item *);
  op_tensor_list **const more =
      at < lists->count ? lists->at : mem_resize(m, lists->at, ((size_t)lists->count + 1) * sizeof *more);
  if (!more) return op_no_memory(c, bytes);
  lists->at = more;
  lists->free_all = free_all;
  op_tensor_list *const list = mem_zalloc(m, bytes);
  if (!list) return op_no_memory(c, bytes);
  lists->at[at] = list;
  if (at == lists->count) lists->count++;
  list->serial = ++lists->made;
  list->count = (int32_t)count;
  list->type = from ? from->type : TYPE_UNKNOWN;
  list->elements = from ? from->elements : (shape){.rank = -1};
  for (int32_t i = 0; from && i < from->count && i < list->count; i++)
    if ((list->items[i] = from->items[i])) list->items[i]->refs++;
  MOTE_TRY(op_resize(c, output, 0, NULL, sizeof(handle)));
  memcpy(c->out[output]->data, &(handle){at, list->serial}, sizeof(handle));
  *out = list;
  return MOTE_OK;
}

/* A new item, its data still to be written, in place of what stood there. */
static mote_status item_new(op_ctx *c, op_tensor_list *list, int32_t at, mote_type type, const shape *s, item **out) {
  mem *const m = c->host->session_mem(c);
  size_t count, bytes, all;
  OP_REQUIRE(c,
             size_dims(s->dims, s->rank, &count) && op_type_bytes(type, count, &bytes) &&
                 size_add(bytes, sizeof(item), &all),
             MOTE_ERR_LIMIT, "item %d is larger than this machine can address", (int)at);
  item *const x = mem_alloc(m, all);
  if (!x) return op_no_memory(c, all);
  *x = (item){.refs = 1, .type = type, .shape = *s, .bytes = bytes};
  item_release(m, list->items[at]);
  list->items[at] = x;
  *out = x;
  return MOTE_OK;
}

static mote_status item_copy(op_ctx *c, op_tensor_list *list, int32_t at, const op_tensor *from) {
  item *x;
  const shape s = shape_of(from, 0);
  OP_REQUIRE(c, list->type == TYPE_UNKNOWN || list->type == (int32_t)from->type, MOTE_ERR_RUN,
             "the item is %s, and the list is of %s", mote_type_name(from->type),
             mote_type_name((mote_type)list->type));
  MOTE_TRY(item_new(c, list, at, from->type, &s, &x));
  list->type = (int32_t)from->type;
  if (x->bytes) memcpy(x->data, from->data, x->bytes);
  return MOTE_OK;
}

/* ---- what all of them share ---- */

/* Tensors keep the shape that the file declares until the run. */
static mote_status infer(op_ctx *c) {
  for (int32_t i = 0; i < c->num_outputs; i++)
    if (c->out[i]->type == MOTE_VARIANT) c->out[i]->rank = -1;
  return MOTE_OK;
}

static mote_status read_int(op_ctx *c, int input, int64_t *to) {
  OP_REQUIRE(c, op_count(c->in[input]) == 1, MOTE_ERR_RUN, "input %d must be one number, not %zu", input,
             op_count(c->in[input]));
  *to = op_int_at(c->in[input], 0);
  return MOTE_OK;
}

static mote_status tensor_out(op_ctx *c, int output, const op_tensor_list *list, const shape *s) {
  op_tensor *const y = c->out[output];
  size_t count, bytes;
  OP_REQUIRE(c, list->type == TYPE_UNKNOWN || list->type == (int32_t)y->type, MOTE_ERR_RUN,
             "output %d is %s, and the list is of %s", output, mote_type_name(y->type),
             mote_type_name((mote_type)list->type));
  OP_REQUIRE(c, size_dims(s->dims, s->rank, &count) && op_type_bytes(y->type, count, &bytes), MOTE_ERR_LIMIT,
             "output %d is larger than this machine can address", output);
  return op_resize(c, output, s->rank, s->dims, bytes);
}

/* ---- making lists ---- */

/* TFLite's operator has the type of the items as its options. */
static mote_status reserve_check(op_ctx *c) {
  if (is_flex(c) || !c->custom_size) return MOTE_OK;
  const mote_type type = (mote_type)c->custom[0];
  OP_REQUIRE(c, type != MOTE_RESOURCE && mote_type_bits(type) >= 8, MOTE_ERR_TYPE,
             "lists hold tensors of fixed size with elements of at least 8 bits, and not of %s", mote_type_name(type));
  return MOTE_OK;
}

static mote_status make(op_ctx *c, int64_t count) {
  op_tensor_list *list;
  shape s;
  MOTE_TRY(read_shape(c, 0, &s));
  MOTE_TRY(list_out(c, 0, count, NULL, &list));
  list->elements = s;
  if (!is_flex(c) && c->custom_size) list->type = c->custom[0];
  return MOTE_OK;
}

static mote_status reserve_run(op_ctx *c) {
  int64_t count;
  MOTE_TRY(read_int(c, 1, &count));
  return make(c, count);
}

/* Its second operand is the most that the list may hold, a hint. */
static mote_status empty_run(op_ctx *c) { return make(c, 0); }

static mote_status from_tensor_infer(op_ctx *c) {
  OP_REQUIRE(c, c->in[0]->rank != 0, MOTE_ERR_SHAPE, "a scalar has no rows that could be items");
  return infer(c);
}

static mote_status from_tensor_run(op_ctx *c) {
  const op_tensor *const x = c->in[0];
  op_tensor row = *x;
  shape told, s = shape_of(x, 1);
  op_tensor_list *list;
  MOTE_TRY(read_shape(c, 1, &told));
  OP_REQUIRE(c, merge(&s, &told), MOTE_ERR_RUN, "the rows of input 0 do not have the shape that input 1 asks for");
  MOTE_TRY(list_out(c, 0, x->dims[0], NULL, &list));
  list->elements = told;
  list->type = (int32_t)x->type;
  op_set_shape(&row, s.rank, s.dims);
  row.bytes = x->dims[0] ? x->bytes / (size_t)x->dims[0] : 0;
  for (int32_t i = 0; i < list->count; i++) {
    row.data = (uint8_t *)x->data + (size_t)i * row.bytes;
    MOTE_TRY(item_copy(c, list, i, &row));
  }
  return MOTE_OK;
}

static mote_status zeros_run(op_ctx *c) {
  const op_tensor_list *from;
  op_tensor_list *list;
  MOTE_TRY(list_in(c, 0, &from));
  MOTE_TRY(list_out(c, 0, from->count, from, &list));
  for (int32_t i = 0; i < from->count; i++) {
    item *x;
    if (!from->items[i]) continue;
    MOTE_TRY(item_new(c, list, i, from->items[i]->type, &from->items[i]->shape, &x));
    memset(x->data, 0, x->bytes);
  }
  return MOTE_OK;
}

/* ---- setting items ---- */

/* An index behind the end makes the list longer. */
static mote_status set_run(op_ctx *c) {
  const op_tensor_list *from;
  op_tensor_list *list;
  int64_t at;
  MOTE_TRY(list_in(c, 0, &from));
  MOTE_TRY(read_int(c, 1, &at));
  OP_REQUIRE(c, at >= 0, MOTE_ERR_RUN, "item %lld does not exist", (long long)at);
  MOTE_TRY(list_out(c, 0, at < from->count ? from->count : at + 1, from, &list));
  return item_copy(c, list, (int32_t)at, c->in[2]);
}

static mote_status push_run(op_ctx *c) {
  const op_tensor_list *from;
  op_tensor_list *list;
  MOTE_TRY(list_in(c, 0, &from));
  MOTE_TRY(list_out(c, 0, (int64_t)from->count + 1, from, &list));
  return item_copy(c, list, from->count, c->in[1]);
}

/* ---- getting items ---- */

/* What the shapes of the items that are set have in common; false: they differ. */
static bool merge_items(shape *s, const op_tensor_list *list) {
  for (int32_t i = 0; i < list->count; i++)
    if (list->items[i] && !merge(s, &list->items[i]->shape)) return false;
  return true;
}

/* An item that was never set is zeros, of the shape that the list and the operand agree on, or else of the others'
 * shape, or else of the shape that the file declares. */
static mote_status unset_shape(op_ctx *c, const op_tensor_list *list, int told, int output, shape *to) {
  MOTE_TRY(read_shape(c, told, to));
  OP_REQUIRE(c, merge(to, &list->elements), MOTE_ERR_RUN, "the list holds items of another shape than input %d says",
             told);
  if (is_full(to)) return MOTE_OK;
  const bool alike = merge_items(to, list);
  if (alike && !is_full(to) && c->out[output]->rank > 0) {
    const shape declared = shape_of(c->out[output], 0);
    merge(to, &declared);
  }
  OP_REQUIRE(c, alike && is_full(to), MOTE_ERR_RUN,
             "the item was never set, and neither the list nor its other items say what shape its zeros have");
  return MOTE_OK;
}

static mote_status item_out(op_ctx *c, const op_tensor_list *list, int64_t at, int told, int output) {
  OP_REQUIRE(c, at >= 0 && at < list->count, MOTE_ERR_RUN, "item %lld does not exist: the list has %d", (long long)at,
             (int)list->count);
  const item *const x = list->items[at];
  shape s;
  if (x) s = x->shape;
  else MOTE_TRY(unset_shape(c, list, told, output, &s));
  MOTE_TRY(tensor_out(c, output, list, &s));
  op_tensor *const y = c->out[output];
  if (y->bytes && x) memcpy(y->data, x->data, y->bytes);
  else if (y->bytes) memset(y->data, 0, y->bytes);
  return MOTE_OK;
}

static mote_status get_run(op_ctx *c) {
  const op_tensor_list *list;
  int64_t at;
  MOTE_TRY(list_in(c, 0, &list));
  MOTE_TRY(read_int(c, 1, &at));
  return item_out(c, list, at, 2, 0);
}

static mote_status pop_run(op_ctx *c) {
  const op_tensor_list *from;
  op_tensor_list *list;
  MOTE_TRY(list_in(c, 0, &from));
  MOTE_TRY(item_out(c, from, (int64_t)from->count - 1, 1, 1));
  return list_out(c, 0, (int64_t)from->count - 1, from, &list);
}

/* TFLite leaves out a dimension of 1 that stands alone; TensorFlow does not. */
static mote_status stack_run(op_ctx *c) {
  const op_tensor_list *list;
  shape s, all = {.rank = 1};
  MOTE_TRY(list_in(c, 0, &list));
  MOTE_TRY(read_shape(c, 1, &s));
  OP_REQUIRE(c, merge(&s, &list->elements) && merge_items(&s, list) && is_full(&s), MOTE_ERR_RUN,
             "the items have no shape in common that is fully known");
  OP_REQUIRE(c, s.rank < OP_MAX_RANK, MOTE_ERR_RUN, "items of %d dimensions cannot be stacked", (int)s.rank);
  all.dims[0] = list->count;
  const bool single = s.rank == 1 && s.dims[0] == 1 && !is_flex(c);
  for (int32_t i = 0; i < s.rank && !single; i++) all.dims[all.rank++] = s.dims[i];
  MOTE_TRY(tensor_out(c, 0, list, &all));
  op_tensor *const y = c->out[0];
  const size_t bytes = list->count ? y->bytes / (size_t)list->count : 0;
  for (int32_t i = 0; bytes && i < list->count; i++) {
    uint8_t *const to = (uint8_t *)y->data + (size_t)i * bytes;
    if (list->items[i]) memcpy(to, list->items[i]->data, bytes);
    else memset(to, 0, bytes);
  }
  return MOTE_OK;
}

/* ---- questions ---- */

static mote_status length_run(op_ctx *c) {
  const op_tensor_list *list;
  MOTE_TRY(list_in(c, 0, &list));
  MOTE_TRY(op_resize(c, 0, 0, NULL, sizeof(int32_t)));
  *(int32_t *)c->out[0]->data = list->count;
  return MOTE_OK;
}

static mote_status shape_run(op_ctx *c) {
  const op_tensor_list *list;
  MOTE_TRY(list_in(c, 0, &list));
  const shape *const s = &list->elements;
  const int32_t rank = s->rank < 0 ? 0 : 1;
  MOTE_TRY(op_resize(c, 0, rank, &s->rank, rank ? (size_t)s->rank * sizeof(int32_t) : sizeof(int32_t)));
  if (!rank) *(int32_t *)c->out[0]->data = -1;
  else if (s->rank) memcpy(c->out[0]->data, s->dims, (size_t)s->rank * sizeof(int32_t));
  return MOTE_OK;
}

/* ---- sums of lists ---- */

static void add(mote_type type, void *to, const void *from, size_t bytes) {
  for (size_t i = 0; i < bytes / 4; i++) {
    if (type == MOTE_FLOAT32) ((float *)to)[i] += ((const float *)from)[i];
    else ((uint32_t *)to)[i] += ((const uint32_t *)from)[i];
  }
}

/* The sum of the items at one place of all lists; where none is set, zeros. */
static mote_status add_items(op_ctx *c, op_tensor_list *sum, int32_t at) {
  item *x = NULL;
  for (int k = 0; k < c->num_inputs; k++) {
    const item *const y = find(c->host->lists(c), c->in[k])->items[at];
    if (!y) continue;
    OP_REQUIRE(c, y->type == MOTE_FLOAT32 || y->type == MOTE_INT32, MOTE_ERR_UNSUPPORTED,
               "lists of %s cannot be added; float32 and int32 can", mote_type_name(y->type));
    if (!x) {
      MOTE_TRY(item_new(c, sum, at, y->type, &y->shape, &x));
      memcpy(x->data, y->data, y->bytes);
      continue;
    }
    shape s = x->shape;
    OP_REQUIRE(c, merge(&s, &y->shape), MOTE_ERR_RUN, "the items at %d have different shapes", (int)at);
    add(y->type, x->data, y->data, y->bytes);
  }
  if (x) return MOTE_OK;
  OP_REQUIRE(c, is_full(&sum->elements) && sum->type != TYPE_UNKNOWN, MOTE_ERR_RUN,
             "no list has an item at %d, and none says what shape and type its zeros have", (int)at);
  MOTE_TRY(item_new(c, sum, at, (mote_type)sum->type, &sum->elements, &x));
  memset(x->data, 0, x->bytes);
  return MOTE_OK;
}

static mote_status add_run(op_ctx *c) {
  const op_tensor_list *first, *other;
  op_tensor_list *sum;
  MOTE_TRY(list_in(c, 0, &first));
  shape s = first->elements;
  int32_t type = first->type;
  for (int k = 1; k < c->num_inputs; k++) {
    MOTE_TRY(list_in(c, k, &other));
    OP_REQUIRE(c, other->count == first->count, MOTE_ERR_RUN, "lists of %d and of %d items cannot be added",
               (int)first->count, (int)other->count);
    if (type == TYPE_UNKNOWN) type = other->type;
    OP_REQUIRE(c, other->type == type || other->type == TYPE_UNKNOWN, MOTE_ERR_RUN,
               "list %d is of another type than those before it", k);
    OP_REQUIRE(c, merge(&s, &other->elements), MOTE_ERR_RUN, "list %d is of another shape than those before it", k);
  }
  MOTE_TRY(list_out(c, 0, first->count, NULL, &sum));
  sum->elements = s;
  sum->type = type;
  for (int32_t i = 0; i < sum->count; i++) MOTE_TRY(add_items(c, sum, i));
  return MOTE_OK;
}

/* ---- descriptors ---- */

/* Elements of whole bytes: of smaller ones several items would not lie one behind the other. */
#define ITEM "f16|bf16|f32|f64|i8|i16|i32|i64|u8|u16|u32|u64|bool|c64|c128"

#define ONE(symbol, operator_name, least, most, outs, operator_types, check_phase, infer_phase, run_phase, sentence)   \
  const mote_op op_##symbol = {                                                                                        \
      .name = operator_name,                                                                                           \
      .code = sch_BuiltinOperator_CUSTOM,                                                                              \
      .versions = 1,                                                                                                   \
      .inputs_min = least,                                                                                             \
      .inputs_max = most,                                                                                              \
      .outputs_min = outs,                                                                                             \
      .outputs_max = outs,                                                                                             \
      .types = operator_types,                                                                                         \
      .traits = OP_STATEFUL | OP_DATA_SHAPE,                                                                           \
      .check = check_phase,                                                                                            \
      .infer = infer_phase,                                                                                            \
      .run = run_phase,                                                                                                \
      .notes = sentence,                                                                                               \
  };

/* TFLite's own name, and that of TensorFlow's operator in a file that was made for both. */
#define LIST(symbol, operator_name, ins, outs, types, check_phase, infer_phase, run_phase, notes)                      \
  ONE(symbol, operator_name, ins, ins, outs, types, check_phase, infer_phase, run_phase, notes)                        \
  ONE(flex_##symbol, "Flex" operator_name, ins, ins, outs, types, check_phase, infer_phase, run_phase, notes)

LIST(empty_tensor_list, "EmptyTensorList", 2, 1, "i32|i64 i32 > var", NULL, infer, empty_run, "A list without items.")
LIST(tensor_list_reserve, "TensorListReserve", 2, 1, "i32|i64 i32 > var", reserve_check, infer, reserve_run,
     "A list of items that are not set.")
LIST(tensor_list_from_tensor, "TensorListFromTensor", 2, 1, ITEM " i32|i64 > var", NULL, from_tensor_infer,
     from_tensor_run, "The rows of a tensor.")
LIST(tensor_list_set_item, "TensorListSetItem", 3, 1, "var i32 " ITEM " > var", NULL, infer, set_run,
     "An index behind the end makes the list longer.")
LIST(tensor_list_push_back, "TensorListPushBack", 2, 1, "var " ITEM " > var", NULL, infer, push_run, "One item more.")
LIST(tensor_list_get_item, "TensorListGetItem", 3, 1, "var i32 i32|i64 > " ITEM, NULL, infer, get_run,
     "An item that was never set is zeros.")
LIST(tensor_list_pop_back, "TensorListPopBack", 2, 2, "var i32|i64 > var " ITEM, NULL, infer, pop_run,
     "The list without its last item, and that item.")
LIST(tensor_list_stack, "TensorListStack", 2, 1, "var i32|i64 > " ITEM, NULL, infer, stack_run,
     "All items in one tensor; what was never set is zeros.")
LIST(tensor_list_length, "TensorListLength", 1, 1, "var > i32", NULL, infer, length_run, "How many items there are.")
LIST(tensor_list_element_shape, "TensorListElementShape", 1, 1, "var > i32", NULL, infer, shape_run,
     "What the list was told of its items' shape; a scalar -1 when nothing.")
ONE(variant_add_n, "VariantAddN", 2, OP_ANY, 1, "var ... > var", NULL, infer, add_run,
    "Sums of the items at each place; float32 and int32.")
ONE(variant_zeros_like, "VariantZerosLike", 1, 1, 1, "var > var", NULL, infer, zeros_run,
    "A list like this one, of zeros.")

/* support.c: see support.h. */
#include "schema/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- lists ---- */

#define LIST(name, list_type, item_type, argument_type)                                                                \
  list_type name(arena *a, uint32_t count, ...) {                                                                      \
    item_type *items = ARENA_ARRAY(a, item_type, count);                                                               \
    va_list args;                                                                                                      \
    va_start(args, count);                                                                                             \
    for (uint32_t i = 0; i < count; i++) items[i] = (item_type)va_arg(args, argument_type);                            \
    va_end(args);                                                                                                      \
    return (list_type){items, count};                                                                                  \
  }
LIST(ints, sch_i32s, int32_t, int)
LIST(floats, sch_f32s, float, double)
LIST(longs, sch_i64s, int64_t, int)

sch_string text(const char *s) { return (sch_string){s, (uint32_t)strlen(s)}; }

sch_range bytes(const void *data, uint64_t size) { return (sch_range){.size = size, .memory = data, .present = true}; }

/* ---- the model ---- */

static void fill(void *records, const sch_table *table, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) memcpy((char *)records + i * table->size, table->defaults, table->size);
}

#define RECORDS_OF(arena, list, name, number)                                                                          \
  do {                                                                                                                 \
    (list).data = ARENA_ARRAY(arena, sch_##name, number);                                                              \
    (list).count = number;                                                                                             \
    fill((list).data, &sch_table_##name, number);                                                                      \
  } while (0)

static void set_tensor(sch_Tensor *t, const char *name, int32_t type, sch_i32s shape, uint32_t buffer) {
  t->name = text(name);
  t->type = type;
  t->shape = shape;
  t->has_rank = true;
  t->buffer = buffer;
}

static sch_QuantizationParameters *quantization(arena *a) {
  sch_QuantizationParameters *q = ARENA_NEW(a, sch_QuantizationParameters);
  fill(q, &sch_table_QuantizationParameters, 1);
  return q;
}

static void main_tensors(arena *a, sch_Model *m) {
  const int32_t f32 = sch_TensorType_FLOAT32;
  sch_SubGraph *g = &m->subgraphs.data[MAIN];
  RECORDS_OF(a, g->tensors, Tensor, TENSORS);
  set_tensor(&g->tensors.data[T_X], "x", f32, ints(a, 1, 4), 0);
  set_tensor(&g->tensors.data[T_W], "w", f32, ints(a, 1, 4), B_W);
  set_tensor(&g->tensors.data[T_SUM], "sum", f32, ints(a, 1, 4), 0);
  set_tensor(&g->tensors.data[T_LOOP], "loop", f32, ints(a, 1, 4), 0);
  set_tensor(&g->tensors.data[T_THING], "thing", f32, ints(a, 1, 4), 0);
  set_tensor(&g->tensors.data[T_FLAG], "flag", sch_TensorType_BOOL, ints(a, 0), B_FLAG);
  set_tensor(&g->tensors.data[T_PICKED], "picked", f32, ints(a, 1, 4), 0);
  set_tensor(&g->tensors.data[T_QUANT], "quant", sch_TensorType_INT8, ints(a, 2, 2, 4), B_QUANT);
  set_tensor(&g->tensors.data[T_SCALES], "scales", f32, ints(a, 2, 2, 2), B_SCALES);
  set_tensor(&g->tensors.data[T_BLOCKS], "blocks", sch_TensorType_INT4, ints(a, 2, 2, 8), B_BLOCKS);
  set_tensor(&g->tensors.data[T_TEXT], "text", sch_TensorType_STRING, ints(a, 1, 2), B_TEXT);
  set_tensor(&g->tensors.data[T_SPARE], "spare", f32, ints(a, 1, 4), 0);
  sch_QuantizationParameters *q = g->tensors.data[T_QUANT].quantization = quantization(a);
  q->scale = floats(a, 2, 0.5, 0.25);
  q->zero_point = longs(a, 2, 0, 0);
  q = g->tensors.data[T_BLOCKS].quantization = quantization(a);
  sch_BlockwiseQuantization *b = ARENA_NEW(a, sch_BlockwiseQuantization);
  *b = (sch_BlockwiseQuantization){.scales = T_SCALES, .zero_points = -1, .block_size = 4};
  q->details_type = sch_QuantizationDetails_BlockwiseQuantization;
  q->details = b;
}

static void main_operators(arena *a, sch_SubGraph *g) {
  static const uint8_t options[] = {1, 2, 3};
  RECORDS_OF(a, g->operators, Operator, OPS);
  sch_Operator *o = g->operators.data;
  o[OP_SUM].opcode_index = CODE_ADD;
  o[OP_SUM].inputs = ints(a, 2, T_X, T_W);
  o[OP_SUM].outputs = ints(a, 1, T_SUM);
  o[OP_SUM].builtin_options_type = sch_BuiltinOptions_AddOptions;
  o[OP_SUM].builtin_options = ARENA_NEW(a, sch_AddOptions);
  o[OP_LOOP].opcode_index = CODE_WHILE;
  o[OP_LOOP].inputs = ints(a, 1, T_SUM);
  o[OP_LOOP].outputs = ints(a, 1, T_LOOP);
  sch_WhileOptions *loop = ARENA_NEW(a, sch_WhileOptions);
  loop->cond_subgraph_index = COND;
  loop->body_subgraph_index = BODY;
  o[OP_LOOP].builtin_options_type = sch_BuiltinOptions_WhileOptions;
  o[OP_LOOP].builtin_options = loop;
  o[OP_PICK].opcode_index = CODE_IF;
  o[OP_PICK].inputs = ints(a, 2, T_FLAG, T_SUM);
  o[OP_PICK].outputs = ints(a, 1, T_PICKED);
  sch_IfOptions *pick = ARENA_NEW(a, sch_IfOptions);
  pick->then_subgraph_index = pick->else_subgraph_index = BODY;
  o[OP_PICK].builtin_options_type = sch_BuiltinOptions_IfOptions;
  o[OP_PICK].builtin_options = pick;
  o[OP_THING].opcode_index = CODE_CUSTOM;
  o[OP_THING].inputs = ints(a, 2, T_LOOP, T_QUANT);
  o[OP_THING].outputs = ints(a, 1, T_THING);
  o[OP_THING].custom_options = (sch_u8s){options, sizeof options};
}

static void side_graphs(arena *a, sch_Model *m) {
  sch_SubGraph *cond = &m->subgraphs.data[COND], *body = &m->subgraphs.data[BODY];
  RECORDS_OF(a, cond->tensors, Tensor, 2);
  set_tensor(&cond->tensors.data[0], "state", sch_TensorType_FLOAT32, ints(a, 1, 4), 0);
  set_tensor(&cond->tensors.data[1], "more", sch_TensorType_BOOL, ints(a, 0), B_FLAG);
  cond->inputs = ints(a, 1, 0);
  cond->outputs = ints(a, 1, 1);
  RECORDS_OF(a, body->tensors, Tensor, 3);
  for (int i = 0; i < 3; i++)
    set_tensor(&body->tensors.data[i], "", sch_TensorType_FLOAT32, ints(a, 1, 4), i == 1 ? B_W : 0);
  RECORDS_OF(a, body->operators, Operator, 1);
  body->operators.data[0].opcode_index = CODE_ADD;
  body->operators.data[0].inputs = ints(a, 2, 0, 1);
  body->operators.data[0].outputs = ints(a, 1, 2);
  body->inputs = ints(a, 1, 0);
  body->outputs = ints(a, 1, 2);
}

static void buffers(arena *a, sch_Model *m) {
  static const float w[4] = {1, 2, 3, 4}, scales[4] = {1, 1, 1, 1};
  static const uint8_t one[1] = {1}, eight[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  static const int32_t strings[5] = {2, 16, 18, 20, 0x64636261};
  RECORDS_OF(a, m->buffers, Buffer, BUFFERS);
  sch_Buffer *b = m->buffers.data;
  b[B_W].data = bytes(w, sizeof w);
  b[B_FLAG].data = bytes(one, sizeof one);
  b[B_QUANT].data = bytes(eight, sizeof eight);
  b[B_SCALES].data = bytes(scales, sizeof scales);
  b[B_BLOCKS].data = bytes(eight, sizeof eight);
  b[B_TEXT].data = bytes(strings, sizeof strings);
  b[B_NOTE].data = bytes("a note", 6);
}

static void names(arena *a, sch_Model *m) {
  RECORDS_OF(a, m->metadata, Metadata, 1);
  m->metadata.data[0].name = text("note");
  m->metadata.data[0].buffer = B_NOTE;
  RECORDS_OF(a, m->signature_defs, SignatureDef, 1);
  sch_SignatureDef *s = m->signature_defs.data;
  s->signature_key = text("serve");
  RECORDS_OF(a, s->inputs, TensorMap, 1);
  s->inputs.data[0].name = text("x");
  s->inputs.data[0].tensor_index = T_X;
  RECORDS_OF(a, s->outputs, TensorMap, 2);
  s->outputs.data[0].name = text("loop");
  s->outputs.data[0].tensor_index = T_LOOP;
  s->outputs.data[1].name = text("thing");
  s->outputs.data[1].tensor_index = T_THING;
}

sch_Model *small_model(arena *a) {
  static const int32_t numbers[CODES] = {sch_BuiltinOperator_ADD, sch_BuiltinOperator_WHILE, sch_BuiltinOperator_IF,
                                         sch_BuiltinOperator_CUSTOM};
  sch_Model *m = ARENA_NEW(a, sch_Model);
  m->version = 3;
  m->description = text("a small model");
  RECORDS_OF(a, m->operator_codes, OperatorCode, CODES);
  for (int i = 0; i < CODES; i++)
    m->operator_codes.data[i].builtin_code = m->operator_codes.data[i].deprecated_builtin_code = numbers[i];
  m->operator_codes.data[CODE_CUSTOM].custom_code = text("Thing");
  RECORDS_OF(a, m->subgraphs, SubGraph, SUBGRAPHS);
  main_tensors(a, m);
  main_operators(a, &m->subgraphs.data[MAIN]);
  m->subgraphs.data[MAIN].inputs = ints(a, 1, T_X);
  m->subgraphs.data[MAIN].outputs = ints(a, 3, T_LOOP, T_THING, T_PICKED);
  side_graphs(a, m);
  buffers(a, m);
  names(a, m);
  return m;
}

/* ---- files ---- */

uint8_t *file_of(mem *m, const sch_Model *model, const sch_write_options *options, size_t *size) {
  const sch_file source = {.model = model};
  sch_image image;
  mote_error e;
  uint8_t *data;
  assert_int_equal(sch_write(&source, m, options, &image, &e), MOTE_OK);
  assert_int_equal(sch_image_join(&image, m, &data, size, &e), MOTE_OK);
  sch_image_free(&image);
  return data;
}

static void on_fault(void *user, const mote_fault *f) {
  verdict *v = user;
  char *to = f->warning ? v->warning : v->rule;
  if (f->warning ? !v->warnings++ : !v->faults++) snprintf(to, sizeof v->rule, "%s", f->rule);
  assert_true(strlen(f->text) > 10);
}

static bool add_rules(void *user, int32_t code, sch_string custom, sch_op_rules *rules) {
  (void)user;
  (void)custom;
  *rules = (sch_op_rules){
      .options = sch_BuiltinOptions_AddOptions, .inputs_min = 2, .inputs_max = 2, .outputs_min = 1, .outputs_max = 1};
  return code == sch_BuiltinOperator_ADD;
}

verdict verify(const void *data, size_t size, bool deep) {
  verdict v = {0};
  sch_read_options o = {.on_fault = on_fault, .on_fault_user = &v, .op_rules = add_rules, .deep = deep};
  mem *m = mem_new(NULL, 0);
  file_view view;
  sch_file *file;
  assert_int_equal(file_from_memory(&view, m, data, size, false, NULL), MOTE_OK);
  v.status = sch_read(&view, m, &o, &file, &v.error);
  assert_true((v.status == MOTE_OK) == (file != NULL));
  assert_true((v.status == MOTE_OK) == (v.faults == 0));
  sch_close(file);
  /* Without a callback the answer is the same, and its sentence names the rule. */
  mote_error e = {0};
  o.on_fault = NULL;
  assert_int_equal(sch_read(&view, m, &o, &file, &e), v.status);
  if (v.status) assert_string_equal(e.text, v.error.text);
  sch_close(file);
  assert_int_equal(atomic_load(&m->used), 0);
  mem_release(m);
  return v;
}

uint32_t get32(const uint8_t *data, size_t at) {
  uint32_t v;
  memcpy(&v, data + at, sizeof v);
  return v;
}

void set32(uint8_t *data, size_t at, uint32_t v) { memcpy(data + at, &v, sizeof v); }

void set16(uint8_t *data, size_t at, uint16_t v) { memcpy(data + at, &v, sizeof v); }

size_t field_at(const uint8_t *data, size_t table, unsigned slot) {
  const size_t vtable = table - get32(data, table);
  uint16_t size, in_table;
  memcpy(&size, data + vtable, sizeof size);
  if (4 + 2 * slot + 2 > size) return 0;
  memcpy(&in_table, data + vtable + 4 + 2 * slot, sizeof in_table);
  return in_table ? table + in_table : 0;
}

/* ---- comparison ---- */

typedef struct pair {
  const sch_file *a, *b;
} pair;

static bool same_bytes(const pair *p, const sch_range *a, const sch_range *b) {
  return a->size == b->size && (!a->size || memcmp(sch_bytes(p->a, a), sch_bytes(p->b, b), (size_t)a->size) == 0);
}

static bool same_table(const pair *p, const sch_table *table, const void *a, const void *b);

static bool same_field(const pair *p, const sch_field *f, const uint8_t *a, const uint8_t *b) {
  const void *x = a + f->offset, *y = b + f->offset;
  const sch_u8s *list_a = x, *list_b = y;
  void *const *record_a = x, *const *record_b = y;
  const sch_table *table = f->table;
  switch (f->kind) {
    case SCH_SCALAR: return memcmp(x, y, sch_record_scalar_size(f->scalar)) == 0;
    case SCH_RANGE: return same_bytes(p, x, y);
    case SCH_STRING:
    case SCH_VECTOR:
      return !list_a->data == !list_b->data && list_a->count == list_b->count &&
             (!list_a->count || memcmp(list_a->data, list_b->data,
                                       list_a->count * (f->kind == SCH_STRING ? 1 : sch_scalar_size(f->scalar))) == 0);
    case SCH_RECORDS:
      if (!list_a->data != !list_b->data || list_a->count != list_b->count) return false;
      for (uint32_t i = 0; i < list_a->count; i++)
        if (!same_table(p, table, list_a->data + i * table->size, list_b->data + i * table->size)) return false;
      return true;
    case SCH_ONE_OF:
      if (a[f->type_offset] != b[f->type_offset]) return false;
      table = sch_union_table(f->members, a[f->type_offset]);
      break;
    case SCH_RECORD: break;
  }
  return !*record_a == !*record_b && (!*record_a || same_table(p, table, *record_a, *record_b));
}

static bool same_table(const pair *p, const sch_table *table, const void *a, const void *b) {
  if (table == &sch_table_Buffer) {
    const sch_Buffer *x = a, *y = b;
    const sch_range outside_x = {x->offset, x->size, NULL, true}, outside_y = {y->offset, y->size, NULL, true};
    return same_bytes(p, x->offset > 1 ? &outside_x : &x->data, y->offset > 1 ? &outside_y : &y->data);
  }
  for (uint32_t i = 0; i < table->count; i++)
    if (!same_field(p, &table->fields[i], a, b)) {
      print_message("%s.%s differs\n", table->name, table->fields[i].name);
      return false;
    }
  return true;
}

bool same_model(const sch_file *a, const sch_file *b) {
  const pair p = {a, b};
  return same_table(&p, &sch_table_Model, a->model, b->model);
}

/* ---- shared data ---- */

bool shared_path(char *to, size_t room, const char *name) {
  const char *root = getenv("MOTE_SHARED");
  snprintf(to, room, "%s/%s", root ? root : "../shared", name);
  if (access(to, R_OK) == 0) return true;
  print_message("skipped: %s is not there (MOTE_SHARED names the folder of shared data)\n", to);
  return false;
}

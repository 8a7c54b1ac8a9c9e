/* chance.c: see chance.h. */
#include "support/chance.h"

#include <math.h>
#include <stdio.h>

#include "base/size.h"
#include "support/chance_forms.h"
#include "support/flex.h"

enum { MAX_IN = 48, USUAL_IN = 24, MAX_OUT = 4, CONST_MOST = 1 << 16, MORE_OPS = 2, INTERMEDIATES = 5 };

/* ---- decisions ---- */

uint32_t chance_below(chance *c, uint32_t n) {
  const uint32_t byte = c->at < c->size ? c->data[c->at++] : 0;
  return n ? byte % n : 0;
}

static bool one_in(chance *c, uint32_t n) { return chance_below(c, n) == n - 1; }

/* Now and then, in networks that are not tame. */
static bool wild(chance *c) { return c->wild && one_in(c, 8); }

static int32_t odd_int(chance *c) {
  static const int32_t odd[] = {-1,    0,     1,     2,       7,       127,       128,       255, 256,  32767,
                                32768, 65535, 65536, 1 << 24, 1 << 30, INT32_MAX, INT32_MIN, -2,  -128, -32768};
  return odd[chance_below(c, sizeof odd / sizeof *odd)];
}

static float odd_float(chance *c) {
  static const float odd[] = {0, -0.0f, 1, -1, 1e-40f, 1e-6f, 1e6f, 3e38f, -3e38f, INFINITY, -INFINITY, NAN};
  return odd[chance_below(c, sizeof odd / sizeof *odd)];
}

static const custom_form *custom_of(const mote_op *op) {
  for (size_t i = 0; i < sizeof customs / sizeof *customs; i++)
    if (!strcmp(customs[i].name, op->name)) return &customs[i];
  return NULL;
}

typedef struct maker {
  net *n;
  chance *c;
  const mote_op *op;
  int num_in, num_out;
  mote_type in[MAX_IN], out[MAX_OUT];
  int32_t letter[26]; /* dimensions, 0: not drawn; a drawn 0 is -1 */
  int32_t rank, dims[OP_MAX_RANK];
  float scale[3]; /* of input 0, of the second input, of outputs */
  int32_t zero;
  bool projection;
} maker;

static int32_t draw_dim(maker *m) {
  if (wild(m->c)) {
    const int32_t odd = odd_int(m->c);
    return odd < 0 ? 0 : odd;
  }
  static const uint8_t usual[] = {1, 2, 3, 4, 5, 6, 8, 2, 3, 4, 1, 16, 17, 9, 33, 0};
  return usual[chance_below(m->c, sizeof usual)];
}

/* Operators of one direction whose optional inputs belong together. */
static bool is_lstm(const mote_op *op) {
  return op->code == sch_BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_LSTM || op->code == sch_BuiltinOperator_LSTM;
}

static int32_t letter_dim(maker *m, char name) {
  int32_t *at = &m->letter[name - 'a'];
  if (name == 'o' && is_lstm(m->op) && !m->projection) return letter_dim(m, 'u');
  if (!*at) *at = draw_dim(m);
  if (!*at) *at = -1;
  return *at < 0 ? 0 : *at;
}

static const char *form_of(const mote_op *op) {
  if (custom_of(op)) return custom_of(op)->form;
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    if (forms[i].code == op->code) return forms[i].form;
  return "?";
}

/* Word i of a form; `length` without what follows ":". */
static const char *word_of(const char *form, int i, size_t *length, char *content) {
  for (; i > 0 && strchr(form, ' '); i--) form = strchr(form, ' ') + 1;
  *length = strcspn(form, " :");
  *content = form[*length] == ':' ? form[*length + 1] : 0;
  return form;
}

static int32_t broadcasting(maker *m, int32_t *dims) {
  const int32_t drop = one_in(m->c, 3) ? (int32_t)chance_below(m->c, (uint32_t)m->rank + 1) : 0;
  for (int32_t i = drop; i < m->rank; i++) dims[i - drop] = one_in(m->c, 4) ? 1 : m->dims[i];
  return m->rank - drop;
}

static int32_t shape_of(maker *m, const char *word, size_t length, int32_t *dims) {
  int32_t rank = 0;
  for (size_t i = 0; i < length && rank < OP_MAX_RANK; i++) {
    const char w = word[i];
    if (w == '?') {
      memcpy(dims, m->dims, sizeof m->dims);
      rank = m->rank;
    } else if (w == '~') rank = broadcasting(m, dims);
    else if (w >= 'a' && w <= 'z') dims[rank++] = letter_dim(m, w);
    else if (w >= '0' && w <= '9') dims[rank++] = w - '0';
    else if (w == 'R') dims[rank++] = m->rank;
    else if (w == 'K') dims[rank++] = m->num_out;
    else if (w == 'G') dims[rank++] = 125;
    else if (w == 'T') dims[rank++] = m->in[0] == MOTE_INT16 ? 513 : 256;
    else if (w == 'P') dims[rank++] = 17; /* parts of a body, two numbers for each, four for each edge between them */
    else if (w == 'Q') dims[rank++] = 34;
    else if (w == 'E') dims[rank++] = 64;
    else if (w == 'V') dims[rank++] = (int32_t)chance_below(m->c, 5);
  }
  if (wild(m->c)) {
    if (one_in(m->c, 2)) rank = (int32_t)chance_below(m->c, OP_MAX_RANK + 1);
    for (int32_t i = 0; i < rank; i++)
      if (one_in(m->c, 2)) dims[i] = draw_dim(m);
  }
  return rank;
}

/* ---- contents ---- */

static int64_t draw_int(maker *m, char content, size_t i, size_t count) {
  chance *c = m->c;
  if (wild(c)) return odd_int(c);
  const int32_t rank = m->rank ? m->rank : 1;
  switch (content) {
    case 'a': return (int32_t)chance_below(c, 2 * (uint32_t)rank) - rank;
    case 'p': return (int32_t)chance_below(c, 3);
    case '0': return 0;
    case 'u': return 1 + (int32_t)chance_below(c, 2);
    case 'w': return letter_dim(m, "bdhwo"[i % 5]);
    case 'z': return 1 + (int32_t)chance_below(c, 7);
    case 'l': return 3 + (int32_t)chance_below(c, 4);
    case 's':
      return i == 0 && count != (size_t)m->rank ? -1 : i < (size_t)m->rank && count == (size_t)m->rank ? m->dims[i] : 1;
    case 'q': return (int64_t)(count - 1 - i);
    case 't':
      return i == 0 ? letter_dim(m, 'b') : i == count - 1 ? letter_dim(m, 'o') : 1 + (int64_t)chance_below(c, 4);
    case 'f': return i == 0 ? -1 : (int64_t)chance_below(c, 2);
    default: return (int32_t)chance_below(c, 256) - 100;
  }
}

static uint32_t next(uint32_t *seed) { return *seed = *seed * 1664525u + 1013904223u; }

void chance_fill(chance *c, mote_type type, void *data, size_t bytes) {
  uint32_t seed = chance_below(c, 256) * 40503u + 7u;
  if (type == MOTE_FLOAT32) {
    for (size_t i = 0; i < bytes / 4; i++)
      ((float *)data)[i] = wild(c) ? odd_float(c) : (float)((int32_t)(next(&seed) >> 20) - 2048) / 512;
  } else if (type == MOTE_INT32 || type == MOTE_INT64) {
    const size_t each = (size_t)mote_type_bits(type) / 8;
    for (size_t i = 0; i < bytes / each; i++) {
      const int64_t v = wild(c) ? odd_int(c) : (int64_t)(next(&seed) >> 25) - 20;
      memcpy((char *)data + i * each, &v, each); /* little-endian: the low bytes come first */
    }
  } else {
    for (size_t i = 0; i < bytes; i++) ((uint8_t *)data)[i] = (uint8_t)(next(&seed) >> 24);
    if (type == MOTE_BOOL)
      for (size_t i = 0; i < bytes; i++) ((uint8_t *)data)[i] &= 1;
  }
}

static int make_strings(net *n, chance *c, int32_t rank, const int32_t *dims, size_t count) {
  static const char *const words[] = {"", "a", "bc", "def"};
  uint8_t packed[1024];
  int32_t head = (int32_t)count, at = 4 * (head + 2);
  memcpy(packed, &head, 4);
  for (int32_t i = 0; i <= head; i++) {
    memcpy(packed + 4 + 4 * i, &at, 4);
    if (i == head) break;
    const char *word = words[chance_below(c, 4)];
    memcpy(packed + at, word, strlen(word));
    at += (int32_t)strlen(word);
  }
  return net_const(n, MOTE_STRING, rank, dims, packed, (size_t)at);
}

/* A constant, when it is small enough; -1 otherwise. */
static int make_const(maker *m, mote_type type, int32_t rank, const int32_t *dims, char content) {
  size_t count, bytes;
  if (!size_dims(dims, rank, &count) || count > CONST_MOST) return -1;
  if (type == MOTE_STRING) return count <= 64 ? make_strings(m->n, m->c, rank, dims, count) : -1;
  if (!op_type_bytes(type, count, &bytes) || bytes > CONST_MOST || bytes == 0) return -1;
  uint8_t *data = malloc(bytes);
  chance_fill(m->c, type, data, bytes);
  const size_t each = (size_t)mote_type_bits(type) / 8;
  for (size_t i = 0; content && (type == MOTE_INT32 || type == MOTE_INT64) && i < count && i < 64; i++) {
    const int64_t v = draw_int(m, content, i, count);
    memcpy(data + i * each, &v, each);
  }
  const int tensor = net_const(m->n, type, rank, dims, data, bytes);
  free(data);
  return tensor;
}

/* ---- quantization ---- */

static bool is_quantized(mote_type type) {
  return type == MOTE_INT8 || type == MOTE_UINT8 || type == MOTE_INT16 || type == MOTE_INT32;
}

static float draw_scale(chance *c) {
  static const float usual[] = {1.0f / 256, 0.0078125f, 0.5f, 0.0123f, 1, 1.0f / 32768, 0.05f, 1.0f / 2048};
  return wild(c) ? odd_float(c) : usual[chance_below(c, sizeof usual / sizeof *usual)];
}

static void quantize(net *n, int tensor, int32_t count, float scale, int32_t zero, int32_t axis) {
  sch_QuantizationParameters *q = ARENA_NEW(&n->arena, sch_QuantizationParameters);
  *q = *(const sch_QuantizationParameters *)sch_table_QuantizationParameters.defaults;
  float *s = ARENA_ARRAY(&n->arena, float, (size_t)count + 1);
  int64_t *z = ARENA_ARRAY(&n->arena, int64_t, (size_t)count + 1);
  for (int32_t i = 0; i < count; i++) s[i] = scale * (float)(1 + i % 3), z[i] = zero;
  q->scale = (sch_f32s){s, (uint32_t)count};
  q->zero_point = (sch_i64s){z, (uint32_t)count};
  q->quantized_dimension = axis;
  net_at(n, tensor)->quantization = q;
}

static void quantize_input(maker *m, int tensor, int i) {
  const sch_Tensor *t = net_at(m->n, tensor);
  const mote_type type = (mote_type)t->type;
  if (!is_quantized(type) || one_in(m->c, 16)) return;
  const bool weighted = m->op->code == sch_BuiltinOperator_CONV_2D ||
                        m->op->code == sch_BuiltinOperator_DEPTHWISE_CONV_2D ||
                        m->op->code == sch_BuiltinOperator_FULLY_CONNECTED;
  const bool weights = weighted && i == 1, bias = i == 2 && type == MOTE_INT32;
  const float scale = bias ? m->scale[0] * m->scale[1] : m->scale[i == 1];
  const int32_t zero = type == MOTE_UINT8 ? m->zero : type == MOTE_INT8 && !weights ? m->zero - 128 : 0;
  const int32_t axis = m->op->code == sch_BuiltinOperator_DEPTHWISE_CONV_2D ? 3 : 0;
  if (weights && type == MOTE_INT8 && axis < (int32_t)t->shape.count && t->shape.data[axis] <= 64 && one_in(m->c, 2))
    quantize(m->n, tensor, t->shape.data[axis], scale, 0, axis);
  else quantize(m->n, tensor, 1, scale, zero, 0);
}

static void quantize_output(maker *m, int tensor, mote_type type) {
  if (!is_quantized(type) || type == MOTE_INT32 || one_in(m->c, 16)) return;
  const bool unit = m->op->code == sch_BuiltinOperator_LOGISTIC || m->op->code == sch_BuiltinOperator_SOFTMAX;
  const int32_t zero = unit ? 0 : m->zero;
  quantize(m->n, tensor, 1,
           !unit                ? m->scale[2]
           : type == MOTE_INT16 ? 1.0f / 32768
                                : 1.0f / 256,
           type == MOTE_INT16  ? 0
           : type == MOTE_INT8 ? zero - 128
                               : zero,
           0);
}

/* ---- types ---- */

static mote_type type_named(const char *name, size_t length) {
  static const struct {
    const char *name;
    mote_type type;
  } types[] = {{"f32", MOTE_FLOAT32}, {"f16", MOTE_FLOAT16},   {"bf16", MOTE_BFLOAT16},   {"f64", MOTE_FLOAT64},
               {"i2", MOTE_INT2},     {"i4", MOTE_INT4},       {"i8", MOTE_INT8},         {"i16", MOTE_INT16},
               {"i32", MOTE_INT32},   {"i64", MOTE_INT64},     {"u4", MOTE_UINT4},        {"u8", MOTE_UINT8},
               {"u16", MOTE_UINT16},  {"u32", MOTE_UINT32},    {"u64", MOTE_UINT64},      {"bool", MOTE_BOOL},
               {"str", MOTE_STRING},  {"c64", MOTE_COMPLEX64}, {"c128", MOTE_COMPLEX128}, {"res", MOTE_RESOURCE},
               {"any", MOTE_INT32}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strlen(types[i].name) == length && !memcmp(types[i].name, name, length)) return types[i].type;
  return MOTE_FLOAT32;
}

/* One of the alternatives of a word; "=" and "=N" are types of inputs. */
static mote_type draw_type(maker *m, const char *word, size_t length) {
  if (wild(m->c)) return (mote_type)chance_below(m->c, MOTE_TYPE_COUNT);
  if (*word == '=') return m->in[length > 1 ? word[1] - '0' : 0];
  uint32_t bars = 0;
  for (size_t i = 0; i < length; i++) bars += word[i] == '|';
  for (uint32_t skip = chance_below(m->c, bars + 1); skip > 0; skip--) {
    const char *next_word = strchr(word, '|') + 1;
    length -= (size_t)(next_word - word);
    word = next_word;
  }
  return type_named(word, strcspn(word, "| ;") < length ? strcspn(word, "| ;") : length);
}

/* Types of `count` operands by the words at *row, which ends behind ">" or at the end of the row. */
static void draw_side(maker *m, const char **row, int count, mote_type *types) {
  const char *word = "f32";
  size_t length = 3;
  const char *at = *row;
  for (int i = 0; i < count; i++) {
    at += strspn(at, " ");
    if (*at && *at != '>' && *at != ';' && strncmp(at, "...", 3) != 0) {
      word = at;
      length = strcspn(at, " ;");
      at += length;
    }
    types[i] = draw_type(m, word, length);
  }
  at += strcspn(at, ">;");
  *row = *at == '>' ? at + 1 : at;
}

static void draw_types(maker *m) {
  const char *row = m->op->types ? m->op->types : "f32 ... > f32 ...";
  uint32_t rows = 1;
  for (const char *at = row; *at; at++) rows += *at == ';';
  for (uint32_t skip = chance_below(m->c, rows); skip > 0; skip--) row = strchr(row, ';') + 1;
  draw_side(m, &row, m->num_in, m->in);
  draw_side(m, &row, m->num_out, m->out);
}

/* ---- options ---- */

static int32_t draw_option(maker *m, const char *name) {
  chance *c = m->c;
  if (wild(c)) return odd_int(c);
  for (size_t i = 0; i < sizeof fitting / sizeof *fitting; i++)
    if (!strcmp(fitting[i].name, name) && fitting[i].count == 1) return (int32_t)fitting[i].value[0];
  if (strstr(name, "stride") || strstr(name, "filter_") || strstr(name, "dilation"))
    return 1 + (int32_t)chance_below(c, 3);
  if (!strcmp(name, "depth_multiplier")) return 1;
  if (!strcmp(name, "num_splits") || !strcmp(name, "num")) return m->num_out;
  if (!strcmp(name, "values_count")) return m->num_in;
  if (!strcmp(name, "axis")) return (int32_t)chance_below(c, (uint32_t)m->rank + 1) - (m->rank > 0);
  if (strstr(name, "mask")) return (int32_t)(chance_below(c, 2) ? chance_below(c, 32) : 0);
  return 0;
}

static void draw_choice(maker *m, const sch_field *f, int32_t *to) {
  if (!strcmp(f->name, "output_type")) *to = (int32_t)m->out[0];
  else if (one_in(m->c, 2)) *to = f->values->numbers[chance_below(m->c, f->values->count)];
  if (wild(m->c)) *to = odd_int(m->c) & 127;
}

static void draw_scalar(maker *m, const sch_field *f, void *to) {
  if (f->values) draw_choice(m, f, to);
  else if (f->scalar == SCH_bool) *(bool *)to = one_in(m->c, 2);
  else if (f->scalar == SCH_float) *(float *)to = wild(m->c) ? odd_float(m->c) : (float)chance_below(m->c, 5) / 4;
  else {
    const int64_t v = draw_option(m, f->name);
    memcpy(to, &v, sch_record_scalar_size((sch_scalar)f->scalar));
  }
}

/* A list of 64-bit integers or of bools; those of `fitting` are there mostly. */
static void draw_list(maker *m, const sch_field *f, void *to) {
  chance *c = m->c;
  const int32_t many = (int32_t)chance_below(c, 3);
  uint32_t count = many < m->rank ? (uint32_t)many : 0;
  int64_t *const v = ARENA_ARRAY(&m->n->arena, int64_t, OP_MAX_RANK);
  bool *const bools = ARENA_ARRAY(&m->n->arena, bool, OP_MAX_RANK);
  for (int i = 0; i < OP_MAX_RANK; i++) v[i] = i;
  for (size_t i = 0; i < sizeof fitting / sizeof *fitting; i++) {
    if (strcmp(fitting[i].name, f->name) != 0) continue;
    count = (uint32_t)fitting[i].count;
    memcpy(v, fitting[i].value, sizeof fitting[i].value);
  }
  if (wild(c)) v[0] = odd_int(c);
  for (uint32_t i = 0; i < count; i++) bools[i] = chance_below(c, 2);
  if (f->scalar == SCH_bool) *(sch_bools *)to = (sch_bools){bools, count};
  else *(sch_i64s *)to = (sch_i64s){v, count};
}

static void *draw_options(maker *m) {
  const int which = m->op->options_2 ? 2 : 1;
  const sch_table *table = sch_options_table(which, which == 2 ? m->op->options_2 : m->op->options);
  if (!table) return NULL;
  char *record = arena_alloc(&m->n->arena, table->size);
  memcpy(record, table->defaults, table->size);
  for (uint32_t i = 0; i < table->count; i++) {
    const sch_field *f = &table->fields[i];
    void *to = record + f->offset;
    if (f->kind == SCH_SCALAR) draw_scalar(m, f, to);
    else if (f->kind == SCH_STRING) *(sch_string *)to = net_text("v");
    else if (f->kind == SCH_VECTOR && (f->scalar == SCH_long || f->scalar == SCH_bool)) draw_list(m, f, to);
    else if (f->kind == SCH_VECTOR && f->scalar == SCH_int && m->op->traits & OP_CALLS) {
      const int32_t callees[] = {1, wild(m->c) ? odd_int(m->c) : 2};
      *(sch_i32s *)to = net_ints(m->n, strcmp(f->name, "branch_subgraph_indices") ? 1 : 2, callees);
    } else if (f->kind == SCH_VECTOR && f->scalar == SCH_int && one_in(m->c, 2)) {
      int32_t v[OP_MAX_RANK] = {0};
      const int32_t count = strcmp(f->name, "new_shape") == 0 ? m->rank : (int32_t)chance_below(m->c, 4);
      for (int32_t k = 0; k < count; k++) v[k] = wild(m->c) ? odd_int(m->c) : count == m->rank ? m->dims[k] : k;
      *(sch_i32s *)to = net_ints(m->n, count, v);
    }
  }
  return record;
}

/* ---- one operator ---- */

static void begin_op(maker *m, const mote_op *op) {
  chance *c = m->c;
  *m = (maker){.n = m->n, .c = c, .op = op};
  m->num_in = op->inputs_min;
  const int most_in = op->inputs_max == OP_ANY ? op->inputs_min + 3 : op->inputs_max;
  const int most_out = op->outputs_max == OP_ANY ? op->outputs_min + 3 : op->outputs_max;
  if (most_in > m->num_in) m->num_in = most_in - (int)chance_below(c, (uint32_t)(most_in - m->num_in) + 1);
  m->num_out = most_out - (int)chance_below(c, (uint32_t)(most_out - op->outputs_min) + 1);
  if (m->num_in > MAX_IN) m->num_in = MAX_IN;
  if (m->num_out > MAX_OUT) m->num_out = MAX_OUT;
  if (is_lstm(op) && m->num_in < USUAL_IN) m->num_in = 20;
  draw_types(m);
  m->rank = (int32_t)chance_below(c, one_in(c, 4) ? OP_MAX_RANK + 1 : 5);
  for (int32_t i = 0; i < m->rank; i++) m->dims[i] = m->rank > 4 ? 1 + (int32_t)chance_below(c, 3) : draw_dim(m);
  m->scale[0] = m->scale[1] = m->scale[2] = draw_scale(c);
  if (one_in(c, 3)) m->scale[1] = draw_scale(c);
  if (one_in(c, 3)) m->scale[2] = draw_scale(c);
  m->zero = (int32_t)chance_below(c, 256);
}

/* Which inputs are left out: single ones that are optional; for LSTMs, parts that belong together. */
static uint64_t draw_omitted(maker *m) {
  const uint32_t part[] = {1 << 1 | 1 << 5 | 1 << 9 | 1 << 12 | 1 << 20, 1 << 9 | 1 << 10 | 1 << 11, 1 << 16 | 1 << 17,
                           1 << 17};
  uint64_t omitted = 0;
  if (is_lstm(m->op)) {
    for (int i = 0; i < 4; i++)
      if (one_in(m->c, 2)) omitted |= part[i];
    m->projection = !(omitted & 1 << 16);
  }
  if (m->op->code == sch_BuiltinOperator_BIDIRECTIONAL_SEQUENCE_LSTM && one_in(m->c, 2))
    omitted |= UINT64_C(0x1ff) << 39; /* the auxiliary input and its weights */
  for (int i = 0; i < m->num_in; i++)
    if ((wild(m->c) && one_in(m->c, 4)) || (m->num_in < 20 && m->op->optional >> i & 1 && one_in(m->c, 4)))
      omitted |= UINT64_C(1) << i;
  return omitted;
}

/* An earlier tensor of this type, or -1. */
static int earlier(maker *m, mote_type type) {
  const int count = (int)m->n->graphs[m->n->graph].tensors.count;
  if (!count || m->num_in > USUAL_IN || !one_in(m->c, 4)) return -1;
  const int tensor = (int)chance_below(m->c, (uint32_t)count);
  return net_at(m->n, tensor)->type == (int32_t)type ? tensor : -1;
}

static int make_input(maker *m, int i) {
  size_t length;
  char content;
  const char *word = word_of(form_of(m->op), i, &length, &content);
  const bool state = *word == '@';
  int tensor = state || content ? -1 : earlier(m, m->in[i]);
  if (tensor >= 0) {
    if (i == 0 && *word == '?' && net_at(m->n, tensor)->shape.count <= OP_MAX_RANK) {
      m->rank = (int32_t)net_at(m->n, tensor)->shape.count;
      if (m->rank) memcpy(m->dims, net_at(m->n, tensor)->shape.data, (size_t)m->rank * sizeof *m->dims);
    }
    return tensor;
  }
  int32_t dims[OP_MAX_RANK] = {0};
  const int32_t rank = shape_of(m, word, length, dims);
  if (!state && (content ? !one_in(m->c, 8) : i > 0 && one_in(m->c, 2)))
    tensor = make_const(m, m->in[i], rank, dims, content);
  if (tensor < 0) tensor = net_tensor(m->n, m->in[i], rank, dims);
  if (state) net_at(m->n, tensor)->is_variable = true;
  if (state && is_lstm(m->op) && i == 19 && m->in[i] == MOTE_INT16) quantize(m->n, tensor, 1, 1.0f / 2048, 0, 0);
  else quantize_input(m, tensor, i);
  return tensor;
}

static int make_output(maker *m, int i) {
  int32_t rank = m->rank, dims[OP_MAX_RANK];
  memcpy(dims, m->dims, sizeof dims);
  if (wild(m->c)) rank = (int32_t)chance_below(m->c, OP_MAX_RANK + 1);
  for (int32_t k = m->rank; k < rank; k++) dims[k] = draw_dim(m);
  const int tensor = net_tensor(m->n, m->out[i], rank, dims);
  quantize_output(m, tensor, m->out[i]);
  return tensor;
}

static void add_intermediates(maker *m, sch_Operator *o) {
  int32_t v[INTERMEDIATES];
  for (int i = 0; i < INTERMEDIATES; i++) {
    v[i] = net_tensor(m->n, i < 4 ? MOTE_INT16 : MOTE_INT8, 0, NULL);
    quantize(m->n, v[i], 1, i < 4 ? 1.0f / 4096 : 1.0f / 128, 0, 0);
  }
  o->intermediates = net_ints(m->n, INTERMEDIATES, v);
}

static float draw_custom_option(maker *m, const char *key) {
  if (!strcmp(key, "nms_iou_threshold")) return 0.5f;
  if (!strcmp(key, "nms_score_threshold")) return 0.1f;
  if (!strcmp(key, "num_classes")) return (float)(m->letter['k' - 'a'] - (int32_t)one_in(m->c, 2));
  if (!strcmp(key, "use_regular_nms")) return (float)chance_below(m->c, 2);
  return wild(m->c) ? odd_float(m->c) : (float)(1 + chance_below(m->c, 4));
}

static sch_i32s digits(maker *m, const char *text, size_t count) {
  int32_t v[FLEX_OPTIONS];
  for (size_t i = 0; i < count; i++) v[i] = wild(m->c) ? odd_int(m->c) : text[i] - '0';
  return net_ints(m->n, (int)count, v);
}

/* One word of the keys. */
static flex_entry custom_option(maker *m, const char *word, size_t length) {
  const size_t key = strcspn(word, "=[ ");
  flex_entry e = {.key = arena_string(&m->n->arena, word, key)};
  const char *const rest = word + key + 1;
  if (key >= length) e.value = draw_custom_option(m, e.key);
  else if (word[key] == '[') {
    const sch_i32s list = digits(m, rest, strcspn(rest, "]"));
    e.list = list.data;
    e.count = list.count;
  } else if (*rest >= '0' && *rest <= '9') e.value = wild(m->c) ? odd_float(m->c) : (float)(*rest - '0');
  else e.text = arena_string(&m->n->arena, rest, length - key - 1);
  return e;
}

static void add_custom_options(maker *m, sch_Operator *o, const char *keys) {
  flex_entry options[FLEX_OPTIONS];
  uint8_t blob[FLEX_ROOM];
  uint32_t count = 0;
  if (*keys == '#') {
    const sch_i32s fields = digits(m, keys + 1, strlen(keys + 1));
    o->custom_options = (sch_u8s){(const uint8_t *)fields.data, fields.count * 4};
    return;
  }
  for (size_t length; *keys; keys += length + strspn(keys + length, " ")) {
    length = strcspn(keys, " ");
    options[count++] = custom_option(m, keys, length);
  }
  const size_t size = flex_write_entries(options, count, blob);
  o->custom_options = (sch_u8s){(const uint8_t *)arena_string(&m->n->arena, (char *)blob, size), (uint32_t)size};
}

static void add_op(maker *m, const mote_op *op) {
  begin_op(m, op);
  const uint64_t omitted = draw_omitted(m);
  int32_t in[MAX_IN], out[MAX_OUT];
  for (int i = 0; i < m->num_in; i++) in[i] = omitted >> i & 1 ? -1 : make_input(m, i);
  for (int i = 0; i < m->num_out; i++) out[i] = make_output(m, i);
  void *const options = draw_options(m);
  sch_Operator *o = net_op(m->n, op->code, op->options, op->options ? options : NULL, m->num_in, in, m->num_out, out);
  o->builtin_options_2_type = op->options_2;
  o->builtin_options_2 = op->options_2 ? options : NULL;
  if (op->code == sch_BuiltinOperator_CUSTOM) {
    m->n->codes[o->opcode_index].custom_code = net_text(op->name);
    if (custom_of(op)) add_custom_options(m, o, custom_of(op)->keys);
  }
  if (op->code == sch_BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_LSTM && m->in[0] == MOTE_INT8) add_intermediates(m, o);
}

/* Inputs are what no operator makes and no buffer holds; outputs what operators make. */
static void find_ends(net *n) {
  const sch_SubGraph *g = &n->graphs[n->graph];
  bool made[NET_TENSORS] = {false}, used[NET_TENSORS] = {false};
  int32_t in[NET_TENSORS], out[NET_TENSORS];
  int num_in = 0, num_out = 0;
  for (uint32_t i = 0; i < g->operators.count; i++) {
    const sch_Operator *o = &g->operators.data[i];
    for (uint32_t k = 0; k < o->outputs.count; k++)
      if (o->outputs.data[k] >= 0) made[o->outputs.data[k]] = true;
    for (uint32_t k = 0; k < o->inputs.count; k++)
      if (o->inputs.data[k] >= 0) used[o->inputs.data[k]] = true;
  }
  for (int i = 0; i < (int)g->tensors.count; i++) {
    const sch_Tensor *t = &g->tensors.data[i];
    if (made[i]) out[num_out++] = i;
    else if (used[i] && !t->buffer && !t->is_variable) in[num_in++] = i;
  }
  net_ends(n, num_in, in, num_out, out);
}

/* ---- operators that come in company ---- */

static int fresh(maker *m, mote_type type) { return net_tensor(m->n, type, m->rank, m->dims); }

static int scalar(maker *m, int32_t v) { return net_const(m->n, MOTE_INT32, 0, NULL, &v, 4); }

static int handle(maker *m, int32_t code, uint8_t kind, void *options) {
  const int h = net_tensor(m->n, MOTE_RESOURCE, 0, NULL);
  net_op(m->n, code, kind, options, 0, NULL, 1, (int32_t[]){h});
  return h;
}

static sch_VarHandleOptions *variable_name(maker *m) {
  sch_VarHandleOptions *o = ARENA_NEW(&m->n->arena, sch_VarHandleOptions);
  *o = *(const sch_VarHandleOptions *)sch_table_VarHandleOptions.defaults;
  o->shared_name = net_text("v");
  return o;
}

static void assign(maker *m, mote_type type) {
  const int h = handle(m, sch_BuiltinOperator_VAR_HANDLE, sch_BuiltinOptions_VarHandleOptions, variable_name(m));
  const int c = make_const(m, type, m->rank, m->dims, 0);
  const int value = c < 0 ? fresh(m, type) : c;
  net_op(m->n, sch_BuiltinOperator_ASSIGN_VARIABLE, sch_BuiltinOptions_AssignVariableOptions, NULL, 2,
         (int32_t[]){h, value}, 0, NULL);
}

static void read_back(maker *m, mote_type type) {
  const int h = handle(m, sch_BuiltinOperator_VAR_HANDLE, sch_BuiltinOptions_VarHandleOptions, variable_name(m));
  net_op(m->n, sch_BuiltinOperator_READ_VARIABLE, sch_BuiltinOptions_ReadVariableOptions, NULL, 1, (int32_t[]){h}, 1,
         (int32_t[]){fresh(m, type)});
}

/* CALL_ONCE assigns in another subgraph what is read here; without it the assignment stands here. */
static void add_variable(maker *m, bool once) {
  static const mote_type types[] = {MOTE_FLOAT32, MOTE_INT32, MOTE_INT8, MOTE_BOOL, MOTE_INT64, MOTE_STRING};
  const mote_type type = types[chance_below(m->c, sizeof types / sizeof *types)];
  sch_CallOnceOptions *o = ARENA_NEW(&m->n->arena, sch_CallOnceOptions);
  o->init_subgraph_index = wild(m->c) ? odd_int(m->c) : 1;
  if (once) net_op(m->n, sch_BuiltinOperator_CALL_ONCE, sch_BuiltinOptions_CallOnceOptions, o, 0, NULL, 0, NULL);
  else assign(m, type);
  read_back(m, type);
  find_ends(m->n);
  if (!once) return;
  net_graph(m->n);
  assign(m, wild(m->c) ? MOTE_INT16 : type);
}

static void add_table(maker *m) {
  const bool words = one_in(m->c, 2); /* what keys are */
  const mote_type key = words ? MOTE_STRING : MOTE_INT64, value = words ? MOTE_INT64 : MOTE_STRING;
  sch_HashtableOptions *o = ARENA_NEW(&m->n->arena, sch_HashtableOptions);
  *o = (sch_HashtableOptions){.key_dtype = (int32_t)key, .value_dtype = (int32_t)value, .table_id = 1};
  if (wild(m->c)) o->value_dtype = (int32_t)chance_below(m->c, MOTE_TYPE_COUNT);
  const int h = handle(m, sch_BuiltinOperator_HASHTABLE, sch_BuiltinOptions_HashtableOptions, o);
  const int32_t n = 1 + (int32_t)chance_below(m->c, 9), few = (int32_t)chance_below(m->c, 5), one = 1;
  const int keys = make_const(m, key, 1, &n, 0), values = make_const(m, value, 1, &n, 0);
  const int wanted = few ? make_const(m, key, 1, &few, 0) : net_tensor(m->n, key, 1, &few);
  const int other = make_const(m, value, 1, &one, 0), found = net_tensor(m->n, value, 1, &few);
  const int size = net_tensor(m->n, MOTE_INT64, 1, &one);
  net_op(m->n, sch_BuiltinOperator_HASHTABLE_IMPORT, sch_BuiltinOptions_HashtableImportOptions, NULL, 3,
         (int32_t[]){h, keys, values}, 0, NULL);
  net_op(m->n, sch_BuiltinOperator_HASHTABLE_FIND, sch_BuiltinOptions_HashtableFindOptions, NULL, 3,
         (int32_t[]){h, wanted, other}, 1, (int32_t[]){found});
  net_op(m->n, sch_BuiltinOperator_HASHTABLE_SIZE, sch_BuiltinOptions_HashtableSizeOptions, NULL, 1, (int32_t[]){h}, 1,
         (int32_t[]){size});
  find_ends(m->n);
}

/* The operator of this network, which calls subgraphs. */
static void call_op(maker *m, void *options, int num_in, const int32_t *in, int num_out, const int32_t *out) {
  sch_Operator *const o =
      net_op(m->n, m->op->code, m->op->options, m->op->options ? options : NULL, num_in, in, num_out, out);
  o->builtin_options_2_type = m->op->options_2;
  o->builtin_options_2 = m->op->options_2 ? options : NULL;
}

/* A subgraph of one operator of two values of this type; rank 0 for what combines single elements. */
static void add_callee(maker *m, int32_t code, uint8_t kind, mote_type type, mote_type result, int32_t rank) {
  net_graph(m->n);
  const int a = net_tensor(m->n, type, rank, m->dims), b = net_tensor(m->n, type, rank, m->dims);
  const int y = net_tensor(m->n, wild(m->c) ? MOTE_INT16 : result, rank, m->dims);
  net_op(m->n, code, kind, NULL, 2, (int32_t[]){a, b}, 1, (int32_t[]){y});
  net_ends(m->n, 2, (int32_t[]){a, b}, 1, (int32_t[]){y});
}

/* Calls of whole subgraphs with two values: one that is always called, or one of two. */
static void add_call(maker *m) {
  const bool chooses = m->op->code == sch_BuiltinOperator_IF || m->op->code == sch_BuiltinOperator_STABLEHLO_CASE;
  int32_t in[3];
  int num_in = 0;
  if (chooses) in[num_in++] = net_tensor(m->n, m->op->code == sch_BuiltinOperator_IF ? MOTE_BOOL : MOTE_INT32, 0, NULL);
  in[num_in++] = fresh(m, MOTE_FLOAT32);
  in[num_in++] = fresh(m, MOTE_FLOAT32);
  call_op(m, draw_options(m), num_in, in, 1, (int32_t[]){fresh(m, MOTE_FLOAT32)});
  find_ends(m->n);
  add_callee(m, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, MOTE_FLOAT32, MOTE_FLOAT32, m->rank);
  add_callee(m, sch_BuiltinOperator_MUL, sch_BuiltinOptions_MulOptions, MOTE_FLOAT32, MOTE_FLOAT32, m->rank);
}

/* What a subgraph combines or compares by elements: reductions, scatter, sort. */
static void add_combination(maker *m) {
  const int32_t code = m->op->code;
  const bool sorts = code == sch_BuiltinOperator_STABLEHLO_SORT,
             scatters = code == sch_BuiltinOperator_STABLEHLO_SCATTER;
  if (!sorts && !scatters) m->rank = 2, m->dims[0] = draw_dim(m), m->dims[1] = draw_dim(m);
  const mote_type type = one_in(m->c, 2) ? MOTE_INT32 : MOTE_FLOAT32;
  const int32_t few = 1 + (int32_t)chance_below(m->c, 4);
  int32_t in[3];
  int num_in = 0;
  in[num_in++] = scatters ? net_tensor(m->n, type, 2, (int32_t[]){4, 5}) : fresh(m, type);
  if (scatters) in[num_in++] = make_const(m, MOTE_INT32, 2, (int32_t[]){few, 1}, 'p');
  if (!sorts)
    in[num_in++] = scatters ? net_tensor(m->n, type, 2, (int32_t[]){few, 5}) : net_tensor(m->n, type, 0, NULL);
  call_op(m, draw_options(m), num_in, in, 1, (int32_t[]){fresh(m, type)});
  find_ends(m->n);
  if (sorts) add_callee(m, sch_BuiltinOperator_LESS, sch_BuiltinOptions_LessOptions, type, MOTE_BOOL, 0);
  else add_callee(m, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, type, type, 0);
}

/* A counter and one more value; the body makes it larger, or, now and then, longer. */
static void add_loop(maker *m) {
  sch_WhileOptions *o = ARENA_NEW(&m->n->arena, sch_WhileOptions);
  sch_StablehloWhileOptions *o_2 = ARENA_NEW(&m->n->arena, sch_StablehloWhileOptions);
  *o = (sch_WhileOptions){.cond_subgraph_index = 1, .body_subgraph_index = wild(m->c) ? odd_int(m->c) : 2};
  *o_2 = (sch_StablehloWhileOptions){.cond_subgraph_index = o->cond_subgraph_index,
                                     .body_subgraph_index = o->body_subgraph_index};
  const int i = net_tensor(m->n, MOTE_INT32, 0, NULL), x = fresh(m, MOTE_FLOAT32);
  const int i_out = net_tensor(m->n, MOTE_INT32, 0, NULL), x_out = fresh(m, MOTE_FLOAT32);
  call_op(m, m->op->options ? (void *)o : o_2, 2, (int32_t[]){i, x}, 2, (int32_t[]){i_out, x_out});
  find_ends(m->n);
  net_graph(m->n);
  const int ci = net_tensor(m->n, MOTE_INT32, 0, NULL), cx = fresh(m, MOTE_FLOAT32);
  const int more = net_tensor(m->n, MOTE_BOOL, 0, NULL), most = scalar(m, (int32_t)chance_below(m->c, 6));
  net_op(m->n, sch_BuiltinOperator_LESS, sch_BuiltinOptions_LessOptions, NULL, 2, (int32_t[]){ci, most}, 1,
         (int32_t[]){more});
  net_ends(m->n, 2, (int32_t[]){ci, cx}, 1, (int32_t[]){more});
  net_graph(m->n);
  const int bi = net_tensor(m->n, MOTE_INT32, 0, NULL), bx = fresh(m, MOTE_FLOAT32);
  const int next_i = net_tensor(m->n, MOTE_INT32, 0, NULL), next_x = fresh(m, MOTE_FLOAT32);
  net_op(m->n, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2,
         (int32_t[]){bi, scalar(m, (int32_t)chance_below(m->c, 2) + !m->c->wild)}, 1, (int32_t[]){next_i});
  const bool longer = one_in(m->c, 3) && m->rank > 0;
  net_op(m->n, longer ? sch_BuiltinOperator_CONCATENATION : sch_BuiltinOperator_ADD,
         longer ? sch_BuiltinOptions_ConcatenationOptions : sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){bx, bx},
         1, (int32_t[]){next_x});
  net_ends(m->n, 2, (int32_t[]){bi, bx}, 2, (int32_t[]){next_i, next_x});
}

static bool of_lists(const mote_op *op) { return strstr(op->name, "TensorList") || !strncmp(op->name, "Variant", 7); }

/* A list operator whose first output is new, of this type; under TFLite's name or TensorFlow's. */
static int list_op(maker *m, const char *name, bool flex, int count, const int32_t *in, mote_type type) {
  const int out = type == MOTE_FLOAT32 ? fresh(m, type) : net_tensor(m->n, type, 0, NULL);
  char full[40];
  snprintf(full, sizeof full, "%s%s", flex ? "Flex" : "", name);
  net_custom(m->n, arena_string(&m->n->arena, full, strlen(full)), count, in, 1, (int32_t[]){out});
  return out;
}

static int list_item(maker *m) {
  const int c = make_const(m, wild(m->c) ? MOTE_INT32 : MOTE_FLOAT32, m->rank, m->dims, 0);
  return c < 0 ? fresh(m, MOTE_FLOAT32) : c;
}

/* A list that is filled, and asked for all it can say. */
static void add_list(maker *m) {
  const bool flex = one_in(m->c, 2), told = !one_in(m->c, 4);
  const int32_t unknown = wild(m->c) ? odd_int(m->c) : -1, length = (int32_t)chance_below(m->c, 5);
  const int shape = told && m->rank ? net_const(m->n, MOTE_INT32, 1, &m->rank, m->dims, (size_t)m->rank * 4)
                                    : net_const(m->n, MOTE_INT32, 0, NULL, &unknown, 4);
  const int size = wild(m->c) ? scalar(m, odd_int(m->c)) : scalar(m, length);
  int list = one_in(m->c, 4) ? list_op(m, "EmptyTensorList", flex, 2, (int32_t[]){shape, size}, MOTE_VARIANT)
                             : list_op(m, "TensorListReserve", flex, 2, (int32_t[]){shape, size}, MOTE_VARIANT);
  for (int32_t i = 0; i < 3; i++) {
    const int at = scalar(m, wild(m->c) ? odd_int(m->c) : (int32_t)chance_below(m->c, 4));
    const int item = list_item(m), last = net_tensor(m->n, MOTE_VARIANT, 0, NULL);
    switch (chance_below(m->c, 6)) {
      case 0: list = list_op(m, "TensorListPushBack", flex, 2, (int32_t[]){list, item}, MOTE_VARIANT); break;
      case 1: list = list_op(m, "VariantZerosLike", false, 1, (int32_t[]){list}, MOTE_VARIANT); break;
      case 2: list = list_op(m, "VariantAddN", false, 2, (int32_t[]){list, list}, MOTE_VARIANT); break;
      case 3:
        net_custom(m->n, "TensorListPopBack", 2, (int32_t[]){list, shape}, 2,
                   (int32_t[]){last, fresh(m, MOTE_FLOAT32)});
        list = last;
        break;
      case 4: list = list_op(m, "TensorListFromTensor", flex, 2, (int32_t[]){item, scalar(m, -1)}, MOTE_VARIANT); break;
      default: list = list_op(m, "TensorListSetItem", flex, 3, (int32_t[]){list, at, item}, MOTE_VARIANT);
    }
  }
  list_op(m, "TensorListStack", flex, 2, (int32_t[]){list, shape}, MOTE_FLOAT32);
  list_op(m, "TensorListLength", flex, 1, (int32_t[]){list}, MOTE_INT32);
  list_op(m, "TensorListElementShape", flex, 1, (int32_t[]){list}, MOTE_INT32);
  if (one_in(m->c, 2)) list_op(m, "TensorListGetItem", flex, 3, (int32_t[]){list, scalar(m, 0), shape}, MOTE_FLOAT32);
  find_ends(m->n);
}

/* A constant of two rows of four, of which three elements are there, and the whole of it. */
static void add_sparse(maker *m) {
  static const int32_t dims[] = {2, 4}, order[] = {0, 1};
  static const uint8_t segments[] = {0, 1, 3}, indices[] = {0, 1, 3};
  static const float values[] = {1, 2, 3};
  sch_SparsityParameters *const s = ARENA_NEW(&m->n->arena, sch_SparsityParameters);
  sch_DimensionMetadata *const level = ARENA_ARRAY(&m->n->arena, sch_DimensionMetadata, 2);
  sch_Uint8Vector *const list = ARENA_ARRAY(&m->n->arena, sch_Uint8Vector, 2);
  const uint32_t odd = wild(m->c) ? chance_below(m->c, 3) : 3;
  list[0].values = (sch_range){.size = odd, .memory = segments, .present = true};
  list[1].values = (sch_range){.size = 3, .memory = indices, .present = true};
  level[0] = (sch_DimensionMetadata){.format = sch_DimensionType_DENSE, .dense_size = wild(m->c) ? odd_int(m->c) : 2};
  level[1] = (sch_DimensionMetadata){.format = sch_DimensionType_SPARSE_CSR,
                                     .array_segments_type = sch_SparseIndexVector_Uint8Vector,
                                     .array_segments = &list[0],
                                     .array_indices_type = sch_SparseIndexVector_Uint8Vector,
                                     .array_indices = &list[1]};
  *s = (sch_SparsityParameters){.traversal_order = {order, 2}, .dim_metadata = {level, 2}};
  const int x = net_const(m->n, MOTE_FLOAT32, 2, dims, values, sizeof values);
  net_at(m->n, x)->sparsity = s;
  net_op(m->n, m->op->code, m->op->options, NULL, 1, (int32_t[]){x}, 1,
         (int32_t[]){net_tensor(m->n, MOTE_FLOAT32, 2, dims)});
  find_ends(m->n);
}

/* Elements of one bit each, which number two values; behind the header of the table. */
static void add_packed(maker *m) {
  uint8_t table[18] = {0, 1, [4] = 1, [5] = 1, [6] = 2, [16] = 7, [17] = 9}, bits[4];
  const int32_t count = 1 + (int32_t)chance_below(m->c, 32), head = sizeof table, bytes = sizeof bits;
  for (int i = 0; i < bytes; i++) bits[i] = (uint8_t)chance_below(m->c, 256);
  if (wild(m->c)) table[chance_below(m->c, 8)] = (uint8_t)chance_below(m->c, 256);
  const int in[] = {net_const(m->n, MOTE_UINT8, 1, &bytes, bits, sizeof bits),
                    net_const(m->n, MOTE_UINT8, 1, &head, table, sizeof table)};
  net_custom(m->n, m->op->name, 2, in, 1, (int32_t[]){net_tensor(m->n, MOTE_INT8, 1, &count)});
  find_ends(m->n);
}

/* ---- the whole ---- */

static bool packed(const mote_op *op) { return !strcmp(op->name, "TFLM_DECODE"); }

static bool combines(const mote_op *op) {
  return op->code == sch_BuiltinOperator_STABLEHLO_REDUCE || op->code == sch_BuiltinOperator_STABLEHLO_REDUCE_WINDOW ||
         op->code == sch_BuiltinOperator_STABLEHLO_SCATTER || op->code == sch_BuiltinOperator_STABLEHLO_SORT;
}

static bool in_company(const mote_op *op) {
  return of_lists(op) || op->traits & OP_CALLS || combines(op) || op->code == sch_BuiltinOperator_DENSIFY ||
         packed(op) ||
         (op->code >= sch_BuiltinOperator_HASHTABLE && op->code <= sch_BuiltinOperator_ASSIGN_VARIABLE &&
          op->code != sch_BuiltinOperator_CONV_3D_TRANSPOSE);
}

static void add_company(maker *m, const mote_op *op) {
  m->op = op;
  m->rank = (int32_t)chance_below(m->c, 4);
  for (int32_t i = 0; i < m->rank; i++) m->dims[i] = draw_dim(m);
  if (of_lists(op)) add_list(m);
  else if (combines(op)) add_combination(m);
  else if (op->code == sch_BuiltinOperator_DENSIFY) add_sparse(m);
  else if (packed(op)) add_packed(m);
  else if (op->code == sch_BuiltinOperator_CALL_ONCE) add_variable(m, true);
  else if (op->code == sch_BuiltinOperator_WHILE || op->code == sch_BuiltinOperator_STABLEHLO_WHILE) add_loop(m);
  else if (op->traits & OP_CALLS) add_call(m);
  else if (op->code <= sch_BuiltinOperator_HASHTABLE_SIZE) add_table(m);
  else add_variable(m, false);
}

void chance_net(net *n, chance *c, const mote_op *op) {
  uint32_t count = 0;
  while (op_list[count]) count++;
  net_begin(n);
  maker m = {.n = n, .c = c};
  c->wild = one_in(c, 4);
  const uint32_t chosen = chance_below(c, count);
  if (!op) op = op_list[chosen];
  if (in_company(op)) {
    add_company(&m, op);
    return;
  }
  add_op(&m, op);
  for (int i = 0; i < MORE_OPS && one_in(c, 4); i++) {
    op = op_list[chance_below(c, count)];
    if (!in_company(op) && op->inputs_min <= USUAL_IN &&
        n->graphs[0].tensors.count + USUAL_IN + INTERMEDIATES + MAX_OUT <= NET_TENSORS)
      add_op(&m, op);
  }
  find_ends(n);
}

/* drawing.c: see drawing.h. */
#include "view/drawing.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* ---- what stands in a box ---- */

char *drawing_shape(char *to, size_t room, const sch_Tensor *t) {
  const sch_i32s shape = t->shape_signature.count == t->shape.count && t->shape.count ? t->shape_signature : t->shape;
  size_t used = 0;
  snprintf(to, room, "scalar");
  for (uint32_t i = 0; i < shape.count && used < room; i++) {
    const int32_t d = shape.data[i];
    used += (size_t)(d < 0 ? snprintf(to + used, room - used, "%s?", i ? "\u00d7" : "")
                           : snprintf(to + used, room - used, "%s%d", i ? "\u00d7" : "", (int)d));
  }
  return to;
}

const void *drawing_options(const sch_Operator *op, const sch_table **table) {
  *table = sch_options_table(1, op->builtin_options_type);
  if (*table && op->builtin_options) return op->builtin_options;
  *table = sch_options_table(2, op->builtin_options_2_type);
  return *table ? op->builtin_options_2 : NULL;
}

/* A number or enum among the options, by name; `other` when there is none. */
static int32_t option(const sch_Operator *op, const char *name, int32_t other, const char **word) {
  const sch_table *table;
  const void *const record = drawing_options(op, &table);
  for (uint32_t i = 0; record && i < table->count; i++) {
    const sch_field *const f = &table->fields[i];
    if (f->kind != SCH_SCALAR || strcmp(f->name, name) != 0 || f->scalar == SCH_bool) continue;
    int32_t v;
    memcpy(&v, (const char *)record + f->offset, sizeof v);
    if (word) *word = f->values ? sch_enum_name(f->values, v) : NULL;
    return v;
  }
  return other;
}

static const sch_Tensor *tensor_at(const sch_SubGraph *g, sch_i32s list, uint32_t i) {
  return i < list.count && list.data[i] >= 0 && (uint32_t)list.data[i] < g->tensors.count
             ? &g->tensors.data[list.data[i]]
             : NULL;
}

typedef struct note {
  char *to;
  size_t room, used;
} note;

__attribute__((format(printf, 2, 3))) static void say(note *n, const char *format, ...) {
  char text[48];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (n->used < n->room)
    n->used += (size_t)snprintf(n->to + n->used, n->room - n->used, "%s%s", n->used ? ", " : "", text);
  if (n->used >= n->room) n->used = n->room;
}

/* Height and width of a filter: two dimensions of input 1 (convolutions), else options (pooling). */
static void say_window(note *n, const sch_SubGraph *g, const sch_Operator *op, int32_t code) {
  const sch_Tensor *const filter = tensor_at(g, op->inputs, 1);
  const int32_t high = option(op, "filter_height", 0, NULL), wide = option(op, "filter_width", 0, NULL);
  const bool convolution = code == sch_BuiltinOperator_CONV_2D || code == sch_BuiltinOperator_DEPTHWISE_CONV_2D ||
                           code == sch_BuiltinOperator_TRANSPOSE_CONV;
  if (convolution && filter && filter->shape.count == 4)
    say(n, "%d\u00d7%d", (int)filter->shape.data[1], (int)filter->shape.data[2]);
  else if (high > 0 && wide > 0) say(n, "%d\u00d7%d", (int)high, (int)wide);
  const int32_t down = option(op, "stride_h", 1, NULL), right = option(op, "stride_w", 1, NULL);
  if (down != 1 || right != 1)
    down == right ? say(n, "stride %d", (int)down) : say(n, "stride %d\u00d7%d", (int)down, (int)right);
  const int32_t dilation = option(op, "dilation_h_factor", 1, NULL);
  if (dilation != 1) say(n, "dilation %d", (int)dilation);
}

/* The little that tells one operator of a kind from the next. */
static void write_note(const sch_SubGraph *g, const sch_Operator *op, int32_t code, char *to, size_t room) {
  note n = {to, room, 0};
  const char *word = NULL;
  *to = 0;
  say_window(&n, g, op, code);
  const sch_Tensor *const weights = tensor_at(g, op->inputs, 1);
  if (code == sch_BuiltinOperator_FULLY_CONNECTED && weights && weights->shape.count == 2)
    say(&n, "%d \u2192 %d", (int)weights->shape.data[1], (int)weights->shape.data[0]);
  if (code == sch_BuiltinOperator_CONCATENATION || code == sch_BuiltinOperator_GATHER ||
      code == sch_BuiltinOperator_PACK || code == sch_BuiltinOperator_UNPACK)
    say(&n, "axis %d", (int)option(op, "axis", 0, NULL));
  if (option(op, "fused_activation_function", 0, &word) > 0 && word) say(&n, "%s", word);
  /* Cut between characters. */
  size_t end = strlen(to);
  while (end && end + 1 >= room && ((unsigned char)to[end - 1] & 0xc0) == 0x80) to[--end] = 0;
}

/* Pixels that a line of text may take, a little more rather than less. */
static float text_width(const char *s, size_t size, float height) {
  float units = 0;
  for (size_t i = 0; i < size; i++) {
    const unsigned char c = (unsigned char)s[i];
    if ((c & 0xc0) == 0x80) continue;
    units += c >= 'A' && c <= 'Z' ? 0.72f : strchr("ilj.,:;'|! ()[]", c) ? 0.36f : c == 'm' || c == 'w' ? 0.9f : 0.64f;
  }
  return units * height;
}

static float widest(float a, float b) { return a > b ? a : b; }

enum { PADDING = 30, NARROWEST = 84, WIDEST = 250 };

static void size_box(layout_box *b, float text, int lines) {
  b->width = widest(text + PADDING, NARROWEST);
  if (b->width > WIDEST) b->width = WIDEST;
  b->height = lines == 1 ? 30 : lines == 2 ? 42 : 58;
}

static void size_end(const sch_Tensor *t, layout_box *b) {
  char shape[200];
  drawing_shape(shape, sizeof shape, t);
  const float name = text_width(t->name.data ? t->name.data : "", t->name.size, 13);
  size_box(b, widest(name, text_width(shape, strlen(shape), 11.5f)), 2);
}

static void size_operator(const sch_file *file, const sch_SubGraph *g, const sch_Operator *op, drawing_box *box,
                          layout_box *b) {
  char name[100], shape[200] = "";
  const sch_OperatorCode *const code = sch_code_of(file->model, op);
  sch_op_name(name, sizeof name, code);
  write_note(g, op, sch_op_code(code), box->note, sizeof box->note);
  const sch_Tensor *const out = tensor_at(g, op->outputs, 0);
  if (out) drawing_shape(shape, sizeof shape, out);
  float width = text_width(name, strlen(name), 13.5f);
  width = widest(width, text_width(shape, strlen(shape), 11.5f));
  width = widest(width, text_width(box->note, strlen(box->note), 11.5f));
  size_box(b, width, 1 + (box->note[0] != 0) + (out != NULL));
}

/* ---- boxes and wires ---- */

typedef struct drawer {
  const sch_file *file;
  const sch_SubGraph *g;
  drawing *d;
  arena *arena;
  int32_t *maker;          /* box of each tensor, -1: none */
  int32_t *start, *reader; /* boxes that read tensor t: reader[start[t] .. start[t + 1]] */
} drawer;

static bool is_tensor(const drawer *w, int32_t t) { return t >= 0 && (uint32_t)t < w->g->tensors.count; }

static void add_box(drawer *w, drawing_box_kind kind, int32_t index) {
  drawing_box *const box = &w->d->boxes[w->d->layout.num_boxes];
  layout_box *const b = &w->d->layout.boxes[w->d->layout.num_boxes++];
  *box = (drawing_box){.kind = kind, .index = index};
  if (kind == BOX_OPERATOR) size_operator(w->file, w->g, &w->g->operators.data[index], box, b);
  else size_end(&w->g->tensors.data[(kind == BOX_INPUT ? w->g->inputs : w->g->outputs).data[index]], b);
}

static void make_boxes(drawer *w) {
  const sch_SubGraph *const g = w->g;
  for (uint32_t i = 0; i < g->inputs.count; i++)
    if (is_tensor(w, g->inputs.data[i])) add_box(w, BOX_INPUT, (int32_t)i);
  for (uint32_t i = 0; i < g->operators.count; i++) add_box(w, BOX_OPERATOR, (int32_t)i);
  for (uint32_t i = 0; i < g->outputs.count; i++)
    if (is_tensor(w, g->outputs.data[i])) add_box(w, BOX_OUTPUT, (int32_t)i);
}

/* The tensors that a box reads or makes. */
static sch_i32s tensors_of(const drawer *w, int32_t box, bool made) {
  const drawing_box *const b = &w->d->boxes[box];
  const sch_SubGraph *const g = w->g;
  if (b->kind == BOX_OPERATOR) return made ? g->operators.data[b->index].outputs : g->operators.data[b->index].inputs;
  if (made != (b->kind == BOX_INPUT)) return (sch_i32s){0};
  return (sch_i32s){(b->kind == BOX_INPUT ? g->inputs : g->outputs).data + b->index, 1};
}

/* Who makes and reads each tensor. A box that reads one twice counts once. */
static bool connect(drawer *w) {
  const size_t tensors = w->g->tensors.count;
  const int32_t boxes = w->d->layout.num_boxes;
  size_t reads = 0;
  for (int32_t b = 0; b < boxes; b++) reads += tensors_of(w, b, false).count;
  w->maker = ARENA_ARRAY(w->arena, int32_t, tensors + 1);
  w->start = ARENA_ARRAY(w->arena, int32_t, tensors + 2);
  w->reader = ARENA_ARRAY(w->arena, int32_t, reads + 1);
  int32_t *const last = ARENA_ARRAY(w->arena, int32_t, tensors + 1);
  if (!w->maker || !w->start || !w->reader || !last) return false;
  for (size_t t = 0; t < tensors; t++) w->maker[t] = -1;
  for (int32_t b = 0; b < boxes; b++) {
    const sch_i32s made = tensors_of(w, b, true);
    for (uint32_t i = 0; i < made.count; i++)
      if (is_tensor(w, made.data[i]) && w->maker[made.data[i]] < 0) w->maker[made.data[i]] = b;
  }
  for (int fill = 0; fill < 2; fill++) {
    memset(last, 0, tensors * sizeof *last); /* box + 1 */
    for (int32_t b = 0; b < boxes; b++) {
      const sch_i32s read = tensors_of(w, b, false);
      for (uint32_t i = 0; i < read.count; i++) {
        const int32_t t = read.data[i];
        if (!is_tensor(w, t) || last[t] == b + 1) continue;
        last[t] = b + 1;
        if (fill) w->reader[w->start[t + 1]++] = b;
        else w->start[t + 2]++;
      }
    }
    for (size_t t = 2; !fill && t <= tensors; t++) w->start[t] += w->start[t - 1];
  }
  return true;
}

static bool make_wires(drawer *w) {
  const int32_t boxes = w->d->layout.num_boxes;
  layout_wire *const wires = ARENA_ARRAY(w->arena, layout_wire, (size_t)w->g->tensors.count + 1);
  w->d->tensors = ARENA_ARRAY(w->arena, int32_t, (size_t)w->g->tensors.count + 1);
  if (!wires || !w->d->tensors) return false;
  int32_t count = 0;
  for (int32_t b = 0; b < boxes; b++) {
    const sch_i32s made = tensors_of(w, b, true);
    for (uint32_t i = 0; i < made.count; i++) {
      const int32_t t = made.data[i];
      if (!is_tensor(w, t) || w->maker[t] != b || w->start[t] == w->start[t + 1]) continue;
      w->maker[t] = -1; /* listed twice among the outputs of a damaged operator: drawn once */
      wires[count] = (layout_wire){b, w->reader + w->start[t], w->start[t + 1] - w->start[t]};
      w->d->tensors[count++] = t;
    }
  }
  w->d->layout.wires = wires;
  w->d->layout.num_wires = count;
  return true;
}

mote_status drawing_make(const sch_file *file, uint32_t index, arena *a, drawing *d, mote_error *e) {
  const sch_SubGraph *const g = &file->model->subgraphs.data[index];
  drawer w = {.file = file, .g = g, .d = d, .arena = a};
  *d = (drawing){.graph = g};
  if (g->operators.count > DRAWING_MOST)
    return err_set(e, MOTE_ERR_LIMIT, "graph %u has %u operators; at most %d are drawn", (unsigned)index,
                   (unsigned)g->operators.count, (int)DRAWING_MOST);
  const size_t boxes = (size_t)g->inputs.count + g->operators.count + g->outputs.count;
  d->boxes = ARENA_ARRAY(a, drawing_box, boxes + 1);
  d->layout.boxes = ARENA_ARRAY(a, layout_box, boxes + 1);
  if (!d->boxes || !d->layout.boxes) return err_memory(e, "the drawing of a network", 0);
  make_boxes(&w);
  if (!connect(&w) || !make_wires(&w)) return err_memory(e, "the drawing of a network", 0);
  return layout_run(&d->layout, a, e);
}

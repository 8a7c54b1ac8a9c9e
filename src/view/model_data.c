/* model_data.c: see model_data.h. */
#include "view/model_data.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "view/histogram.h"
#include "view/kinds.h"

enum { SMALL = 16, LIST_MOST = 64 }; /* constants up to SMALL elements are shown as they are */

static void put_string(text *t, sch_string s) { text_json(t, s.data ? s.data : "", s.data ? s.size : 0); }
static void put_word(text *t, const char *s) { text_json(t, s, strlen(s)); }

static void put_ints(text *t, sch_i32s list) {
  text_put(t, "[");
  for (uint32_t i = 0; i < list.count; i++) text_format(t, "%s%d", i ? "," : "", (int)list.data[i]);
  text_put(t, "]");
}

/* ---- options ---- */

static int64_t integer_of(const sch_field *f, const void *at) {
  int64_t wide;
  int32_t narrow;
  if (sch_record_scalar_size((sch_scalar)f->scalar) == sizeof wide) {
    memcpy(&wide, at, sizeof wide);
    return wide;
  }
  memcpy(&narrow, at, sizeof narrow);
  return f->scalar == SCH_uint ? (int64_t)(uint32_t)narrow : narrow;
}

static void put_scalar(text *t, const sch_field *f, const void *at) {
  char s[64];
  const char *word = NULL;
  if (f->scalar == SCH_bool) word = *(const bool *)at ? "true" : "false";
  else if (f->scalar == SCH_float) {
    float real;
    memcpy(&real, at, sizeof real);
    snprintf(s, sizeof s, "%.9g", (double)real);
  } else {
    const int64_t v = integer_of(f, at);
    snprintf(s, sizeof s, "%lld", (long long)v);
    word = f->values ? sch_enum_name(f->values, (int32_t)v) : NULL;
  }
  put_word(t, word ? word : s);
}

static void put_vector(text *t, const sch_field *f, const sch_list *list) {
  char s[400] = "[";
  size_t used = 1;
  for (uint32_t i = 0; i < list->count && i < LIST_MOST && used + 24 < sizeof s; i++) {
    const char *const comma = i ? ", " : "";
    const void *const data = list->data;
    switch (f->scalar) {
      case SCH_int:
        used += (size_t)snprintf(s + used, sizeof s - used, "%s%d", comma, (int)((const int32_t *)data)[i]);
        break;
      case SCH_long:
        used += (size_t)snprintf(s + used, sizeof s - used, "%s%lld", comma, (long long)((const int64_t *)data)[i]);
        break;
      case SCH_float:
        used += (size_t)snprintf(s + used, sizeof s - used, "%s%g", comma, (double)((const float *)data)[i]);
        break;
      case SCH_ubyte:
        used += (size_t)snprintf(s + used, sizeof s - used, "%s%d", comma, ((const uint8_t *)data)[i]);
        break;
      case SCH_bool: used += (size_t)snprintf(s + used, sizeof s - used, "%s%d", comma, ((const bool *)data)[i]); break;
      default: break;
    }
  }
  snprintf(s + used, sizeof s - used, "]");
  put_word(t, s);
}

static void put_options(text *t, const sch_Operator *op, uint64_t custom) {
  const sch_table *table;
  const void *const record = drawing_options(op, &table);
  bool any = false;
  text_put(t, "[");
  for (uint32_t i = 0; record && i < table->count; i++) {
    const sch_field *const f = &table->fields[i];
    const char *const at = (const char *)record + f->offset;
    if (f->kind != SCH_SCALAR && f->kind != SCH_STRING && f->kind != SCH_VECTOR) continue;
    text_put(t, any ? ",[" : "[");
    any = true;
    put_word(t, f->name);
    text_put(t, ",");
    if (f->kind == SCH_SCALAR) put_scalar(t, f, at);
    else if (f->kind == SCH_STRING) put_string(t, *(const sch_string *)(const void *)at);
    else put_vector(t, f, (const sch_list *)(const void *)at);
    text_put(t, "]");
  }
  if (custom) text_format(t, "%s[\"custom options\",\"%llu bytes\"]", any ? "," : "", (unsigned long long)custom);
  text_put(t, "]");
}

/* Graphs that an operator calls, with what they are to it. */
static void put_calls(text *t, const sch_Operator *op, uint32_t graphs) {
  const sch_table *table;
  const void *const record = drawing_options(op, &table);
  bool any = false;
  text_put(t, "[");
  for (uint32_t i = 0; record && i < table->count; i++) {
    const sch_field *const f = &table->fields[i];
    if (f->kind != SCH_SCALAR || f->scalar == SCH_bool || !strstr(f->name, "subgraph")) continue;
    int32_t v;
    memcpy(&v, (const char *)record + f->offset, sizeof v);
    if (v < 0 || (uint32_t)v >= graphs) continue;
    text_format(t, "%s[%d,\"%s\"]", any ? "," : "", (int)v, f->name);
    any = true;
  }
  text_put(t, "]");
}

/* ---- tensors ---- */

static void put_quant(text *t, const sch_Tensor *tensor) {
  const sch_QuantizationParameters *const q = tensor->quantization;
  if (!q || !q->scale.count) {
    text_put(t, q && q->details ? "{\"blocks\":1}" : "0");
    return;
  }
  float least = q->scale.data[0], most = q->scale.data[0];
  for (uint32_t i = 1; i < q->scale.count; i++) {
    if (q->scale.data[i] < least) least = q->scale.data[i];
    if (q->scale.data[i] > most) most = q->scale.data[i];
  }
  text_format(t, "{\"n\":%u,\"axis\":%d,\"zero\":%lld,\"scale\":[", (unsigned)q->scale.count,
              (int)sch_quant_axis(tensor), (long long)(q->zero_point.count ? q->zero_point.data[0] : 0));
  text_number(t, (double)least);
  text_put(t, ",");
  text_number(t, (double)most);
  text_put(t, "]}");
}

/* Values of a short list of integers: shapes, axes, paddings. */
static bool put_small(text *t, const sch_Tensor *tensor, const void *data, uint64_t size) {
  const size_t width = tensor->type == sch_TensorType_INT32 ? 4 : tensor->type == sch_TensorType_INT64 ? 8 : 0;
  if (!width || (tensor->quantization && tensor->quantization->scale.count) || size / width > SMALL || size % width)
    return false;
  text_put(t, "[");
  for (uint64_t i = 0; i < size / width; i++) {
    int32_t narrow;
    int64_t v;
    if (width == 8) memcpy(&v, (const uint8_t *)data + i * width, sizeof v);
    else memcpy(&narrow, (const uint8_t *)data + i * width, sizeof narrow), v = narrow;
    text_format(t, "%s\"%lld\"", i ? "," : "", (long long)v);
  }
  text_put(t, "]");
  return true;
}

static void put_histogram(text *t, const histogram *h) {
  text_format(t, "{\"count\":%llu,\"zeros\":%llu,\"odd\":%llu,\"min\":", (unsigned long long)h->count,
              (unsigned long long)h->zeros, (unsigned long long)h->odd);
  text_number(t, h->min);
  text_put(t, ",\"max\":");
  text_number(t, h->max);
  text_put(t, ",\"mean\":");
  text_number(t, h->mean);
  text_put(t, ",\"deviation\":");
  text_number(t, h->deviation);
  text_put(t, ",\"bins\":[");
  for (int i = 0; i < HISTOGRAM_BINS; i++) text_format(t, "%s%llu", i ? "," : "", (unsigned long long)h->bins[i]);
  text_put(t, "]}");
}

/* [name, type, shape, bytes, quantization, contents, flags] */
static void put_tensor(text *t, const sch_file *file, const sch_Tensor *tensor) {
  char shape[200];
  const void *data = NULL;
  uint64_t size = 0;
  histogram h;
  const char *const type = sch_enum_name(&sch_enum_TensorType, tensor->type);
  sch_buffer(file, tensor->buffer, &data, &size);
  text_put(t, "[");
  put_string(t, tensor->name);
  text_put(t, ",");
  put_word(t, type ? type : "?");
  text_put(t, ",");
  put_word(t, drawing_shape(shape, sizeof shape, tensor));
  text_format(t, ",%llu,", (unsigned long long)size);
  put_quant(t, tensor);
  text_put(t, ",");
  if (size && put_small(t, tensor, data, size)) text_put(t, ",");
  else if (size && histogram_of(tensor, data, size, &h)) put_histogram(t, &h), text_put(t, ",");
  else text_put(t, "0,");
  put_word(t, tensor->sparsity ? "sparse" : tensor->is_variable ? "variable" : "");
  text_put(t, "]");
}

/* ---- drawings ---- */

/* Half way down between two layers, lines run across. */
static void put_curve(text *t, double x, double y, double to_x, double to_y) {
  const double middle = (y + to_y) / 2;
  if (x == to_x) {
    text_put(t, "V");
    text_coordinate(t, to_y);
    return;
  }
  const double v[6] = {x, middle, to_x, middle, to_x, to_y};
  for (int i = 0; i < 6; i++) {
    text_put(t, i ? " " : "C");
    text_coordinate(t, v[i]);
  }
}

static void put_move(text *t, double x, double y) {
  text_put(t, "M");
  text_coordinate(t, x);
  text_put(t, " ");
  text_coordinate(t, y);
}

/* A wire as an SVG path: the trunk through all bends, then a line to each target, with a point. */
static void put_path(text *t, const drawing *d, int32_t index) {
  const layout *const l = &d->layout;
  const layout_wire *const w = &l->wires[index];
  const layout_route *const r = &l->routes[index];
  const layout_box *const box = &l->boxes[w->from];
  const int32_t rank = l->rank[w->from];
  const double bottom = (double)(box->y + box->height);
  put_move(t, (double)r->start_x, bottom);
  double x = (double)r->start_x, y = bottom;
  for (int32_t i = 0; i < r->num_bends; i++) {
    put_curve(t, x, y, (double)r->bends[i], (double)l->top[rank + 1 + i]);
    x = (double)r->bends[i];
    y = (double)l->bottom[rank + 1 + i];
    text_put(t, "V");
    text_coordinate(t, y);
  }
  for (int32_t k = 0; k < w->count; k++) {
    const int32_t leave = r->leave[k];
    const double to_x = (double)r->end_x[k], to_y = (double)l->boxes[w->to[k]].y;
    x = leave ? (double)r->bends[leave - 1] : (double)r->start_x;
    y = leave ? (double)l->bottom[rank + leave] : bottom;
    put_move(t, x, y);
    put_curve(t, x, y, to_x, to_y - 1);
    put_move(t, to_x - 3.5, to_y - 7);
    text_format(t, "l3.5 6l3.5 -6");
  }
}

static void put_box(text *t, const drawing *d, int32_t index, const sch_file *file) {
  const layout_box *const b = &d->layout.boxes[index];
  const drawing_box *const box = &d->boxes[index];
  const float v[4] = {b->x - b->width / 2, b->y, b->width, b->height};
  text_format(t, "%s[%d,%d", index ? ",\n" : "", (int)box->kind, (int)box->index);
  for (int i = 0; i < 4; i++) {
    text_put(t, ",");
    text_coordinate(t, (double)v[i]);
  }
  if (box->kind == BOX_OPERATOR) {
    const sch_Operator *const op = &d->graph->operators.data[box->index];
    uint64_t custom = 0;
    sch_custom_options(file, op, &custom);
    text_format(t, ",%u,", (unsigned)op->opcode_index);
    put_word(t, box->note);
    text_put(t, ",");
    put_ints(t, op->inputs);
    text_put(t, ",");
    put_ints(t, op->outputs);
    text_put(t, ",");
    put_options(t, op, custom);
    text_put(t, ",");
    put_calls(t, op, file->model->subgraphs.count);
  }
  text_put(t, "]");
}

static void put_graph(text *t, const sch_file *file, const drawing *d) {
  const sch_SubGraph *const g = d->graph;
  text_put(t, "{\"name\":");
  put_string(t, g->name);
  text_put(t, ",\"inputs\":");
  put_ints(t, g->inputs);
  text_put(t, ",\"outputs\":");
  put_ints(t, g->outputs);
  text_put(t, ",\"width\":");
  text_coordinate(t, (double)d->layout.width);
  text_put(t, ",\"height\":");
  text_coordinate(t, (double)d->layout.height);
  text_put(t, ",\"tensors\":[");
  for (uint32_t i = 0; i < g->tensors.count; i++) {
    text_put(t, i ? ",\n" : "");
    put_tensor(t, file, &g->tensors.data[i]);
  }
  text_put(t, "],\"boxes\":[");
  for (int32_t i = 0; i < d->layout.num_boxes; i++) put_box(t, d, i, file);
  text_put(t, "],\"wires\":[");
  for (int32_t i = 0; i < d->layout.num_wires; i++) {
    text_format(t, "%s[%d,%d,[", i ? ",\n" : "", (int)d->tensors[i], (int)d->layout.wires[i].from);
    for (int32_t k = 0; k < d->layout.wires[i].count; k++)
      text_format(t, "%s%d", k ? "," : "", (int)d->layout.wires[i].to[k]);
    text_put(t, "],\"");
    put_path(t, d, i);
    text_put(t, "\"]");
  }
  text_put(t, "]}");
}

/* ---- the model ---- */

static void put_codes(text *t, const sch_Model *m) {
  text_put(t, ",\"codes\":[");
  for (uint32_t i = 0; i < m->operator_codes.count; i++) {
    const sch_OperatorCode *const code = &m->operator_codes.data[i];
    char name[200];
    sch_op_name(name, sizeof name, code);
    text_put(t, i ? ",[" : "[");
    put_word(t, name);
    text_format(t, ",%d,%d]", (int)code->version, (int)kind_of(sch_op_code(code), name));
  }
  text_put(t, "],\"kinds\":[");
  for (int i = 0; i < KIND_COUNT; i++) {
    text_put(t, i ? "," : "");
    put_word(t, kind_name((view_kind)i));
  }
  text_put(t, "]");
}

static void put_signatures(text *t, const sch_Model *m) {
  text_put(t, ",\"signatures\":[");
  for (uint32_t i = 0; i < m->signature_defs.count; i++) {
    text_format(t, "%s[%u,", i ? "," : "", (unsigned)m->signature_defs.data[i].subgraph_index);
    put_string(t, m->signature_defs.data[i].signature_key);
    text_put(t, "]");
  }
  text_put(t, "]");
}

mote_status model_data(const sch_file *file, const char *name, uint64_t bytes, text *to, mote_error *e) {
  const sch_Model *const m = file->model;
  text_put(to, "{\"file\":");
  put_word(to, name);
  text_format(to, ",\"bytes\":%llu,\"description\":", (unsigned long long)bytes);
  put_string(to, m->description);
  put_codes(to, m);
  put_signatures(to, m);
  text_put(to, ",\"graphs\":[");
  for (uint32_t i = 0; i < m->subgraphs.count; i++) {
    arena a;
    drawing d;
    arena_init(&a, to->mem);
    const mote_status status = drawing_make(file, i, &a, &d, e);
    if (status == MOTE_OK) text_put(to, i ? ",\n" : "\n");
    if (status == MOTE_OK) put_graph(to, file, &d);
    arena_free(&a);
    MOTE_TRY(status);
  }
  text_put(to, "]}");
  return to->failed ? err_memory(e, "the page of a model", to->size) : MOTE_OK;
}

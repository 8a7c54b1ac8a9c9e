/* rules_tensor.c: rules about single tensors: type, shape, data (M15 to M21, M24). */
#include "base/size.h"
#include "schema/rules.h"

/* Shape and size: M16, M17. */
static bool check_shape(checker *c, place where, const sch_Tensor *t) {
  char shape[200];
  rule_shape(shape, sizeof shape, &t->shape);
  if (t->shape.count > MOTE_MAX_RANK) {
    rule_fault(c, where, MOTE_ERR_UNSUPPORTED, "M16", "it has %u dimensions; at most %d are supported", t->shape.count,
               MOTE_MAX_RANK);
    return false;
  }
  for (uint32_t i = 0; i < t->shape.count; i++)
    if (t->shape.data[i] < 0) {
      rule_fault(
          c, where, MOTE_ERR_MODEL, "M16",
          "its shape %s has a negative dimension; unknown ones are written as 1 there, and as -1 in the signature",
          shape);
      return false;
    }
  uint64_t bytes;
  const bool sized = mote_type_bits((mote_type)t->type) != 0;
  if (sized && (!sch_tensor_bytes(t, &bytes) || bytes > PTRDIFF_MAX)) {
    rule_fault(c, where, MOTE_ERR_LIMIT, "M17", "%s elements of %s are more than memory can hold", shape,
               mote_type_name((mote_type)t->type));
    return false;
  }
  size_t count;
  if (!sized && !size_dims(t->shape.data, (int)t->shape.count, &count)) {
    rule_fault(c, where, MOTE_ERR_LIMIT, "M17", "%s are more elements than memory can hold", shape);
    return false;
  }
  return true;
}

/* The signature of the shape: M18, M19. */
static void check_signature(checker *c, place where, const sch_Tensor *t) {
  const sch_i32s *s = &t->shape_signature;
  if (!s->count || (!t->shape.count && !t->has_rank)) return;
  if (!t->shape.count && !sch_is_constant(c->model, t)) {
    rule_warn(c, where, "M18", "it has no shape, but a signature of %u dimensions: its shape counts as unknown",
              s->count);
    return;
  }
  if (s->count != t->shape.count) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M18", "its shape has %u dimensions, but its signature has %u", t->shape.count,
               s->count);
    return;
  }
  for (uint32_t i = 0; i < s->count; i++) {
    if (s->data[i] < -1) {
      rule_fault(c, where, MOTE_ERR_MODEL, "M18", "dimension %u of its signature is %d; only -1 means unknown", i,
                 s->data[i]);
      return;
    }
    if (s->data[i] >= 0 && s->data[i] != t->shape.data[i]) {
      rule_fault(c, where, MOTE_ERR_MODEL, "M18", "dimension %u is %d in its shape, but %d in its signature", i,
                 t->shape.data[i], s->data[i]);
      return;
    }
  }
}

/* A constant has exactly the bytes its type and shape ask for: M21. Strings are checked when used, sparse data by S9.
 */
static void check_data(checker *c, place where, const sch_Tensor *t) {
  const sch_range range = sch_buffer_range(c->model, t->buffer);
  uint64_t bytes;
  if (t->external_buffer || !range.size || t->sparsity || !sch_tensor_bytes(t, &bytes) || bytes == range.size) return;
  char shape[200];
  rule_fault(c, where, MOTE_ERR_MODEL, "M21", "it is %s %s, which takes %llu bytes, but buffer %u holds %llu",
             mote_type_name((mote_type)t->type), rule_shape(shape, sizeof shape, &t->shape), (unsigned long long)bytes,
             t->buffer, (unsigned long long)range.size);
}

/* Where the data is: M20, M24, M25. */
static bool check_buffer(checker *c, place where, const sch_Tensor *t) {
  const sch_Model *m = c->model;
  if (t->buffer >= (m->buffers.count ? m->buffers.count : 1)) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M20", "its data is in buffer %u, but there are %u buffers", t->buffer,
               m->buffers.count);
    return false;
  }
  if (t->is_variable && sch_is_constant(m, t)) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M24", "it is a variable, but has constant data in buffer %u", t->buffer);
    return false;
  }
  if (t->is_variable && t->type == sch_TensorType_STRING) {
    rule_fault(c, where, MOTE_ERR_UNSUPPORTED, "M24", "it is a variable of strings; variables hold numbers");
    return false;
  }
  if (!t->external_buffer) return true;
  bool found = false;
  for (uint32_t i = 0; i < m->external_buffers.count && !found; i++)
    found = m->external_buffers.data[i].id == t->external_buffer;
  if (!found)
    rule_fault(c, where, MOTE_ERR_MODEL, "M25", "its data is external buffer %u, and there is none of that number",
               t->external_buffer);
  else if (!c->options->allow_external)
    rule_fault(c, where, MOTE_ERR_UNSUPPORTED, "M25",
               "its data is in another file (external buffer %u): put all weights into the .tflite file",
               t->external_buffer);
  return false;
}

static void check_tensor(checker *c, uint32_t subgraph, uint32_t index) {
  const sch_Tensor *t = &c->model->subgraphs.data[subgraph].tensors.data[index];
  const place where = at_tensor(c, subgraph, index);
  if (t->type < 0 || t->type >= MOTE_TYPE_COUNT) {
    rule_fault(c, where, MOTE_ERR_UNSUPPORTED, "M15", "it has type %d, which this version of the format does not have",
               t->type);
    return;
  }
  if (!check_shape(c, where, t)) return;
  check_signature(c, where, t);
  if (check_buffer(c, where, t)) check_data(c, where, t);
}

void rules_tensors(checker *c) {
  for (uint32_t g = 0; g < c->model->subgraphs.count; g++)
    for (uint32_t i = 0; i < c->model->subgraphs.data[g].tensors.count && !rule_stop(c); i++) check_tensor(c, g, i);
}

/* rules_model.c: rules about a model as a whole: version, operator codes, buffers, metadata, signatures. */
#include <string.h>

#include "base/error.h"
#include "schema/rules.h"

/* ---- M1 to M5, M31, M32 ---- */

static void check_code(checker *c, uint32_t index) {
  const sch_OperatorCode *code = &c->model->operator_codes.data[index];
  const int32_t old = code->deprecated_builtin_code, wide = code->builtin_code, number = sch_op_code(code);
  const place where = at_byte(code->at);
  if (old < 0) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M3", "operator code %u is negative (%d): the file is damaged", index, old);
  } else if (number == sch_BuiltinOperator_PLACEHOLDER_FOR_GREATER_OP_CODES) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M3",
               "operator code %u is 127, which only announces a larger code, and there is none", index);
  } else if (old && wide && old != wide && old < sch_BuiltinOperator_PLACEHOLDER_FOR_GREATER_OP_CODES) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M3", "operator code %u is both %d and %d: the file contradicts itself", index,
               old, wide);
  } else if (!sch_enum_name(&sch_enum_BuiltinOperator, number)) {
    rule_fault(c, where, MOTE_ERR_UNSUPPORTED, "M4",
               "operator code %u is %d (version %d), which this version of the format does not have: convert the model "
               "for an older runtime, or update mote",
               index, number, code->version);
  } else if (code->version < 1) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M4", "operator code %u (%s) has version %d; versions begin at 1", index,
               sch_enum_name(&sch_enum_BuiltinOperator, number), code->version);
  } else if (number == sch_BuiltinOperator_CUSTOM && !code->custom_code.size) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M5", "operator code %u is a custom operator without a name", index);
  }
}

void rules_model(checker *c) {
  const sch_Model *m = c->model;
  if (m->version != 3)
    rule_fault(c, at_byte(m->at), MOTE_ERR_UNSUPPORTED, "M1",
               "the file has version %u of the format; only version 3 is in use: convert the model again", m->version);
  if (!m->subgraphs.count)
    rule_fault(c, at_byte(m->at), MOTE_ERR_MODEL, "M2", "the file holds no subgraph: there is nothing to run in it");
  for (uint32_t i = 0; i < m->operator_codes.count && !rule_stop(c); i++) check_code(c, i);
  for (uint32_t i = 0; i < m->metadata.count && !rule_stop(c); i++)
    if (m->metadata.data[i].buffer >= m->buffers.count)
      rule_fault(c, at_byte(m->metadata.data[i].at), MOTE_ERR_MODEL, "M31",
                 "metadata %u is in buffer %u, but there are %u buffers", i, m->metadata.data[i].buffer,
                 m->buffers.count);
  for (uint32_t i = 0; i < m->subgraphs.count; i++)
    if (m->subgraphs.data[i].debug_metadata_index < -1)
      rule_warn(c, at_byte(m->subgraphs.data[i].at), "M32", "subgraph %u has debug metadata number %d", i,
                m->subgraphs.data[i].debug_metadata_index);
}

/* ---- data outside the FlatBuffer: F17 to F19 ---- */

/* One range outside; kept in `extents` for the comparison with others. */
static void check_outside(checker *c, place where, const char *what, uint64_t offset, uint64_t size, bool both,
                          rule_key *extents, size_t *count) {
  const sch_file *f = c->file;
  if (both) {
    rule_fault(c, where, MOTE_ERR_MODEL, "F19", "%s is given twice: inside, and at byte %llu of the file", what,
               (unsigned long long)offset);
  } else if (size > f->size || offset > f->size - size) {
    rule_fault(c, where, MOTE_ERR_FORMAT, "F17",
               "%s takes %llu bytes from byte %llu, but the file has %llu: it was cut off or is damaged", what,
               (unsigned long long)size, (unsigned long long)offset, (unsigned long long)f->size);
  } else if (size && offset < f->flatbuffer_size) {
    rule_fault(c, where, MOTE_ERR_MODEL, "F18", "%s begins at byte %llu, inside the tables, which end at %llu", what,
               (unsigned long long)offset, (unsigned long long)f->flatbuffer_size);
  } else if (size) {
    extents[(*count)++] = (rule_key){offset, offset + size, (uint64_t)where.offset};
  }
}

/* Keys are first and last byte. */
static void check_overlaps(checker *c, rule_key *e, size_t count) {
  rule_sort(e, count);
  for (size_t i = 1; i < count && !rule_stop(c); i++) {
    if (e[i].major >= e[i - 1].minor || (e[i].major == e[i - 1].major && e[i].minor == e[i - 1].minor)) continue;
    rule_fault(c, at_byte(e[i].id), MOTE_ERR_MODEL, "F18",
               "data from byte %llu to %llu overlaps data from byte %llu to %llu: the file is damaged",
               (unsigned long long)e[i].major, (unsigned long long)e[i].minor, (unsigned long long)e[i - 1].major,
               (unsigned long long)e[i - 1].minor);
  }
}

static void check_all_outside(checker *c, size_t most) {
  const sch_Model *m = c->model;
  size_t count = 0;
  rule_key *extents = ARENA_ARRAY(&c->scratch, rule_key, most);
  if (!extents) {
    rule_no_memory(c, most * sizeof *extents);
    return;
  }
  for (uint32_t i = 0; i < m->buffers.count && !rule_stop(c); i++) {
    const sch_Buffer *b = &m->buffers.data[i];
    if (b->offset > 1)
      check_outside(c, at_byte(b->at), "data of a buffer", b->offset, b->size, b->data.size != 0, extents, &count);
  }
  for (uint32_t g = 0; g < m->subgraphs.count; g++)
    for (uint32_t i = 0; i < m->subgraphs.data[g].operators.count && !rule_stop(c); i++) {
      const sch_Operator *op = &m->subgraphs.data[g].operators.data[i];
      if (op->large_custom_options_offset > 1)
        check_outside(c, at_op(c, g, i), "the block of custom options", op->large_custom_options_offset,
                      op->large_custom_options_size, op->custom_options.count != 0, extents, &count);
    }
  check_overlaps(c, extents, count);
}

/* ---- weights in other files: M25 ---- */

static bool plain_file_name(const sch_string *s) {
  if (!s->size || memchr(s->data, 0, s->size)) return false;
  for (uint32_t i = 0; i < s->size; i++)
    if (s->data[i] == '/' || s->data[i] == '\\' || s->data[i] == ':') return false;
  return !(s->size <= 2 && s->data[0] == '.' && s->data[s->size - 1] == '.');
}

static void check_external(checker *c) {
  const sch_Model *m = c->model;
  for (uint32_t i = 0; i < m->external_buffers.count && !rule_stop(c); i++) {
    const sch_ExternalBuffer *b = &m->external_buffers.data[i];
    if (b->group >= m->external_buffer_groups.count)
      rule_fault(c, at_byte(b->at), MOTE_ERR_MODEL, "M25", "external buffer %u is in group %u, but there are %u groups",
                 b->id, b->group, m->external_buffer_groups.count);
    else if (b->length > UINT64_MAX - b->offset)
      rule_fault(c, at_byte(b->at), MOTE_ERR_MODEL, "M25", "external buffer %u of %llu bytes begins at byte %llu",
                 b->id, (unsigned long long)b->length, (unsigned long long)b->offset);
  }
  for (uint32_t i = 0; i < m->external_buffer_groups.count && !rule_stop(c); i++) {
    const sch_ExternalBufferGroup *g = &m->external_buffer_groups.data[i];
    char name[100];
    if (!plain_file_name(&g->name))
      rule_fault(c, at_byte(g->at), MOTE_ERR_MODEL, "M25",
                 "group %u of external buffers is '%s', which is no plain file name beside the model", i,
                 err_name(name, sizeof name, g->name.data ? g->name.data : "", g->name.size));
  }
}

void rules_buffers(checker *c) {
  const sch_Model *m = c->model;
  size_t outside = 0;
  if (m->buffers.count && (m->buffers.data[0].data.size || m->buffers.data[0].offset > 1))
    rule_warn(c, at_byte(m->buffers.data[0].at), "M2",
              "buffer 0 stands for 'no data' but holds some, which is not read");
  for (uint32_t i = 0; i < m->buffers.count; i++) outside += m->buffers.data[i].offset > 1;
  for (uint32_t g = 0; g < m->subgraphs.count; g++)
    for (uint32_t i = 0; i < m->subgraphs.data[g].operators.count; i++)
      outside += m->subgraphs.data[g].operators.data[i].large_custom_options_offset > 1;
  if (outside) check_all_outside(c, outside);
  check_external(c);
}

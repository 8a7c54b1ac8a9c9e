/* rules_signatures.c: rules about named entry points (M30, M42). */
#include <string.h>

#include "base/error.h"
#include "schema/rules.h"

enum { MAX_SIGNATURES = 1000 };

/* A key by which equal names become neighbours. */
static rule_key name_key(const sch_string *name, uint32_t id) {
  uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
  for (uint32_t i = 0; i < name->size; i++) hash = (hash ^ (uint8_t)name->data[i]) * 0x100000001b3u;
  return (rule_key){hash, name->size, id};
}

static bool same(const sch_string *a, const sch_string *b) {
  return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

enum { MARK_INPUT = 1, MARK_OUTPUT = 2 };

/* Sets or clears a mark of each tensor in a list. */
static void mark(uint8_t *marks, const sch_i32s *list, uint8_t value) {
  for (uint32_t i = 0; i < list->count; i++)
    if (list->data[i] >= 0) marks[list->data[i]] = value ? marks[list->data[i]] | value : 0;
}

/* Names of one side of a signature: present and unique; tensors in the subgraph and marked. */
static void check_map(checker *c, uint32_t signature, const char *kind, const sch_TensorMap *map, uint32_t count,
                      uint8_t marked) {
  const uint32_t tensors =
      c->model->subgraphs.data[c->model->signature_defs.data[signature].subgraph_index].tensors.count;
  char name[100];
  rule_key *keys = ARENA_ARRAY(&c->scratch, rule_key, count);
  if (!keys) {
    rule_no_memory(c, count * sizeof *keys);
    return;
  }
  for (uint32_t i = 0; i < count && !rule_stop(c); i++) {
    keys[i] = name_key(&map[i].name, i);
    err_name(name, sizeof name, map[i].name.data ? map[i].name.data : "", map[i].name.size);
    if (!map[i].name.data)
      rule_fault(c, at_byte(map[i].at), MOTE_ERR_MODEL, "M30", "%s %u of signature %u has no name", kind, i, signature);
    else if (map[i].tensor_index >= tensors || !(c->marks[map[i].tensor_index] & marked))
      rule_fault(c, at_byte(map[i].at), MOTE_ERR_MODEL, "M30",
                 "%s '%s' of signature %u is tensor %u, which is no %s of its subgraph", kind, name, signature,
                 map[i].tensor_index, kind);
  }
  if (c->faults) return;
  rule_sort(keys, count);
  for (uint32_t i = 1; i < count && !rule_stop(c); i++) {
    const sch_TensorMap *a = &map[keys[i - 1].id], *b = &map[keys[i].id];
    if (same(&a->name, &b->name))
      rule_fault(c, at_byte(b->at), MOTE_ERR_MODEL, "M30", "signature %u has two %ss called '%s'", signature, kind,
                 err_name(name, sizeof name, b->name.data, b->name.size));
  }
}

static void check_signature(checker *c, uint32_t index) {
  const sch_Model *m = c->model;
  const sch_SignatureDef *s = &m->signature_defs.data[index];
  const place where = at_byte(s->at);
  if (!s->signature_key.data) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M30", "signature %u has no key", index);
    return;
  }
  for (uint32_t i = 0; i < index; i++)
    if (same(&m->signature_defs.data[i].signature_key, &s->signature_key)) {
      char key[100];
      rule_fault(c, where, MOTE_ERR_MODEL, "M30", "two signatures have the key '%s'",
                 err_name(key, sizeof key, s->signature_key.data, s->signature_key.size));
      return;
    }
  if (s->subgraph_index >= m->subgraphs.count) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M30", "signature %u is subgraph %u, but there are %u subgraphs", index,
               s->subgraph_index, m->subgraphs.count);
    return;
  }
  const sch_SubGraph *g = &m->subgraphs.data[s->subgraph_index];
  mark(c->marks, &g->inputs, MARK_INPUT);
  mark(c->marks, &g->outputs, MARK_OUTPUT);
  check_map(c, index, "input", s->inputs.data, s->inputs.count, MARK_INPUT);
  check_map(c, index, "output", s->outputs.data, s->outputs.count, MARK_OUTPUT);
  mark(c->marks, &g->inputs, 0);
  mark(c->marks, &g->outputs, 0);
}

void rules_signatures(checker *c) {
  const uint32_t count = c->model->signature_defs.count;
  if (count > MAX_SIGNATURES) {
    rule_fault(c, at_byte(c->model->at), MOTE_ERR_LIMIT, "M42", "the file has %u signatures; at most %d are taken",
               count, MAX_SIGNATURES);
    return;
  }
  for (uint32_t i = 0; i < count && !c->faults; i++) check_signature(c, i);
}

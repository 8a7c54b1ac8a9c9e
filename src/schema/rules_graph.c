/* rules_graph.c: rules about operators and the flow of tensors between them (M6 to M14). */
#include <string.h>

#include "schema/rules.h"

enum { MAX_ENDS = 1 << 16 }; /* inputs or outputs of a subgraph (M42) */

/* ---- operators alone: M5 to M10, M14 ---- */

/* M8: values of enums in options. */
static void check_choices(checker *c, place where, const sch_table *table, const void *record) {
  for (uint32_t i = 0; i < table->count; i++) {
    const sch_field *f = &table->fields[i];
    if (f->kind != SCH_SCALAR || !f->values) continue;
    int32_t value;
    memcpy(&value, (const char *)record + f->offset, sizeof value);
    if (!sch_enum_name(f->values, value))
      rule_fault(c, where, MOTE_ERR_UNSUPPORTED, "M8", "its option %s is %d, which is no %s this version knows",
                 f->name, value, f->values->name);
  }
}

static void check_options(checker *c, place where, const sch_Operator *op, const sch_op_rules *rules, int32_t code) {
  const uint8_t given[2] = {op->builtin_options_type, op->builtin_options_2_type};
  const void *const records[2] = {op->builtin_options, op->builtin_options_2};
  for (int i = 0; i < 2; i++) {
    const uint8_t wanted = rules ? (i ? rules->options_2 : rules->options) : 0;
    const sch_table *table = sch_options_table(i + 1, given[i]);
    if (given[i] && wanted && given[i] != wanted)
      rule_fault(c, where, MOTE_ERR_MODEL, "M7", "its options are a %s, but the operator takes %s",
                 table ? table->name : "table of an unknown kind", sch_options_table(i + 1, wanted)->name);
    else if (given[i] && !table)
      rule_warn(c, where, "M7", "its options are of kind %u, which this version of the format does not have", given[i]);
    else if (records[i]) check_choices(c, where, table, records[i]);
  }
  if (code != sch_BuiltinOperator_CUSTOM && op->custom_options.count)
    rule_warn(c, where, "M5", "it has %u bytes of custom options, which a builtin operator does not read",
              op->custom_options.count);
}

static void check_count(checker *c, place where, const char *kind, uint32_t count, uint8_t least, uint8_t most) {
  if (count >= least && (most == SCH_OP_ANY || count <= most)) return;
  if (most == SCH_OP_ANY)
    rule_fault(c, where, MOTE_ERR_MODEL, "M9", "it has %u %ss, and needs %u or more", count, kind, least);
  else rule_fault(c, where, MOTE_ERR_MODEL, "M9", "it has %u %ss, and takes %u to %u", count, kind, least, most);
}

/* Indices of tensors in a list; -1 where `omitted` allows it. */
static void check_indices(checker *c, place where, const char *kind, const sch_i32s *list, uint32_t tensors,
                          uint64_t omitted, const char *rule) {
  for (uint32_t i = 0; i < list->count && !rule_stop(c); i++) {
    const int32_t index = list->data[i];
    if (index >= 0 && (uint32_t)index < tensors) continue;
    if (index == -1 && (i >= 64 ? omitted == UINT64_MAX : omitted >> i & 1)) continue;
    if (index == -1) rule_fault(c, where, MOTE_ERR_MODEL, rule, "%s %u is omitted, but must be there", kind, i);
    else
      rule_fault(c, where, MOTE_ERR_MODEL, rule, "%s %u is tensor %d, but there are %u tensors", kind, i, index,
                 tensors);
  }
}

static void check_mutating(checker *c, place where, const sch_SubGraph *g, const sch_Operator *op) {
  const sch_bools *flags = &op->mutating_variable_inputs;
  if (flags->count && flags->count != op->inputs.count) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M14", "it has %u flags for %u inputs", flags->count, op->inputs.count);
    return;
  }
  for (uint32_t i = 0; i < flags->count; i++)
    if (flags->data[i] && (op->inputs.data[i] < 0 || !g->tensors.data[op->inputs.data[i]].is_variable))
      rule_warn(c, where, "M14", "input %u is said to be changed, but is no variable", i);
}

static void check_operator(checker *c, uint32_t subgraph, uint32_t index) {
  const sch_SubGraph *g = &c->model->subgraphs.data[subgraph];
  const sch_Operator *op = &g->operators.data[index];
  const place where = at_op(c, subgraph, index);
  const sch_OperatorCode *opcode = sch_code_of(c->model, op);
  if (!opcode) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M6", "its code is number %u, but there are %u operator codes",
               op->opcode_index, c->model->operator_codes.count);
    return;
  }
  const int32_t code = sch_op_code(opcode);
  sch_op_rules r;
  const bool known =
      c->options->op_rules && c->options->op_rules(c->options->op_rules_user, code, opcode->custom_code, &r);
  check_options(c, where, op, known ? &r : NULL, code);
  if (known) {
    check_count(c, where, "input", op->inputs.count, r.inputs_min, r.inputs_max);
    check_count(c, where, "output", op->outputs.count, r.outputs_min, r.outputs_max);
  }
  const uint64_t no_output = code == sch_BuiltinOperator_WHILE ? UINT64_MAX : 0;
  check_indices(c, where, "input", &op->inputs, g->tensors.count, known ? r.optional : UINT64_MAX, "M10");
  check_indices(c, where, "output", &op->outputs, g->tensors.count, no_output, "M10");
  check_indices(c, where, "intermediate", &op->intermediates, g->tensors.count, UINT64_MAX, "M14");
  if (!c->faults) check_mutating(c, where, g, op);
}

/* ---- ends of a subgraph: M13 ---- */

static void check_ends(checker *c, uint32_t subgraph) {
  const sch_SubGraph *g = &c->model->subgraphs.data[subgraph];
  const place where = {(int32_t)subgraph, -1, -1, g->at};
  if (g->inputs.count > MAX_ENDS || g->outputs.count > MAX_ENDS) {
    rule_fault(c, where, MOTE_ERR_LIMIT, "M42", "it has %u inputs and %u outputs; at most %d are taken",
               g->inputs.count, g->outputs.count, MAX_ENDS);
    return;
  }
  check_indices(c, where, "input", &g->inputs, g->tensors.count, UINT64_MAX, "M13");
  check_indices(c, where, "output", &g->outputs, g->tensors.count, 0, "M13");
  if (c->faults) return;
  for (uint32_t i = 0; i < g->inputs.count; i++) {
    const int32_t index = g->inputs.data[i];
    if (index < 0) continue;
    if (c->marks[index]++) rule_fault(c, where, MOTE_ERR_MODEL, "M13", "tensor %d is its input twice", index);
  }
  for (uint32_t i = 0; i < g->inputs.count; i++)
    if (g->inputs.data[i] >= 0) c->marks[g->inputs.data[i]] = 0;
}

void rules_operators(checker *c) {
  for (uint32_t g = 0; g < c->model->subgraphs.count; g++) {
    for (uint32_t i = 0; i < c->model->subgraphs.data[g].operators.count && !rule_stop(c); i++) check_operator(c, g, i);
    if (!rule_stop(c)) check_ends(c, g);
  }
}

/* ---- flow: M11, M12 ---- */

enum { MARK_NONE, MARK_READY, MARK_INPUT, MARK_CONSTANT, MARK_VARIABLE };

static void mark_sources(checker *c, const sch_SubGraph *g) {
  for (uint32_t i = 0; i < g->tensors.count; i++) {
    const sch_Tensor *t = &g->tensors.data[i];
    c->marks[i] = t->is_variable ? MARK_VARIABLE : sch_is_constant(c->model, t) ? MARK_CONSTANT : MARK_NONE;
  }
  for (uint32_t i = 0; i < g->inputs.count; i++)
    if (g->inputs.data[i] >= 0) c->marks[g->inputs.data[i]] = MARK_INPUT;
}

static void check_flow(checker *c, uint32_t subgraph, uint32_t index) {
  static const char *const kinds[] = {"", "the output of an operator before it", "an input of the subgraph",
                                      "a constant", "a variable"};
  const sch_SubGraph *g = &c->model->subgraphs.data[subgraph];
  const sch_Operator *op = &g->operators.data[index];
  const place where = at_op(c, subgraph, index);
  for (uint32_t i = 0; i < op->inputs.count && !rule_stop(c); i++) {
    const int32_t t = op->inputs.data[i];
    if (t >= 0 && c->marks[t] == MARK_NONE && !sch_is_empty(&g->tensors.data[t]))
      rule_fault(
          c, where, MOTE_ERR_MODEL, "M12",
          "input %u, tensor %d, holds nothing yet: it is no constant, no input of the subgraph, no variable and no "
          "output of an operator before",
          i, t);
  }
  for (uint32_t i = 0; i < op->outputs.count && !rule_stop(c); i++) {
    const int32_t t = op->outputs.data[i];
    if (t < 0) continue;
    if (c->marks[t] != MARK_NONE)
      rule_fault(c, where, MOTE_ERR_MODEL, "M11", "output %u, tensor %d, is already %s", i, t, kinds[c->marks[t]]);
    c->marks[t] = MARK_READY;
  }
}

void rules_flow(checker *c) {
  for (uint32_t s = 0; s < c->model->subgraphs.count && !rule_stop(c); s++) {
    const sch_SubGraph *g = &c->model->subgraphs.data[s];
    mark_sources(c, g);
    for (uint32_t i = 0; i < g->operators.count && !rule_stop(c); i++) check_flow(c, s, i);
    for (uint32_t i = 0; i < g->outputs.count && !rule_stop(c); i++)
      if (c->marks[g->outputs.data[i]] == MARK_NONE && !sch_is_empty(&g->tensors.data[g->outputs.data[i]]))
        rule_fault(c, (place){(int32_t)s, -1, -1, g->at}, MOTE_ERR_MODEL, "M13",
                   "its output %u, tensor %d, is made by no operator", i, g->outputs.data[i]);
    memset(c->marks, 0, g->tensors.count);
  }
}

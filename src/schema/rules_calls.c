/* rules_calls.c: rules about subgraphs that operators call (M26 to M29). */
#include <string.h>

#include "schema/rules.h"

enum { MAX_CALL_DEPTH = 64 };

/* ---- which subgraphs an operator calls ---- */

/* A cursor over the callees of an operator: fields of its options called ...subgraph... or called_computations, by the
 * tables. */
typedef struct callees {
  const sch_table *table;
  const char *record;
  uint32_t field, element;
} callees;

/* The options of operators that call subgraphs, which count with their defaults too when a file leaves them out: those
 * name subgraph 0. Kind 0 for other operators. */
static uint8_t call_options(int32_t code, int *which) {
  *which = code >= sch_BuiltinOperator_STABLEHLO_LOGISTIC ? 2 : 1;
  switch (code) {
    case sch_BuiltinOperator_CALL: return sch_BuiltinOptions_CallOptions;
    case sch_BuiltinOperator_WHILE: return sch_BuiltinOptions_WhileOptions;
    case sch_BuiltinOperator_IF: return sch_BuiltinOptions_IfOptions;
    case sch_BuiltinOperator_CALL_ONCE: return sch_BuiltinOptions_CallOnceOptions;
    case sch_BuiltinOperator_STABLEHLO_COMPOSITE: return sch_BuiltinOptions2_StableHLOCompositeOptions;
    case sch_BuiltinOperator_STABLEHLO_CUSTOM_CALL: return sch_BuiltinOptions2_StablehloCustomCallOptions;
    case sch_BuiltinOperator_STABLEHLO_CASE: return sch_BuiltinOptions2_StablehloCaseOptions;
    case sch_BuiltinOperator_STABLEHLO_REDUCE: return sch_BuiltinOptions2_StablehloReduceOptions;
    case sch_BuiltinOperator_STABLEHLO_REDUCE_WINDOW: return sch_BuiltinOptions2_StablehloReduceWindowOptions;
    case sch_BuiltinOperator_STABLEHLO_SCATTER: return sch_BuiltinOptions2_StablehloScatterOptions;
    case sch_BuiltinOperator_STABLEHLO_SORT: return sch_BuiltinOptions2_StablehloSortOptions;
    case sch_BuiltinOperator_STABLEHLO_WHILE: return sch_BuiltinOptions2_StablehloWhileOptions;
    default: return 0;
  }
}

static callees callees_of(const checker *c, const sch_Operator *op) {
  int which;
  uint8_t kind = call_options(sch_op_code(sch_code_of(c->model, op)), &which);
  if (!kind) {
    which = op->builtin_options_2_type ? 2 : 1;
    kind = which == 2 ? op->builtin_options_2_type : op->builtin_options_type;
  }
  return (callees){sch_options_table(which, kind), sch_operator_options(op, which, kind), 0, 0};
}

/* The next callee and the option that names it; false at the end. */
static bool next_callee(callees *k, const char **option, int32_t *subgraph) {
  for (; k->table && k->field < k->table->count; k->field++, k->element = 0) {
    const sch_field *f = &k->table->fields[k->field];
    if (!strstr(f->name, "subgraph") && strcmp(f->name, "called_computations") != 0) continue;
    if (f->kind != SCH_SCALAR && f->kind != SCH_VECTOR) continue;
    const sch_i32s *list = (const sch_i32s *)(const void *)(k->record + f->offset);
    if (f->kind == SCH_VECTOR && k->element == list->count) continue;
    *option = f->name;
    if (f->kind == SCH_VECTOR) {
      *subgraph = list->data[k->element++];
    } else {
      memcpy(subgraph, k->record + f->offset, sizeof *subgraph);
      k->field++;
    }
    return true;
  }
  return false;
}

/* ---- indices: M26, M27 ---- */

static void check_callees(checker *c, uint32_t subgraph, uint32_t index) {
  const sch_Operator *op = &c->model->subgraphs.data[subgraph].operators.data[index];
  const place where = at_op(c, subgraph, index);
  const char *option;
  int32_t callee;
  for (callees k = callees_of(c, op); next_callee(&k, &option, &callee) && !rule_stop(c);) {
    if (callee < 0 || (uint32_t)callee >= c->model->subgraphs.count)
      rule_fault(c, where, MOTE_ERR_MODEL, "M26", "its %s is %d, but there are %u subgraphs", option, callee,
                 c->model->subgraphs.count);
    else if (callee == 0)
      rule_fault(c, where, MOTE_ERR_MODEL, "M27", "its %s is 0, the main subgraph, which nothing may call", option);
  }
}

/* One subgraph on the way of the search. */
typedef struct visit {
  uint32_t subgraph, op;
  callees rest;
} visit;

enum { WHITE, GRAY, BLACK };

static void push(const checker *c, visit *way, uint32_t *depth, uint8_t *colors, uint32_t subgraph) {
  const sch_SubGraph *g = &c->model->subgraphs.data[subgraph];
  colors[subgraph] = GRAY;
  way[(*depth)++] = (visit){subgraph, 0, g->operators.count ? callees_of(c, &g->operators.data[0]) : (callees){0}};
}

/* Depth-first from `root`, without recursion: calls come back to no subgraph and are not nested too deep. */
static void search(checker *c, uint32_t root, uint8_t *colors) {
  visit way[MAX_CALL_DEPTH];
  uint32_t depth = 0;
  push(c, way, &depth, colors, root);
  while (depth) {
    visit *v = &way[depth - 1];
    const sch_SubGraph *g = &c->model->subgraphs.data[v->subgraph];
    const char *option;
    int32_t callee;
    if (v->op >= g->operators.count) {
      colors[v->subgraph] = BLACK;
      depth--;
    } else if (!next_callee(&v->rest, &option, &callee)) {
      if (++v->op < g->operators.count) v->rest = callees_of(c, &g->operators.data[v->op]);
    } else if (colors[callee] == GRAY) {
      rule_fault(c, at_op(c, v->subgraph, v->op), MOTE_ERR_MODEL, "M27",
                 "its %s, subgraph %d, calls subgraph %u again: calls must not go in circles", option, callee,
                 v->subgraph);
      return;
    } else if (colors[callee] == WHITE && depth == MAX_CALL_DEPTH) {
      rule_fault(c, at_op(c, v->subgraph, v->op), MOTE_ERR_LIMIT, "M27",
                 "calls of subgraphs are nested more than %d deep", MAX_CALL_DEPTH);
      return;
    } else if (colors[callee] == WHITE) {
      push(c, way, &depth, colors, (uint32_t)callee);
    }
  }
}

/* ---- what is passed: M28, M29 ---- */

static uint32_t types_differ(const sch_SubGraph *a, const int32_t *in_a, const sch_SubGraph *b, const int32_t *in_b,
                             uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (in_a[i] >= 0 && in_b[i] >= 0 && a->tensors.data[in_a[i]].type != b->tensors.data[in_b[i]].type) return i;
  return UINT32_MAX;
}

/* The list `from` of the operator's subgraph is given to (or taken from) the list `to` of the callee. */
static bool check_passed(checker *c, place where, const char *what, const int32_t *from, uint32_t count,
                         const sch_SubGraph *callee, const char *whose, const char *kind, const sch_i32s *to) {
  const sch_SubGraph *g = &c->model->subgraphs.data[where.subgraph];
  if (count != to->count) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M28", "it has %u %s, but its %s subgraph has %u %ss", count, what, whose,
               to->count, kind);
    return false;
  }
  const uint32_t i = types_differ(g, from, callee, to->data, count);
  if (i == UINT32_MAX) return true;
  rule_fault(c, where, MOTE_ERR_MODEL, "M29", "number %u of its %s is %s, but the %s of its %s subgraph is %s", i, what,
             mote_type_name((mote_type)g->tensors.data[from[i]].type), kind, whose,
             mote_type_name((mote_type)callee->tensors.data[to->data[i]].type));
  return false;
}

static void check_while(checker *c, place where, const sch_Operator *op) {
  const sch_WhileOptions *o = sch_operator_options(op, 1, sch_BuiltinOptions_WhileOptions);
  const sch_SubGraph *cond = &c->model->subgraphs.data[o->cond_subgraph_index];
  const sch_SubGraph *body = &c->model->subgraphs.data[o->body_subgraph_index];
  if (!check_passed(c, where, "inputs", op->inputs.data, op->inputs.count, cond, "condition", "input", &cond->inputs) ||
      !check_passed(c, where, "inputs", op->inputs.data, op->inputs.count, body, "body", "input", &body->inputs) ||
      !check_passed(c, where, "outputs", op->outputs.data, op->outputs.count, body, "body", "output", &body->outputs))
    return;
  if (op->inputs.count != op->outputs.count) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M28", "it has %u inputs and %u outputs, which must be as many",
               op->inputs.count, op->outputs.count);
    return;
  }
  const sch_Tensor *answer = cond->outputs.count == 1 ? &cond->tensors.data[cond->outputs.data[0]] : NULL;
  bool one = answer && answer->type == sch_TensorType_BOOL;
  for (uint32_t i = 0; one && i < answer->shape.count; i++) one = answer->shape.data[i] == 1;
  if (!one)
    rule_fault(c, where, MOTE_ERR_MODEL, "M28", "its condition subgraph %d must have one output, a bool",
               o->cond_subgraph_index);
}

static void check_branches(checker *c, place where, const sch_Operator *op) {
  const sch_IfOptions *o = sch_operator_options(op, 1, sch_BuiltinOptions_IfOptions);
  const sch_SubGraph *branch[2] = {&c->model->subgraphs.data[o->then_subgraph_index],
                                   &c->model->subgraphs.data[o->else_subgraph_index]};
  if (!op->inputs.count) {
    rule_fault(c, where, MOTE_ERR_MODEL, "M28", "it has no inputs, and the first is what it decides by");
    return;
  }
  for (int i = 0; i < 2; i++) {
    const char *whose = i ? "else" : "then";
    if (!check_passed(c, where, "inputs after the first", op->inputs.data + 1, op->inputs.count - 1, branch[i], whose,
                      "input", &branch[i]->inputs) ||
        !check_passed(c, where, "outputs", op->outputs.data, op->outputs.count, branch[i], whose, "output",
                      &branch[i]->outputs))
      return;
  }
}

static void check_once(checker *c, place where, const sch_Operator *op) {
  const sch_CallOnceOptions *o = sch_operator_options(op, 1, sch_BuiltinOptions_CallOnceOptions);
  const sch_SubGraph *g = &c->model->subgraphs.data[o->init_subgraph_index];
  if (op->inputs.count || op->outputs.count || g->inputs.count || g->outputs.count)
    rule_fault(c, where, MOTE_ERR_MODEL, "M28", "it and the subgraph it calls must have no inputs and outputs");
}

static void check_composite(checker *c, place where, const sch_Operator *op) {
  const sch_StableHLOCompositeOptions *o = sch_operator_options(op, 2, sch_BuiltinOptions2_StableHLOCompositeOptions);
  const sch_SubGraph *g = &c->model->subgraphs.data[o->decomposition_subgraph_index];
  if (check_passed(c, where, "inputs", op->inputs.data, op->inputs.count, g, "decomposition", "input", &g->inputs))
    check_passed(c, where, "outputs", op->outputs.data, op->outputs.count, g, "decomposition", "output", &g->outputs);
}

static void check_call(checker *c, uint32_t subgraph, uint32_t index) {
  const sch_Operator *op = &c->model->subgraphs.data[subgraph].operators.data[index];
  const place where = at_op(c, subgraph, index);
  switch (sch_op_code(sch_code_of(c->model, op))) {
    case sch_BuiltinOperator_WHILE: check_while(c, where, op); break;
    case sch_BuiltinOperator_IF: check_branches(c, where, op); break;
    case sch_BuiltinOperator_CALL_ONCE: check_once(c, where, op); break;
    case sch_BuiltinOperator_STABLEHLO_COMPOSITE: check_composite(c, where, op); break;
    default: break;
  }
}

static void each_operator(checker *c, void (*check)(checker *, uint32_t, uint32_t)) {
  for (uint32_t g = 0; g < c->model->subgraphs.count; g++)
    for (uint32_t i = 0; i < c->model->subgraphs.data[g].operators.count && !rule_stop(c); i++) check(c, g, i);
}

void rules_calls(checker *c) {
  each_operator(c, check_callees);
  if (c->faults) return;
  uint8_t *colors = arena_alloc(&c->scratch, c->model->subgraphs.count);
  if (!colors) {
    rule_no_memory(c, c->model->subgraphs.count);
    return;
  }
  for (uint32_t i = 0; i < c->model->subgraphs.count && !c->faults; i++)
    if (colors[i] == WHITE) search(c, i, colors);
  if (!c->faults) each_operator(c, check_call);
}

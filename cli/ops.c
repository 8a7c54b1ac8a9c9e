/* ops.c: mote ops: the operators of this build, from their descriptors. */
#include <string.h>

#include "cli/cli.h"
#include "operators/op.h"
#include "runtime/runtime.h"

static bool used_by(const mote_op *op, const sch_Model *m) {
  for (uint32_t i = 0; i < m->operator_codes.count; i++) {
    const sch_OperatorCode *code = &m->operator_codes.data[i];
    const int32_t builtin = sch_op_code(code);
    if (builtin != op->code) continue;
    if (builtin != sch_BuiltinOperator_CUSTOM) return true;
    if (code->custom_code.size == strlen(op->name) && !memcmp(code->custom_code.data, op->name, code->custom_code.size))
      return true;
  }
  return false;
}

static json_t *optional_json(const mote_op *op) {
  json_t *list = json_array();
  for (int i = 0; i < 64; i++)
    if (op->optional >> i & 1) json_array_append_new(list, json_integer(i));
  return list;
}

/* The table of the format that holds its options; null: it has none. */
static json_t *options_json(const mote_op *op) {
  const sch_table *table = op->options ? sch_options_table(1, op->options) : sch_options_table(2, op->options_2);
  return table ? json_string(table->name) : json_null();
}

static json_t *op_json(const mote_op *op) {
  json_t *traits = json_array();
  static const struct {
    uint32_t bit;
    const char *name;
  } names[] = {{OP_INPLACE_0, "in_place_0"},
               {OP_INPLACE_1, "in_place_1"},
               {OP_ALIAS, "alias"},
               {OP_STATEFUL, "stateful"},
               {OP_DATA_SHAPE, "data_dependent_shape"},
               {OP_CALLS, "calls_subgraphs"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (op->traits & names[i].bit) json_array_append_new(traits, json_string(names[i].name));
  json_t *o = json_pack("{s:s, s:i, s:b, s:i, s:s, s:i, s:i, s:o}", "name", op->name, "code", (int)op->code, "custom",
                        op->code == sch_BuiltinOperator_CUSTOM, "versions", (int)op->versions, "types",
                        op->types ? op->types : "", "inputs_min", (int)op->inputs_min, "outputs_min",
                        (int)op->outputs_min, "traits", traits);
  json_object_set_new(o, "inputs_max", op->inputs_max == OP_ANY ? json_null() : json_integer(op->inputs_max));
  json_object_set_new(o, "outputs_max", op->outputs_max == OP_ANY ? json_null() : json_integer(op->outputs_max));
  json_object_set_new(o, "optional_inputs", optional_json(op));
  json_object_set_new(o, "options", options_json(op));
  json_object_set_new(o, "notes", json_string(op->notes ? op->notes : ""));
  return o;
}

static void print_op(const mote_op *op) {
  printf("%-32s 1-%-3d %s\n", op->name, (int)op->versions, op->types ? op->types : "");
}

/* Models are only read: an operator that is missing is named, and is no fault. */
static bool add_models(const opt_list *paths, int files, char **argv, mote_model **models, int *count) {
  const mote_config config = {0};
  for (int i = 0; i < paths->count + files; i++) {
    mote_model *m = open_model(i < paths->count ? paths->v[i] : argv[i - paths->count], &config);
    if (!m) return false;
    models[(*count)++] = m;
  }
  return true;
}

static void print_missing(mote_model **models, int count) {
  for (int i = 0; i < count; i++) {
    const sch_Model *m = models[i]->schema->model;
    for (uint32_t k = 0; k < m->operator_codes.count; k++) {
      const sch_OperatorCode *code = &m->operator_codes.data[k];
      const bool custom = sch_op_code(code) == sch_BuiltinOperator_CUSTOM;
      if (custom ? op_find_custom(code->custom_code.data, code->custom_code.size) != NULL
                 : op_find(sch_op_code(code)) != NULL)
        continue;
      char name[120];
      fprintf(stderr, "mote: %s is used and not in this build\n", sch_op_name(name, sizeof name, code));
    }
  }
}

int cmd_ops(int argc, char **argv) {
  common c = {0};
  opt_list by = {0};
  const opt opts[] = {COMMON_OPTS(c), {"used-by", OPT_LIST, &by}};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (files && !by.count) return usage_error("ops takes no files; mote ops --used-by MODEL lists what a model needs");
  if (files + by.count > OPT_LIST_MAX) return usage_error("at most %d models are taken at once", OPT_LIST_MAX);
  mote_model *models[OPT_LIST_MAX];
  int count = 0;
  const bool good = add_models(&by, files, argv, models, &count);
  json_t *all = good && c.json ? json_array() : NULL;
  for (const mote_op *const *op = op_list; *op && good; op++) {
    bool wanted = !count;
    for (int i = 0; i < count && !wanted; i++) wanted = used_by(*op, models[i]->schema->model);
    if (!wanted) continue;
    if (all) json_array_append_new(all, op_json(*op));
    else print_op(*op);
  }
  if (all) print_json(all);
  print_missing(models, count);
  for (int i = 0; i < count; i++) mote_model_free(models[i]);
  return good ? EXIT_DONE : EXIT_FAULT;
}

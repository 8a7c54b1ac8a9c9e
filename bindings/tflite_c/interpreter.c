/* interpreter.c: making interpreters, and their inputs and outputs. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "bindings/tflite_c/tflite_c.h"

/* ---- operators ---- */

typedef struct choice {
  const TfLiteInterpreterOptions *options;
  bool selected;
} choice;

/* Stands for every operator that callbacks compute, until a node gets a descriptor of its own. */
static const mote_op foreign_op = {.name = "foreign", .code = sch_BuiltinOperator_CUSTOM, .types = "any ... > any ..."};

static const mote_op *find_op(void *user, const sch_OperatorCode *code) {
  const choice *k = user;
  TfLiteRegistration registration;
  return options_resolve(k->options, code, k->selected, &registration) == OP_NATIVE ? NULL : &foreign_op;
}

static bool is_used(const sch_Model *m, uint32_t code) {
  for (uint32_t s = 0; s < m->subgraphs.count; s++)
    for (uint32_t o = 0; o < m->subgraphs.data[s].operators.count; o++)
      if (m->subgraphs.data[s].operators.data[o].opcode_index == code) return true;
  return false;
}

/* Custom operators that nobody has are reported when tensors are allocated: a delegate may take them. */
static bool all_builtins_found(const TfLiteInterpreter *it, const choice *k) {
  const sch_Model *m = it->model->schema->model;
  bool good = true;
  for (uint32_t i = 0; i < m->operator_codes.count; i++) {
    const sch_OperatorCode *code = &m->operator_codes.data[i];
    TfLiteRegistration registration;
    char name[80];
    if (sch_op_code(code) == sch_BuiltinOperator_CUSTOM || !is_used(m, i)) continue;
    if (options_resolve(k->options, code, k->selected, &registration) != OP_UNRESOLVED) continue;
    report(&it->reporter,
           "Didn't find op for builtin opcode '%s' version '%d'. An older version of this builtin might be supported. "
           "Are you using an old TFLite binary with a newer model?",
           sch_op_name(name, sizeof name, code), (int)code->version);
    good = false;
  }
  return good;
}

/* ---- making and freeing ---- */

static bool make_subgraphs(TfLiteInterpreter *it, const choice *k) {
  it->subgraphs = calloc((size_t)it->lifted.count + 1, sizeof *it->subgraphs);
  for (int32_t i = 0; it->subgraphs && i < it->lifted.count; i++) {
    it->num_subgraphs++;
    if (!subgraph_make(&it->subgraphs[i], it, i, k->options, k->selected)) return false;
  }
  return it->subgraphs != NULL;
}

static bool make(TfLiteInterpreter *it, const choice *k) {
  const uint32_t version = it->model->schema->model->version;
  if (version != (uint32_t)TfLiteSchemaVersion()) {
    report(&it->reporter, "Model provided is schema version %u not equal to supported version %d.", version,
           TfLiteSchemaVersion());
    return false;
  }
  if (!all_builtins_found(it, k)) return false;
  const graph_lookup lookup = {find_op, (void *)(uintptr_t)k};
  mote_error e = {0};
  if (graph_lift(it->model->schema, &lookup, &it->arena, &it->lifted, &e) != MOTE_OK) {
    report(&it->reporter, "%s", e.text);
    return false;
  }
  if (!make_subgraphs(it, k)) {
    report(&it->reporter, "out of memory: tensors of the interpreter");
    return false;
  }
  return true;
}

static TfLiteInterpreter *create(const TfLiteModel *model, const TfLiteInterpreterOptions *options, bool selected) {
  TfLiteInterpreter *it = model ? calloc(1, sizeof *it) : NULL;
  if (!it) return NULL;
  it->model = model_retain(model->model);
  arena_init(&it->arena, it->model->mem);
  arena_init(&it->changed_arena, it->model->mem);
  pthread_mutex_init(&it->lock, NULL);
  it->threads = options ? options->threads : -1;
  if (it->threads == 0) it->threads = 1;
  if (options) {
    it->reporter = options->reporter;
    it->cancellable = options->cancellable;
    it->fallback = options->fallback;
  }
  bool good = make(it, &(choice){options, selected});
  for (size_t i = 0; good && options && i < options->num_delegates; i++)
    good = delegate_apply(it, options->delegates[i]) == kTfLiteOk;
  if (good) return it;
  TfLiteInterpreterDelete(it);
  return NULL;
}

TfLiteInterpreter *TfLiteInterpreterCreate(const TfLiteModel *model, const TfLiteInterpreterOptions *options) {
  return create(model, options, false);
}

TfLiteInterpreter *TfLiteInterpreterCreateWithSelectedOps(const TfLiteModel *model,
                                                          const TfLiteInterpreterOptions *options) {
  return create(model, options, true);
}

void TfLiteInterpreterDelete(TfLiteInterpreter *it) {
  if (!it) return;
  interpreter_drop_program(it);
  for (int32_t i = 0; i < it->num_subgraphs; i++) subgraph_free(&it->subgraphs[i]);
  free(it->subgraphs);
  for (size_t i = 0; i < it->num_owned_ops; i++) TfLiteOperatorDelete(it->owned_ops[i]);
  free(it->owned_ops);
  arena_free(&it->changed_arena);
  arena_free(&it->arena);
  pthread_mutex_destroy(&it->lock);
  mote_model_free(it->model);
  free(it);
}

/* ---- inputs and outputs ---- */

static const sch_i32s *inputs_of(const TfLiteInterpreter *it) { return &subgraph_record(&it->subgraphs[0])->inputs; }
static const sch_i32s *outputs_of(const TfLiteInterpreter *it) { return &subgraph_record(&it->subgraphs[0])->outputs; }

static int32_t at(const sch_i32s *list, int32_t i) { return i >= 0 && (uint32_t)i < list->count ? list->data[i] : -1; }

int32_t TfLiteInterpreterGetInputTensorCount(const TfLiteInterpreter *it) {
  return it ? (int32_t)inputs_of(it)->count : 0;
}
int32_t TfLiteInterpreterGetOutputTensorCount(const TfLiteInterpreter *it) {
  return it ? (int32_t)outputs_of(it)->count : 0;
}
const int *TfLiteInterpreterInputTensorIndices(const TfLiteInterpreter *it) { return it ? inputs_of(it)->data : NULL; }
const int *TfLiteInterpreterOutputTensorIndices(const TfLiteInterpreter *it) {
  return it ? outputs_of(it)->data : NULL;
}
int32_t TfLiteInterpreterGetInputTensorIndex(const TfLiteInterpreter *it, int32_t i) {
  return it ? at(inputs_of(it), i) : -1;
}
int32_t TfLiteInterpreterGetOutputTensorIndex(const TfLiteInterpreter *it, int32_t i) {
  return it ? at(outputs_of(it), i) : -1;
}

TfLiteTensor *TfLiteInterpreterGetTensor(const TfLiteInterpreter *it, int index) {
  return it && has_tensor(&it->subgraphs[0], index) ? &it->subgraphs[0].context.tensors[index] : NULL;
}
TfLiteTensor *TfLiteInterpreterGetInputTensor(const TfLiteInterpreter *it, int32_t i) {
  return TfLiteInterpreterGetTensor(it, TfLiteInterpreterGetInputTensorIndex(it, i));
}
const TfLiteTensor *TfLiteInterpreterGetOutputTensor(const TfLiteInterpreter *it, int32_t i) {
  return TfLiteInterpreterGetTensor(it, TfLiteInterpreterGetOutputTensorIndex(it, i));
}

TfLiteStatus TfLiteInterpreterResizeInputTensor(TfLiteInterpreter *it, int32_t i, const int *dims, int32_t rank) {
  const int32_t tensor = TfLiteInterpreterGetInputTensorIndex(it, i);
  return tensor < 0 ? kTfLiteError : subgraph_resize_input(&it->subgraphs[0], tensor, dims, rank);
}

TfLiteStatus TfLiteInterpreterAllocateTensors(TfLiteInterpreter *it) {
  return it ? subgraph_allocate(&it->subgraphs[0]) : kTfLiteError;
}

TfLiteStatus TfLiteInterpreterInvoke(TfLiteInterpreter *it) {
  return it ? subgraph_invoke(&it->subgraphs[0]) : kTfLiteError;
}

TfLiteStatus TfLiteInterpreterCancel(const TfLiteInterpreter *it) {
  return it ? interpreter_cancel((TfLiteInterpreter *)(uintptr_t)it) : kTfLiteError;
}

/* tflite_c.h: what the files of this binding share.
 *
 *   model.c       models, versions, reporting       tensor.c, tensor_data.c, arrays.c   structs of common.h
 *   options.c     options, op resolvers             operator.c     TfLiteOperator, and calls of registrations
 *   interpreter.c create, inputs and outputs        subgraph.c     tensors and nodes of a subgraph
 *   invoke.c      allocate, run, cancel             builtin_data.c options of the file -> structs
 *   foreign.c     nodes with callbacks in a program context.c      TfLiteContext
 *   delegate.c    applying delegates                partition.c    which nodes go together
 *   signature.c   experimental.c   opaque_*.c   xnnpack.c
 *
 * An interpreter owns a program of its own, made when tensors are allocated and again when delegates changed the plan.
 * The graphs are lifted once; a node that someone else computes gets a descriptor (foreign.c) in a copy of its graph.
 * Memory that programs free or keep through the interface comes from malloc, as the interface says.
 */
#ifndef BINDINGS_TFLITE_C_H
#define BINDINGS_TFLITE_C_H

#include "runtime/runtime.h"
#include "tensorflow/lite/c/builtin_op_data.h"
#include "tensorflow/lite/c/c_api.h"
#include "tensorflow/lite/c/c_api_experimental.h"
#include "tensorflow/lite/c/c_api_opaque.h"
#include "tensorflow/lite/c/common.h"

/* ---- reporting ---- */

typedef void (*report_fn)(void *user_data, const char *format, va_list args);

/* Where errors go: the caller's function, or stderr with "ERROR: " before them. */
typedef struct reporter {
  report_fn fn;
  void *user;
} reporter;
void report_va(const reporter *r, const char *format, va_list args);
__attribute__((format(printf, 2, 3))) void report(const reporter *r, const char *format, ...);

struct TfLiteModel {
  mote_model *model;
};

/* ---- options ---- */

typedef struct added_op {
  int32_t code;
  char *name; /* of a custom operator */
  int32_t min_version, max_version;
  TfLiteRegistration registration;
} added_op;

#define RESOLVER_OF(type)                                                                                              \
  struct {                                                                                                             \
    const type *(*builtin)(void *user, TfLiteBuiltinOperator op, int version);                                         \
    const type *(*custom)(void *user, const char *name, int version);                                                  \
  }

/* A caller's resolver, in one of the layouts that registrations have had. */
typedef struct resolver {
  RESOLVER_OF(TfLiteRegistration_V1) v1;
  RESOLVER_OF(TfLiteRegistration_V2) v2;
  RESOLVER_OF(TfLiteRegistration_V3) v3;
  RESOLVER_OF(TfLiteRegistration) v4;
  const TfLiteOperator *(*builtin_external)(void *user, int op, int version);
  const TfLiteOperator *(*custom_external)(void *user, const char *name, int version);
  void *user;
  bool set;
} resolver;

struct TfLiteInterpreterOptions {
  int32_t threads;
  reporter reporter;
  bool cancellable, fallback;
  added_op *ops;
  size_t num_ops;
  TfLiteDelegate **delegates;
  size_t num_delegates;
  resolver resolver;
};

typedef enum resolution { OP_NATIVE, OP_FOREIGN, OP_UNRESOLVED } resolution;
/* options.c: who computes operators of this code; fills *out for OP_FOREIGN. With `selected`, mote's own do not count.
 */
resolution options_resolve(const TfLiteInterpreterOptions *o, const sch_OperatorCode *code, bool selected,
                           TfLiteRegistration *out);

/* ---- operators ---- */

struct TfLiteOperator {
  TfLiteBuiltinOperator builtin_code;
  const char *custom_name;
  int version;
  void *user_data;
  uint64_t inplace_operator;
  void *(*init)(TfLiteOpaqueContext *context, const char *buffer, size_t length);
  void (*free)(TfLiteOpaqueContext *context, void *data);
  TfLiteStatus (*prepare)(TfLiteOpaqueContext *context, TfLiteOpaqueNode *node);
  TfLiteStatus (*invoke)(TfLiteOpaqueContext *context, TfLiteOpaqueNode *node);
  struct TfLiteAsyncKernel *(*async_kernel)(TfLiteOpaqueContext *context, TfLiteOpaqueNode *node);
  void *(*init_data)(void *user_data, TfLiteOpaqueContext *context, const char *buffer, size_t length);
  void (*free_data)(void *user_data, TfLiteOpaqueContext *context, void *data);
  TfLiteStatus (*prepare_data)(void *user_data, TfLiteOpaqueContext *context, TfLiteOpaqueNode *node);
  TfLiteStatus (*invoke_data)(void *user_data, TfLiteOpaqueContext *context, TfLiteOpaqueNode *node);
  struct TfLiteAsyncKernel *(*async_kernel_data)(void *user_data, TfLiteOpaqueContext *context, TfLiteOpaqueNode *node);
};

bool operator_has_callbacks(const TfLiteOperator *op);
/* A registration that stands for an operator. */
TfLiteRegistration operator_registration(const TfLiteOperator *op);

/* Calls of a registration, or of the operator behind it. */
void *registration_init(const TfLiteRegistration *r, TfLiteContext *context, const char *buffer, size_t length);
void registration_free(const TfLiteRegistration *r, TfLiteContext *context, void *data);
TfLiteStatus registration_prepare(const TfLiteRegistration *r, TfLiteContext *context, TfLiteNode *node);
TfLiteStatus registration_invoke(const TfLiteRegistration *r, TfLiteContext *context, TfLiteNode *node);

/* ---- nodes and subgraphs ---- */

typedef struct subgraph subgraph;

/* A node: of the file, or one that a delegate put in the place of some. */
typedef struct sub_node {
  TfLiteNode node;
  TfLiteRegistration registration;
  TfLiteOperator *shown; /* what the opaque interface calls its operator, made when asked for */
  subgraph *owner;
  int32_t index;
  bool foreign, unresolved, initialized;
  mote_op op;               /* of foreign nodes */
  const void *prepared_for; /* the step whose shapes prepare saw last */
  size_t *scratch_sizes;    /* buffers that prepare asked for ... */
  void **scratch;           /* ... and where they lie in invoke */
  int32_t num_scratch;
} sub_node;

struct subgraph {
  TfLiteContext context;
  TfLiteInterpreter *it;
  int32_t index;
  int32_t num_file_tensors, num_file_nodes, num_nodes;
  size_t room;       /* tensors that `tensors` has place for: they never move */
  void **persistent; /* [room]: data of added tensors that last, from mem */
  sub_node **nodes;
  TfLiteIntArray *plan, *first_plan; /* node indices in order; without delegates */
  TfLiteIntArray *shown_plan;        /* what GetExecutionPlan handed out */
  TfLiteDelegateParams *previews;
  int32_t num_previews;
  TfLiteCustomAllocation *given; /* [room]; NULL: none */
  int *variables;
  int32_t num_variables;
  TfLiteDelegate **delegates;
  size_t num_delegates;
  bool undone;       /* delegates are put back when tensors are allocated */
  bool immutable;    /* a delegate for fixed shapes was applied */
  bool wanted;       /* was allocated before delegates changed, and is to be again */
  bool allocated;    /* runs are allowed */
  bool skippable;    /* a delegate takes care of the caller */
  sub_node *current; /* whose prepare or invoke is on */
  bool invoking;
};

struct TfLiteInterpreter {
  mote_model *model;
  arena arena; /* the lifted graphs, persistent buffers */
  graph_set lifted;
  arena changed_arena;
  graph_set changed; /* as the plans have them */
  mote_program *program;
  mote_session *session;
  pthread_mutex_t lock; /* of the session pointer, for Cancel */
  reporter reporter;
  int32_t threads;
  bool cancellable, fallback, buffer_output;
  bool applying; /* a delegate may change plans */
  bool cancelled;
  subgraph *subgraphs;
  int32_t num_subgraphs;
  TfLiteExternalContext *external[kTfLiteMaxExternalContexts];
  TfLiteOperator **owned_ops; /* of opaque delegates */
  size_t num_owned_ops;
  TfLiteStatus foreign_status; /* what a callback returned in the call under way */
};

static inline const sch_SubGraph *subgraph_record(const subgraph *sg) {
  return &sg->it->model->schema->model->subgraphs.data[sg->index];
}
static inline subgraph *subgraph_of(const TfLiteContext *c) { return c->impl_; }
static inline bool has_tensor(const subgraph *sg, int index) {
  return index >= 0 && (size_t)index < sg->context.tensors_size;
}

/* subgraph.c */
bool subgraph_make(subgraph *sg, TfLiteInterpreter *it, int32_t index, const TfLiteInterpreterOptions *o,
                   bool selected);
void subgraph_free(subgraph *sg);
sub_node *subgraph_add_node(subgraph *sg, TfLiteIntArray *inputs, TfLiteIntArray *outputs,
                            const TfLiteRegistration *registration, void *builtin_data);
void node_init(sub_node *n);
void node_free(sub_node *n);
bool subgraph_add_tensors(subgraph *sg, int count, int *first);
TfLiteStatus subgraph_tensor_bytes(const TfLiteTensor *t, size_t *bytes);
void *builtin_data_of(const sch_Operator *o, int32_t code);

/* context.c */
void context_fill(subgraph *sg);
TfLiteStatus context_ensure_readable(subgraph *sg, int index);

/* foreign.c: the graphs of the interpreter with descriptors for foreign nodes, as the plans have them. */
bool foreign_graphs(TfLiteInterpreter *it);

/* partition.c */
typedef struct partition {
  bool taken; /* of nodes that are to be replaced */
  TfLiteIntArray *nodes, *inputs, *outputs;
} partition;
bool partition_plan(const subgraph *sg, const TfLiteIntArray *nodes_to_replace, partition **out, int32_t *count);
void partition_free(partition *p, int32_t count);

/* delegate.c */
int64_t delegate_flags(const TfLiteDelegate *d);
TfLiteStatus delegate_apply(TfLiteInterpreter *it, TfLiteDelegate *d);
TfLiteStatus delegate_undo(subgraph *sg);
TfLiteStatus delegate_redo(subgraph *sg);
TfLiteStatus delegate_remove_all(TfLiteInterpreter *it);
TfLiteStatus delegate_replace(subgraph *sg, TfLiteRegistration registration, const TfLiteIntArray *nodes,
                              TfLiteDelegate *d);
TfLiteStatus delegate_copy_from(TfLiteContext *c, TfLiteDelegate *d, TfLiteBufferHandle handle, TfLiteTensor *t);
void delegate_free_handle(TfLiteContext *c, TfLiteDelegate *d, TfLiteBufferHandle *handle);
void free_delegate_params(TfLiteDelegateParams *p, int32_t count);

/* invoke.c */
TfLiteStatus subgraph_allocate(subgraph *sg);
TfLiteStatus subgraph_invoke(subgraph *sg);
TfLiteStatus subgraph_resize_input(subgraph *sg, int tensor, const int *dims, int rank);
TfLiteStatus interpreter_cancel(TfLiteInterpreter *it);
void subgraph_reset_given(subgraph *sg); /* variables in memory of the caller's */
void interpreter_drop_program(TfLiteInterpreter *it);
/* Plans the subgraph for the shapes that its tensors have. */
TfLiteStatus subgraph_plan(subgraph *sg);
const frame *subgraph_frame(const subgraph *sg); /* NULL: not planned */

/* ---- tensors ---- */

TfLiteType type_to_tflite(mote_type type);
bool type_from_tflite(TfLiteType type, mote_type *out);

/* Dynamic data that belongs to mote, not to the tensor, is marked in `allocation`. */
extern const char tensor_borrowed;
static inline bool tensor_owns_data(const TfLiteTensor *t) {
  return (t->allocation_type == kTfLiteDynamic || t->allocation_type == kTfLitePersistentRo) &&
         t->allocation != &tensor_borrowed && t->data.data;
}
void tensor_borrow(TfLiteTensor *t, void *data, size_t bytes);
bool tensor_set_dims(TfLiteTensor *t, int32_t rank, const int32_t *dims);
#endif

/* op.h: what an operator is.
 *
 * One descriptor (`mote_op`) in one file, named by one line of list.def, says everything about an operator: what a
 * file may contain, its shape rule, what it prepares, and how it runs. It sees nothing of files, graphs or sessions:
 * only the `op_ctx` it is handed, which has its tensors, its options and a few services.
 *
 * Lifetimes, and what may fail where:
 *
 *   check    once a program   types matched `types` already; test options, quantization, constant operands
 *   prepare  once a program   fill `params` (multipliers, tables); pack constant weights with op_pack
 *   infer    once a shape set output shapes from input shapes and from integer values that are known
 *   plan     once a shape set fill `record`, set scratch_size and macs; all shapes are known; no heap, no weights
 *   run      each run         numbers only: pointers are resolved and nothing that was checked is checked again.
 *                             Tests only what data decides (indices, divisors).
 *
 * What reads as "input i" is in[i]; an omitted optional input is NULL. Outputs are never NULL: one that the file omits
 * (WHILE) is a value that nobody reads. Before infer an output has the shape that the file declares.
 */
#ifndef OPERATORS_OP_H
#define OPERATORS_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "base/error.h"
#include "schema/schema.h"

enum { OP_MAX_RANK = MOTE_MAX_RANK, OP_KNOWN_MAX = 64, OP_ANY = 127 };

/* Quantization of a value, as the file gives it. Per tensor: count 1. Per channel: count = dims[axis]. */
typedef struct op_quant {
  int32_t count; /* 0: none */
  int32_t axis;
  const float *scale;          /* [count] */
  const int32_t *zero_point;   /* [count] */
  int32_t block_size;          /* > 0: blockwise; scales are then the tensor `scales` of the subgraph */
  int32_t scales, zero_points; /* tensor indices, -1: none */
} op_quant;

/* Integers that are known before the data is: dimension arithmetic (SHAPE, PACK, ...). */
typedef struct op_known {
  int32_t count;
  uint64_t mask; /* bit i: v[i] is known */
  int64_t v[OP_KNOWN_MAX];
} op_known;

enum {
  OP_CONST = 1,    /* data is set in every phase and never changes */
  OP_VARIABLE = 2, /* state: in place, kept over runs */
  OP_LATE = 4,     /* the size is known only in a run */
  OP_ABSENT_DATA = 8
};

/* An operand. Which parts are set depends on the phase: shapes from infer on, data in run (constants: always). */
typedef struct op_tensor {
  void *data;
  size_t bytes;              /* of data */
  int32_t dims[OP_MAX_RANK]; /* -1: unknown (only in infer) */
  int32_t rank;              /* -1: unknown */
  mote_type type;
  uint32_t flags;
  float scale;                            /* per-tensor quantization, 0 when there is none or it is per channel */
  int32_t zero_point;                     /* of the same */
  const op_quant *quant;                  /* never NULL; count 0: none */
  const sch_SparsityParameters *sparsity; /* how the file had a constant; NULL: dense. data is in full all the same */
  op_known *known;                        /* NULL: nothing known */
  const char *name;                       /* for messages; may hold any bytes, printed escaped */
  int32_t index;                          /* tensor index in the file, -1: made by the compiler */
} op_tensor;

typedef struct op_ctx op_ctx;
typedef struct mote_op mote_op;

/* ---- state that belongs to the session ---- */

/* A resource variable: a value with memory of its own. data NULL: not assigned yet. */
typedef struct op_variable {
  op_tensor value;
  size_t room;
} op_variable;

/* A hash table, keys to values, one of them int64 and the other string. */
typedef struct op_table op_table;

typedef enum op_resource_kind { OP_RESOURCE_VARIABLE = 1, OP_RESOURCE_TABLE = 2 } op_resource_kind;

typedef struct op_resource {
  op_resource_kind kind;
  bool used;
  op_variable variable; /* OP_RESOURCE_VARIABLE */
  op_table *table;      /* OP_RESOURCE_TABLE; made and freed by hashtable.c with session memory */
  void (*free_table)(mem *m, op_table *table);
} op_resource;

/* Lists of tensors, for which variants stand by number; made and freed by tensor_list.c with session memory. */
typedef struct op_tensor_list op_tensor_list;
typedef struct op_tensor_lists {
  op_tensor_list **at; /* NULL: none of this number */
  int32_t count;
  uint32_t made; /* so far */
  void (*free_all)(mem *m, struct op_tensor_lists *lists);
} op_tensor_lists;

/* A subgraph in short: how its first output comes about when that is an input, or the work of a single operator. */
typedef struct op_region {
  int32_t operators;   /* how many there are */
  int32_t code;        /* of the only one: sch_BuiltinOperator_... */
  const void *options; /* of the only one */
  int32_t takes[2];    /* inputs of the subgraph that its first two operands are; -1: neither */
  int32_t gives;       /* input of the subgraph that its output 0 is; -1: it is no input */
} op_region;

/* ---- services of the room that runs operators ---- */
typedef struct op_host {
  /* Memory that lives as long as the program (check, prepare). NULL when there is none. */
  void *(*alloc)(op_ctx *c, size_t bytes);
  /* A pack shared by everything made from the same constant; see op_pack. */
  mote_status (*pack)(op_ctx *c, const void *source, uint32_t layout, size_t bytes,
                      void (*fill)(void *to, const void *arg), const void *arg, const void **out);
  /* Runs task 0..count-1 on the threads there are (run). */
  void (*parallel)(op_ctx *c, size_t count, void (*task)(void *arg, size_t task, int worker), void *arg);
  /* True when the run was cancelled: long loops ask and return MOTE_ERR_CANCELLED through op_cancelled. */
  bool (*cancelled)(op_ctx *c);
  /* Gives output i its size and memory in a run; for outputs that infer left unknown. */
  mote_status (*resize)(op_ctx *c, int output, int32_t rank, const int32_t *dims, size_t bytes);
  /* Number that stands for a resource in handles, the same in all subgraphs (prepare). Variables are named by container
   * and name, tables by their id, which is the number too. */
  mote_status (*resource_id)(op_ctx *c, op_resource_kind kind, sch_string container, sch_string name, int32_t table,
                             int32_t *id);
  /* The resource with this number, of this kind; an error when there is none or it is of the other kind (run). */
  mote_status (*resource)(op_ctx *c, op_resource_kind kind, int32_t id, op_resource **out);
  /* Session memory for resources (run). */
  mem *(*session_mem)(op_ctx *c);
  /* The lists of the session, and a visit to every variant value that it holds (run). */
  op_tensor_lists *(*lists)(op_ctx *c);
  void (*variants)(op_ctx *c, void (*visit)(op_ctx *c, const op_tensor *variant));
  /* Calls of subgraphs. callee: how many inputs and outputs, and their types (check). infer_call: output shapes for
   * the input shapes in in[], dimensions may be -1; out may be the same list as in (infer). call: runs the subgraph on
   * copies of in[]; out[] point into its frame and hold until the subgraph is called again (run). */
  mote_status (*callee)(op_ctx *c, int32_t subgraph, const op_tensor *const **in, int *in_count,
                        const op_tensor *const **out, int *out_count);
  mote_status (*infer_call)(op_ctx *c, int32_t subgraph, const op_tensor *const *in, int in_count,
                            op_tensor *const *out, int out_count);
  mote_status (*call)(op_ctx *c, int32_t subgraph, const op_tensor *const *in, int in_count,
                      const op_tensor *const **out, int *out_count);
  /* What a subgraph computes, for operators that take one for a known function (check). */
  mote_status (*region)(op_ctx *c, int32_t subgraph, op_region *out);
  /* Counts one round of a loop against the budget of the run (run). */
  mote_status (*loop_round)(op_ctx *c);
  /* The session's note that CALL_ONCE has called this subgraph; false in a new or reset session. The operator sets it
   * when the call succeeded (run). */
  bool *(*called)(op_ctx *c, int32_t subgraph);
  /* Room for integers that infer knows of an output; see op_know. */
  op_known *(*know)(op_ctx *c, int output);
  /* Any tensor of the operator's subgraph (blockwise scales); NULL when out of range (check, prepare). */
  const op_tensor *(*tensor)(op_ctx *c, int32_t index);
} op_host;

/* ---- the context of one operator in one phase ---- */
struct op_ctx {
  const mote_op *op;
  const void *options;   /* the struct of schema.h that op->options names, decoded, with defaults when absent; NULL when
                            the operator has none */
  const uint8_t *custom; /* bytes of custom options */
  size_t custom_size;
  int32_t version;
  int32_t num_inputs, num_outputs, num_intermediates;
  op_tensor *const *in;
  op_tensor *const *out;
  op_tensor *const *intermediates; /* tensors that only carry quantization */
  void *params;                    /* op->params_size bytes, zeroed before check */
  void *record;                    /* op->record_size bytes, zeroed before plan */
  void *state;                     /* state_size bytes of the session, given in run; zeroed by reset */
  size_t state_size;               /* op->state_size; plan may set another that shapes and options decide. State of
                                      another size than it had begins anew */
  size_t scratch_size;             /* set by plan */
  void *scratch;                   /* given in run, MEM_ALIGN-aligned */
  int32_t workers;                 /* plan, run: scratch that tasks need is per worker, 0 .. workers-1 */
  uint64_t macs;                   /* set by plan: multiply-adds of one run */
  uint32_t consumed;               /* set by prepare: bit i says that input i's data is not read in run */
  cpu_level isa;                   /* kernels to use */
  const op_host *host;
  mote_error *error;
  int32_t subgraph, index; /* where it stands in the file */
};

typedef mote_status (*op_phase)(op_ctx *c);

enum {
  OP_INPLACE_0 = 1,   /* output 0 may take the memory of input 0 (equal bytes), or ... */
  OP_INPLACE_1 = 2,   /* ... of input 1: run reads element i before it writes element i */
  OP_ALIAS = 4,       /* output 0 holds the same bytes as input 0: the planner makes them one; run copies otherwise */
  OP_STATEFUL = 8,    /* reads or writes variables, resources or random state: never folded, keeps its order */
  OP_DATA_SHAPE = 16, /* an output's size is decided by data that only run sees (op_resize) */
  OP_CALLS = 32,      /* calls subgraphs */
  OP_SOURCE = 64      /* of a source format alone: importers replace it, no file holds it */
};

/* The descriptor. Zero means none: leave out what an operator does not need. */
struct mote_op {
  const char *name;  /* as in the format, or the custom name */
  int32_t code;      /* sch_BuiltinOperator_... ; custom operators: sch_BuiltinOperator_CUSTOM */
  int32_t versions;  /* highest version; a newer one is accepted when all its options are understood */
  uint8_t options;   /* sch_BuiltinOptions_..., 0: none */
  uint8_t options_2; /* sch_BuiltinOptions2_..., 0: none */
  uint8_t inputs_min, inputs_max, outputs_min, outputs_max; /* OP_ANY: no upper bound */
  uint64_t optional;                                        /* bit i: input i may be omitted (-1) */
  /* Accepted combinations: rows "in0 in1 ... > out0 ..." separated by ';'. A token is a type (f32 f16 bf16 f64 i2 i4 i8
   * i16 i32 i64 u4 u8 u16 u32 u64 bool str res c64 c128 var), alternatives a|b, `any`, `=` (the type of input 0), `=N`
   * (the type of input N), and a last `...` that repeats the token before it. Inputs omitted or beyond the file's count
   * are passed over. */
  const char *types;
  uint32_t traits;
  uint32_t params_size, record_size, state_size; /* state that shapes decide: see op_ctx */
  op_phase check, prepare, infer, plan, run;
  const void *variant; /* what sets an operator apart from others of its file, as that file has it. What only other
                          operators' variants name, a build without those leaves out */
  const char *notes;   /* one sentence for `mote ops` and the documentation */
};

/* All builtin operators, in the order of list.def; ends with NULL. */
extern const mote_op *const op_list[];
const mote_op *op_find(int32_t code);
const mote_op *op_find_custom(const char *name, size_t length);

/* Tests types against op->types; fills *error with a sentence that names the type and what is taken. */
mote_status op_check_types(op_ctx *c);
/* The type of an output where op->types leaves no choice for these inputs, or an option of the operator names it (CAST,
 * SHAPE, ...), else the first that is taken. False: no row fits, or the output takes any type. */
bool op_output_type(const op_ctx *c, int32_t output, mote_type *type);

/* ---- helpers for descriptors ---- */

/* "CONV_2D (operator 3): <sentence>; input 0 'x' is float32 1x2x3x4, ..." */
__attribute__((format(printf, 3, 4))) mote_status op_fail(op_ctx *c, mote_status code, const char *format, ...);
mote_status op_no_memory(op_ctx *c, size_t bytes);
/* "1x224x224x3" of a shape; "?" where unknown; "scalar" for rank 0. Returns `to`. */
char *op_shape_text(char *to, size_t room, int32_t rank, const int32_t *dims);

/* Fails unless cond holds. */
#define OP_REQUIRE(c, cond, code, ...)                                                                                 \
  do {                                                                                                                 \
    if (!(cond)) return op_fail((c), (code), __VA_ARGS__);                                                             \
  } while (0)

static inline void op_set_shape(op_tensor *t, int32_t rank, const int32_t *dims) {
  t->rank = rank;
  for (int32_t i = 0; i < rank; i++) t->dims[i] = dims[i];
}
static inline void op_same_shape(op_tensor *to, const op_tensor *from) { op_set_shape(to, from->rank, from->dims); }
static inline bool op_is_const(const op_tensor *t) { return t && (t->flags & OP_CONST); }
/* Number of elements; all dimensions known and checked. */
static inline size_t op_count(const op_tensor *t) {
  size_t n = 1;
  for (int32_t i = 0; i < t->rank; i++) n *= (size_t)t->dims[i];
  return n;
}
/* Product of dims[from .. to-1]. */
static inline size_t op_span(const op_tensor *t, int32_t from, int32_t to) {
  size_t n = 1;
  for (int32_t i = from; i < to; i++) n *= (size_t)t->dims[i];
  return n;
}
bool op_shape_known(const op_tensor *t);                   /* rank and all dimensions */
bool op_same_dims(const op_tensor *a, const op_tensor *b); /* equal rank and dimensions */
/* Bytes of count elements (packed types rounded up); false when it does not fit. */
bool op_type_bytes(mote_type type, size_t count, size_t *bytes);

/* The integers an input holds, if all are known: from constant or present data of an integer type, or from known
 * values. At most OP_KNOWN_MAX. Valid in infer, plan and run. False: not known yet (leave what depends on them -1). */
bool op_ints(const op_ctx *c, int input, int64_t *values, int32_t *count);
/* Element i of integer data of any integer type. */
int64_t op_int_at(const op_tensor *t, size_t i);
/* Axis in [0, rank) from one in [-rank, rank); fails otherwise (rule D1). */
mote_status op_axis(op_ctx *c, int64_t axis, int32_t rank, int32_t *out);
/* Broadcast of two shapes, numpy's rule, -1 where unknown (rule D12); fails when they do not fit. */
mote_status op_broadcast(op_ctx *c, const op_tensor *a, const op_tensor *b, op_tensor *out);

/* Fused activation as float bounds; NONE gives [-FLT_MAX, FLT_MAX]. So do TANH and SIGN_BIT, as in the reference
 * kernels of all operators but the recurrent ones. Fails on unknown codes. */
mote_status op_activation_f32(op_ctx *c, int32_t activation, float *lo, float *hi);
/* The same in the quantized domain of output t as CalculateActivationRangeQuantized of the reference does. */
mote_status op_activation_quant(op_ctx *c, int32_t activation, const op_tensor *t, int32_t *lo, int32_t *hi);
/* Bounds of an integer type's values. */
void op_type_range(mote_type type, int32_t *lo, int32_t *hi);
/* Per-tensor quantization is present with a scale > 0 (rule M36); else a sentence naming the tensor. */
mote_status op_need_scale(op_ctx *c, const op_tensor *t);

/* Padding geometry: output size and padding before; -1 in gives -1 out. */
typedef struct op_window {
  int32_t out, before;
} op_window;
mote_status op_window_of(op_ctx *c, int32_t padding, int32_t in, int32_t filter, int32_t stride, int32_t dilation,
                         op_window *w);

/* In infer: says integers of a small int32 or int64 output that follow from shapes alone (SHAPE, RANK). Set v[i] and
 * bit i of mask for each element that is known. An output that is known whole is computed when planning and its
 * operator is not run; so is every operator without effects whose operands are known then and whose outputs are small
 * integers. NULL when there is no room for it: then say nothing. */
static inline op_known *op_know(op_ctx *c, int output) { return c->host->know ? c->host->know(c, output) : NULL; }

/* Services. */
static inline void *op_alloc(op_ctx *c, size_t bytes) { return c->host->alloc(c, bytes); }
/* A block made from constant `source` by `fill`, kept once for all programs of the model; layout tells packs of one
 * source apart. When it already exists, fill is not called. In a program that is only planned *out is `source`. */
static inline mote_status op_pack(op_ctx *c, const void *source, uint32_t layout, size_t bytes,
                                  void (*fill)(void *to, const void *arg), const void *arg, const void **out) {
  return c->host->pack(c, source, layout, bytes, fill, arg, out);
}
static inline void op_parallel(op_ctx *c, size_t count, void (*task)(void *arg, size_t task, int worker), void *arg) {
  c->host->parallel(c, count, task, arg);
}
static inline mote_status op_resize(op_ctx *c, int output, int32_t rank, const int32_t *dims, size_t bytes) {
  return c->host->resize(c, output, rank, dims, bytes);
}
/* Returns from run with MOTE_ERR_CANCELLED when the run was cancelled. */
#define OP_POLL(c)                                                                                                     \
  do {                                                                                                                 \
    if ((c)->host->cancelled(c)) return op_fail((c), MOTE_ERR_CANCELLED, "the run was cancelled");                     \
  } while (0)

#endif

/* read.h: a .tflite file verified and decoded into records, in one pass.
 *
 * The pass reads every structural field once, checks it, and keeps a private copy in an arena: a file that changes
 * underneath can spoil weights but never an offset. It touches the pages of tables alone; the data of buffers stays
 * where it is, as a range of the file. The rules (F: FlatBuffer, M: model, S: sparsity) bear the numbers of
 * doc/format.md.
 *
 * Not here: what a single operator takes (operators say it through sch_read_options), and writing (write.h).
 */
#ifndef SCHEMA_READ_H
#define SCHEMA_READ_H

#include "base/arena.h"
#include "base/file.h"
#include "schema/schema.h"

enum { SCH_OP_ANY = 127 }; /* no upper bound of inputs or outputs */

/* What the verifier needs to know of an operator (rules M4, M7, M9, M10). */
typedef struct sch_op_rules {
  uint8_t options, options_2; /* codes of the unions, 0: none */
  uint8_t inputs_min, inputs_max, outputs_min, outputs_max;
  uint64_t optional; /* bit i: input i may be omitted */
} sch_op_rules;

typedef struct sch_read_options {
  /* Told of each fault and warning; NULL: the first fault ends reading. */
  void (*on_fault)(void *user, const mote_fault *fault);
  void *on_fault_user;
  /* Fills *rules and returns true when the operator is known. NULL: none is. */
  bool (*op_rules)(void *user, int32_t code, sch_string custom, sch_op_rules *rules);
  void *op_rules_user;
  bool deep;           /* also check contents: strings, sparse index arrays, scales of blocks */
  bool allow_external; /* weights in other files are no fault (they are never opened here) */
} sch_read_options;

/* A verified file, or records made in memory (data NULL). Immutable. */
typedef struct sch_file {
  arena arena; /* all records */
  const sch_Model *model;
  const uint8_t *data;      /* of the view it was read from, which must stay open */
  uint64_t size;            /* bytes of the whole file */
  uint64_t flatbuffer_size; /* bytes up to the end of the last table or vector; weights outside and what was appended
                               follow */
  uint32_t warnings;
} sch_file;

/* Verifies and reads. options may be NULL. On success *out is owned by the caller. */
mote_status sch_read(const file_view *view, mem *m, const sch_read_options *options, sch_file **out, mote_error *e);
void sch_close(sch_file *file); /* NULL is fine */

/* Decodes a FlatBuffer of another schema, described by a .def file of its own, under rules F3 to F14. Its identifier is
 * the caller's to check. Records live in the arena, also those of a failed call. */
mote_status sch_read_tables(const void *data, uint64_t size, const sch_table *root, arena *records, void **record,
                            mote_error *e);

/* ---- what follows from records ---- */

/* The operator's code: the larger of the two fields (old files have 8 bits alone). */
int32_t sch_op_code(const sch_OperatorCode *code);
const sch_OperatorCode *sch_code_of(const sch_Model *model, const sch_Operator *op);
/* "CONV_2D"; the custom name, escaped, for custom operators; "operator 300". Returns `to`. */
char *sch_op_name(char *to, size_t room, const sch_OperatorCode *code);

/* Options as a record of kind `wanted` (of BuiltinOptions, or BuiltinOptions2 for which = 2): the file's, or all
 * defaults when it has none. NULL when `wanted` is 0. */
const void *sch_operator_options(const sch_Operator *op, int which, uint8_t wanted);

/* Where the data of a buffer lies. size 0 when it has none; index 0 never has. Indices are in range after sch_read. */
sch_range sch_buffer_range(const sch_Model *model, uint32_t index);
/* The bytes of that. False, with *data NULL and *size 0, when there are none. */
bool sch_buffer(const sch_file *file, uint32_t index, const void **data, uint64_t *size);
/* The bytes of a range: NULL when it is empty. */
const void *sch_bytes(const sch_file *file, const sch_range *range);
/* Custom options, in the FlatBuffer or outside. */
const void *sch_custom_options(const sch_file *file, const sch_Operator *op, uint64_t *size);

/* A tensor whose data the file holds. An empty tensor has none, constant or not. */
bool sch_is_constant(const sch_Model *model, const sch_Tensor *tensor);
/* Some dimension is 0. */
bool sch_is_empty(const sch_Tensor *tensor);
/* No shape, and no has_rank or a signature that is longer: anything may come. Constants of that form are scalars. */
bool sch_rank_unknown(const sch_Model *model, const sch_Tensor *tensor);
/* Bytes of a dense tensor of this type and shape; false when the product does not fit or the type has no fixed size. */
bool sch_tensor_bytes(const sch_Tensor *tensor, uint64_t *bytes);

/* The axis of per-channel quantization; -1 when the file names none there is. A tensor of one dimension has that axis,
 * whatever the file says (some writers give biases the axis of their filters); one of unknown rank may have any below
 * MOTE_MAX_RANK. */
int32_t sch_quant_axis(const sch_Tensor *tensor);

/* The tensor of a block quantization's zero points; -1: all are 0. Where the file leaves the index out it reads as 0,
 * and then means none unless tensor 0 is a constant. */
int32_t sch_zero_points(const sch_Model *model, const sch_SubGraph *graph, int32_t index);

/* ---- contents, checked when they are used ---- */

/* Rule M23: a packed buffer of `count` strings. */
mote_status sch_check_strings(const void *data, uint64_t size, uint64_t count, mote_error *e);

#endif

/* support.h: small models to break, and the verifier's answer to them. */
#ifndef TESTS_SCHEMA_SUPPORT_H
#define TESTS_SCHEMA_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "schema/read.h"
#include "schema/write.h"

/* A model of two tensors' sums, a WHILE, an IF, a custom operator, quantized and plain constants, metadata and a
 * signature; every rule holds in it. Its parts, by index: */
enum { MAIN, COND, BODY, SUBGRAPHS };
enum { T_X, T_W, T_SUM, T_LOOP, T_THING, T_FLAG, T_PICKED, T_QUANT, T_SCALES, T_BLOCKS, T_TEXT, T_SPARE, TENSORS };
enum { OP_SUM, OP_LOOP, OP_PICK, OP_THING, OPS };
enum { CODE_ADD, CODE_WHILE, CODE_IF, CODE_CUSTOM, CODES };
enum { B_NONE, B_W, B_FLAG, B_QUANT, B_SCALES, B_BLOCKS, B_TEXT, B_NOTE, BUFFERS };

sch_Model *small_model(arena *a);

/* Lists of records and numbers in an arena. */
sch_i32s ints(arena *a, uint32_t count, ...);
sch_f32s floats(arena *a, uint32_t count, ...);
sch_i64s longs(arena *a, uint32_t count, ...);
sch_string text(const char *s);
sch_range bytes(const void *data, uint64_t size);

static inline sch_Tensor *tensor(sch_Model *m, int subgraph, int index) {
  return &m->subgraphs.data[subgraph].tensors.data[index];
}
static inline sch_Operator *op(sch_Model *m, int index) { return &m->subgraphs.data[MAIN].operators.data[index]; }

/* The model as a file in memory, owned by mem; *size is set. */
uint8_t *file_of(mem *m, const sch_Model *model, const sch_write_options *options, size_t *size);

/* What the verifier says of bytes. */
typedef struct verdict {
  mote_status status;
  char rule[8];    /* of the first fault; "" when there is none */
  char warning[8]; /* of the first warning */
  mote_error error;
  int faults, warnings;
} verdict;
verdict verify(const void *data, size_t size, bool deep);

/* Position in the file of a field of the table at `table`; 0 when it is absent. */
size_t field_at(const uint8_t *data, size_t table, unsigned slot);
uint32_t get32(const uint8_t *data, size_t at);
void set32(uint8_t *data, size_t at, uint32_t v);
void set16(uint8_t *data, size_t at, uint16_t v);

/* True when two files hold the same records and data, wherever the data lies. */
bool same_model(const sch_file *a, const sch_file *b);

/* Shared data: a path in $MOTE_SHARED (../shared when unset) in `to`; false, with a line printed, when it is absent. */
bool shared_path(char *to, size_t room, const char *name);

#endif

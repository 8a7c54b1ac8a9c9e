/* rules.h: how the rules of the format report. Private to this room. */
#ifndef SCHEMA_RULES_H
#define SCHEMA_RULES_H

#include "schema/read.h"

/* State of one verification. */
typedef struct checker {
  const sch_read_options *options;
  sch_file *file;
  const sch_Model *model;
  arena scratch;
  uint8_t *marks;     /* one a tensor, for the largest subgraph; 0 between uses */
  mote_status status; /* of the first fault */
  mote_error *error;  /* filled by the first fault */
  uint32_t faults;
} checker;

/* Where something is wrong; -1 where it does not apply. */
typedef struct place {
  int32_t subgraph, op, tensor;
  int64_t offset;
} place;

#define NOWHERE ((place){-1, -1, -1, -1})
static inline place at_byte(uint64_t offset) { return (place){-1, -1, -1, (int64_t)offset}; }
static inline place at_tensor(const checker *c, uint32_t subgraph, uint32_t tensor) {
  return (place){(int32_t)subgraph, -1, (int32_t)tensor, c->model->subgraphs.data[subgraph].tensors.data[tensor].at};
}
static inline place at_op(const checker *c, uint32_t subgraph, uint32_t op) {
  return (place){(int32_t)subgraph, (int32_t)op, -1, c->model->subgraphs.data[subgraph].operators.data[op].at};
}

/* Reports a fault; the sentence is preceded by its place in words. Returns `status`. */
__attribute__((format(printf, 5, 6))) mote_status rule_fault(checker *c, place where, mote_status status,
                                                             const char *rule, const char *format, ...);
/* Reports something odd that is accepted. */
__attribute__((format(printf, 4, 5))) void rule_warn(checker *c, place where, const char *rule, const char *format,
                                                     ...);
/* True when checking should end: a fault was found and nobody waits for more, or memory ran out. */
bool rule_stop(const checker *c);
/* Reports that memory for checking ran out. */
mote_status rule_no_memory(checker *c, uint64_t bytes);

/* "1x224x224x3" */
char *rule_shape(char *to, size_t room, const sch_i32s *dims);

/* Something to sort by (major, minor, id). */
typedef struct rule_key {
  uint64_t major, minor, id;
} rule_key;
void rule_sort(rule_key *keys, size_t count);

/* Sizes of the levels of a well-formed sparse tensor. */
enum { RULE_LEVELS = 2 * MOTE_MAX_RANK };
typedef struct rule_levels {
  uint32_t count;
  int32_t size[RULE_LEVELS]; /* of the expanded dimension that the level is */
} rule_levels;
/* S1 to S7 and S9, without contents: NULL, or what is wrong and the rule. Fills *l. */
const char *rule_sparse(const sch_Model *m, const sch_Tensor *t, rule_levels *l, const char **rule);

/* Segments or indices of a sparse dimension, of the union's kind `type`: how many, and element i. */
uint64_t rule_index_count(uint8_t type, const void *vector);
int64_t rule_index_at(const sch_file *file, uint8_t type, const void *vector, uint64_t i);

/* Structure: bytes to records (rules F). */
mote_status sch_decode(checker *c, const uint8_t *data, uint64_t size, sch_Model **model, uint64_t *end);
/* A sentence on what a file that is no .tflite seems to be; NULL when it has the right identifier. */
const char *sch_foreign(const uint8_t *data, uint64_t size);

/* Rules over records; each group relies on those before it. */
void rules_model(checker *c);        /* M1-M6, M31, M32 */
void rules_buffers(checker *c);      /* F17-F19, M25 */
void rules_tensors(checker *c);      /* M15-M21, M24 */
void rules_operators(checker *c);    /* M6-M10, M13, M14 */
void rules_flow(checker *c);         /* M11, M12 */
void rules_calls(checker *c);        /* M26-M29 */
void rules_signatures(checker *c);   /* M30 */
void rules_quantization(checker *c); /* M33-M35, M37-M40 */
void rules_sparsity(checker *c);     /* S1-S9, counts alone */
void rules_contents(checker *c);     /* M23, S7, S8, M37: contents */

#endif

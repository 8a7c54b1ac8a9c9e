/* faults.h: faults that other engines had, each as the smallest model that shows it, and what becomes of that model
 * here.
 *
 * A row says where the fault became known, what the model does, how it is made, and whether it is refused or runs.
 * Models of one operator are made from a line of text, one word a tensor, inputs first:
 *
 *     "f32:2x3@0.5,3 i32:2=0,1 - i64:.~7 ?x4* > f32:2x3"
 *
 * TYPE:DIMENSIONS ("." a scalar, "?" one that is open), then "=" the values of a constant, "~" what an input holds in
 * the run, "@" scale and zero point, "*" a variable; "-" an operand left out; "#2" the tensor with that number once
 * more.
 */
#ifndef RUNTIME_FAULTS_H
#define RUNTIME_FAULTS_H

#include "mote/mote.h"
#include "support/net.h"

typedef enum fault_stage { FAULT_RUNS, FAULT_OPEN, FAULT_COMPILE, FAULT_PLAN, FAULT_RUN } fault_stage;

typedef struct fault {
  const char *id;   /* advisory, report or commit */
  const char *what; /* what the model does */
  const char *part; /* operator, or part of the file */
  int32_t code;     /* the operator, its options, its operands; custom: its name, when it is one */
  uint8_t kind;
  const void *options;
  const char *operands;
  fault_stage stage;
  mote_status status;
  const char *says;     /* words of the sentence that refuses it */
  const char *gives;    /* numbers of output 0, when it runs */
  void (*edit)(net *n); /* changes the network before it is written; makes it, when there are no operands */
  void (*damage)(net *n, size_t *size); /* changes the file */
  const char *custom;
} fault;

#define OP(name, table) #name, .code = sch_BuiltinOperator_##name, .kind = sch_BuiltinOptions_##table
#define BARE(name) #name, .code = sch_BuiltinOperator_##name
#define CUSTOM(name) name, .custom = name, .code = sch_BuiltinOperator_CUSTOM
#define REFUSED(when, why, words) .stage = FAULT_##when, .status = MOTE_ERR_##why, .says = words
#define RUNS .stage = FAULT_RUNS
#define GIVES(numbers) .stage = FAULT_RUNS, .gives = numbers

/* Lists, each ended by a row without an id. */
extern const fault faults_of_files[], faults_of_graphs[], faults_of_shapes[], faults_of_windows[], faults_of_lookups[],
    faults_of_numbers[], faults_of_state[];

/* Faults of things that no model reaches here: id, what it was, why there is no row. */
typedef struct fault_elsewhere {
  const char *id, *what, *why;
} fault_elsewhere;
extern const fault_elsewhere faults_elsewhere[];

#endif

/* state.c: faults of what lives longer than an operator: variables, tables, loops, recurrent state. */
#include "runtime/faults/faults.h"

static sch_VarHandleOptions *named(net *n) {
  sch_VarHandleOptions *o = ARENA_NEW(&n->arena, sch_VarHandleOptions);
  o->shared_name = net_text("v");
  return o;
}

static int variable(net *n) {
  const int h = net_tensor(n, MOTE_RESOURCE, 1, (int32_t[]){1});
  net_op(n, sch_BuiltinOperator_VAR_HANDLE, sch_BuiltinOptions_VarHandleOptions, named(n), 0, NULL, 1, (int32_t[]){h});
  return h;
}

static void read_of(net *n, int h) {
  const int y = net_tensor(n, MOTE_FLOAT32, 1, (int32_t[]){1});
  net_op(n, sch_BuiltinOperator_READ_VARIABLE, sch_BuiltinOptions_ReadVariableOptions, NULL, 1, (int32_t[]){h}, 1,
         (int32_t[]){y});
  net_ends(n, 0, NULL, 1, (int32_t[]){y});
}

static int table(net *n) {
  static sch_HashtableOptions o;
  o = (sch_HashtableOptions){.table_id = 0, .key_dtype = MOTE_INT64, .value_dtype = MOTE_STRING};
  const int h = net_tensor(n, MOTE_RESOURCE, 1, (int32_t[]){1});
  net_op(n, sch_BuiltinOperator_HASHTABLE, sch_BuiltinOptions_HashtableOptions, &o, 0, NULL, 1, (int32_t[]){h});
  return h;
}

static void size_of(net *n, int h) {
  const int y = net_tensor(n, MOTE_INT64, 1, (int32_t[]){1});
  net_op(n, sch_BuiltinOperator_HASHTABLE_SIZE, sch_BuiltinOptions_HashtableSizeOptions, NULL, 1, (int32_t[]){h}, 1,
         (int32_t[]){y});
  net_ends(n, 0, NULL, 1, (int32_t[]){y});
}

static void variable_read_first(net *n) { read_of(n, variable(n)); }
static void table_as_variable(net *n) { read_of(n, table(n)); }
static void variable_as_table(net *n) { size_of(n, variable(n)); }

static void handle_from_nowhere(net *n) {
  const int32_t id = 12345;
  read_of(n, net_const(n, MOTE_RESOURCE, 1, (int32_t[]){1}, &id, 4));
}

/* x, while x: the condition is what comes in, and the body changes nothing; or joins x to itself. */
static void loop(net *n, bool grows) {
  static const sch_WhileOptions o = {.cond_subgraph_index = 1, .body_subgraph_index = 2};
  for (int g = 0; g < 3; g++) {
    if (g) net_graph(n);
    const int on = net_tensor(n, MOTE_BOOL, 1, (int32_t[]){1}), x = net_tensor(n, MOTE_FLOAT32, 1, (int32_t[]){1});
    const int on_out = net_tensor(n, MOTE_BOOL, 1, (int32_t[]){1}),
              x_out = net_tensor(n, MOTE_FLOAT32, 1, (int32_t[]){1});
    if (g == 0)
      net_op(n, sch_BuiltinOperator_WHILE, sch_BuiltinOptions_WhileOptions, (void *)(uintptr_t)&o, 2,
             (int32_t[]){on, x}, 2, (int32_t[]){on_out, x_out});
    if (g == 2 && grows)
      net_op(n, sch_BuiltinOperator_CONCATENATION, sch_BuiltinOptions_ConcatenationOptions, NULL, 2, (int32_t[]){x, x},
             1, (int32_t[]){x_out});
    net_ends(n, 2, (int32_t[]){on, x}, g == 1 ? 1 : 2, (int32_t[]){g ? on : on_out, g == 2 && !grows ? x : x_out});
  }
}

static void endless_loop(net *n) { loop(n, false); }
static void growing_loop(net *n) { loop(n, true); }

#define FILTER(...)                                                                                                    \
  OP(SVDF, SVDFOptions), .options = &(const sch_SVDFOptions) { __VA_ARGS__ }
#define SEQUENCE OP(UNIDIRECTIONAL_SEQUENCE_RNN, SequenceRNNOptions)
#define BOTH_WAYS OP(BIDIRECTIONAL_SEQUENCE_RNN, BidirectionalSequenceRNNOptions)
#define BOTH "f32:2x1x3 f32:2x3 f32:2x2 f32:2 f32:1x2* f32:2x3 f32:2x2 f32:2 f32:1x2* "

/* clang-format off */
const fault faults_of_state[] = {
    {"LiteRT a600107b2", "a table that is read as a variable", .part = "READ_VARIABLE", REFUSED(RUN, RUN, "resource number 0 is a hash table, but a variable is needed"),
     .edit = table_as_variable},
    {"LiteRT a600107b2", "a variable that is counted as a table", .part = "HASHTABLE_SIZE", REFUSED(RUN, RUN, "resource number 0 is a variable, but a hash table is needed"),
     .edit = variable_as_table},
    {"LiteRT a600107b2", "a handle of a resource that is not there", .part = "READ_VARIABLE", REFUSED(RUN, RUN, "resource number 12345 does not exist; the model has 0"),
     .edit = handle_from_nowhere},
    {"LiteRT a600107b2", "a variable that is read before it is written", .part = "READ_VARIABLE", REFUSED(RUN, RUN, "the variable is read before a value was assigned to it"),
     .edit = variable_read_first},
    {"LiteRT (unbounded loops)", "a loop that never ends", .part = "WHILE", REFUSED(RUN, LIMIT, "the loops of this run made 1000 rounds, all that the configuration's loop_budget allows"),
     .edit = endless_loop},
    {"LiteRT (unbounded loops)", "a loop that doubles its value for ever", .part = "WHILE", REFUSED(RUN, MEMORY, "out of memory: WHILE (operator 0) needs 100663360 bytes"),
     .edit = growing_loop},
    {"CVE-2021-29598, TFSA-2021-086", "rank 0", FILTER(.rank = 0),
     .operands = "f32:1x2 f32:2x2=1,1,1,1 f32:2x3=1,1,1,1,1,1 - f32:1x6* > f32:1x2", REFUSED(COMPILE, MODEL, "its rank is 0; it must be 1 or more")},
    {"CVE-2021-37681, TFSA-2021-155", "a state that is no variable", FILTER(.rank = 1),
     .operands = "f32:1x2 f32:2x2=1,1,1,1 f32:2x3=1,1,1,1,1,1 - f32:1x6 > f32:1x2", REFUSED(COMPILE, MODEL, "the state must be a variable")},
    {"CVE-2021-37681, TFSA-2021-155", "a state left out", FILTER(.rank = 1),
     .operands = "f32:1x2 f32:2x2=1,1,1,1 f32:2x3=1,1,1,1,1,1 - - > f32:1x2", REFUSED(OPEN, MODEL, "input 4 is omitted, but must be there")},
    {"LiteRT c8ad323fd", "weights of one dimension", SEQUENCE, .operands = "f32:1x2x3 f32:6=1,1,1,1,1,1 f32:2x2=0,0,0,0 f32:2=0,0 f32:1x2* > f32:1x2x2",
     REFUSED(PLAN, SHAPE, "the weights of the input must have shape [-1, 3]")},
    {"LiteRT 932787ad3", "an auxiliary input narrower than its weights", BOTH_WAYS,
     .operands = BOTH "f32:2x1x1 f32:2x3 f32:2x3 > f32:2x1x2 f32:2x1x2", REFUSED(PLAN, SHAPE, "the weights of the auxiliary input must have shape [2, 1]")},
    {.id = NULL},
};

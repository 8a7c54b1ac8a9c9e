/* graph.c: faults of those who believe the graph of a file: indices of tensors, buffers and subgraphs, what makes what.
 */
#include "runtime/faults/faults.h"

static void buffer_past(net *n) { net_at(n, 1)->buffer = 9999; }
static void buffer_0(net *n) { net_at(n, 1)->buffer = 0; }
static void code_past(net *n) { n->ops[0][0].opcode_index = 9999; }
static void no_codes(net *n) { n->model.operator_codes.count = 0; }
static void no_inputs(net *n) { n->ops[0][0].inputs.count = 0; }
static void input_past(net *n) { n->ops[0][0].inputs = net_ints(n, 2, (int32_t[]){0, 9999}); }
static void input_omitted(net *n) { n->ops[0][0].inputs = net_ints(n, 2, (int32_t[]){0, -1}); }
static void output_omitted(net *n) { n->ops[0][0].outputs = net_ints(n, 1, (int32_t[]){-1}); }
static void graph_output_past(net *n) { n->graphs[0].outputs = net_ints(n, 1, (int32_t[]){9999}); }

/* WHILE or CALL_ONCE in subgraph `in`, which calls subgraph `callee`. */
static void loop_to(net *n, int callee) {
  sch_WhileOptions *o = ARENA_NEW(&n->arena, sch_WhileOptions);
  *o = (sch_WhileOptions){.cond_subgraph_index = callee, .body_subgraph_index = callee};
  const int x = net_tensor(n, MOTE_BOOL, 0, NULL), y = net_tensor(n, MOTE_BOOL, 0, NULL);
  net_op(n, sch_BuiltinOperator_WHILE, sch_BuiltinOptions_WhileOptions, o, 1, (int32_t[]){x}, 1, (int32_t[]){y});
  net_ends(n, 1, (int32_t[]){x}, 1, (int32_t[]){y});
}

static void once_to(net *n, int callee) {
  sch_CallOnceOptions *o = ARENA_NEW(&n->arena, sch_CallOnceOptions);
  o->init_subgraph_index = callee;
  net_op(n, sch_BuiltinOperator_CALL_ONCE, sch_BuiltinOptions_CallOnceOptions, o, 0, NULL, 0, NULL);
}

static void loop_is_itself(net *n) { loop_to(n, 0); }
static void loops_in_a_ring(net *n) {
  loop_to(n, 1);
  net_graph(n);
  loop_to(n, 2);
  net_graph(n);
  loop_to(n, 1);
}
static void once_is_itself(net *n) {
  once_to(n, 1);
  net_graph(n);
  once_to(n, 1);
}
static void once_in_a_ring(net *n) {
  once_to(n, 1);
  net_graph(n);
  once_to(n, 2);
  net_graph(n);
  once_to(n, 1);
}
static void once_past(net *n) { once_to(n, 99); }

#define SUM OP(ADD, AddOptions)
#define GRAPH .part = "graph"

/* clang-format off */
const fault faults_of_graphs[] = {
    {"CVE-2018-8825, TFSA-2018-003; TFLM#3389, 3071 to 3077, 3600", "a tensor in buffer 9999", SUM, .operands = "f32:2 f32:2=1,2 > f32:2",
     REFUSED(OPEN, MODEL, "its data is in buffer 9999, but there are 2 buffers"), .edit = buffer_past},
    {"CVE-2018-8825, TFSA-2018-003; TFLM#3389, 3071 to 3077, 3600; MNN#4795", "an input with the number 9999", SUM,
     .operands = "f32:2 f32:2 > f32:2", REFUSED(OPEN, MODEL, "input 1 is tensor 9999, but there are 3 tensors"), .edit = input_past},
    {"CVE-2018-8825, TFSA-2018-003", "an operator code past the last", SUM, .operands = "f32:2 f32:2 > f32:2",
     REFUSED(OPEN, MODEL, "its code is number 9999, but there are 1 operator codes"), .edit = code_past},
    {"CVE-2018-8825, TFSA-2018-003", "operators and no operator codes", SUM, .operands = "f32:2 f32:2 > f32:2",
     REFUSED(OPEN, MODEL, "its code is number 0, but there are 0 operator codes"), .edit = no_codes},
    {"CVE-2018-8825, TFSA-2018-003", "an operator without inputs", SUM, .operands = "f32:2 f32:2 > f32:2",
     REFUSED(OPEN, MODEL, "it has 0 inputs, and takes 2 to 2"), .edit = no_inputs},
    {"TFLM#3389, 3071 to 3077, 3600", "an output of the graph with the number 9999", SUM, .operands = "f32:2 f32:2 > f32:2",
     REFUSED(OPEN, MODEL, "output 0 is tensor 9999, but there are 3 tensors"), .edit = graph_output_past},
    {"MNN#4795", "a convolution with one input", OP(CONV_2D, Conv2DOptions), .operands = "f32:1x4x4x1 > f32:1x4x4x1",
     REFUSED(OPEN, MODEL, "it has 1 inputs, and takes 2 to 3")},
    {"CVE-2020-15211, TFSA-2020-005", "an input left out that may not be", SUM, .operands = "f32:2 f32:2 > f32:2",
     REFUSED(OPEN, MODEL, "input 1 is omitted, but must be there"), .edit = input_omitted},
    {"CVE-2020-15211, TFSA-2020-005", "an output left out", SUM, .operands = "f32:2 f32:2 > f32:2",
     REFUSED(OPEN, MODEL, "output 0 is omitted, but must be there"), .edit = output_omitted},
    {"tensorflow#62159 to 62169", "no input", OP(EXP, ExpOptions), .operands = "- > f32:2", REFUSED(OPEN, MODEL, "input 0 is omitted, but must be there")},
    {"tensorflow#62159 to 62169", "no second input", OP(MAXIMUM, MaximumMinimumOptions), .operands = "f32:2 - > f32:2",
     REFUSED(OPEN, MODEL, "input 1 is omitted, but must be there")},
    {"tensorflow#62159 to 62169", "no depth", OP(ONE_HOT, OneHotOptions), .operands = "i32:2 - f32:.=1 f32:.=0 > f32:2x3",
     REFUSED(OPEN, MODEL, "input 1 is omitted, but must be there")},
    {"tensorflow#62159 to 62169", "no input", OP(DENSIFY, DensifyOptions), .operands = "- > f32:2", REFUSED(OPEN, MODEL, "input 0 is omitted, but must be there")},
    {"tensorflow#62159 to 62169", "no paddings", OP(PAD, PadOptions), .operands = "f32:2 - > f32:4", REFUSED(OPEN, MODEL, "input 1 is omitted, but must be there")},
    {"tensorflow#62159 to 62169", "no input", OP(SQUEEZE, SqueezeOptions), .operands = "- > f32:2", REFUSED(OPEN, MODEL, "input 0 is omitted, but must be there")},
    {"tensorflow#62159 to 62169", "no sizes", OP(SPLIT_V, SplitVOptions), .operands = "f32:2 - i32:.=0 > f32:1 f32:1",
     REFUSED(OPEN, MODEL, "input 1 is omitted, but must be there")},
    {"tensorflow#62159 to 62169", "an output smaller than the input", BARE(RELU6), .operands = "f32:4 > f32:2",
     RUNS},
    {"CVE-2020-15210, TFSA-2020-006", "an output that is an input too", SUM, .operands = "f32:2 f32:2 > #0",
     REFUSED(OPEN, MODEL, "output 0, tensor 0, is already an input of the subgraph")},
    {"CVE-2020-15210, TFSA-2020-006", "an output that is a constant", SUM, .operands = "f32:2 f32:2=1,2 > #1",
     REFUSED(OPEN, MODEL, "output 0, tensor 1, is already a constant")},
    {"CVE-2020-15210, TFSA-2020-006", "an output that is a variable", SUM, .operands = "f32:2 f32:2* > #1",
     REFUSED(OPEN, MODEL, "output 0, tensor 1, is already a variable")},
    {"CVE-2020-15209, TFSA-2020-007", "a constant whose buffer is none", SUM, .operands = "f32:2 f32:2=1,2 > f32:2",
     REFUSED(OPEN, MODEL, "input 1, tensor 1, holds nothing yet: it is no constant, no input of the subgraph, no"), .edit = buffer_0},
    {"CVE-2021-29592, TFSA-2021-079", "a shape that has no buffer", OP(RESHAPE, ReshapeOptions),
     .operands = "f32:2 i32:1=2 > f32:2", REFUSED(OPEN, MODEL, "input 1, tensor 1, holds nothing yet: it is no constant, no input of the subgraph, no"), .edit = buffer_0},
    {"CVE-2021-29591, TFSA-2021-080", "a loop whose condition and body are the graph it is in", GRAPH,
     REFUSED(OPEN, MODEL, "its cond_subgraph_index is 0, the main subgraph, which nothing may call"), .edit = loop_is_itself},
    {"CVE-2021-29591, TFSA-2021-080", "two loops, each the body of the other", GRAPH, REFUSED(OPEN, MODEL, "its cond_subgraph_index, subgraph 1, calls subgraph 2 again: calls must not go in circles"),
     .edit = loops_in_a_ring},
    {"LiteRT c92ea20d5, tensorflow#60621", "an initialization that calls itself", GRAPH, REFUSED(OPEN, MODEL, "its init_subgraph_index, subgraph 1, calls subgraph 1 again: calls must not go in circles"),
     .edit = once_is_itself},
    {"LiteRT c92ea20d5, tensorflow#60621", "two initializations that call each other", GRAPH,
     REFUSED(OPEN, MODEL, "its init_subgraph_index, subgraph 1, calls subgraph 2 again: calls must not go in circles"), .edit = once_in_a_ring},
    {"LiteRT c92ea20d5, tensorflow#60621", "an initialization by subgraph 99", GRAPH, REFUSED(OPEN, MODEL, "its init_subgraph_index is 99, but there are 1 subgraphs"),
     .edit = once_past},
    {.id = NULL},
};

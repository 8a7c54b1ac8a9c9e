/* What operators refuse that call subgraphs. The subgraphs are told by `world`: what they take and give, and which
 * service of the host fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/refusals.h"

enum { ENDS = 8 };

typedef enum service { NONE, FIND, REGION, INFER, CALL } service;

/* As many inputs of one type, as many outputs of another; results have this shape and size. */
typedef struct subgraph {
  int ins, outs;
  mote_type in, out;
  int32_t rank, dim;
  size_t bytes;
  service fails;
} subgraph;

static subgraph world;
static int32_t folds_by;        /* its only operator, on both of its inputs; 0: none that folds */
static int body_ins, body_outs; /* of subgraph BODY */
static bool body_fails;
enum { BODY = 2 };
static op_tensor in, out;
static const op_tensor *const in_list[ENDS] = {&in, &in, &in, &in, &in, &in, &in, &in};
static const op_tensor *const out_list[ENDS] = {&out, &out, &out, &out, &out, &out, &out, &out};
static char result[64];

static mote_status service_of(op_ctx *c, service which) {
  return world.fails == which ? op_fail(c, MOTE_ERR_MODEL, "service %d fails", (int)which) : MOTE_OK;
}

static void begin(subgraph s) {
  static const op_quant none;
  world = s;
  in = (op_tensor){.type = s.in, .rank = s.rank, .dims = {s.dim}, .quant = &none};
  out = (op_tensor){.type = s.out, .rank = s.rank, .dims = {s.dim}, .quant = &none, .data = result, .bytes = s.bytes};
}

static mote_status find(op_ctx *c, int32_t graph, const op_tensor *const **ins, int *in_count,
                        const op_tensor *const **outs, int *out_count) {
  const bool body = graph == BODY;
  *ins = in_list, *outs = out_list;
  *in_count = body ? body_ins : world.ins, *out_count = body ? body_outs : world.outs;
  if (body && body_fails) return op_fail(c, MOTE_ERR_MODEL, "there is no body");
  return service_of(c, FIND);
}

static mote_status region(op_ctx *c, int32_t graph, op_region *to) {
  (void)graph;
  *to = folds_by ? (op_region){.operators = 1, .code = folds_by, .takes = {0, 1}, .gives = -1}
                 : (op_region){.operators = 2, .takes = {-1, -1}, .gives = -1};
  return service_of(c, REGION);
}

static mote_status infer_call(op_ctx *c, int32_t graph, const op_tensor *const *ins, int in_count,
                              op_tensor *const *outs, int out_count) {
  (void)graph, (void)ins, (void)in_count;
  for (int i = 0; i < out_count; i++) op_same_shape(outs[i], &out);
  return service_of(c, INFER);
}

static mote_status call(op_ctx *c, int32_t graph, const op_tensor *const *ins, int in_count,
                        const op_tensor *const **outs, int *out_count) {
  (void)graph, (void)ins, (void)in_count;
  *outs = out_list, *out_count = world.outs;
  out.dims[0] = world.dim + 1; /* another shape than it said */
  return service_of(c, CALL);
}

static mote_status loop_round(op_ctx *c) {
  (void)c;
  return MOTE_OK;
}

static bool *called(op_ctx *c, int32_t graph) {
  static bool flag;
  (void)c, (void)graph;
  flag = false;
  return &flag;
}

static int setup(void **state) {
  static op_host host;
  (void)state;
  host = op_case_host;
  host.callee = find, host.region = region, host.infer_call = infer_call, host.call = call;
  host.loop_round = loop_round, host.called = called;
  refusal_host = &host;
  return 0;
}

#define MANY_8 "f32, f32, f32, f32, f32, f32, f32, f32, "
#define MANY_64 MANY_8 MANY_8 MANY_8 MANY_8 MANY_8 MANY_8 MANY_8 MANY_8

static void branches(void **state) {
  (void)state;
  const char *const two = "bool, f32 2 > f32 2";
  begin((subgraph){1, 1, MOTE_FLOAT32, MOTE_FLOAT32, 1, 2, 8, NONE});
  REFUSE({"STABLEHLO_CASE", "i32, f32 2 > f32", "branch_subgraph_indices=[]", "it has no branches"},
         {"IF", "bool, f32 > " MANY_64 "f32", NULL, "it has 65 outputs; mote takes at most 64"},
         {"IF", "bool, f32 2, f32 2 > f32", NULL, "the inputs of a branch: there are 1, but the operator has 2"},
         {"IF", "bool, f32 2 > f32, f32", NULL, "the outputs of a branch: there are 1, but the operator has 2"},
         {"IF", "bool, i32 2 > f32", NULL, "the inputs of a branch: number 0 is float32, but the operator's is int32"},
         {"IF", "bool 0, f32 2 > f32", NULL, "the input that chooses a branch is empty"},
         {"IF", two, NULL, "output 0 the shape 3, which was not planned"});
  world.fails = FIND;
  REFUSE({"IF", two, NULL, "service 1 fails"});
  world.fails = INFER;
  REFUSE({"IF", two, NULL, "service 3 fails"});
  world.fails = CALL;
  REFUSE({"IF", two, NULL, "service 4 fails"});
}

static void loops(void **state) {
  (void)state;
  const char *const one = "bool > bool";
  begin((subgraph){1, 1, MOTE_BOOL, MOTE_BOOL, 0, 0, 0, NONE});
  REFUSE({"WHILE", "bool > bool, bool", NULL, "the outputs of the loop"},
         {"WHILE", "bool, bool > bool, bool", NULL, "there are 1, but the operator has 2"},
         {"WHILE", one, NULL, "the condition gives no value"}, {"WHILE", one, NULL, "the run was cancelled"},
         {"CALL_ONCE", " > ", NULL, "has 1 inputs and 1 outputs; one that is called once has none"});
  world.fails = FIND;
  REFUSE({"WHILE", one, NULL, "service 1 fails"}, {"CALL_ONCE", " > ", NULL, "service 1 fails"});
  world.fails = INFER;
  REFUSE({"WHILE", one, NULL, "service 3 fails"});
  world.fails = CALL;
  REFUSE({"WHILE", one, NULL, "service 4 fails"});
}

static void bodies(void **state) {
  (void)state;
  const char *const graphs = "cond_subgraph_index=1 body_subgraph_index=2", *const one = "bool 2 > bool";
  begin((subgraph){1, 1, MOTE_BOOL, MOTE_BOOL, 1, 2, 2, NONE});
  memset(result, 1, sizeof result);
  body_ins = 2, body_outs = 1;
  REFUSE({"WHILE", one, graphs, "the inputs of the body: there are 2, but the operator has 1"});
  body_ins = 1, body_outs = 2;
  REFUSE({"WHILE", one, graphs, "the outputs of the body: there are 2, but the operator has 1"});
  body_fails = true;
  REFUSE({"WHILE", one, graphs, "there is no body"});
  body_fails = false, body_outs = 1;
  REFUSE({"WHILE", one, graphs, "which was not planned"});
}

static void sorting(void **state) {
  (void)state;
  const char *const one = "f32 2 ~ 2 1 > f32";
  begin((subgraph){2, 1, MOTE_FLOAT32, MOTE_BOOL, 0, 0, 0, NONE});
  REFUSE({"STABLEHLO_SORT", "f32 2 > f32, f32", NULL, "it has 1 inputs and 2 outputs"},
         {"STABLEHLO_SORT", "f32 2 > i32", NULL, "input 0 is float32, but output 0 is int32"},
         {"STABLEHLO_SORT", "f32 2, f32 2 > f32, f32", NULL, "the comparator has 2 inputs and 1 outputs"},
         {"STABLEHLO_SORT", "f32 2 > f32", "dimension=4", "axis 4"},
         {"STABLEHLO_SORT", one, NULL, "the comparator gives 0 bools"},
         {"STABLEHLO_SORT", "f32 4096 > f32", NULL, "the run was cancelled"});
  world.fails = FIND;
  REFUSE({"STABLEHLO_SORT", one, NULL, "service 1 fails"});
  world.fails = REGION;
  REFUSE({"STABLEHLO_SORT", one, NULL, "service 2 fails"});
  world.fails = CALL;
  REFUSE({"STABLEHLO_SORT", one, NULL, "service 4 fails"});
  begin((subgraph){4, 1, MOTE_FLOAT32, MOTE_BOOL, 0, 0, 0, NONE});
  REFUSE({"STABLEHLO_SORT", "f32 2, f32 3 > f32, f32", NULL, "input 1 has another shape than input 0"});
}

static void folding(void **state) {
  (void)state;
  const char *const one = "f32 2, f32 > f32", *const along = "dimensions=[0]";
  begin((subgraph){2, 1, MOTE_FLOAT32, MOTE_FLOAT32, 0, 0, 0, NONE});
  REFUSE({"STABLEHLO_REDUCE", "f32 2, f32 2, f32, f32 > f32, f32", along, "which folds, has 2 inputs and 1 outputs"},
         {"STABLEHLO_REDUCE", one, "dimensions=[4]", "4"},
         {"STABLEHLO_REDUCE", one, along, "gives 0 bytes for output 0, not 4"},
         {"STABLEHLO_REDUCE", one, along, "the run was cancelled"});
  world.fails = FIND;
  REFUSE({"STABLEHLO_REDUCE", one, along, "service 1 fails"},
         {"STABLEHLO_REDUCE_WINDOW", one, NULL, "service 1 fails"});
  world.fails = REGION;
  REFUSE({"STABLEHLO_REDUCE", one, along, "service 2 fails"},
         {"STABLEHLO_REDUCE_WINDOW", one, NULL, "service 2 fails"});
  world.fails = INFER;
  REFUSE({"STABLEHLO_REDUCE", one, along, "service 3 fails"});
  world.fails = CALL;
  REFUSE({"STABLEHLO_REDUCE", one, along, "service 4 fails"});
  begin((subgraph){4, 2, MOTE_FLOAT32, MOTE_FLOAT32, 0, 0, 0, NONE});
  REFUSE({"STABLEHLO_REDUCE", "f32 2, f32 3, f32, f32 > f32, f32", along, "operands 0 and 1 differ in shape"},
         {"STABLEHLO_REDUCE_WINDOW", one, NULL, "which folds, has 4 inputs and 2 outputs; it must have 2 and 1"},
         {"STABLEHLO_SCATTER", "f32 4, i32 2x1, f32 2 > f32", NULL, "has 4 inputs and 2 outputs"});
}

static void folding_windows(void **state) {
  (void)state;
  const char *const one = "f32 2, f32 > f32";
  begin((subgraph){2, 1, MOTE_FLOAT32, MOTE_FLOAT32, 0, 0, 0, NONE});
  folds_by = sch_BuiltinOperator_STABLEHLO_ADD;
  REFUSE(
      {"STABLEHLO_REDUCE_WINDOW", one, "window_dimensions=[1 1]", "'window_dimensions' has 2 entries"},
      {"STABLEHLO_REDUCE_WINDOW", one, "window_dimensions=[1] padding=[1]", "'padding' has 1 entries"},
      {"STABLEHLO_REDUCE_WINDOW", one, "window_dimensions=[1] window_strides=[1 1]", "'window_strides' has 2 entries"},
      {"STABLEHLO_REDUCE_WINDOW", one, "window_dimensions=[1] base_dilations=[1 1]", "'base_dilations' has 2 entries"},
      {"STABLEHLO_REDUCE_WINDOW", one, "window_dimensions=[1] window_dilations=[1 1]", "'window_dilations' has 2"},
      {"STABLEHLO_REDUCE_WINDOW", one, "window_dimensions=[1] padding=[-99999999999 0]", "which is too much"},
      {"STABLEHLO_REDUCE_WINDOW", one, "window_dimensions=[1] padding=[2147483647 0]",
       "a dimension of the result would"},
      {"STABLEHLO_REDUCE_WINDOW", "f32 2, f32 2 > f32", "window_dimensions=[1]",
       "the initial value must be one element"},
      {"REDUCE_WINDOW", "f32 2, f32, i64 2 = 1, i64 1 = 1, i64 1 = 1 > f32", "reduce_function=ADD",
       "input 2 has 2 entries, and the data 1 dimensions"});
  folds_by = sch_BuiltinOperator_STABLEHLO_AND;
  REFUSE({"STABLEHLO_REDUCE_WINDOW", one, "window_dimensions=[1]", "float32 cannot be folded this way"});
  folds_by = 0;
}

static void scattering(void **state) {
  (void)state;
  const char *const o = "inserted_window_dims=[0] scatter_dims_to_operand_dims=[0] index_vector_dim=1";
  const char *const one = "f32 4, i32 2x1, f32 2 > f32";
  begin((subgraph){2, 1, MOTE_FLOAT32, MOTE_FLOAT32, 0, 0, 0, NONE});
  REFUSE({"STABLEHLO_SCATTER", one, o, "the update computation gives 0 bytes, not 4"},
         {"STABLEHLO_SCATTER", one, "inserted_window_dims=[7] index_vector_dim=1", "the list of left out dimensions"});
  world.fails = FIND;
  REFUSE({"STABLEHLO_SCATTER", one, o, "service 1 fails"});
  world.fails = REGION;
  REFUSE({"STABLEHLO_SCATTER", one, o, "service 2 fails"});
  world.fails = INFER;
  REFUSE({"STABLEHLO_SCATTER", one, o, "service 3 fails"});
  world.fails = CALL;
  REFUSE({"STABLEHLO_SCATTER", one, o, "service 4 fails"});
}

static void windows(void **state) {
  (void)state;
  const char *const gather = "offset_dims=[1] collapsed_slice_dims=[0] start_index_map=[0] index_vector_dim=1";
  REFUSE({"STABLEHLO_GATHER", "f32 4x3, i32 2x1 > f32",
          "offset_dims=[1] collapsed_slice_dims=[0] start_index_map=[0] index_vector_dim=1 slice_sizes=[1]",
          "slice_sizes has 1 numbers for 2 dimensions"},
         {"STABLEHLO_GATHER", "f32 4x3, i32 2x1 > f32", gather, "slice_sizes has 0 numbers"},
         {"STABLEHLO_GATHER", "f32 4x3, i32 2x2 > f32",
          "offset_dims=[1] collapsed_slice_dims=[0] start_index_map=[0] index_vector_dim=1 slice_sizes=[1 3]",
          "index vectors have 2 components, but 1"},
         {"STABLEHLO_GATHER", "f32 4x3, i32 2x1 > f32",
          "offset_dims=[1] collapsed_slice_dims=[] start_index_map=[0] index_vector_dim=1 slice_sizes=[1 3]",
          "do not fit"},
         {"STABLEHLO_GATHER", "f32 4x3, i32 2x1 > f32",
          "offset_dims=[1] collapsed_slice_dims=[9] start_index_map=[0] index_vector_dim=1 slice_sizes=[1 3]",
          "the list of left out dimensions"},
         {"STABLEHLO_GATHER", "f32 4x3, i32 1x1x1x1x1x1x1x1 > f32",
          "offset_dims=[8] collapsed_slice_dims=[0] start_index_map=[0] index_vector_dim=8 slice_sizes=[1 3]",
          "the result has 9 dimensions"});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(branches),   cmocka_unit_test(bodies),  cmocka_unit_test(folding_windows),
      cmocka_unit_test(loops),      cmocka_unit_test(sorting), cmocka_unit_test(folding),
      cmocka_unit_test(scattering), cmocka_unit_test(windows),
  };
  return cmocka_run_group_tests(tests, setup, NULL);
}

/* rules.c: a model that breaks one rule is refused under that rule's name: rules M and S. */
#include <math.h>

#include "schema/support.h"

typedef struct breakage {
  const char *rule;
  void (*apply)(arena *a, sch_Model *m);
} breakage;

#define BREAK(name) static void name(arena *a, sch_Model *m)

static sch_SubGraph *graph(sch_Model *m, int index) { return &m->subgraphs.data[index]; }
static sch_QuantizationParameters *quant(sch_Model *m) { return tensor(m, MAIN, T_QUANT)->quantization; }
static sch_BlockwiseQuantization *blocks(sch_Model *m) { return tensor(m, MAIN, T_BLOCKS)->quantization->details; }

/* clang-format off */
BREAK(version_2) { (void)a; m->version = 2; }
BREAK(no_subgraph) { (void)a; m->subgraphs.count = 0; m->signature_defs.count = 0; }
BREAK(negative_code) { (void)a; m->operator_codes.data[0].deprecated_builtin_code = -1; }
BREAK(placeholder_code) { (void)a; m->operator_codes.data[0].deprecated_builtin_code = 127; }
BREAK(contradicting_codes) { (void)a; m->operator_codes.data[CODE_WHILE].deprecated_builtin_code = 5; }
BREAK(unknown_code) { (void)a; m->operator_codes.data[0].builtin_code = 5000; }
BREAK(version_0_of_code) { (void)a; m->operator_codes.data[0].version = 0; }
BREAK(custom_without_name) { (void)a; m->operator_codes.data[CODE_CUSTOM].custom_code = (sch_string){0}; }
BREAK(code_index) { (void)a; op(m, OP_SUM)->opcode_index = CODES; }
BREAK(wrong_options) { op(m, OP_SUM)->builtin_options_type = sch_BuiltinOptions_MulOptions;
                       op(m, OP_SUM)->builtin_options = ARENA_NEW(a, sch_MulOptions); }
BREAK(unknown_activation) { (void)a; ((sch_AddOptions *)op(m, OP_SUM)->builtin_options)->fused_activation_function = 9; }
BREAK(one_input) { op(m, OP_SUM)->inputs = ints(a, 1, T_X); }
BREAK(no_output) { op(m, OP_SUM)->outputs = ints(a, 0); }
BREAK(three_inputs) { op(m, OP_SUM)->inputs = ints(a, 3, T_X, T_W, T_W); }
BREAK(input_out_of_range) { op(m, OP_SUM)->inputs = ints(a, 2, T_X, TENSORS); }
BREAK(input_minus_two) { op(m, OP_SUM)->inputs = ints(a, 2, T_X, -2); }
BREAK(input_omitted) { op(m, OP_SUM)->inputs = ints(a, 2, T_X, -1); }
BREAK(output_omitted) { op(m, OP_SUM)->outputs = ints(a, 1, -1); }
BREAK(output_out_of_range) { op(m, OP_SUM)->outputs = ints(a, 1, TENSORS); }
BREAK(output_is_input) { op(m, OP_SUM)->outputs = ints(a, 1, T_X); }
BREAK(output_is_constant) { op(m, OP_SUM)->outputs = ints(a, 1, T_W); }
BREAK(output_is_variable) { (void)a; tensor(m, MAIN, T_SUM)->is_variable = true; }
BREAK(output_made_twice) { op(m, OP_PICK)->outputs = ints(a, 1, T_LOOP); }
BREAK(input_made_later) { op(m, OP_SUM)->inputs = ints(a, 2, T_X, T_THING); }
BREAK(constant_without_data) { (void)a; tensor(m, MAIN, T_W)->buffer = 0; }
BREAK(own_output_as_input) { op(m, OP_SUM)->inputs = ints(a, 2, T_X, T_SUM); }
BREAK(graph_input_range) { graph(m, MAIN)->inputs = ints(a, 2, T_X, TENSORS); }
BREAK(graph_input_twice) { graph(m, MAIN)->inputs = ints(a, 2, T_X, T_X); }
BREAK(graph_output_range) { graph(m, MAIN)->outputs = ints(a, 1, -1); }
BREAK(graph_output_unmade) { graph(m, MAIN)->outputs = ints(a, 3, T_LOOP, T_THING, T_SPARE); }
BREAK(intermediate_range) { op(m, OP_SUM)->intermediates = ints(a, 1, TENSORS); }
BREAK(mutating_length) { static const bool flags[] = {true}; (void)a;
                         op(m, OP_SUM)->mutating_variable_inputs = (sch_bools){flags, 1}; }
BREAK(unknown_type) { (void)a; tensor(m, MAIN, T_X)->type = 99; }
BREAK(negative_type) { (void)a; tensor(m, MAIN, T_X)->type = -1; }
BREAK(negative_dimension) { tensor(m, MAIN, T_X)->shape = ints(a, 1, -1); }
BREAK(rank_9) { tensor(m, MAIN, T_X)->shape = ints(a, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1); }
BREAK(too_many_elements) { tensor(m, MAIN, T_X)->shape = ints(a, 4, 65536, 65536, 65536, 65536); }
BREAK(overflow_behind_0) { tensor(m, MAIN, T_X)->shape = ints(a, 4, 0, INT32_MAX, INT32_MAX, INT32_MAX); }
BREAK(signature_rank) { tensor(m, MAIN, T_X)->shape_signature = ints(a, 2, -1, 4); }
BREAK(signature_differs) { tensor(m, MAIN, T_X)->shape_signature = ints(a, 1, 5); }
BREAK(signature_minus_2) { tensor(m, MAIN, T_X)->shape_signature = ints(a, 1, -2); }
BREAK(buffer_range) { (void)a; tensor(m, MAIN, T_W)->buffer = BUFFERS; }
BREAK(constant_too_short) { (void)a; m->buffers.data[B_W].data.size = 12; }
BREAK(constant_too_long) { tensor(m, MAIN, T_W)->shape = ints(a, 1, 3); }
BREAK(variable_with_data) { (void)a; tensor(m, MAIN, T_W)->is_variable = true; }
BREAK(variable_string) { (void)a; tensor(m, MAIN, T_SPARE)->is_variable = true;
                         tensor(m, MAIN, T_SPARE)->type = sch_TensorType_STRING; }
BREAK(external) { (void)a; tensor(m, MAIN, T_W)->external_buffer = 7; }
BREAK(cond_range) { (void)a; ((sch_WhileOptions *)op(m, OP_LOOP)->builtin_options)->cond_subgraph_index = SUBGRAPHS; }
BREAK(body_negative) { (void)a; ((sch_WhileOptions *)op(m, OP_LOOP)->builtin_options)->body_subgraph_index = -1; }
BREAK(then_range) { (void)a; ((sch_IfOptions *)op(m, OP_PICK)->builtin_options)->then_subgraph_index = 77; }
BREAK(calls_main) { (void)a; ((sch_WhileOptions *)op(m, OP_LOOP)->builtin_options)->body_subgraph_index = MAIN; }
BREAK(no_region_options) { (void)a; m->operator_codes.data[CODE_ADD].builtin_code = sch_BuiltinOperator_STABLEHLO_SCATTER;
                           m->operator_codes.data[CODE_ADD].deprecated_builtin_code = 127;
                           op(m, OP_SUM)->builtin_options_type = 0; op(m, OP_SUM)->builtin_options = NULL; }
BREAK(no_while_options) { (void)a; op(m, OP_LOOP)->builtin_options_type = 0; op(m, OP_LOOP)->builtin_options = NULL; }
BREAK(calls_itself) { sch_Operator *o = graph(m, BODY)->operators.data; *o = *op(m, OP_LOOP);
                      o->inputs = ints(a, 1, 0); o->outputs = ints(a, 1, 2); }
BREAK(while_counts) { op(m, OP_LOOP)->inputs = ints(a, 2, T_SUM, T_X); }
BREAK(while_no_bool) { (void)a; graph(m, COND)->outputs = ints(a, 1, 0); }
BREAK(if_counts) { op(m, OP_PICK)->inputs = ints(a, 1, T_FLAG); }
BREAK(if_empty) { op(m, OP_PICK)->inputs = ints(a, 0); }
BREAK(while_types) { op(m, OP_LOOP)->inputs = ints(a, 1, T_QUANT); }
BREAK(no_key) { (void)a; m->signature_defs.data[0].signature_key = (sch_string){0}; }
BREAK(signature_graph) { (void)a; m->signature_defs.data[0].subgraph_index = SUBGRAPHS; }
BREAK(signature_no_name) { (void)a; m->signature_defs.data[0].inputs.data[0].name = (sch_string){0}; }
BREAK(signature_same_name) { (void)a; m->signature_defs.data[0].outputs.data[1].name = text("loop"); }
BREAK(signature_tensor) { (void)a; m->signature_defs.data[0].inputs.data[0].tensor_index = T_W; }
BREAK(signature_tensor_range) { (void)a; m->signature_defs.data[0].outputs.data[0].tensor_index = 1u << 31; }
BREAK(same_key) { sch_SignatureDef *s = ARENA_ARRAY(a, sch_SignatureDef, 2);
                  s[0] = s[1] = m->signature_defs.data[0]; m->signature_defs.data = s; m->signature_defs.count = 2; }
BREAK(metadata_buffer) { (void)a; m->metadata.data[0].buffer = BUFFERS; }
BREAK(zero_points) { quant(m)->zero_point = longs(a, 3, 0, 0, 0); }
BREAK(quant_axis) { (void)a; quant(m)->quantized_dimension = 2; }
BREAK(scale_count) { (void)a; quant(m)->quantized_dimension = 1; }
BREAK(scale_negative) { quant(m)->scale = floats(a, 2, 1.0, -1.0); }
BREAK(scale_nan) { quant(m)->scale = floats(a, 2, (double)NAN, 1.0); }
BREAK(scale_infinite) { quant(m)->scale = floats(a, 2, 1.0, (double)INFINITY); }
BREAK(zero_point_128) { quant(m)->zero_point = longs(a, 2, 0, 128); }
BREAK(block_0) { (void)a; blocks(m)->block_size = 0; }
BREAK(block_3) { (void)a; blocks(m)->block_size = 3; }
BREAK(block_count) { (void)a; blocks(m)->block_size = 2; }
BREAK(block_scales_range) { (void)a; blocks(m)->scales = TENSORS; }
BREAK(block_scales_made) { (void)a; blocks(m)->scales = T_SUM; }
BREAK(block_scales_type) { (void)a; blocks(m)->scales = T_FLAG; }
BREAK(block_zero_points) { (void)a; blocks(m)->zero_points = T_SUM; }
BREAK(block_scales_itself) { (void)a; blocks(m)->scales = T_BLOCKS; }
BREAK(block_scales_quantized) { (void)a; blocks(m)->scales = T_QUANT; }
/* clang-format on */

static void multi_axis(arena *a, sch_Model *m, sch_i32s axes, int32_t block) {
  sch_MultiAxisQuantization *q = ARENA_NEW(a, sch_MultiAxisQuantization);
  *q = (sch_MultiAxisQuantization){
      .scales = T_SCALES, .zero_points = -1, .block_size = block, .quantized_dimensions = axes};
  tensor(m, MAIN, T_BLOCKS)->quantization->details_type = sch_QuantizationDetails_MultiAxisQuantization;
  tensor(m, MAIN, T_BLOCKS)->quantization->details = q;
}
BREAK(axes_none) { multi_axis(a, m, ints(a, 0), 0); }
BREAK(axes_twice) { multi_axis(a, m, ints(a, 2, 1, 1), 0); }
BREAK(axes_range) { multi_axis(a, m, ints(a, 1, 2), 0); }
BREAK(axes_count) { multi_axis(a, m, ints(a, 2, 0, 1), 0); }
BREAK(axes_block) { multi_axis(a, m, ints(a, 2, 0, 1), -1); }
BREAK(too_many_ends) {
  int32_t *many = ARENA_ARRAY(a, int32_t, 70000);
  for (int i = 0; i < 70000; i++) many[i] = -1;
  many[0] = T_X;
  graph(m, MAIN)->inputs = (sch_i32s){many, 70000};
}
BREAK(too_many_signatures) {
  sch_SignatureDef *s = ARENA_ARRAY(a, sch_SignatureDef, 1001);
  for (int i = 0; i < 1001; i++) s[i] = m->signature_defs.data[0];
  m->signature_defs.data = s;
  m->signature_defs.count = 1001;
}
BREAK(external_path) {
  m->external_buffer_groups.data = ARENA_NEW(a, sch_ExternalBufferGroup);
  m->external_buffer_groups.count = 1;
  m->external_buffer_groups.data->name = text("../weights");
}
BREAK(external_group) {
  m->external_buffers.data = ARENA_NEW(a, sch_ExternalBuffer);
  m->external_buffers.count = 1;
}

/* ---- sparse ---- */

/* w becomes 4x4, its rows sparse, in blocks of 1x2: 3 blocks are there. */
static sch_SparsityParameters *sparse(arena *a, sch_Model *m) {
  static const float values[6] = {1, 2, 3, 4, 5, 6};
  static const uint8_t segments[5] = {0, 1, 1, 3, 3}, indices[3] = {1, 0, 1};
  sch_SparsityParameters *s = ARENA_NEW(a, sch_SparsityParameters);
  sch_Uint8Vector *vectors = ARENA_ARRAY(a, sch_Uint8Vector, 2);
  vectors[0].values = bytes(segments, sizeof segments);
  vectors[1].values = bytes(indices, sizeof indices);
  s->traversal_order = ints(a, 3, 0, 1, 2);
  s->block_map = ints(a, 1, 1);
  s->dim_metadata.data = ARENA_ARRAY(a, sch_DimensionMetadata, 3);
  s->dim_metadata.count = 3;
  s->dim_metadata.data[0].dense_size = 4;
  s->dim_metadata.data[1] = (sch_DimensionMetadata){.format = sch_DimensionType_SPARSE_CSR,
                                                    .array_segments_type = sch_SparseIndexVector_Uint8Vector,
                                                    .array_segments = &vectors[0],
                                                    .array_indices_type = sch_SparseIndexVector_Uint8Vector,
                                                    .array_indices = &vectors[1]};
  s->dim_metadata.data[2].dense_size = 2;
  m->buffers.data[B_W].data = bytes(values, sizeof values);
  tensor(m, MAIN, T_W)->shape = ints(a, 2, 4, 4);
  tensor(m, BODY, 1)->buffer = B_SCALES;
  return tensor(m, MAIN, T_W)->sparsity = s;
}
static sch_Uint8Vector *segments_of(sch_SparsityParameters *s) { return s->dim_metadata.data[1].array_segments; }
static sch_Uint8Vector *indices_of(sch_SparsityParameters *s) { return s->dim_metadata.data[1].array_indices; }

/* clang-format off */
BREAK(s_well) { sparse(a, m); }
BREAK(s_lengths) { sparse(a, m)->traversal_order = ints(a, 2, 0, 1); }
BREAK(s_too_long) { sch_SparsityParameters *s = sparse(a, m); tensor(m, MAIN, T_W)->shape = ints(a, 1, 16); (void)s; }
BREAK(s_order) { sparse(a, m)->traversal_order = ints(a, 3, 0, 0, 2); }
BREAK(s_order_end) { sparse(a, m)->traversal_order = ints(a, 3, 0, 1, 1); }
BREAK(s_map_length) { sparse(a, m)->block_map = ints(a, 2, 1, 0); }
BREAK(s_map_range) { sparse(a, m)->block_map = ints(a, 1, 2); }
BREAK(s_block_0) { sparse(a, m)->dim_metadata.data[2].dense_size = 0; }
BREAK(s_block_3) { sparse(a, m)->dim_metadata.data[2].dense_size = 3; }
BREAK(s_block_sparse) { sparse(a, m)->dim_metadata.data[2].format = sch_DimensionType_SPARSE_CSR; }
BREAK(s_dense_size) { sparse(a, m)->dim_metadata.data[0].dense_size = 5; }
BREAK(s_format) { sparse(a, m)->dim_metadata.data[0].format = 2; }
BREAK(s_no_segments) { sch_DimensionMetadata *d = &sparse(a, m)->dim_metadata.data[1]; d->array_segments = NULL;
                       d->array_segments_type = 0; }
BREAK(s_segments_count) { segments_of(sparse(a, m))->values.size = 4; }
BREAK(s_buffer) { sparse(a, m); m->buffers.data[B_W].data.size = 20; }
BREAK(s_variable) { sparse(a, m); tensor(m, MAIN, T_SPARE)->sparsity = tensor(m, MAIN, T_W)->sparsity; }
BREAK(s_first) { static const uint8_t v[5] = {1, 1, 1, 3, 3}; segments_of(sparse(a, m))->values = bytes(v, 5); }
BREAK(s_back) { static const uint8_t v[5] = {0, 1, 0, 3, 3}; segments_of(sparse(a, m))->values = bytes(v, 5); }
BREAK(s_last) { static const uint8_t v[5] = {0, 1, 1, 2, 2}; segments_of(sparse(a, m))->values = bytes(v, 5); }
BREAK(s_beyond) { static const uint8_t v[5] = {0, 9, 9, 9, 9}; segments_of(sparse(a, m))->values = bytes(v, 5); }
BREAK(s_index) { static const uint8_t v[3] = {1, 0, 2}; indices_of(sparse(a, m))->values = bytes(v, 3); }
BREAK(s_index_twice) { static const uint8_t v[3] = {1, 1, 1}; indices_of(sparse(a, m))->values = bytes(v, 3); }
static void strings(sch_Model *m, const int32_t *v) { m->buffers.data[B_TEXT].data = bytes(v, 20); }
BREAK(t_count) { static const int32_t v[5] = {3, 16, 18, 20, 0}; (void)a; strings(m, v); }
BREAK(t_negative) { static const int32_t v[5] = {-1, 16, 18, 20, 0}; (void)a; strings(m, v); }
BREAK(t_first) { static const int32_t v[5] = {2, 12, 18, 20, 0}; (void)a; strings(m, v); }
BREAK(t_back) { static const int32_t v[5] = {2, 16, 15, 20, 0}; (void)a; strings(m, v); }
BREAK(t_last) { static const int32_t v[5] = {2, 16, 18, 19, 0}; (void)a; strings(m, v); }
BREAK(t_beyond) { static const int32_t v[5] = {2, 16, 18, 21, 0}; (void)a; strings(m, v); }
BREAK(t_short) { (void)a; m->buffers.data[B_TEXT].data.size = 8; }
BREAK(b_scale_nan) { static const float v[4] = {1, 1, 1, -1}; (void)a; m->buffers.data[B_SCALES].data = bytes(v, 16); }
/* clang-format on */

static const breakage structure[] = {
    {"M1", version_2},
    {"M2", no_subgraph},
    {"M3", negative_code},
    {"M3", placeholder_code},
    {"M3", contradicting_codes},
    {"M4", unknown_code},
    {"M4", version_0_of_code},
    {"M5", custom_without_name},
    {"M6", code_index},
    {"M7", wrong_options},
    {"M8", unknown_activation},
    {"M9", one_input},
    {"M9", no_output},
    {"M9", three_inputs},
    {"M10", input_out_of_range},
    {"M10", input_minus_two},
    {"M10", input_omitted},
    {"M10", output_omitted},
    {"M10", output_out_of_range},
    {"M11", output_is_input},
    {"M11", output_is_constant},
    {"M11", output_is_variable},
    {"M11", output_made_twice},
    {"M12", input_made_later},
    {"M12", constant_without_data},
    {"M12", own_output_as_input},
    {"M13", graph_input_range},
    {"M13", graph_input_twice},
    {"M13", graph_output_range},
    {"M13", graph_output_unmade},
    {"M14", intermediate_range},
    {"M14", mutating_length},
    {"M15", unknown_type},
    {"M15", negative_type},
    {"M16", negative_dimension},
    {"M16", rank_9},
    {"M17", too_many_elements},
    {"M17", overflow_behind_0},
    {"M18", signature_rank},
    {"M18", signature_differs},
    {"M18", signature_minus_2},
    {"M20", buffer_range},
    {"M21", constant_too_short},
    {"M21", constant_too_long},
    {"M24", variable_with_data},
    {"M24", variable_string},
    {"M25", external},
    {"M25", external_path},
    {"M25", external_group},
    {"M26", cond_range},
    {"M26", body_negative},
    {"M26", then_range},
    {"M27", calls_main},
    {"M27", no_while_options},
    {"M27", calls_itself},
    {"M28", while_counts},
    {"M28", while_no_bool},
    {"M28", if_counts},
    {"M28", if_empty},
    {"M27", no_region_options},
    {"M29", while_types},
    {"M30", no_key},
    {"M30", signature_graph},
    {"M30", signature_no_name},
    {"M30", signature_same_name},
    {"M30", signature_tensor},
    {"M30", signature_tensor_range},
    {"M30", same_key},
    {"M31", metadata_buffer},
    {"M33", zero_points},
    {"M33", quant_axis},
    {"M33", scale_count},
    {"M34", scale_negative},
    {"M34", scale_nan},
    {"M34", scale_infinite},
    {"M35", zero_point_128},
    {"M37", block_0},
    {"M37", block_3},
    {"M37", block_count},
    {"M37", block_scales_range},
    {"M37", block_scales_made},
    {"M37", block_scales_type},
    {"M37", block_zero_points},
    {"M38", axes_none},
    {"M38", axes_twice},
    {"M38", axes_range},
    {"M38", axes_count},
    {"M38", axes_block},
    {"M39", block_scales_itself},
    {"M39", block_scales_quantized},
    {"M42", too_many_ends},
    {"M42", too_many_signatures},
    {"S1", s_lengths},
    {"S1", s_too_long},
    {"S2", s_order},
    {"S2", s_order_end},
    {"S3", s_map_length},
    {"S3", s_map_range},
    {"S4", s_block_0},
    {"S4", s_block_3},
    {"S4", s_block_sparse},
    {"S5", s_dense_size},
    {"S5", s_format},
    {"S6", s_no_segments},
    {"S7", s_segments_count},
    {"S9", s_buffer},
    {"S11", s_variable},
};

/* Faults in the data itself: found on demand. */
static const breakage contents[] = {
    {"M23", t_count},  {"M23", t_negative}, {"M23", t_first},     {"M23", t_back},       {"M23", t_last},
    {"M23", t_beyond}, {"M23", t_short},    {"M37", b_scale_nan}, {"S7", s_first},       {"S7", s_back},
    {"S7", s_last},    {"S7", s_beyond},    {"S8", s_index},      {"S8", s_index_twice},
};

static verdict verdict_of(void (*apply)(arena *, sch_Model *), bool deep) {
  mem *m = mem_new(NULL, 0);
  arena a;
  size_t size;
  arena_init(&a, m);
  sch_Model *model = small_model(&a);
  if (apply) apply(&a, model);
  uint8_t *data = file_of(m, model, NULL, &size);
  const verdict v = verify(data, size, deep);
  mem_free(m, data);
  arena_free(&a);
  mem_release(m);
  return v;
}

static void well_formed(void **state) {
  (void)state;
  verdict v = verdict_of(NULL, true);
  assert_string_equal(v.error.text, "");
  assert_int_equal(v.faults + v.warnings, 0);
  v = verdict_of(s_well, true);
  assert_string_equal(v.error.text, "");
}

static void each_rule_refuses(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof structure / sizeof structure[0]; i++) {
    const verdict v = verdict_of(structure[i].apply, false);
    if (strcmp(v.rule, structure[i].rule) != 0)
      fail_msg("breakage %zu must be refused by %s, not by '%s': %s", i, structure[i].rule, v.rule, v.error.text);
    assert_true(strstr(v.error.text, structure[i].rule) != NULL);
  }
}

static void contents_are_checked_on_demand(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
    verdict v = verdict_of(contents[i].apply, false);
    assert_int_equal(v.status, MOTE_OK);
    v = verdict_of(contents[i].apply, true);
    if (strcmp(v.rule, contents[i].rule) != 0)
      fail_msg("breakage %zu must be refused by %s, not by '%s': %s", i, contents[i].rule, v.rule, v.error.text);
  }
}

/* ---- what real files need: accepted, most with a warning ---- */

/* clang-format off */
BREAK(w_buffer_0) { (void)a; m->buffers.data[0].data = bytes("xxxx", 4); }
BREAK(w_custom_options) { (void)a; op(m, OP_SUM)->custom_options = op(m, OP_THING)->custom_options; }
BREAK(w_kind_alone) { (void)a; op(m, OP_SUM)->builtin_options = NULL; }
BREAK(w_debug) { (void)a; graph(m, MAIN)->debug_metadata_index = -5; }
BREAK(w_mutating) { static const bool flags[2] = {true, false}; (void)a;
                    op(m, OP_SUM)->mutating_variable_inputs = (sch_bools){flags, 2}; }
BREAK(w_stray_axis) { quant(m)->scale = floats(a, 1, 1.0); quant(m)->zero_point = longs(a, 1, 0);
                      quant(m)->quantized_dimension = 7; }
BREAK(w_bias_axis) { quant(m)->quantized_dimension = 3; tensor(m, MAIN, T_QUANT)->shape = ints(a, 1, 2);
                     m->buffers.data[B_QUANT].data.size = 2; m->buffers.data[B_BLOCKS].data = bytes("12345678", 8); }
BREAK(w_long_signature) { tensor(m, MAIN, T_SUM)->shape = ints(a, 0);
                          tensor(m, MAIN, T_SUM)->shape_signature = ints(a, 1, -1); }
BREAK(w_int4_zero_point) { sch_QuantizationParameters *q = tensor(m, MAIN, T_BLOCKS)->quantization;
                           q->details_type = 0; q->details = NULL; q->scale = floats(a, 1, 1.0);
                           q->zero_point = longs(a, 1, 34); }
static void scaled(arena *a, sch_Model *m, int index, double scale) {
  sch_QuantizationParameters *q = ARENA_NEW(a, sch_QuantizationParameters);
  *q = *(const sch_QuantizationParameters *)sch_table_QuantizationParameters.defaults;
  q->scale = floats(a, 1, scale);
  tensor(m, MAIN, index)->quantization = q;
}
static void dense_layer(arena *a, sch_Model *m, double bias_scale) {
  m->operator_codes.data[CODE_ADD].builtin_code = sch_BuiltinOperator_FULLY_CONNECTED;
  m->operator_codes.data[CODE_ADD].deprecated_builtin_code = sch_BuiltinOperator_FULLY_CONNECTED;
  op(m, OP_SUM)->inputs = ints(a, 3, T_X, T_QUANT, T_W);
  scaled(a, m, T_X, 0.5);
  scaled(a, m, T_W, bias_scale);
  scaled(a, m, T_SUM, 1.0);
  quant(m)->scale = floats(a, 2, 0.25, 0.25);
}
BREAK(w_bias_scale) { dense_layer(a, m, 0.25); }
BREAK(plain_bias_scale) { dense_layer(a, m, 0.126); }
BREAK(plain_absent_input) { graph(m, MAIN)->inputs = ints(a, 3, -1, T_X, -1); }
BREAK(plain_odd_name) { (void)a; tensor(m, MAIN, T_X)->name = (sch_string){"a\0\xff%s", 5}; }
BREAK(plain_zero_scale) { quant(m)->scale = floats(a, 2, 0.0, 1e-42); }
BREAK(plain_no_zero_points) { (void)a; quant(m)->zero_point = (sch_i64s){0}; }
BREAK(plain_unknown_rank) { tensor(m, MAIN, T_SUM)->shape = ints(a, 0); tensor(m, MAIN, T_SUM)->has_rank = false; }
BREAK(plain_no_options) { (void)a; op(m, OP_SUM)->builtin_options = NULL; op(m, OP_SUM)->builtin_options_type = 0; }
BREAK(plain_pass_through) { graph(m, MAIN)->outputs = ints(a, 4, T_LOOP, T_THING, T_X, T_W); }
BREAK(plain_empty_constant) { tensor(m, MAIN, T_W)->shape = ints(a, 1, 0); tensor(m, MAIN, T_W)->buffer = 0; }
BREAK(plain_block_zero_default) { (void)a; blocks(m)->zero_points = 0; }
BREAK(plain_code_old) { (void)a; m->operator_codes.data[CODE_WHILE].builtin_code = 0; }
BREAK(plain_code_new) { (void)a; m->operator_codes.data[CODE_WHILE].deprecated_builtin_code = 0; }
/* clang-format on */

static const breakage accepted[] = {
    {"M2", w_buffer_0},     {"M5", w_custom_options}, {"F12", w_kind_alone},      {"M32", w_debug},
    {"M14", w_mutating},    {"M33", w_stray_axis},    {"M33", w_bias_axis},       {"M18", w_long_signature},
    {"M40", w_bias_scale},  {"", plain_bias_scale},   {"M35", w_int4_zero_point}, {"", plain_absent_input},
    {"", plain_odd_name},   {"", plain_zero_scale},   {"", plain_no_zero_points}, {"", plain_unknown_rank},
    {"", plain_no_options}, {"", plain_pass_through}, {"", plain_empty_constant}, {"", plain_block_zero_default},
    {"", plain_code_old},   {"", plain_code_new},
};

static void oddities_are_accepted(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
    const verdict v = verdict_of(accepted[i].apply, true);
    if (v.status || strcmp(v.warning, accepted[i].rule) != 0)
      fail_msg("oddity %zu must be accepted with the warning '%s', not '%s': %s", i, accepted[i].rule, v.warning,
               v.error.text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(well_formed),
      cmocka_unit_test(each_rule_refuses),
      cmocka_unit_test(contents_are_checked_on_demand),
      cmocka_unit_test(oddities_are_accepted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

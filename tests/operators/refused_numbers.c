/* What operators refuse that compute element by element, fold, sort, look up and make numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/refusals.h"

static void element_by_element(void **state) {
  (void)state;
  REFUSE({"ADD_N", "f32 2, f32 3 > f32", NULL, "input 1 differs in shape from input 0"},
         {"POW", "f32 2, f32 3 > f32", NULL, "broadcast"},
         {"FLOOR_DIV", "i32 1 ~ 1, i32 1 ~ 0 > i32", NULL, "divisor is 0"},
         {"ATAN2", "f32 2, f32 1 > f32", NULL, "both operands must have the same shape"},
         {"ADD", "i16@1 1, i16@2 1 > i16@4", "pot_scale_int16=1", "one must have the output's scale 2^2"},
         {"ADD", "i8@1 1, i8 1 > i8@1", NULL, "input 1 is int8 without"},
         {"ADD", "i8@1 1, i8@1 1 > i8", NULL, "output 0 is int8 without"},
         {"ADD", "i8 1, i8@1 1 > i8@1", NULL, "input 0 is int8 without"},
         {"ADD", "f32 1, f32 1 > f32", "fused_activation_function=9", "fused activation 9"},
         {"ADD", "f16 1, f16 1 > f16", "fused_activation_function=9", "fused activation 9"},
         {"ADD", "i32 1, i32 1 > i32", "fused_activation_function=9", "fused activation 9"},
         {"ADD", "i8@1 1, i8@1 1 > i8@1", "fused_activation_function=9", "fused activation 9"},
         {"MUL", "c64 1, c64 1 > c64", "fused_activation_function=RELU", "complex numbers have no order"},
         {"MUL", "i16@1 1, i16@1 1 > i8", "fused_activation_function=RELU", "output 0 is int8 without"},
         {"DIV", "i32 1 ~ 1, i32 1 ~ 0 > i32", NULL, "cannot be divided by it"},
         {"STABLEHLO_CLAMP", "f32 2, f32 3, f32 > f32", NULL, "input 0, a bound, must be a scalar"},
         {"LESS", "i8 1, i8@1 1 > bool", NULL, "input 0 is int8 without"},
         {"LESS", "i8@1 1, i8 1 > bool", NULL, "input 1 is int8 without"},
         {"PRELU", "i8 1, i8@1 1 > i8@1", NULL, "input 0 is int8 without"},
         {"PRELU", "i8@1 1, i8 1 > i8@1", NULL, "input 1 is int8 without"},
         {"PRELU", "i8@1 1, i8@1 1 > i8", NULL, "output 0 is int8 without"},
         {"PRELU", "f32 2, f32 3 > f32", NULL, "broadcast"},
         {"SELECT_V2", "bool 2, f32 2, f32 3 > f32", NULL, "broadcast"},
         {"HARD_SWISH", "i8@1000 1 > i8@1", NULL, "more than 128 times the output scale"},
         {"EXP", "i8 1 > i8@1", NULL, "input 0 is int8 without"},
         {"EXP", "i16@1:3 1 > i16@1", NULL, "int16 needs zero points 0"},
         {"RELU", "i8 1 > i8@1", NULL, "input 0 is int8 without"},
         {"RELU", "i8@1 1 > i8", NULL, "output 0 is int8 without"},
         {"LEAKY_RELU", "i8 1 > i8@1", NULL, "input 0 is int8 without"},
         {"LOGISTIC", "i8 1 > i8@1", NULL, "input 0 is int8 without"},
         {"LOGISTIC", "i16@1 1 > i16@1", NULL, "the output scale 1/32768"},
         {"QUANTIZE", "f32 1 > i8", NULL, "output 0 is int8 without"},
         {"QUANTIZE", "f32 2 > i8@0*2/0 2", NULL, "scale 0 of the output is 0"},
         {"QUANTIZE", "i8 1 > i8@1", NULL, "input 0 is int8 without"},
         {"QUANTIZE", "i8@1*2/0 2 > i8@1", NULL, "is quantized per channel"},
         {"SOFTMAX", "i8 1 > i8@1", NULL, "input 0 is int8 without"},
         {"SOFTMAX", "i8@1 1 > i8", NULL, "output 0 is int8 without"},
         {"SOFTMAX", "i8@1 1 > i8@1", "beta=-1", "beta is -1"},
         {"LOG_SOFTMAX", "i8 1 > i8@1", NULL, "input 0 is int8 without"},
         {"LOG_SOFTMAX", "i8@1 1 > i8", NULL, "output 0 is int8 without"},
         {"L2_NORMALIZATION", "i8 1x2 > i8@1", NULL, "input 0 is int8 without"},
         {"AVERAGE_POOL_2D", "i8@1 1x2x2x1 > i8",
          "stride_w=1 stride_h=1 filter_width=1 filter_height=1 fused_activation_function=RELU",
          "output 0 is int8 without"},
         {"CUMSUM", "f32 2, i32 2 > f32", NULL, "the axis must be one number, and 2 are given"},
         {"CUMSUM", "f32 2, i32 ~ 4 > f32", NULL, "axis 4"});
}

static void folding(void **state) {
  (void)state;
  REFUSE({"ARG_MAX", "f32 2, i32 2 = 0 > i32", NULL, "the axis must be one number, and 2 are given"},
         {"ARG_MAX", "f32 2, i32 = 4 > i32", NULL, "axis 4"},
         {"ARG_MAX", "f32 2x0, i32 = 1 > i32", NULL, "dimension 1 has no elements"},
         {"REDUCE_PROD", "i16@1 4, i32 = 0 > i16@1e-30", NULL, "must be below 2^14"},
         {"REDUCE_PROD", "i8@1e9 2, i32 = 0 > i8@1e-9", NULL, "give the output a larger scale"},
         {"REDUCE_MAX", "i8@1 2, i32 = 0 > i8@2", NULL, "need one scale and zero point"},
         {"SUM", "i8 2, i32 = 0 > i8@1", NULL, "input 0 is int8 without"},
         {"SUM", "i8@1 2, i32 = 0 > i8", NULL, "output 0 is int8 without"},
         {"SUM", "f32 2, i32 = 4 > f32", NULL, "axis 4"}, {"SUM", "f32 2, i32 ~ 4 > f32", NULL, "axis 4"},
         {"SEGMENT_SUM", "f32 2, i32 2x1 > f32", NULL, "ids of 2 dimensions"},
         {"UNSORTED_SEGMENT_SUM", "f32 2, i32 2, i32 2 = 1 > f32", NULL, "the number of segments must be one number"},
         {"UNSORTED_SEGMENT_SUM", "f32 1x1x1x1x1x1x1x1, i32, i32 = 1 > f32", NULL, "more than 8 dimensions"},
         {"TOPK_V2", "f32 2, i32 2 = 1 > f32, i32", NULL, "k must be one number"},
         {"UNIQUE", "f32 2x2 > f32, i32", NULL, "it must be a vector"},
         {"MULTINOMIAL", "f32 1x2, i32 2 = 1 > i32", NULL, "the number of samples must be one number"},
         {"RANDOM_UNIFORM", "i32 1x1 = 1 > f32", NULL, "the shape has 2 dimensions; it must be a vector"},
         {"RANDOM_UNIFORM", "i32 9 = 1 > f32", NULL, "9 dimensions are too many"},
         {"RANDOM_UNIFORM", "i32 1 = -4 > f32", NULL, "-4"});
}

static void looking_up(void **state) {
  (void)state;
  REFUSE(
      {"EMBEDDING_LOOKUP", "i32 1x1, f32 2x2 > f32", NULL, "the ids have 2 dimensions; they must be a vector"},
      {"EMBEDDING_LOOKUP", "i32 1, f32 2 > f32", NULL, "the table has 1 dimensions; it must have 2 or more"},
      {"EMBEDDING_LOOKUP", "i32 1 ~ 2, f32 2x2 > f32", NULL, "2"},
      {"EMBEDDING_LOOKUP", "i32 1 ~ 9, i8@1 2x2 = 1 > f32", NULL, "9"},
      {"EMBEDDING_LOOKUP_SPARSE", "i32 1x1, i32 1x1, i32 1, f32 1, f32 2x2 > f32", NULL,
       "ids, weights and shape must be"},
      {"EMBEDDING_LOOKUP_SPARSE", "i32 1, i32 1x1, i32 1, f32 1, f32 2 > f32", NULL, "the table has 1 dimensions"},
      {"EMBEDDING_LOOKUP_SPARSE", "i32 1, i32 1x1, i32 1, f32 2, f32 2x2 > f32", NULL, "1 ids, 2 weights"},
      {"EMBEDDING_LOOKUP_SPARSE", "i32 1, i32 1x2, i32 1, f32 1, f32 2x2 > f32", NULL, "rows of 2 indices"},
      {"EMBEDDING_LOOKUP_SPARSE", "i32 1, i32 1x8, i32 8 = 1, f32 1, f32 2x2x2 > f32", NULL,
       "the result has 9 dimensions"},
      {"EMBEDDING_LOOKUP_SPARSE", "i32 1 ~ 7, i32 1x2, i32 2 = 1, f32 1, f32 2x2 > f32", NULL, "7"},
      {"HASHTABLE_LOOKUP", "i32 1, i32 1x1, f32 1 > f32, u8", NULL, "the keys must be a vector"},
      {"HASHTABLE_LOOKUP", "i32 1x1, i32 1, f32 1 > f32, u8", NULL, "they must be a vector"},
      {"NON_MAX_SUPPRESSION_V4", "f32 2, f32 2, i32, f32, f32 > i32, i32", NULL, "boxes must have shape [n, 4]"},
      {"NON_MAX_SUPPRESSION_V4", "f32 2x4, f32 2x1, i32, f32, f32 > i32, i32", NULL, "scores must have one dimension"},
      {"NON_MAX_SUPPRESSION_V4", "f32 2x4, f32 2, i32 2, f32, f32 > i32, i32", NULL, "must be one number"},
      {"NON_MAX_SUPPRESSION_V4", "f32 2x4, f32 2, i32, f32 2, f32 > i32, i32", NULL, "must be one number"},
      {"NON_MAX_SUPPRESSION_V4", "f32 2x4, f32 2, i32, f32, f32 2 > i32, i32", NULL, "must be one number"},
      {"NON_MAX_SUPPRESSION_V4", "f32 2x4, f32 2, i32 ~ -1, f32, f32 > i32, i32", NULL,
       "the largest number of boxes is -1"},
      {"NON_MAX_SUPPRESSION_V4", "f32 2x4, f32 2 ~ 1, i32 = 1, f32 ~ 0.5, f32 > i32, i32", NULL,
       "the run was cancelled"},
      {"LSH_PROJECTION", "f32 2, f32 2 > i32", "type=SPARSE", "the hash functions have 1 dimensions, not 2"},
      {"LSH_PROJECTION", "f32 2x2, f32 > i32", "type=SPARSE", "it must have rows"},
      {"LSH_PROJECTION", "f32 2x2, f32 2, f32 2x1 > i32", "type=SPARSE", "the weights must be a vector"},
      {"LSH_PROJECTION", "f32 2x2, f32 2, f32 3 > i32", "type=SPARSE", "there are 3 weights for 2 rows"},
      {"LSH_PROJECTION", "f32 2x2, f32 2 > i32", "type=SPARSE", "the run was cancelled"});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(element_by_element),
      cmocka_unit_test(folding),
      cmocka_unit_test(looking_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

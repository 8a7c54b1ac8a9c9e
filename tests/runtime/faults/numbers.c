/* numbers.c: faults of arithmetic: divisors, casts, NaN, scales that are odd or missing. */
#include "runtime/faults/faults.h"

/* Scales for each index of an axis that is not there. */
static void quantized_along(net *n, int32_t axis) {
  static const float scales[] = {1, 2};
  static const int64_t zeros[] = {0, 0};
  sch_QuantizationParameters *q = ARENA_NEW(&n->arena, sch_QuantizationParameters);
  *q = *(const sch_QuantizationParameters *)sch_table_QuantizationParameters.defaults;
  q->scale = (sch_f32s){scales, 2};
  q->zero_point = (sch_i64s){zeros, 2};
  q->quantized_dimension = axis;
  net_at(n, 0)->quantization = q;
}
static void axis_low(net *n) { quantized_along(n, -10); }
static void axis_high(net *n) { quantized_along(n, 9); }
static void axis_good(net *n) { quantized_along(n, 0); }

#define COUNTS OP(RANGE, RangeOptions)
#define CASTS(to)                                                                                                      \
  OP(CAST, CastOptions), .options = &(const sch_CastOptions) { .in_data_type = MOTE_FLOAT32, .out_data_type = to }
static const float bounds[] = {0, 10};

/* clang-format off */
const fault faults_of_numbers[] = {
    {"CVE-2021-37683, TFSA-2021-157", "a divisor of 0", OP(DIV, DivOptions), .operands = "i32:2~7 i32:2~0 > i32:2",
     REFUSED(RUN, RUN, "element 0 of the divisor is 0, and integers cannot be divided by it")},
    {"CVE-2021-37683, TFSA-2021-157", "a divisor of 0", OP(FLOOR_DIV, FloorDivOptions), .operands = "i32:2~7 i32:2~0 > i32:2",
     REFUSED(RUN, RUN, "element 0 of the divisor is 0")},
    {"CVE-2021-37683, TFSA-2021-157", "a divisor of 0", OP(FLOOR_MOD, FloorModOptions), .operands = "i32:2~7 i32:2~0 > i32:2",
     REFUSED(RUN, RUN, "element 0 of the divisor is 0")},
    {"tensorflow#124409", "-2^31 by -1", OP(DIV, DivOptions), .operands = "i32:1~-2147483648 i32:1~-1 > i32:1",
     GIVES("-2147483648")},
    {"tensorflow#124409", "-2^31 by -1", OP(FLOOR_DIV, FloorDivOptions), .operands = "i32:1~-2147483648 i32:1~-1 > i32:1",
     GIVES("-2147483648")},
    {"tensorflow#124409", "-2^31 by -1", OP(FLOOR_MOD, FloorModOptions), .operands = "i32:1~-2147483648 i32:1~-1 > i32:1",
     GIVES("0")},
    {"LiteRT, 2026 (wrapping ADD)", "a sum past 2^31 - 1", OP(ADD, AddOptions), .operands = "i32:1~2147483647 i32:1~1 > i32:1",
     GIVES("-2147483648")},
    {"tensorflow#97042", "running sums past 2^31 - 1", OP(CUMSUM, CumsumOptions), .operands = "i32:2~2147483647 i32:.=0 > i32:2",
     GIVES("2147483647,-2")},
    {"CVE-2021-37682, TFSA-2021-156", "int8 without a scale", OP(FULLY_CONNECTED, FullyConnectedOptions),
     .operands = "i8:1x2 i8:2x2=1,1,1,1 i32:2=0,0 > i8:1x2", REFUSED(COMPILE, MODEL, "input 0 is int8 without a quantization scale greater than 0")},
    {"CVE-2021-37682, TFSA-2021-156", "int8 without a scale", BARE(LOGISTIC), .operands = "i8:2 > i8:2",
     REFUSED(COMPILE, MODEL, "input 0 is int8 without a quantization scale greater than 0")},
    {"CVE-2021-37682, TFSA-2021-156", "uint8 without a scale", OP(DEQUANTIZE, DequantizeOptions), .operands = "u8:2 > f32:2",
     REFUSED(COMPILE, MODEL, "input 0 is uint8 without a quantization scale greater than 0")},
    {"CVE-2022-29212, TFSA-2022-081", "a ratio of scales above 1", OP(EQUAL, EqualOptions),
     .operands = "i8:2@4,0~3 i8:2@2,0~6 > bool:2", GIVES("1,1")},
    {"CVE-2021-37677, TFSA-2021-151; CVE-2022-21726", "scales along axis 0", OP(DEQUANTIZE, DequantizeOptions),
     .operands = "i8:2x2~3 > f32:2x2", GIVES("3,3,6,6"), .edit = axis_good},
    {"CVE-2021-37677, TFSA-2021-151; CVE-2022-21726", "scales along axis -10", OP(DEQUANTIZE, DequantizeOptions),
     .operands = "i8:2x2 > f32:2x2", REFUSED(OPEN, MODEL, "it has 2 scales along dimension -10, but has 2 dimensions"), .edit = axis_low},
    {"CVE-2021-37677, TFSA-2021-151; TFLM#3504, 3704", "scales along axis 9", OP(DEQUANTIZE, DequantizeOptions),
     .operands = "i8:2x2 > f32:2x2", REFUSED(OPEN, MODEL, "it has 2 scales along dimension 9, but has 2 dimensions"), .edit = axis_high},
    {"TFSA-2020-028", "a float above all integers", CASTS(MOTE_INT32), .operands = "f32:1~1e30 > i32:1", GIVES("2147483647")},
    {"TFSA-2020-028", "a float below all integers", CASTS(MOTE_INT8), .operands = "f32:1~-1e30 > i8:1", GIVES("-128")},
    {"TFSA-2020-028", "NaN as an integer", CASTS(MOTE_INT32), .operands = "f32:1~nan > i32:1", GIVES("2147483647")},
    {"tensorflow#120295", "-infinity, quantized", OP(QUANTIZE, QuantizeOptions), .operands = "f32:1~-inf > i8:1@1,3",
     GIVES("-128")},
    {"TFSA-2022-080, CVE-2022-29211", "NaN among buckets", OP(BUCKETIZE, BucketizeOptions),
     .options = &(const sch_BucketizeOptions){.boundaries = {bounds, 2}}, .operands = "f32:2~nan > i32:2", RUNS},
    {"LiteRT e1d9941af", "NaN among what is sorted", OP(TOPK_V2, TopKV2Options), .operands = "f32:20~nan i32:.=3 > f32:3 i32:3",
     GIVES("nan,nan,nan")},
    {"LiteRT e1d9941af", "more of the largest than there are", OP(TOPK_V2, TopKV2Options),
     .operands = "f32:2 i32:.~3 > f32:2 i32:2", REFUSED(RUN, SHAPE, "the 3 largest are asked for of a dimension that has 2")},
    {"CVE-2022-23562, TFSA-2022-028", "a step of 0", COUNTS, .operands = "i32:.=0 i32:.=10 i32:.~0 > i32:1",
     REFUSED(RUN, SHAPE, "a step of 0 does not lead from 0 to 10")},
    {"CVE-2022-36015, TFSA-2022-141", "more numbers than a shape holds", COUNTS,
     .operands = "i64:.=-9223372036854775808 i64:.=9223372036854775807 i64:.=1 > i64:1", REFUSED(PLAN, SHAPE, "18446744073709551615 numbers are too many; at most 2147483647 are supported")},
    {"CVE-2022-35940, TFSA-2022-090", "a limit of 1e20", COUNTS, .operands = "f32:.=0 f32:.~1e20 f32:.=1 > f32:1",
     REFUSED(RUN, SHAPE, "1e+20 numbers are too many; at most 2147483647 are supported")},
    {"CVE-2022-35940, TFSA-2022-090", "a limit of NaN", COUNTS, .operands = "f32:.=0 f32:.~nan f32:.=1 > f32:1",
     REFUSED(RUN, SHAPE, "a step of 1 does not lead from 0 to nan")},
    {"LiteRT 868e0d408", "an odd number of halves of bytes, joined", OP(CONCATENATION, ConcatenationOptions),
     .operands = "i4:3=33,3 i4:2=84 > i4:5", GIVES("33,67,5")},
    {.id = NULL},
};

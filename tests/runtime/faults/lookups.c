/* lookups.c: faults of indices and ids that data gives: gather, scatter, segments, tables, what sorts and selects. */
#include "runtime/faults/faults.h"

#define GATHERS OP(GATHER, GatherOptions)
#define GATHERS_ND OP(GATHER_ND, GatherNdOptions)
#define SUMS OP(SEGMENT_SUM, SegmentSumOptions)
#define SCATTERS OP(SCATTER_ND, ScatterNdOptions)

static void narrow_ids(net *n) {
  static sch_UniqueOptions o;
  o = (sch_UniqueOptions){.idx_out_type = MOTE_INT8};
  n->ops[0][0].builtin_options = &o;
}

#include "support/flex.h"

/* As many detections and classes as multiply past 2^31. */
static void huge_detections(net *n) {
  static const flex_option options[] = {{"h_scale", 5},
                                        {"max_classes_per_detection", 65536},
                                        {"max_detections", 65536},
                                        {"nms_iou_threshold", 0.5f},
                                        {"nms_score_threshold", 0},
                                        {"num_classes", 2},
                                        {"w_scale", 5},
                                        {"x_scale", 10},
                                        {"y_scale", 10}};
  uint8_t blob[FLEX_ROOM];
  const size_t size = flex_write(options, sizeof options / sizeof *options, blob);
  n->ops[0][0].custom_options = (sch_u8s){(const uint8_t *)arena_string(&n->arena, (char *)blob, size), (uint32_t)size};
}

/* clang-format off */
const fault faults_of_lookups[] = {
    {"CVE-2020-15214, TFSA-2020-002", "a last id below the largest", SUMS,
     .operands = "f32:3x2 i32:3=2,0,1 > f32:3x2", REFUSED(RUN, RUN, "id 0 is 2, and ids must begin with 0 and grow by 0 or 1")},
    {"CVE-2020-15213, TFSA-2020-003", "an id that asks for 2^31 - 1 segments", SUMS,
     .operands = "f32:2x2 i32:2=0,2147483646 > f32:2x2", REFUSED(PLAN, RUN, "the last of 2 ids is 2147483646, and ids begin with 0 and grow by 0 or 1")},
    {"CVE-2020-15213, TFSA-2020-003", "an id that asks for 2^31 - 1 segments, as an input", SUMS,
     .operands = "f32:1x2 i32:1~2147483646 > f32:1x2", REFUSED(RUN, RUN, "the last of 1 ids is 2147483646, and ids begin with 0 and grow by 0 or 1")},
    {"CVE-2020-15212, TFSA-2020-004", "an id below 0", SUMS, .operands = "f32:2x2 i32:2=-1,0 > f32:1x2",
     REFUSED(RUN, RUN, "id 0 is -1, and ids must begin with 0 and grow by 0 or 1")},
    {"CVE-2020-15212, TFSA-2020-004", "an id below 0, as an input", SUMS, .operands = "f32:2x2 i32:2~-1 > f32:1x2",
     REFUSED(RUN, RUN, "the last of 2 ids is -1, and ids begin with 0 and grow by 0 or 1")},
    {"CVE-2021-37687, TFSA-2021-161", "index -10", GATHERS, .operands = "f32:4 i32:2=-10,0 > f32:2",
     REFUSED(PLAN, RUN, "index -10 (number 0 of the indices) is outside [0, 4), the size of the gathered dimension")},
    {"CVE-2021-37687, TFSA-2021-161", "index -10, as an input", GATHERS, .operands = "f32:4 i64:2~-10 > f32:2",
     REFUSED(RUN, RUN, "index -10 (number 0 of the indices) is outside [0, 4), the size of the gathered dimension")},
    {"onnxruntime#27444, 27090, 27721", "index 2^32, which is 0 in 32 bits", GATHERS, .operands = "f32:4 i64:2~4294967296 > f32:2",
     REFUSED(RUN, RUN, "index 4294967296 (number 0 of the indices) is outside [0, 4), the size of the gathered")},
    {"onnxruntime#27444, 27090, 27721", "an index into a dimension of 0", GATHERS, .operands = "f32:0 i32:1~0 > f32:1",
     REFUSED(RUN, RUN, "index 0 (number 0 of the indices) is outside [0, 0), the size of the gathered dimension")},
    {"onnxruntime#27444, 27090, 27721", "batch_dims above the rank", GATHERS, .options = &(const sch_GatherOptions){.axis = 1, .batch_dims = 3},
     .operands = "f32:2x3 i32:2x1=0,0 > f32:2x1", REFUSED(PLAN, SHAPE, "batch_dims 3 is impossible with axis 1 and indices of 2 dimensions; it may be at most both")},
    {"CVE-2021-37687, TFSA-2021-161", "index -10", GATHERS_ND, .operands = "f32:4 i32:1x1~-10 > f32:1",
     REFUSED(RUN, RUN, "index -10 (row 0, dimension 0) is outside [0, 4)")},
    {"CVE-2022-35937, TFSA-2022-087; CVE-2022-35938", "an index that is the dimension", GATHERS_ND,
     .operands = "f32:4 i32:1x1~4 > f32:1", REFUSED(RUN, RUN, "index 4 (row 0, dimension 0) is outside [0, 4)")},
    {"onnxruntime#27963", "index 0 where there is nothing", GATHERS_ND, .operands = "f32:0x3 i32:1x1~0 > f32:1x3",
     REFUSED(RUN, RUN, "index 0 (row 0, dimension 0) is outside [0, 0)")},
    {"CVE-2021-29589, TFSA-2021-076", "a dimension of 0 before one that is taken whole", GATHERS_ND,
     .operands = "f32:0x3 i32:0x1 > f32:0x3", RUNS},
    {"tensorflow#115459", "indices of -1 numbers each", GATHERS_ND, .operands = "f32:4 i32:2x-1 > f32:1",
     REFUSED(OPEN, MODEL, "its shape 2x-1 has a negative dimension; unknown ones are written as 1 there, and as -1")},
    {"LiteRT e36464b1b", "an index past the strings there are", GATHERS_ND,
     .operands = "str:1=1,0,0,0,12,0,0,0,13,0,0,0,65 i32:1x1~3 > str:1", REFUSED(RUN, RUN, "index 3 (row 0, dimension 0) is outside [0, 1)")},
    {"CVE-2022-35939, TFSA-2022-089", "index -1", SCATTERS, .operands = "i32:1x1~-1 f32:1 i32:1=4 > f32:4",
     REFUSED(RUN, RUN, "index -1 (row 0, dimension 0) is outside [0, 4)")},
    {"CVE-2022-35939, TFSA-2022-089", "an index that is the dimension", SCATTERS,
     .operands = "i32:1x1~4 f32:1 i32:1=4 > f32:4", REFUSED(RUN, RUN, "index 4 (row 0, dimension 0) is outside [0, 4)")},
    {"LiteRT cd30462fb", "an index that is the dimension", OP(SPARSE_TO_DENSE, SparseToDenseOptions),
     .operands = "i32:1~4 i32:1=4 f32:1 f32:.=0 > f32:4", REFUSED(RUN, RUN, "index 4 (row 0, dimension 0) is outside [0, 4)")},
    {"CVE-2021-29600, TFSA-2021-088", "indices of no elements", OP(ONE_HOT, OneHotOptions), .options = &(const sch_OneHotOptions){.axis = 1},
     .operands = "i32:0x3 i32:.=4 f32:.=1 f32:.=0 > f32:0x4x3", RUNS},
    {"CVE-2021-29596, TFSA-2021-083", "a table without rows", BARE(EMBEDDING_LOOKUP), .operands = "i32:1~0 f32:0x3= > f32:1x3",
     REFUSED(RUN, RUN, "id 0 (number 0) is outside [0, 0), the rows of the table")},
    {"CVE-2021-29604, TFSA-2021-090", "a table without rows", BARE(HASHTABLE_LOOKUP),
     .operands = "i32:1~0 i32:0= f32:0x3= > f32:1x3 u8:1", GIVES("0,0,0")},
    {"CVE-2022-23559, TFSA-2022-024", "a shape whose product wraps", OP(EMBEDDING_LOOKUP_SPARSE, EmbeddingLookupSparseOptions),
     .operands = "i32:1=0 i32:1x3=0,0,0 i32:3=65536,65536,1 f32:1=1 f32:2x2=1,2,3,4 > f32:1", REFUSED(PLAN, LIMIT, "the session needs 34359738368 bytes")},
    {"CVE-2021-37691, TFSA-2021-164", "an input of no items", OP(LSH_PROJECTION, LSHProjectionOptions),
     .options = &(const sch_LSHProjectionOptions){.type = sch_LSHProjectionType_SPARSE},
     .operands = "f32:2x2=1,2,3,4 i32:0 f32:0= > i32:2", RUNS},
    {"LiteRT ad8d1e517", "ids of a type that is none", OP(UNIQUE, UniqueOptions), .operands = "f32:3 > f32:1 i32:3",
     RUNS, .edit = narrow_ids},
    {"LiteRT 9b4e25db7", "a threshold that is an integer", OP(NON_MAX_SUPPRESSION_V4, NonMaxSuppressionV4Options),
     .operands = "f32:2x4 f32:2 i32:.=2 i32:.=1 f32:.=0 > i32:2 i32:.", REFUSED(COMPILE, TYPE, "input 3 of type int32 is not supported in this combination; taken are \"f32 f32 i32 f32")},
    {"LiteRT 9b4e25db7", "2^31 - 1 boxes wanted of two", OP(NON_MAX_SUPPRESSION_V4, NonMaxSuppressionV4Options),
     .operands = "f32:2x4 f32:2 i32:.~2147483647 f32:.=1 f32:.=0 > i32:2 i32:.", REFUSED(RUN, MEMORY, "out of memory: NON_MAX_SUPPRESSION_V4 (operator 0) needs 8589934588 bytes")},
    {"tensorflow#111638", "65536 detections of 65536 classes", CUSTOM("TFLite_Detection_PostProcess"),
     .operands = "f32:1x2x4 f32:1x2x2 f32:2x4=0,0,1,1,0,0,1,1 > f32:1x3x4 f32:1x3 f32:1x3 f32:1",
     REFUSED(COMPILE, MODEL, "65536 detections of 65536 classes are too many"), .edit = huge_detections},
    {.id = NULL},
};

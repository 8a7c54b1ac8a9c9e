/* file.c: faults of those who read files: offsets, lengths, buffers, metadata, sparse constants. */
#include "runtime/faults/faults.h"

/* ---- damage: the file was good, then some of its bytes change ---- */

static uint8_t *find(const net *n, size_t size, const void *pattern, size_t length) {
  for (size_t i = 0; i + length <= size; i++)
    if (!memcmp(n->file + i, pattern, length)) return n->file + i;
  return n->file; /* a test that finds nothing fails: the model is then accepted, or refused for another reason */
}

/* The offset that leads to `target`. */
static uint8_t *leads_to(const net *n, size_t size, const uint8_t *target) {
  for (size_t i = 0; i + 4 <= size; i += 4) {
    uint32_t offset;
    memcpy(&offset, n->file + i, 4);
    if (offset && n->file + i + offset == target) return n->file + i;
  }
  return n->file;
}

static void store(uint8_t *to, uint32_t value) { memcpy(to, &value, sizeof value); }

static void eight_bytes(net *n, size_t *size) {
  memcpy(n->file, "\x18\0\0\0TFL3", 8);
  *size = 8;
}

static void halve(net *n, size_t *size) {
  (void)n;
  *size /= 2;
}

static const int32_t shape_vector[] = {2, 77, 3}, option_vector[] = {2, 3, 77};

static void shape_of_a_billion(net *n, size_t *size) { store(find(n, *size, shape_vector, 12), 1 << 30); }
static void options_of_a_billion(net *n, size_t *size) { store(find(n, *size, option_vector, 12), 1 << 30); }

static void odd_vector(net *n, size_t *size) {
  uint8_t *at = leads_to(n, *size, find(n, *size, shape_vector, 12));
  store(at, (uint32_t)(find(n, *size, shape_vector, 12) - at) + 1);
}

/* The name "t1", whose length becomes that of 1 GiB. */
static void long_name(net *n, size_t *size) { store(find(n, *size, "\2\0\0\0t1", 6), 1 << 30); }

static void null_table(net *n, size_t *size) {
  uint8_t *name = find(n, *size, "\2\0\0\0t1", 6);
  store(leads_to(n, *size, name), 0);
}

/* ---- edits: a network that says what it must not ---- */

static void metadata_buffer(net *n) {
  static sch_Metadata m;
  m = (sch_Metadata){.name = {"TFLITE_METADATA", 15}, .buffer = 9999};
  n->model.metadata.data = &m;
  n->model.metadata.count = 1;
}

static void external_file(net *n) {
  static sch_ExternalBufferGroup group;
  static sch_ExternalBuffer buffer;
  group = *(const sch_ExternalBufferGroup *)sch_table_ExternalBufferGroup.defaults;
  group.name = net_text("../../../etc/passwd");
  buffer = *(const sch_ExternalBuffer *)sch_table_ExternalBuffer.defaults;
  buffer.id = 1;
  buffer.length = 48;
  n->model.external_buffer_groups.data = &group;
  n->model.external_buffer_groups.count = 1;
  n->model.external_buffers.data = &buffer;
  n->model.external_buffers.count = 1;
  net_at(n, 1)->external_buffer = 1;
  n->graphs[0].inputs.count = 1;
}

static void custom_options(net *n, const char *bytes, uint32_t size) {
  sch_Operator *o = &n->ops[0][0];
  o->custom_options = (sch_u8s){(const uint8_t *)arena_string(&n->arena, bytes, size), size};
}

/* A map whose width, length and keys lead out of the options. */
static void wild_options(net *n) { custom_options(n, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x27\x08", 11); }
static void short_options(net *n) { custom_options(n, "\x01", 1); }

/* Weights of 4 x 4 with the two numbers 1 and 2 in row 0 and row 2, as a sparse constant. */
typedef struct sparse {
  sch_SparsityParameters s;
  sch_DimensionMetadata dims[4];
  sch_Uint8Vector segments, indices;
  uint8_t segment[5], index[2];
  int32_t order[4], blocks[2];
} sparse;

static sparse *sparse_weights(net *n) {
  sparse *p = ARENA_NEW(&n->arena, sparse);
  memcpy(p->segment, (uint8_t[]){0, 1, 1, 2, 2}, 5);
  memcpy(p->index, (uint8_t[]){0, 3}, 2);
  p->order[1] = 1;
  p->segments.values = (sch_range){.size = 5, .memory = p->segment, .present = true};
  p->indices.values = (sch_range){.size = 2, .memory = p->index, .present = true};
  p->dims[0].dense_size = 4;
  p->dims[1] = (sch_DimensionMetadata){.format = sch_DimensionType_SPARSE_CSR,
                                       .array_segments_type = sch_SparseIndexVector_Uint8Vector,
                                       .array_segments = &p->segments,
                                       .array_indices_type = sch_SparseIndexVector_Uint8Vector,
                                       .array_indices = &p->indices};
  p->s.traversal_order = (sch_i32s){p->order, 2};
  p->s.dim_metadata.data = p->dims;
  p->s.dim_metadata.count = 2;
  net_at(n, 1)->sparsity = &p->s;
  return p;
}

static void good_sparse(net *n) { sparse_weights(n); }
static void sparse_index(net *n) { sparse_weights(n)->index[1] = 200; }
static void sparse_segments_fall(net *n) { sparse_weights(n)->segment[1] = 9; }
static void sparse_segments_long(net *n) { sparse_weights(n)->segment[4] = 255; }
static void sparse_order(net *n) { sparse_weights(n)->order[1] = 7; }
static void sparse_size(net *n) { sparse_weights(n)->dims[0].dense_size = 1 << 30; }
static void sparse_block(net *n) {
  sparse *p = sparse_weights(n);
  p->order[2] = 2;
  p->blocks[0] = 5;
  p->dims[2].dense_size = 1;
  p->s.traversal_order.count = p->s.dim_metadata.count = 3;
  p->s.block_map = (sch_i32s){p->blocks, 1};
}

static void format_as_name(net *n) { net_at(n, 1)->name = net_text("%s%n%s"); }

static const int32_t new_shape[] = {3, 77};
static const sch_ReshapeOptions reshape = {.new_shape = {new_shape, 2}};

#define ADDITION                                                                                                       \
  .part = "file", .code = sch_BuiltinOperator_ADD, .kind = sch_BuiltinOptions_AddOptions,                              \
  .operands = "f32:77x3 f32:77x3 > f32:77x3"
#define SPARSE OP(FULLY_CONNECTED, FullyConnectedOptions), .operands = "f32:1x4 f32:4x4=1,2 - > f32:1x4"
#define DETECTION                                                                                                      \
  CUSTOM("TFLite_Detection_PostProcess"),                                                                              \
      .operands = "f32:1x2x4 f32:1x2x2 f32:2x4=0,0,1,1,0,0,1,1 > f32:1x3x4 f32:1x3 f32:1x3 f32:1"

/* clang-format off */
const fault faults_of_files[] = {
    {"tensorflow#115308", "8 bytes: a root offset of 24 and the identifier", ADDITION,
     REFUSED(OPEN, FORMAT, "8 bytes"), .damage = eight_bytes},
    {"LiteRT#10080", "half of a file", ADDITION, REFUSED(OPEN, FORMAT, "the file is shorter than its tables: Model.subgraphs[0].tensors[0].name needs 175 bytes"), .damage = halve},
    {"tensorflow#121217", "a vector that begins at an odd address", ADDITION, REFUSED(OPEN, FORMAT, "Model.subgraphs[0].tensors[0].shape is a list at byte 157, no multiple of 4: the file is"),
     .damage = odd_vector},
    {"CVE-2021-29605, TFSA-2021-092", "a shape of 2^30 dimensions", ADDITION, REFUSED(OPEN, FORMAT, "the file is shorter than its tables: Model.subgraphs[0].tensors[0].shape needs 4294967456"),
     .damage = shape_of_a_billion},
    {"CVE-2022-23558, TFSA-2022-023", "options with a vector of 2^30 numbers", OP(RESHAPE, ReshapeOptions),
     .options = &reshape, .operands = "f32:77x3 > f32:3x77", REFUSED(OPEN, FORMAT, "the file is shorter than its tables: Model.subgraphs[0].tensors[1].shape needs 4294967504"), .damage = options_of_a_billion},
    {"ggml#1516, CVE-2024-21836 (GGUF)", "a name of 1 GiB in a file of less than a kilobyte", ADDITION,
     REFUSED(OPEN, FORMAT, "the file is shorter than its tables: Model.subgraphs[0].tensors[1].name needs 1073742032"), .damage = long_name},
    {"onnxruntime#28186", "an offset of 0 to a table", ADDITION, REFUSED(OPEN, FORMAT, "Model.subgraphs[0].tensors[1].name has an offset of 0 at byte 184: the file is damaged"), .damage = null_table},
    {"TFSA-2022-084, CVE-2022-29210", "a constant shorter than its shape", OP(ADD, AddOptions),
     .operands = "f32:2x3 f32:2x3=1,2,3 > f32:2x3", REFUSED(OPEN, MODEL, "it is float32 2x3, which takes 24 bytes, but buffer 1 holds 12")},
    {"tensorflow#126600, 124982", "a constant longer than its shape", OP(RESHAPE, ReshapeOptions),
     .operands = "f32:2=1,2,3,4,5,6,7,8 i32:1=2 > f32:2", REFUSED(OPEN, MODEL, "it is float32 2, which takes 8 bytes, but buffer 1 holds 32")},
    {"tensorflow#126600, 124982", "a constant longer than its shape", BARE(BITCAST), .operands = "f32:2=1,2,3,4,5,6,7,8 > i32:2",
     REFUSED(OPEN, MODEL, "it is float32 2, which takes 8 bytes, but buffer 1 holds 32")},
    {"tensorflow#126600, 124982", "a constant longer than its shape", OP(EXPAND_DIMS, ExpandDimsOptions),
     .operands = "f32:2=1,2,3,4,5,6,7,8 i32:.=0 > f32:1x2", REFUSED(OPEN, MODEL, "it is float32 2, which takes 8 bytes, but buffer 1 holds 32")},
    {"tensorflow#126600, 124982", "a constant longer than its shape, two elements a byte",
     OP(DYNAMIC_UPDATE_SLICE, DynamicUpdateSliceOptions), .operands = "i4:3=1,2,3,4,5 i4:1=1 i32:1=0 > i4:3",
     REFUSED(OPEN, MODEL, "it is int4 3, which takes 2 bytes, but buffer 1 holds 5")},
    {"LiteRT 17305048a", "strings that are said to be 2^31 - 1", OP(RESHAPE, ReshapeOptions),
     .operands = "str:2=255,255,255,127,12,0,0,0,12,0,0,0,12,0,0,0 i32:1=2 > str:2", REFUSED(COMPILE, MODEL, "it holds 2147483647 strings, but its shape has 2 elements")},
    {"LiteRT d83d77cab", "a shape of more strings than there are", OP(GATHER, GatherOptions),
     .operands = "str:50=1,0,0,0,12,0,0,0,13,0,0,0,65 i32:1=40 > str:1", REFUSED(COMPILE, MODEL, "it holds 1 strings, but its shape has 50 elements")},
    {"LiteRT 090c9ad23", "metadata in a buffer that is not there", ADDITION, REFUSED(OPEN, MODEL, "metadata 0 is in buffer 9999, but there are 1 buffers"),
     .edit = metadata_buffer},
    {"LiteRT 0e63f55b7", "options whose map leads out of them", DETECTION, REFUSED(COMPILE, MODEL, "its 11 bytes of options are no FlexBuffer map"),
     .edit = wild_options},
    {"LiteRT 0e63f55b7", "options of one byte", DETECTION, REFUSED(COMPILE, MODEL, "its 1 bytes of options are no FlexBuffer map"), .edit = short_options},
    {"onnxruntime#28709", "weights in a file outside of its folder", ADDITION, REFUSED(OPEN, MODEL, "group 0 of external buffers is '../../../etc/passwd', which is no plain file name"),
     .edit = external_file},
    {"CVE-2020-15203, TFSA-2020-013", "a name that printf would take for orders", OP(ADD, AddOptions),
     .operands = "f32:2 f32:3 > f32:2", REFUSED(PLAN, SHAPE, "%s%n%s"), .edit = format_as_name},
    {"CVE-2022-23560, TFSA-2022-026", "sparse weights as they must be", SPARSE, .stage = FAULT_RUNS, .gives = "1,0,2,0",
     .edit = good_sparse},
    {"CVE-2022-23560, TFSA-2022-026", "a sparse index past its row", SPARSE, REFUSED(COMPILE, MODEL, "a sparse constant is damaged: an index is larger than its dimension"),
     .edit = sparse_index},
    {"CVE-2022-23560, TFSA-2022-026", "sparse segments that go back", SPARSE, REFUSED(COMPILE, MODEL, "a sparse constant is damaged: segments lie outside of its indices"),
     .edit = sparse_segments_fall},
    {"CVE-2022-23560, TFSA-2022-026", "sparse segments past the indices", SPARSE, REFUSED(COMPILE, MODEL, "a sparse constant is damaged: segments lie outside of its indices"),
     .edit = sparse_segments_long},
    {"CVE-2022-23560, TFSA-2022-026", "a traversal of a dimension that is not there", SPARSE,
     REFUSED(OPEN, MODEL, "it is sparse, but its traversal order does not name every dimension once"), .edit = sparse_order},
    {"CVE-2022-23560, TFSA-2022-026", "a sparse level of 2^30 rows", SPARSE, REFUSED(OPEN, MODEL, "it is sparse, but the size of a dense dimension is not that of the tensor's shape"),
     .edit = sparse_size},
    {"CVE-2022-23560, TFSA-2022-026", "a block of a dimension that is not there", SPARSE, REFUSED(OPEN, MODEL, "it is sparse, but its block map names a dimension twice, or one there is not"),
     .edit = sparse_block},
    {.id = NULL},
};

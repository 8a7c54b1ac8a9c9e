/* save.c: writes the network of net.h as the JSON form of a .tflite file. */
#include "save.h"

#include <stdint.h>
#include <string.h>

enum { SIDE_1 = NET_SIDE, SIDE_2 = SIDE_1 / 2, SIDE_3 = SIDE_2 / 2, SIDE_4 = SIDE_3 / 2 };

/* Tensors in the order of the table below; an index into it is a tensor's number in the file. */
/* clang-format off */
enum {
  IMAGE,
  WEIGHTS_1, BIAS_1, CONV_1, POOL_1,
  WEIGHTS_2, BIAS_2, CONV_2, POOL_2,
  WEIGHTS_3, BIAS_3, CONV_3, POOL_3,
  WEIGHTS_4, BIAS_4, SCORES,
  PROBABILITY,
};
/* clang-format on */

typedef struct tensor {
  const char *name;
  int buffer; /* 0: computed in a run */
  int rank, shape[4];
} tensor;

/* clang-format off */
static const tensor tensors[] = {
  [IMAGE] = {"image", 0, 4, {1, NET_SIDE, NET_SIDE, 1}},
  [WEIGHTS_1] = {"conv_1/weights", 1, 4, {NET_KERNELS_1, 3, 3, 1}},
  [BIAS_1] = {"conv_1/bias", 2, 1, {NET_KERNELS_1}},
  [CONV_1] = {"conv_1", 0, 4, {1, SIDE_1, SIDE_1, NET_KERNELS_1}},
  [POOL_1] = {"pool_1", 0, 4, {1, SIDE_2, SIDE_2, NET_KERNELS_1}},
  [WEIGHTS_2] = {"conv_2/weights", 3, 4, {NET_KERNELS_2, 3, 3, NET_KERNELS_1}},
  [BIAS_2] = {"conv_2/bias", 4, 1, {NET_KERNELS_2}},
  [CONV_2] = {"conv_2", 0, 4, {1, SIDE_2, SIDE_2, NET_KERNELS_2}},
  [POOL_2] = {"pool_2", 0, 4, {1, SIDE_3, SIDE_3, NET_KERNELS_2}},
  [WEIGHTS_3] = {"conv_3/weights", 5, 4, {NET_KERNELS_3, 3, 3, NET_KERNELS_2}},
  [BIAS_3] = {"conv_3/bias", 6, 1, {NET_KERNELS_3}},
  [CONV_3] = {"conv_3", 0, 4, {1, SIDE_3, SIDE_3, NET_KERNELS_3}},
  [POOL_3] = {"pool_3", 0, 4, {1, SIDE_4, SIDE_4, NET_KERNELS_3}},
  [WEIGHTS_4] = {"dense/weights", 7, 2, {NET_CLASSES, NET_FEATURES}},
  [BIAS_4] = {"dense/bias", 8, 1, {NET_CLASSES}},
  [SCORES] = {"scores", 0, 2, {1, NET_CLASSES}},
  [PROBABILITY] = {"probability", 0, 2, {1, NET_CLASSES}},
};

/* An operator code's place in the list is the index that operators refer to. */
enum { OP_CONV, OP_POOL, OP_DENSE, OP_SOFTMAX };
static const struct { const char *name; int code; } codes[] = {
  [OP_CONV] = {"CONV_2D", 3},
  [OP_POOL] = {"MAX_POOL_2D", 17},
  [OP_DENSE] = {"FULLY_CONNECTED", 9},
  [OP_SOFTMAX] = {"SOFTMAX", 25},
};

#define CONV_OPTIONS  "Conv2DOptions", "\"padding\": \"SAME\", \"stride_w\": 1, \"stride_h\": 1, " \
                      "\"fused_activation_function\": \"RELU\""
#define POOL_OPTIONS  "Pool2DOptions", "\"padding\": \"VALID\", \"stride_w\": 2, \"stride_h\": 2, " \
                      "\"filter_width\": 2, \"filter_height\": 2"
#define DENSE_OPTIONS "FullyConnectedOptions", "\"fused_activation_function\": \"NONE\""

/* Padding is SAME for what net.c calls 0 outside, VALID for what drops an odd last row and column. */
static const struct {
  int code, inputs, input[3], output;
  const char *options, *fields;
} operators[] = {
  {OP_CONV, 3, {IMAGE, WEIGHTS_1, BIAS_1}, CONV_1, CONV_OPTIONS},
  {OP_POOL, 1, {CONV_1}, POOL_1, POOL_OPTIONS},
  {OP_CONV, 3, {POOL_1, WEIGHTS_2, BIAS_2}, CONV_2, CONV_OPTIONS},
  {OP_POOL, 1, {CONV_2}, POOL_2, POOL_OPTIONS},
  {OP_CONV, 3, {POOL_2, WEIGHTS_3, BIAS_3}, CONV_3, CONV_OPTIONS},
  {OP_POOL, 1, {CONV_3}, POOL_3, POOL_OPTIONS},
  {OP_DENSE, 3, {POOL_3, WEIGHTS_4, BIAS_4}, SCORES, DENSE_OPTIONS},
  {OP_SOFTMAX, 1, {SCORES}, PROBABILITY, "SoftmaxOptions", "\"beta\": 1.0"},
};
/* clang-format on */

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static const char *comma(int index, int count) { return index + 1 < count ? "," : ""; }

static void print_integers(FILE *f, const char *field, const int *values, int count) {
  fprintf(f, "\"%s\": [", field);
  for (int i = 0; i < count; i++) fprintf(f, "%d%s", values[i], i + 1 < count ? ", " : "");
  fprintf(f, "]");
}

static void print_codes(FILE *f) {
  fprintf(f, "  \"operator_codes\": [\n");
  for (int i = 0; i < COUNT(codes); i++)
    fprintf(f, "    {\"deprecated_builtin_code\": %d, \"version\": 1, \"builtin_code\": \"%s\"}%s\n", codes[i].code,
            codes[i].name, comma(i, COUNT(codes)));
  fprintf(f, "  ],\n");
}

static void print_graph(FILE *f) {
  fprintf(f, "  \"subgraphs\": [{\n    \"name\": \"main\",\n    \"inputs\": [%d],\n    \"outputs\": [%d],\n", IMAGE,
          PROBABILITY);
  fprintf(f, "    \"tensors\": [\n");
  for (int i = 0; i < COUNT(tensors); i++) {
    fprintf(f, "      {\"name\": \"%s\", \"type\": \"FLOAT32\", ", tensors[i].name);
    print_integers(f, "shape", tensors[i].shape, tensors[i].rank);
    fprintf(f, ", \"buffer\": %d}%s\n", tensors[i].buffer, comma(i, COUNT(tensors)));
  }
  fprintf(f, "    ],\n    \"operators\": [\n");
  for (int i = 0; i < COUNT(operators); i++) {
    fprintf(f, "      {\"opcode_index\": %d, ", operators[i].code);
    print_integers(f, "inputs", operators[i].input, operators[i].inputs);
    fprintf(f, ", \"outputs\": [%d],\n", operators[i].output);
    fprintf(f, "       \"builtin_options_type\": \"%s\", \"builtin_options\": {%s}}%s\n", operators[i].options,
            operators[i].fields, comma(i, COUNT(operators)));
  }
  fprintf(f, "    ]\n  }],\n");
}

/* A matrix [rows][outputs] as the bytes of its transpose: the file keeps what belongs to one output together. */
static void print_buffer(FILE *f, const float *w, int rows, int outputs, const char *end) {
  fprintf(f, "    {\"data\": [");
  for (int o = 0; o < outputs; o++) {
    for (int i = 0; i < rows; i++) {
      uint32_t bits;
      memcpy(&bits, &w[i * outputs + o], sizeof bits);
      fprintf(f, "%s%u,%u,%u,%u", o + i > 0 ? "," : "", bits & 255U, bits >> 8 & 255U, bits >> 16 & 255U, bits >> 24);
    }
  }
  fprintf(f, "]}%s\n", end);
}

static void print_buffers(FILE *f, const net_weights *w) {
  fprintf(f, "  \"buffers\": [\n    {},\n");
  print_buffer(f, w->conv_1, 9, NET_KERNELS_1, ",");
  print_buffer(f, w->bias_1, 1, NET_KERNELS_1, ",");
  print_buffer(f, w->conv_2, 9 * NET_KERNELS_1, NET_KERNELS_2, ",");
  print_buffer(f, w->bias_2, 1, NET_KERNELS_2, ",");
  print_buffer(f, w->conv_3, 9 * NET_KERNELS_2, NET_KERNELS_3, ",");
  print_buffer(f, w->bias_3, 1, NET_KERNELS_3, ",");
  print_buffer(f, w->dense, NET_FEATURES, NET_CLASSES, ",");
  print_buffer(f, w->bias_4, 1, NET_CLASSES, "");
  fprintf(f, "  ],\n");
}

void save_json(FILE *f, const net_weights *w) {
  fprintf(f, "{\n  \"version\": 3,\n");
  fprintf(f, "  \"description\": \"Reads a handwritten digit. image: grey, (byte - 127.5) / 127.5, dark on light or "
             "light on dark; probability: of the digits 0 to 9.\",\n");
  print_codes(f);
  print_graph(f);
  print_buffers(f, w);
  fprintf(f, "  \"signature_defs\": [{\n    \"signature_key\": \"serving_default\",\n    \"subgraph_index\": 0,\n");
  fprintf(f, "    \"inputs\": [{\"name\": \"image\", \"tensor_index\": %d}],\n", IMAGE);
  fprintf(f, "    \"outputs\": [{\"name\": \"probability\", \"tensor_index\": %d}]\n  }]\n}\n", PROBABILITY);
}

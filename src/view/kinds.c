/* kinds.c: see kinds.h. The first word found in a name decides, so that operators to come have a colour too. */
#include "view/kinds.h"

#include <string.h>

static const struct {
  const char *word; /* anywhere in the name; "^" before it: at its beginning */
  view_kind kind;
} words[] = {
    {"LSTM", KIND_RECURRENT},     {"RNN", KIND_RECURRENT},
    {"GRU", KIND_RECURRENT},      {"SVDF", KIND_RECURRENT},
    {"QUANT", KIND_QUANTIZE},     {"CAST", KIND_QUANTIZE},
    {"DENSIFY", KIND_QUANTIZE},   {"CONVOLUTION", KIND_PRODUCT},
    {"CONV", KIND_PRODUCT},       {"FULLY_CONNECTED", KIND_PRODUCT},
    {"MATMUL", KIND_PRODUCT},     {"DOT_GENERAL", KIND_PRODUCT},
    {"EMBEDDING", KIND_PRODUCT},  {"NORMALIZ", KIND_NORMALIZE},
    {"L2_NORM", KIND_NORMALIZE},  {"SOFTMAX", KIND_ACTIVATION},
    {"RELU", KIND_ACTIVATION},    {"LOGISTIC", KIND_ACTIVATION},
    {"TANH", KIND_ACTIVATION},    {"SWISH", KIND_ACTIVATION},
    {"^ELU", KIND_ACTIVATION},    {"GELU", KIND_ACTIVATION},
    {"POOL", KIND_POOL},          {"REDUCE", KIND_POOL},
    {"^MEAN", KIND_POOL},         {"^SUM", KIND_POOL},
    {"ARG_M", KIND_POOL},         {"CUMSUM", KIND_POOL},
    {"TOPK", KIND_POOL},          {"WHILE", KIND_CONTROL},
    {"^IF", KIND_CONTROL},        {"CALL", KIND_CONTROL},
    {"COMPOSITE", KIND_CONTROL},  {"VARIABLE", KIND_CONTROL},
    {"VAR_HANDLE", KIND_CONTROL}, {"HASHTABLE", KIND_CONTROL},
    {"RESHAPE", KIND_SHAPE},      {"TRANSPOSE", KIND_SHAPE},
    {"PAD", KIND_SHAPE},          {"CONCAT", KIND_SHAPE},
    {"SLICE", KIND_SHAPE},        {"SPLIT", KIND_SHAPE},
    {"PACK", KIND_SHAPE},         {"GATHER", KIND_SHAPE},
    {"SCATTER", KIND_SHAPE},      {"SQUEEZE", KIND_SHAPE},
    {"EXPAND_DIMS", KIND_SHAPE},  {"SHAPE", KIND_SHAPE},
    {"TILE", KIND_SHAPE},         {"BROADCAST", KIND_SHAPE},
    {"FILL", KIND_SHAPE},         {"RANGE", KIND_SHAPE},
    {"SPACE", KIND_SHAPE},        {"RESIZE", KIND_SHAPE},
    {"REVERSE", KIND_SHAPE},      {"RANK", KIND_SHAPE},
    {"WHERE", KIND_SHAPE},        {"ONE_HOT", KIND_SHAPE},
    {"ZEROS", KIND_SHAPE},        {"DIAG", KIND_SHAPE},
    {"UNIQUE", KIND_SHAPE},       {"BITCAST", KIND_SHAPE},
    {"^ADD", KIND_ARITHMETIC},    {"SUB", KIND_ARITHMETIC},
    {"MUL", KIND_ARITHMETIC},     {"DIV", KIND_ARITHMETIC},
    {"MOD", KIND_ARITHMETIC},
};

static const char *const arithmetic[] = {"ABS",       "CEIL", "COS",    "EQUAL",   "EXP",     "FLOOR",
                                         "GREATER",   "LESS", "LOG",    "MAXIMUM", "MINIMUM", "NEG",
                                         "NOT_EQUAL", "POW",  "ROUND",  "RSQRT",   "SELECT",  "SIGN",
                                         "SIN",       "SQRT", "SQUARE", "ATAN2",   "BITWISE", "RIGHT_SHIFT"};

view_kind kind_of(int32_t code, const char *name) {
  if (code == sch_BuiltinOperator_CUSTOM) return KIND_CUSTOM;
  for (size_t i = 0; i < sizeof arithmetic / sizeof *arithmetic; i++)
    if (!strncmp(name, arithmetic[i], strlen(arithmetic[i])) && !strstr(name, "_SOFTMAX")) return KIND_ARITHMETIC;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    const char *const w = words[i].word;
    if (*w == '^' ? !strncmp(name, w + 1, strlen(w + 1)) : strstr(name, w) != NULL) return words[i].kind;
  }
  return KIND_OTHER;
}

const char *kind_name(view_kind kind) {
  static const char *const names[] = {"convolutions and products",
                                      "activations",
                                      "pooling and reductions",
                                      "normalization",
                                      "arithmetic",
                                      "moving data",
                                      "recurrent",
                                      "changes of type",
                                      "control and state",
                                      "custom",
                                      "others"};
  return kind < KIND_COUNT ? names[kind] : "";
}

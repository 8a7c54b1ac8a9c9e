/* layers_operation.c: functions called on layers' values: Keras 3's operations, and TensorFlow's functions within Keras
 * 2 (TFOpLambda, SlicingOpLambda). What they take besides tensors stands in the call or in the settings.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "import/keras/emit.h"

#define OP(name) sch_BuiltinOperator_##name

/* ---- what a function is given ---- */

/* A setting: an argument by name, or what the operation was made with. */
static const json_t *setting(const k_ctx *c, const char *keys) {
  const json_t *j = c->call ? k_get(c->call->kwargs, keys) : NULL;
  return j && !json_is_null(j) ? j : k_get(c->config, keys);
}

/* A tuple is a list that says so. */
static const json_t *list_of(const json_t *j) {
  const char *name = json_string_value(json_object_get(j, "class_name"));
  if (!name || strcmp(name, "__tuple__")) return j;
  const json_t *config = json_object_get(j, "config");
  return json_is_object(config) ? json_object_get(config, "items") : config;
}

static int32_t ints_of(const k_ctx *c, const char *keys, int32_t *to, int32_t most) {
  const json_t *j = list_of(setting(c, keys));
  if (json_is_integer(j)) return to[0] = (int32_t)json_integer_value(j), 1;
  int32_t n = 0;
  for (size_t i = 0; i < json_array_size(j) && n < most; i++)
    to[n++] = (int32_t)json_integer_value(json_array_get(j, i));
  return n;
}

static int32_t int_of(const k_ctx *c, const char *keys, int32_t otherwise) {
  int32_t v;
  return ints_of(c, keys, &v, 1) ? v : otherwise;
}

static int32_t number_like(k_ctx *c, const json_t *j, int32_t like) {
  const double v = json_is_boolean(j) ? json_is_true(j) : json_number_value(j);
  if (like >= 0 && build_type(c->b, like) == MOTE_INT32) return build_int(c->b, "constant", (int32_t)v);
  if (like >= 0 && build_type(c->b, like) == MOTE_INT64)
    return build_const(c->b, "constant", MOTE_INT64, 0, NULL, &(int64_t){(int64_t)v}, BUILD_COPY);
  return k_float(c, (float)v);
}

/* A value of the model, or a number as a constant; -1: neither. */
static int32_t value_of(k_ctx *c, const json_t *j, int32_t like) {
  k_ref ref;
  if (json_is_number(j) || json_is_boolean(j)) return number_like(c, j, like);
  if (!j || !c->call || !k_config_ref(c->run->model, j, &ref)) return -1;
  const k_result *r = &c->run->results[ref.layer][ref.call];
  return ref.tensor < r->count ? r->v[ref.tensor].value : -1;
}

/* Operand i, by position or by name. */
static int32_t operand(k_ctx *c, int32_t i, const char *keys) {
  const json_t *args = c->call ? c->call->args : NULL;
  const bool constant = json_is_string(json_array_get(args, 0)); /* ["_CONSTANT_VALUE", -1, 3.0, {...}] */
  const int32_t like = c->num_in ? c->in[0].value : -1;
  int32_t v = -1;
  if (constant) v = i ? -1 : value_of(c, json_array_get(args, 2), like);
  else if (args) v = value_of(c, json_array_get(args, (size_t)i), like);
  else if (i < c->num_in) v = c->in[i].value;
  if (v < 0 && c->call) v = value_of(c, k_get(c->call->kwargs, keys), like);
  if (v < 0)
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its operand %d is neither a tensor of the model nor a number", (int)i);
  return v;
}

static int32_t first(k_ctx *c) { return operand(c, 0, "x|x1|a|input|inputs|input_tensor|tensor|features|logits"); }
static int32_t second(k_ctx *c) { return operand(c, 1, "y|x2|b"); }

/* ---- the functions ---- */

typedef struct operation operation;
struct operation {
  const char *names; /* of Keras 3 and of TensorFlow */
  int32_t (*emit)(k_ctx *c, const operation *o);
  int32_t code;
};

static int32_t unary(k_ctx *c, const operation *o) { return k_op1(c, o->code, NULL, first(c)); }
static int32_t binary(k_ctx *c, const operation *o) {
  const int32_t a = first(c);
  return k_op2(c, o->code, NULL, a, second(c));
}
static int32_t same(k_ctx *c, const operation *o) {
  (void)o;
  return first(c);
}
static int32_t activation(k_ctx *c, const operation *o) {
  char name[40];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(o->names, "|"), o->names);
  return k_activate_name(c, first(c), name);
}

static int32_t gelu(k_ctx *c, const operation *o) {
  (void)o;
  sch_GeluOptions with = BUILD_OPTIONS(GeluOptions);
  with.approximate = json_is_true(setting(c, "approximate"));
  return k_op1(c, OP(GELU), &with, first(c));
}

static int32_t leaky(k_ctx *c, const operation *o) {
  (void)o;
  const json_t *slope = setting(c, "negative_slope|alpha");
  sch_LeakyReluOptions with = BUILD_OPTIONS(LeakyReluOptions);
  with.alpha = json_is_number(slope) ? (float)json_number_value(slope) : 0.2f;
  return k_op1(c, OP(LEAKY_RELU), &with, first(c));
}

static int32_t softmax(k_ctx *c, const operation *o) {
  (void)o;
  return k_softmax(c, first(c), int_of(c, "axis", -1));
}

static int32_t reduce(k_ctx *c, const operation *o) {
  const int32_t x = first(c), rank = k_rank(c, x);
  int32_t axes[OP_MAX_RANK], n = ints_of(c, "axis", axes, OP_MAX_RANK);
  if (!n)
    for (n = 0; n < rank; n++) axes[n] = n;
  return k_reduce(c, o->code, x, axes, n, json_is_true(setting(c, "keepdims|keep_dims")));
}

static int32_t arg(k_ctx *c, const operation *o) {
  const int32_t x = first(c), axis = build_int(c->b, "axis", int_of(c, "axis", -1));
  sch_ArgMaxOptions with = BUILD_OPTIONS(ArgMaxOptions);
  with.output_type = sch_TensorType_INT32;
  return k_op2(c, o->code, &with, x, axis);
}

static int32_t clip(k_ctx *c, const operation *o) {
  (void)o;
  const int32_t x = first(c), low = number_like(c, setting(c, "x_min|clip_value_min"), x),
                high = number_like(c, setting(c, "x_max|clip_value_max"), x);
  return k_op2(c, OP(MINIMUM), NULL, k_op2(c, OP(MAXIMUM), NULL, x, low), high);
}

static int32_t reshape(k_ctx *c, const operation *o) {
  (void)o;
  const int32_t x = first(c);
  int32_t dims[OP_MAX_RANK];
  k_size sizes[OP_MAX_RANK];
  const int32_t n = ints_of(c, "newshape|shape", dims, OP_MAX_RANK);
  for (int32_t i = 0; i < n; i++) sizes[i] = k_known(dims[i]);
  if (n && dims[0] <= 0) sizes[0] = n == 1 ? k_known(-1) : k_size_of(c, x, 0); /* null, of the batch, reads as 0 */
  return k_reshape(c, x, sizes, n);
}

static int32_t expand(k_ctx *c, const operation *o) {
  (void)o;
  return k_expand(c, first(c), int_of(c, "axis", -1));
}

static int32_t squeeze(k_ctx *c, const operation *o) {
  (void)o;
  const int32_t x = first(c);
  int32_t axes[OP_MAX_RANK], n = ints_of(c, "axis", axes, OP_MAX_RANK);
  if (!n) return k_op1(c, OP(SQUEEZE), NULL, x);
  return k_squeeze(c, x, axes[0]);
}

static int32_t transpose(k_ctx *c, const operation *o) {
  (void)o;
  const int32_t x = first(c), rank = k_rank(c, x);
  int32_t perm[OP_MAX_RANK];
  const int32_t n = ints_of(c, "axes|perm", perm, OP_MAX_RANK);
  for (int32_t i = 0; !n && i < rank; i++) perm[i] = rank - 1 - i;
  if (n && n != rank) return build_fail(c->b, MOTE_ERR_MODEL, "it orders %d of %d dimensions", (int)n, (int)rank);
  return k_transpose(c, x, perm);
}

static int32_t concatenate(k_ctx *c, const operation *o) {
  (void)o;
  int32_t *values = ARENA_ARRAY(c->b->arena, int32_t, (size_t)c->num_in);
  if (!values) return build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for a list");
  for (int32_t i = 0; i < c->num_in; i++) values[i] = c->in[i].value;
  return k_concat(c, values, c->num_in, int_of(c, "axis", o->code));
}

static int32_t stack(k_ctx *c, const operation *o) {
  (void)o;
  const int32_t axis = int_of(c, "axis", 0);
  int32_t *values = ARENA_ARRAY(c->b->arena, int32_t, (size_t)c->num_in);
  if (!values) return build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for a list");
  for (int32_t i = 0; i < c->num_in; i++) values[i] = k_expand(c, c->in[i].value, axis);
  return k_concat(c, values, c->num_in, axis);
}

static int32_t split(k_ctx *c, const operation *o) {
  (void)o;
  const int32_t x = first(c), parts = int_of(c, "indices_or_sections|num_or_size_splits", 0);
  sch_SplitOptions with = BUILD_OPTIONS(SplitOptions);
  with.num_splits = parts;
  if (parts < 1 || parts > K_MOST_OUT || json_is_array(list_of(setting(c, "indices_or_sections|num_or_size_splits"))))
    return build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it splits into other than 1 to %d equal parts", K_MOST_OUT);
  const int32_t in[] = {build_int(c->b, "axis", int_of(c, "axis", 0)), x};
  const int32_t y = build_add(
      c->b, &(build_node){.code = OP(SPLIT), .options = &with, .num_inputs = 2, .inputs = in, .num_outputs = parts});
  for (int32_t i = 1; i < parts; i++) c->out[i] = (k_tensor){y + i, -1};
  c->num_out = parts;
  return y;
}

static int32_t matmul(k_ctx *c, const operation *o) {
  (void)o;
  const int32_t a = first(c);
  return k_matmul(c, a, second(c), json_is_true(setting(c, "transpose_a")), json_is_true(setting(c, "transpose_b")));
}

static int32_t cast(k_ctx *c, const operation *o) {
  (void)o;
  static const struct {
    const char *name;
    mote_type type;
  } types[] = {{"float32", MOTE_FLOAT32}, {"float16", MOTE_FLOAT32}, {"int32", MOTE_INT32},
               {"int64", MOTE_INT64},     {"bool", MOTE_BOOL},       {"uint8", MOTE_UINT8}};
  const char *name = json_string_value(setting(c, "dtype"));
  for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
    if (!strcmp(types[i].name, name)) return k_cast(c, first(c), types[i].type);
  return build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it casts to '%.40s'", name ? name : "nothing");
}

static int32_t where(k_ctx *c, const operation *o) {
  (void)o;
  const int32_t test = operand(c, 0, "condition"), a = operand(c, 1, "x1|x");
  return k_op3(c, OP(SELECT_V2), NULL, test, a, operand(c, 2, "x2|y"));
}

static int32_t reciprocal(k_ctx *c, const operation *o) {
  (void)o;
  return k_op2(c, OP(DIV), NULL, k_float(c, 1), first(c));
}
static int32_t exp_minus_1(k_ctx *c, const operation *o) {
  (void)o;
  return k_offset(c, k_op1(c, OP(EXP), NULL, first(c)), -1);
}
static int32_t log_plus_1(k_ctx *c, const operation *o) {
  (void)o;
  return k_op1(c, OP(LOG), NULL, k_offset(c, first(c), 1));
}

/* ---- x[...] ---- */

typedef struct slicing {
  int32_t begin[OP_MAX_RANK], end[OP_MAX_RANK], step[OP_MAX_RANK], n;
  sch_StridedSliceOptions masks;
} slicing;

static int32_t bound(const json_t *j, int32_t otherwise, int32_t *mask, int32_t i) {
  if (json_is_integer(j)) return (int32_t)json_integer_value(j);
  *mask |= 1 << i;
  return otherwise;
}

static bool add_slice(const json_t *j, slicing *s) {
  if (s->n == OP_MAX_RANK) return false;
  const int32_t i = s->n++;
  const char *name = json_string_value(json_object_get(j, "class_name"));
  const json_t *of = name ? json_object_get(j, "config") : j;
  s->step[i] = 1;
  if (json_is_integer(j)) {
    s->begin[i] = (int32_t)json_integer_value(j);
    s->end[i] = s->begin[i] + 1;
    if (s->begin[i] == -1) s->masks.end_mask |= 1 << i;
    s->masks.shrink_axis_mask |= 1 << i;
  } else if (json_is_null(j)) {
    s->masks.new_axis_mask |= 1 << i;
  } else if (name && !strcmp(name, "__ellipsis__")) {
    s->masks.ellipsis_mask |= 1 << i;
  } else if (json_is_object(of)) {
    int32_t no_mask = 0;
    s->begin[i] = bound(json_object_get(of, "start"), 0, &s->masks.begin_mask, i);
    s->end[i] = bound(json_object_get(of, "stop"), 0, &s->masks.end_mask, i);
    s->step[i] = bound(json_object_get(of, "step"), 1, &no_mask, i);
  } else {
    return false;
  }
  return s->step[i] != 0;
}

static int32_t get_item(k_ctx *c, const operation *o) {
  (void)o;
  const json_t *args = c->call ? c->call->args : NULL, *spec = setting(c, "slice_spec|key");
  if (!spec) spec = json_array_get(args, 1);
  spec = list_of(spec);
  slicing s = {.masks = BUILD_OPTIONS(StridedSliceOptions)};
  bool fine = spec != NULL;
  if (!json_is_array(spec)) fine = fine && add_slice(spec, &s);
  for (size_t i = 0; i < json_array_size(spec) && fine; i++) fine = add_slice(json_array_get(spec, i), &s);
  if (!fine) return build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it is indexed by something else than numbers and slices");
  const int32_t in[] = {c->in[0].value, build_ints(c->b, "begin", s.n, s.begin), build_ints(c->b, "end", s.n, s.end),
                        build_ints(c->b, "strides", s.n, s.step)};
  return build_op(c->b, OP(STRIDED_SLICE), &s.masks, 4, in);
}

static const operation operations[] = {
    {"add|__add__", binary, OP(ADD)},
    {"subtract|sub|__sub__", binary, OP(SUB)},
    {"multiply|mul|__mul__", binary, OP(MUL)},
    {"divide|truediv|true_divide|realdiv", binary, OP(DIV)},
    {"maximum", binary, OP(MAXIMUM)},
    {"minimum", binary, OP(MINIMUM)},
    {"power|pow", binary, OP(POW)},
    {"floor_divide|floordiv", binary, OP(FLOOR_DIV)},
    {"mod|floormod", binary, OP(FLOOR_MOD)},
    {"squared_difference", binary, OP(SQUARED_DIFFERENCE)},
    {"equal", binary, OP(EQUAL)},
    {"not_equal", binary, OP(NOT_EQUAL)},
    {"less", binary, OP(LESS)},
    {"less_equal", binary, OP(LESS_EQUAL)},
    {"greater", binary, OP(GREATER)},
    {"greater_equal", binary, OP(GREATER_EQUAL)},
    {"logical_and", binary, OP(LOGICAL_AND)},
    {"logical_or", binary, OP(LOGICAL_OR)},
    {"absolute|abs", unary, OP(ABS)},
    {"negative|neg", unary, OP(NEG)},
    {"exp", unary, OP(EXP)},
    {"log", unary, OP(LOG)},
    {"sqrt", unary, OP(SQRT)},
    {"rsqrt", unary, OP(RSQRT)},
    {"square", unary, OP(SQUARE)},
    {"sin", unary, OP(SIN)},
    {"cos", unary, OP(COS)},
    {"floor", unary, OP(FLOOR)},
    {"ceil", unary, OP(CEIL)},
    {"round", unary, OP(ROUND)},
    {"sign", unary, OP(SIGN)},
    {"logical_not", unary, OP(LOGICAL_NOT)},
    {"reciprocal", reciprocal, 0},
    {"expm1", exp_minus_1, 0},
    {"log1p", log_plus_1, 0},
    {"identity|stop_gradient|convert_to_tensor", same, 0},
    {"relu", activation, 0},
    {"relu6", activation, 0},
    {"sigmoid", activation, 0},
    {"tanh", activation, 0},
    {"softplus", activation, 0},
    {"softsign", activation, 0},
    {"silu|swish", activation, 0},
    {"elu", activation, 0},
    {"selu", activation, 0},
    {"mish", activation, 0},
    {"hard_sigmoid", activation, 0},
    {"hard_silu|hard_swish", activation, 0},
    {"log_sigmoid", activation, 0},
    {"log_softmax", activation, 0},
    {"gelu", gelu, 0},
    {"leaky_relu", leaky, 0},
    {"softmax", softmax, 0},
    {"mean|reduce_mean", reduce, OP(MEAN)},
    {"sum|reduce_sum", reduce, OP(SUM)},
    {"max|amax|reduce_max", reduce, OP(REDUCE_MAX)},
    {"min|amin|reduce_min", reduce, OP(REDUCE_MIN)},
    {"prod|reduce_prod", reduce, OP(REDUCE_PROD)},
    {"any|reduce_any", reduce, OP(REDUCE_ANY)},
    {"all|reduce_all", reduce, OP(REDUCE_ALL)},
    {"argmax", arg, OP(ARG_MAX)},
    {"argmin", arg, OP(ARG_MIN)},
    {"clip|clip_by_value", clip, 0},
    {"reshape", reshape, 0},
    {"expand_dims", expand, 0},
    {"squeeze", squeeze, 0},
    {"transpose", transpose, 0},
    {"concatenate|concat", concatenate, -1},
    {"stack", stack, 0},
    {"split", split, 0},
    {"matmul", matmul, 0},
    {"cast", cast, 0},
    {"where", where, 0},
    {"get_item|getitem", get_item, 0},
};

static bool is_named(const char *names, const char *name) {
  const size_t n = strlen(name);
  for (const char *at = names; n && (at = strstr(at, name)); at++)
    if ((at == names || at[-1] == '|') && (at[n] == 0 || at[n] == '|')) return true;
  return false;
}

static void call(k_ctx *c, const char *name) {
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
    if (is_named(operations[i].names, name)) {
      c->out[0].value = operations[i].emit(c, &operations[i]);
      return;
    }
  build_fail(
      c->b, MOTE_ERR_UNSUPPORTED,
      "the function '%.80s' is not known; put a layer of Keras in its place, or export the model as a SavedModel",
      name);
}

/* "tf.math.add", "math.add", "__operators__.getitem": the last part tells. */
static void lambda(k_ctx *c) {
  const char *name = k_text(c, "function", ""), *dot = strrchr(name, '.');
  call(c, dot ? dot + 1 : name);
}

void k_emit_operation(k_ctx *c) {
  char name[80];
  k_snake(c->layer->class_name, name, sizeof name);
  call(c, name);
}

const k_row k_rows_operation[] = {
    {"TFOpLambda", lambda, 0, false},
    {"SlicingOpLambda", lambda, 0, false},
    {NULL, NULL, 0, false},
};

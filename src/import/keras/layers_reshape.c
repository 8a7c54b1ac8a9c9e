/* layers_reshape.c: layers that move, cut, pad and resize; and those that prepare inputs. */
#include <math.h>
#include <string.h>

#include "import/keras/emit.h"

#define OP(name) sch_BuiltinOperator_##name

static void flatten(k_ctx *c) {
  int32_t x = c->in[0].value;
  const int32_t rank = k_rank(c, x);
  if (k_first(c)) x = k_to_last(c, x);
  k_size sizes[2] = {k_size_of(c, x, 0), k_known(1)};
  if (rank == 1) c->out[0].value = k_expand(c, x, 1);
  if (rank < 2) return;
  for (int32_t i = 1; i < rank; i++) sizes[1] = k_size_times(c, sizes[1], k_size_of(c, x, i));
  c->out[0].value = k_reshape(c, x, sizes, 2);
}

/* One target may be -1: what is left. */
static void reshape(k_ctx *c) {
  const int32_t x = c->in[0].value, rank = k_rank(c, x);
  int32_t dims[OP_MAX_RANK];
  const int32_t n = k_ints(c, "target_shape|dims", dims, OP_MAX_RANK - 1);
  k_size sizes[OP_MAX_RANK] = {k_size_of(c, x, 0)};
  int64_t elements = 1, named = 1;
  for (int32_t i = 1; i < rank; i++) elements = build_dim(c->b, x, i) < 0 ? -1 : elements * build_dim(c->b, x, i);
  for (int32_t i = 0; i < n; i++) named *= dims[i] < 0 ? 1 : dims[i];
  if (n > OP_MAX_RANK - 1 || named < 1) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its target shape has too many dimensions, or one of 0");
    return;
  }
  for (int32_t i = 0; i < n; i++)
    sizes[i + 1] = k_known(dims[i] < 0 && elements >= 0 ? (int32_t)(elements / named) : dims[i]);
  c->out[0].value = k_reshape(c, x, sizes, n + 1);
}

static void permute(k_ctx *c) {
  const int32_t x = c->in[0].value, rank = k_rank(c, x);
  int32_t dims[OP_MAX_RANK] = {0}, perm[OP_MAX_RANK] = {0};
  if (k_ints(c, "dims", dims, OP_MAX_RANK) != rank - 1) {
    build_fail(c->b, MOTE_ERR_MODEL, "its dims do not fit an input of %d dimensions", (int)rank);
    return;
  }
  for (int32_t i = 1; i < rank; i++) perm[i] = dims[i - 1];
  c->out[0].value = k_transpose(c, x, perm);
}

static void repeat(k_ctx *c) {
  const int32_t multiples[] = {1, k_int(c, "n", 1), 1};
  c->out[0].value =
      k_op2(c, OP(TILE), NULL, k_expand(c, c->in[0].value, 1), build_ints(c->b, "multiples", 3, multiples));
}

/* ---- padding and cropping: [[before, after], ...], [both, ...], or one number for all ---- */

static bool margins(k_ctx *c, const char *key, int32_t n, int32_t *to) {
  const json_t *j = k_get(c->config, key);
  for (int32_t i = 0; i < n; i++) {
    const json_t *item = json_is_array(j) ? json_array_get(j, (size_t)i) : j;
    if (n == 1 && json_array_size(j) == 2) item = j;
    for (int32_t k = 0; k < 2; k++) {
      const json_t *v = json_is_array(item) ? json_array_get(item, (size_t)k) : item;
      const json_int_t number = json_is_integer(v) ? json_integer_value(v) : -1;
      if (number < 0 || number > INT32_MAX / 4)
        return build_fail(c->b, MOTE_ERR_MODEL, "its %s is no list of whole numbers", key) >= 0;
      to[2 * i + k] = (int32_t)number;
    }
  }
  if (k_rank(c, c->in[0].value) == n + 2) return true;
  return build_fail(c->b, MOTE_ERR_MODEL, "its input does not have %d dimensions", (int)n + 2) >= 0;
}

static void pad_n(k_ctx *c, int32_t n) {
  int32_t list[2 * OP_MAX_RANK] = {0}, first = k_first(c) ? 2 : 1;
  if (margins(c, "padding", n, list + 2 * first)) c->out[0].value = k_pad(c, c->in[0].value, list);
}
static void pad_1(k_ctx *c) { pad_n(c, 1); }
static void pad_2(k_ctx *c) { pad_n(c, 2); }
static void pad_3(k_ctx *c) { pad_n(c, 3); }

static void crop_n(k_ctx *c, int32_t n) {
  int32_t list[6], x = c->in[0].value, first = k_first(c) ? 2 : 1;
  if (!margins(c, "cropping", n, list)) return;
  for (int32_t i = 0; i < n; i++)
    if (list[2 * i] || list[2 * i + 1]) x = k_cut(c, x, first + i, list[2 * i], -list[2 * i + 1]);
  c->out[0].value = x;
}
static void crop_1(k_ctx *c) { crop_n(c, 1); }
static void crop_2(k_ctx *c) { crop_n(c, 2); }
static void crop_3(k_ctx *c) { crop_n(c, 3); }

/* ---- resizing, of height and width; channels last ---- */

static int32_t resize(k_ctx *c, int32_t x, k_size height, k_size width, const char *how) {
  const int32_t size = k_sizes(c, (k_size[]){height, width}, 2);
  if (!strcmp(how, "bilinear")) {
    sch_ResizeBilinearOptions o = BUILD_OPTIONS(ResizeBilinearOptions);
    o.half_pixel_centers = true;
    return k_op2(c, OP(RESIZE_BILINEAR), &o, x, size);
  }
  if (strcmp(how, "nearest"))
    return build_fail(c->b, MOTE_ERR_UNSUPPORTED,
                      "it resizes by '%.40s', which .tflite has no operator for; bilinear and nearest are there", how);
  sch_ResizeNearestNeighborOptions o = BUILD_OPTIONS(ResizeNearestNeighborOptions);
  o.half_pixel_centers = true;
  return k_op2(c, OP(RESIZE_NEAREST_NEIGHBOR), &o, x, size);
}

static k_size grown(k_ctx *c, int32_t x, int32_t axis, int32_t times) {
  return k_size_times(c, k_size_of(c, x, axis), k_known(times));
}

static void up_1(k_ctx *c) {
  const int32_t x = k_expand(c, c->in[0].value, 2), times = k_int(c, "size|length", 2);
  c->out[0].value = k_squeeze(c, resize(c, x, grown(c, x, 1, times), k_known(1), "nearest"), 2);
}

static void up_2(k_ctx *c) {
  int32_t times[2] = {2, 2}, x = c->in[0].value;
  k_ints(c, "size", times, 2);
  if (k_first(c)) x = k_to_last(c, x);
  x = resize(c, x, grown(c, x, 1, times[0]), grown(c, x, 2, times[1]), k_text(c, "interpolation", "nearest"));
  c->out[0].value = k_first(c) ? k_to_first(c, x) : x;
}

/* Depth alone, then the height and width of each slice. */
static void up_3(k_ctx *c) {
  int32_t times[3] = {2, 2, 2}, x = c->in[0].value;
  k_ints(c, "size", times, 3);
  if (k_first(c)) x = k_to_last(c, x);
  k_size s[5];
  for (int32_t i = 0; i < 5; i++) s[i] = k_size_of(c, x, i);
  const k_size depth = k_size_times(c, s[1], k_known(times[0])), plane = k_size_times(c, s[2], s[3]);
  int32_t y = k_reshape(c, x, (k_size[]){s[0], s[1], plane, s[4]}, 4);
  y = k_reshape(c, resize(c, y, depth, plane, "nearest"), (k_size[]){k_size_times(c, s[0], depth), s[2], s[3], s[4]},
                4);
  y = resize(c, y, grown(c, y, 1, times[1]), grown(c, y, 2, times[2]), "nearest");
  y = k_reshape(c, y, (k_size[]){s[0], depth, k_size_of(c, y, 1), k_size_of(c, y, 2), s[4]}, 5);
  c->out[0].value = k_first(c) ? k_to_first(c, y) : y;
}

static void resizing(k_ctx *c) {
  int32_t x = k_cast(c, c->in[0].value, MOTE_FLOAT32);
  const int32_t rank = k_rank(c, x), height = k_int(c, "height", 0), width = k_int(c, "width", 0);
  if (k_flag(c, "crop_to_aspect_ratio", false) || k_flag(c, "pad_to_aspect_ratio", false)) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it keeps the aspect ratio; put CenterCrop or ZeroPadding2D before it");
    return;
  }
  if (rank == 3) x = k_expand(c, x, 0);
  if (k_first(c)) x = k_to_last(c, x);
  x = resize(c, x, k_known(height), k_known(width), k_text(c, "interpolation", "bilinear"));
  if (k_first(c)) x = k_to_first(c, x);
  c->out[0].value = rank == 3 ? k_squeeze(c, x, 0) : x;
}

/* The middle; of pictures that are too small, the middle of what they are enlarged to. */
static void center_crop(k_ctx *c) {
  int32_t x = k_cast(c, c->in[0].value, MOTE_FLOAT32);
  const int32_t rank = k_rank(c, x), height = k_int(c, "height", 0), width = k_int(c, "width", 0);
  const int32_t axis = rank == 3 ? (k_first(c) ? 1 : 0) : k_first(c) ? 2 : 1;
  const int32_t h = build_dim(c->b, x, axis), w = build_dim(c->b, x, axis + 1);
  if (h < height || w < width || height < 1 || width < 1) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "it needs pictures of known size, at least %d x %d (give --input-shape)",
               (int)height, (int)width);
    return;
  }
  const int32_t top = (h - height) / 2, left = (w - width) / 2;
  c->out[0].value = k_cut(c, k_cut(c, x, axis, top, top + height), axis + 1, left, left + width);
}

/* ---- categories ---- */

static int32_t one_hot(k_ctx *c, int32_t index, int32_t depth) {
  sch_OneHotOptions o = BUILD_OPTIONS(OneHotOptions);
  o.axis = -1;
  return build_op(c->b, OP(ONE_HOT), &o, 4,
                  (int32_t[]){index, build_int(c->b, "depth", depth), k_float(c, 1), k_float(c, 0)});
}

int32_t k_encode(k_ctx *c, int32_t x, int32_t depth, const char *mode) {
  int32_t index = k_cast(c, x, MOTE_INT32);
  const int32_t rank = k_rank(c, index);
  if (!strcmp(mode, "one_hot")) {
    if (rank > 0 && build_dim(c->b, index, -1) == 1) index = k_squeeze(c, index, rank - 1);
    return one_hot(c, index, depth);
  }
  if (rank == 1) index = k_expand(c, index, 1);
  const int32_t hot = one_hot(c, index, depth), axis = k_rank(c, hot) - 2;
  if (!strcmp(mode, "multi_hot") || !strcmp(mode, "binary")) return k_reduce(c, OP(REDUCE_MAX), hot, &axis, 1, false);
  if (!strcmp(mode, "count")) return k_reduce(c, OP(SUM), hot, &axis, 1, false);
  return build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its output mode '%.40s' is not known", mode);
}

static void category(k_ctx *c) {
  const int32_t depth = k_int(c, "num_tokens|max_tokens", 0), x = c->in[0].value;
  if (c->num_in < 2) {
    c->out[0].value = k_encode(c, x, depth, k_text(c, "output_mode", "multi_hot"));
    return;
  }
  const int32_t axis = k_rank(c, x) - 1; /* counts, each with a weight */
  const int32_t hot = one_hot(c, k_cast(c, x, MOTE_INT32), depth);
  c->out[0].value = k_reduce(c, OP(SUM), k_mul(c, hot, k_expand(c, c->in[1].value, axis + 1)), &axis, 1, false);
}

/* The number of boundaries that are not above. */
static void discretization(k_ctx *c) {
  const json_t *list = k_get(c->config, "bin_boundaries");
  const size_t count = json_array_size(list);
  float *bounds = k_floats(c, count);
  sch_BucketizeOptions o = BUILD_OPTIONS(BucketizeOptions);
  if (!count) build_fail(c->b, MOTE_ERR_UNSUPPORTED, "the file does not say its bin_boundaries");
  if (!count || !bounds) return;
  for (size_t i = 0; i < count; i++) bounds[i] = (float)json_number_value(json_array_get(list, i));
  o.boundaries = (sch_f32s){bounds, (uint32_t)count};
  const int32_t y = k_op1(c, OP(BUCKETIZE), &o, c->in[0].value);
  const char *mode = k_text(c, "output_mode", "int");
  c->out[0].value = strcmp(mode, "int") ? k_encode(c, y, (int32_t)count + 1, mode) : y;
}

const k_row k_rows_reshape[] = {
    {"Flatten", flatten, 0, false},
    {"Reshape", reshape, 0, false},
    {"Permute", permute, 0, false},
    {"RepeatVector", repeat, 0, false},
    {"ZeroPadding1D", pad_1, 0, false},
    {"ZeroPadding2D", pad_2, 0, false},
    {"ZeroPadding3D", pad_3, 0, false},
    {"Cropping1D", crop_1, 0, false},
    {"Cropping2D", crop_2, 0, false},
    {"Cropping3D", crop_3, 0, false},
    {"UpSampling1D", up_1, 0, false},
    {"UpSampling2D", up_2, 0, false},
    {"UpSampling3D", up_3, 0, false},
    {"Resizing", resizing, 0, false},
    {"CenterCrop", center_crop, 0, false},
    {"CategoryEncoding", category, 0, false},
    {"Discretization", discretization, 0, false},
    {NULL, NULL, 0, false},
};

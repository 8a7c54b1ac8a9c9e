/* tensor.c: constants from TensorFlow's tensors: from the message that a Const holds, and from a checkpoint. */
#include <string.h>

#include "base/size.h"
#include "import/tensorflow/emit.h"

enum { MAX_BYTES = INT32_MAX };

/* Shape of a constant: all of it known, and its bytes within reason. */
static bool shape_of(tf_ctx *c, const Tf__Shape *s, mote_type type, int32_t *rank, int32_t *dims, size_t *count,
                     size_t *bytes) {
  *rank = s ? (int32_t)s->n_dim : 0;
  if (s && (s->unknown_rank || s->n_dim > OP_MAX_RANK)) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "a constant has %zu dimensions; at most %d are taken", s->n_dim,
               OP_MAX_RANK);
    return false;
  }
  for (int32_t i = 0; i < *rank; i++) {
    if (s->dim[i]->size < 0 || s->dim[i]->size > INT32_MAX) {
      build_fail(c->b, MOTE_ERR_MODEL, "dimension %d of a constant is %lld", (int)i, (long long)s->dim[i]->size);
      return false;
    }
    dims[i] = (int32_t)s->dim[i]->size;
  }
  *bytes = 0;
  if (!size_dims(dims, *rank, count) || (type != MOTE_STRING && !op_type_bytes(type, *count, bytes)) ||
      *bytes > MAX_BYTES || *count > MAX_BYTES) {
    build_fail(c->b, MOTE_ERR_LIMIT, "a constant has more elements than a .tflite file holds");
    return false;
  }
  return true;
}

/* ---- strings: count, offsets, characters, as .tflite has them ---- */

typedef struct piece {
  const uint8_t *data;
  size_t size;
} piece;

static int32_t string_const(tf_ctx *c, const char *name, int32_t rank, const int32_t *dims, size_t count,
                            const piece *pieces) {
  size_t total = 4 * (count + 2);
  for (size_t i = 0; i < count; i++)
    if (!size_add(total, pieces[i].size, &total) || total > MAX_BYTES)
      return build_fail(c->b, MOTE_ERR_LIMIT, "a constant has more characters than a .tflite file holds");
  uint8_t *packed = arena_alloc(c->b->arena, total);
  if (!packed) return build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for a constant");
  uint32_t at = (uint32_t)(4 * (count + 2));
  memcpy(packed, &(uint32_t){(uint32_t)count}, 4);
  for (size_t i = 0; i < count; i++) {
    memcpy(packed + 4 + 4 * i, &at, 4);
    if (pieces[i].size) memcpy(packed + at, pieces[i].data, pieces[i].size);
    at += (uint32_t)pieces[i].size;
  }
  memcpy(packed + 4 + 4 * count, &at, 4);
  return build_strings(c->b, name, rank, dims, packed, total);
}

static int32_t strings_of(tf_ctx *c, const char *name, const Tf__Tensor *t, int32_t rank, const int32_t *dims,
                          size_t count) {
  if (count && !t->n_string_val) return build_fail(c->b, MOTE_ERR_MODEL, "a constant of strings holds none");
  piece *pieces = ARENA_ARRAY(c->b->arena, piece, count + 1);
  if (!pieces) return build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for a constant");
  for (size_t i = 0; i < count; i++) {
    const ProtobufCBinaryData *s = &t->string_val[i < t->n_string_val ? i : t->n_string_val - 1];
    pieces[i] = (piece){s->data, s->len};
  }
  return string_const(c, name, rank, dims, count, pieces);
}

/* ---- numbers ---- */

/* The list of a message that holds values of a type. */
static const void *list_of(const Tf__Tensor *t, mote_type type, size_t *count) {
  switch (type) {
    case MOTE_FLOAT32: return *count = t->n_float_val, t->float_val;
    case MOTE_FLOAT64: return *count = t->n_double_val, t->double_val;
    case MOTE_INT64: return *count = t->n_int64_val, t->int64_val;
    case MOTE_BOOL: return *count = t->n_bool_val, t->bool_val;
    case MOTE_FLOAT16:
    case MOTE_BFLOAT16: return *count = t->n_half_val, t->half_val;
    case MOTE_UINT32: return *count = t->n_uint32_val, t->uint32_val;
    case MOTE_UINT64: return *count = t->n_uint64_val, t->uint64_val;
    case MOTE_COMPLEX64: return *count = t->n_scomplex_val / 2, t->scomplex_val;
    default: return *count = t->n_int_val, t->int_val;
  }
}

/* Element i of such a list as the type has it. */
static void store(void *to, const void *list, size_t i, mote_type type) {
  switch (type) {
    case MOTE_INT8: *(int8_t *)to = (int8_t)((const int32_t *)list)[i]; break;
    case MOTE_UINT8: *(uint8_t *)to = (uint8_t)((const int32_t *)list)[i]; break;
    case MOTE_FLOAT16:
    case MOTE_BFLOAT16:
    case MOTE_INT16:
    case MOTE_UINT16: *(uint16_t *)to = (uint16_t)((const int32_t *)list)[i]; break;
    case MOTE_BOOL: *(uint8_t *)to = ((const protobuf_c_boolean *)list)[i] != 0; break;
    case MOTE_FLOAT64:
    case MOTE_INT64:
    case MOTE_UINT64:
    case MOTE_COMPLEX64: memcpy(to, (const char *)list + 8 * i, 8); break;
    default: memcpy(to, (const char *)list + 4 * i, 4); break;
  }
}

/* Values as bytes, or as a list whose last element stands for all that are missing. */
static bool fill(uint8_t *to, size_t count, size_t bytes, const Tf__Tensor *t, mote_type type) {
  if (t->tensor_content.len) {
    if (t->tensor_content.len != bytes) return false;
    memcpy(to, t->tensor_content.data, bytes);
    return true;
  }
  size_t there;
  const void *list = list_of(t, type, &there);
  const size_t size = count ? bytes / count : 0;
  for (size_t i = 0; i < count && there; i++) store(to + i * size, list, i < there ? i : there - 1, type);
  return true; /* no values at all: zeros */
}

int32_t tf_const(tf_ctx *c, const char *name, const Tf__Tensor *t) {
  mote_type type;
  int32_t rank, dims[OP_MAX_RANK];
  size_t count, bytes;
  if (!tf_type(c, t->dtype, &type) || !shape_of(c, t->tensor_shape, type, &rank, dims, &count, &bytes)) return -1;
  if (type == MOTE_STRING) return strings_of(c, name, t, rank, dims, count);
  uint8_t *data = arena_alloc(c->b->arena, bytes + 1);
  if (!data) return build_fail(c->b, MOTE_ERR_MEMORY, "out of memory for a constant of %zu bytes", bytes);
  if (!fill(data, count, bytes, t, type))
    return build_fail(c->b, MOTE_ERR_MODEL, "a constant has %zu bytes, but its shape needs %zu", t->tensor_content.len,
                      bytes);
  return build_const(c->b, name, type, rank, dims, data, BUILD_BORROW);
}

/* ---- from a checkpoint ---- */

/* Strings there: the length of each as a varint, a checksum of the lengths, then the characters. */
static int32_t saved_strings(tf_ctx *c, const char *name, const tf_saved *s, int32_t rank, const int32_t *dims,
                             size_t count) {
  piece *pieces = count <= s->bytes ? ARENA_ARRAY(c->b->arena, piece, count + 1) : NULL;
  if (!pieces) return build_fail(c->b, MOTE_ERR_MODEL, "the checkpoint holds fewer strings than it says");
  const uint8_t *at = s->data, *end = s->data + s->bytes;
  for (size_t i = 0; i < count; i++) {
    for (int shift = 0; at < end && shift < 35; shift += 7) {
      pieces[i].size |= (size_t)(*at & 127) << shift;
      if (*at++ < 128) break;
    }
  }
  at = end - at >= 4 ? at + 4 : end;
  for (size_t i = 0; i < count; i++) {
    if (pieces[i].size > (size_t)(end - at))
      return build_fail(c->b, MOTE_ERR_MODEL, "a string of the checkpoint is cut off");
    pieces[i].data = at;
    at += pieces[i].size;
  }
  return string_const(c, name, rank, dims, count, pieces);
}

int32_t tf_saved_const(tf_ctx *c, const char *name, const tf_saved *s) {
  mote_type type;
  int32_t rank, dims[OP_MAX_RANK];
  size_t count, bytes;
  if (!tf_type(c, s->dtype, &type) || !shape_of(c, s->shape, type, &rank, dims, &count, &bytes)) return -1;
  if (type == MOTE_STRING) return saved_strings(c, name, s, rank, dims, count);
  if (bytes != s->bytes)
    return build_fail(c->b, MOTE_ERR_MODEL, "value '%.200s' of the checkpoint has %zu bytes, but its shape needs %zu",
                      s->key, s->bytes, bytes);
  return build_const(c->b, name, type, rank, dims, s->data, BUILD_COPY);
}

/* lsh_projection.c: LSH_PROJECTION: bits of an input by locality sensitive hashing. Each bit is the sign of a sum of
 * hashes of the input's rows. The hash is FarmHash's Fingerprint64 of a float seed and the row's bytes.
 */
#include <string.h>

#include "base/size.h"
#include "operators/move.h"

/* ---- FarmHash's Fingerprint64 ---- */

#define K0 UINT64_C(0xc3a5c85c97cb3127)
#define K1 UINT64_C(0xb492b66fbe98f273)
#define K2 UINT64_C(0x9ae16a3b2f90404f)

static uint64_t load64(const uint8_t *s) {
  uint64_t v;
  memcpy(&v, s, 8);
  return v;
}
static uint32_t load32(const uint8_t *s) {
  uint32_t v;
  memcpy(&v, s, 4);
  return v;
}
static uint64_t rotate(uint64_t v, int by) { return v >> by | v << (64 - by); }
static uint64_t shift_mix(uint64_t v) { return v ^ v >> 47; }

static uint64_t mix(uint64_t u, uint64_t v, uint64_t by) { return shift_mix((v ^ shift_mix((u ^ v) * by)) * by) * by; }

static uint64_t hash_16(const uint8_t *s, size_t n) {
  const uint64_t by = K2 + n * 2;
  if (n >= 8) {
    const uint64_t a = load64(s) + K2, b = load64(s + n - 8);
    return mix(rotate(b, 37) * by + a, (rotate(a, 25) + b) * by, by);
  }
  if (n >= 4) return mix(n + ((uint64_t)load32(s) << 3), load32(s + n - 4), by);
  if (n == 0) return K2;
  const uint32_t y = s[0] + ((uint32_t)s[n >> 1] << 8), z = (uint32_t)n + ((uint32_t)s[n - 1] << 2);
  return shift_mix(y * K2 ^ z * K0) * K2;
}

static uint64_t hash_32(const uint8_t *s, size_t n) {
  const uint64_t by = K2 + n * 2, a = load64(s) * K1, b = load64(s + 8);
  const uint64_t c = load64(s + n - 8) * by, d = load64(s + n - 16) * K2;
  return mix(rotate(a + b, 43) + rotate(c, 30) + d, a + rotate(b + K2, 18) + c, by);
}

static uint64_t hash_64(const uint8_t *s, size_t n) {
  const uint64_t by = K2 + n * 2, a = load64(s) * K2, b = load64(s + 8);
  const uint64_t c = load64(s + n - 8) * by, d = load64(s + n - 16) * K2;
  const uint64_t y = rotate(a + b, 43) + rotate(c, 30) + d, z = mix(y, a + rotate(b + K2, 18) + c, by);
  const uint64_t e = load64(s + 16) * by, f = load64(s + 24);
  const uint64_t g = (y + load64(s + n - 32)) * by, h = (z + load64(s + n - 24)) * by;
  return mix(rotate(e + f, 43) + rotate(g, 30) + h, e + rotate(f + a, 18) + g, by);
}

typedef struct pair {
  uint64_t first, second;
} pair;

static pair weak_hash(const uint8_t *s, uint64_t a, uint64_t b) {
  const uint64_t w = load64(s), x = load64(s + 8), y = load64(s + 16), z = load64(s + 24);
  a += w;
  b = rotate(b + a + z, 21);
  const uint64_t c = a;
  a += x + y;
  b += rotate(a, 44);
  return (pair){a + z, b + c};
}

/* State of the hash of long inputs, 64 bytes a round. */
typedef struct long_state {
  uint64_t x, y, z;
  pair v, w;
} long_state;

/* k: how much of w.second and v.first goes in: 1 in all rounds but the last, 9 in that one. */
static void long_round(long_state *t, const uint8_t *s, uint64_t by, uint64_t k) {
  t->x = rotate(t->x + t->y + t->v.first + load64(s + 8), 37) * by;
  t->y = rotate(t->y + t->v.second + load64(s + 48), 42) * by;
  t->x ^= t->w.second * k;
  t->y += t->v.first * k + load64(s + 40);
  t->z = rotate(t->z + t->w.first, 33) * by;
  t->v = weak_hash(s, t->v.second * by, t->x + t->w.first);
  t->w = weak_hash(s + 32, t->z + t->w.second, t->y + load64(s + 16));
  const uint64_t swap = t->z;
  t->z = t->x;
  t->x = swap;
}

static uint64_t fingerprint64(const uint8_t *s, size_t n) {
  if (n <= 16) return hash_16(s, n);
  if (n <= 32) return hash_32(s, n);
  if (n <= 64) return hash_64(s, n);
  const uint64_t seed = 81, rest = (n - 1) & 63;
  long_state t = {.x = seed * K2 + load64(s), .y = seed * K1 + 113};
  t.z = shift_mix(t.y * K2 + 113) * K2;
  const uint8_t *const end = s + (n - 1) / 64 * 64, *const last = end + rest - 63;
  for (; s != end; s += 64) long_round(&t, s, K1, 1);
  const uint64_t by = K1 + ((t.z & 0xff) << 1);
  t.w.first += rest;
  t.v.first += t.w.first;
  t.w.first += t.v.first;
  long_round(&t, last, by, 9);
  return mix(mix(t.v.first, t.w.first, by) + shift_mix(t.y) * K0 + t.z, mix(t.v.second, t.w.second, by) + t.x, by);
}

/* ---- the operator ---- */

enum { HASH = 0, INPUT = 1, WEIGHT = 2, BITS_MOST = 32 };

static const op_tensor *weights(const op_ctx *c) { return c->num_inputs > WEIGHT ? c->in[WEIGHT] : NULL; }

static int32_t projection(const op_ctx *c) { return ((const sch_LSHProjectionOptions *)c->options)->type; }

static mote_status check(op_ctx *c) {
  OP_REQUIRE(c, projection(c) == sch_LSHProjectionType_SPARSE || projection(c) == sch_LSHProjectionType_DENSE,
             MOTE_ERR_MODEL, "projection type %d is neither SPARSE (%d) nor DENSE (%d)", (int)projection(c),
             sch_LSHProjectionType_SPARSE, sch_LSHProjectionType_DENSE);
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *const hash = c->in[HASH], *const in = c->in[INPUT], *const weight = weights(c);
  OP_REQUIRE(c, hash->rank == 2 || hash->rank < 0, MOTE_ERR_SHAPE, "the hash functions have %d dimensions, not 2",
             (int)hash->rank);
  OP_REQUIRE(c, in->rank != 0, MOTE_ERR_SHAPE, "the input is a scalar; it must have rows");
  OP_REQUIRE(c, !weight || weight->rank < 0 || weight->rank == 1, MOTE_ERR_SHAPE, "the weights must be a vector");
  OP_REQUIRE(c,
             !weight || weight->rank < 0 || in->rank < 0 || weight->dims[0] < 0 || in->dims[0] < 0 ||
                 weight->dims[0] == in->dims[0],
             MOTE_ERR_SHAPE, "there are %d weights for %d rows", weight ? (int)weight->dims[0] : 0, (int)in->dims[0]);
  move_unknown(c->out[0], 1);
  if (!op_shape_known(hash)) return MOTE_OK;
  OP_REQUIRE(c, hash->dims[1] <= BITS_MOST, MOTE_ERR_SHAPE,
             "hash functions of %d bits are too wide; at most %d are "
             "supported",
             (int)hash->dims[1], BITS_MOST);
  const int64_t bits = projection(c) == sch_LSHProjectionType_DENSE ? hash->dims[1] : 1;
  return move_set_dim(c, 0, hash->dims[0] * bits);
}

static size_t row_bytes(const op_tensor *in) { return op_span(in, 1, in->rank) * (size_t)move_element(in->type); }

static mote_status plan(op_ctx *c) {
  OP_REQUIRE(c, size_add(row_bytes(c->in[INPUT]), sizeof(float), &c->scratch_size), MOTE_ERR_LIMIT,
             "the rows are larger than memory");
  return MOTE_OK;
}

static int32_t sign_bit(const op_ctx *c, float seed) {
  const op_tensor *const in = c->in[INPUT], *const weight = weights(c);
  const size_t bytes = row_bytes(in), rows = (size_t)in->dims[0];
  uint8_t *const key = c->scratch;
  double score = 0;
  memcpy(key, &seed, sizeof seed);
  for (size_t i = 0; i < rows; i++) {
    if (bytes) memcpy(key + sizeof seed, (const uint8_t *)in->data + i * bytes, bytes);
    const double value = (double)(int64_t)fingerprint64(key, sizeof seed + bytes);
    score += weight ? (double)((const float *)weight->data)[i] * value : value;
  }
  return score > 0;
}

/* A sparse signature is moved by the number of its function, so that those of different functions differ. */
static mote_status run(op_ctx *c) {
  const op_tensor *const hash = c->in[HASH];
  const uint32_t bits = (uint32_t)hash->dims[1];
  const bool dense = projection(c) == sch_LSHProjectionType_DENSE;
  int32_t *to = c->out[0]->data;
  for (int32_t i = 0; i < hash->dims[0]; i++) {
    uint32_t signature = 0;
    for (uint32_t k = 0; k < bits; k++) {
      const int32_t bit = sign_bit(c, ((const float *)hash->data)[(size_t)i * bits + k]);
      if (dense) *to++ = bit;
      signature = signature << 1 | (uint32_t)bit;
    }
    if (!dense) *to++ = (int32_t)(signature + (bits < 32 ? (uint32_t)i << bits : 0));
    OP_POLL(c);
  }
  return MOTE_OK;
}

const mote_op op_lsh_projection = {
    .name = "LSH_PROJECTION",
    .code = sch_BuiltinOperator_LSH_PROJECTION,
    .versions = 1,
    .options = sch_BuiltinOptions_LSHProjectionOptions,
    .inputs_min = 2,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .optional = 1u << WEIGHT,
    .types = "f32 " MOVE_TYPES " f32 > i32",
    .check = check,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "SPARSE gives one number for each hash function, DENSE one for each bit.",
};

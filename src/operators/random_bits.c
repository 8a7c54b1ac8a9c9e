/* random_bits.c: Philox and Threefry (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), and
 * STABLEHLO_RNG_BIT_GENERATOR, which gives their words.
 */
#include <string.h>

#include "operators/move.h"
#include "operators/random.h"

void philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]) {
  uint32_t k0 = key[0], k1 = key[1], c[4];
  memcpy(c, counter, sizeof c);
  for (int round = 0; round < 10; round++) {
    const uint64_t a = (uint64_t)c[0] * 0xD2511F53u, b = (uint64_t)c[2] * 0xCD9E8D57u;
    c[0] = (uint32_t)(b >> 32) ^ c[1] ^ k0;
    c[1] = (uint32_t)b;
    c[2] = (uint32_t)(a >> 32) ^ c[3] ^ k1;
    c[3] = (uint32_t)a;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  memcpy(out, c, sizeof c);
}

void threefry(const uint32_t key[2], const uint32_t counter[2], uint32_t out[2]) {
  static const uint8_t rotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  const uint32_t k[3] = {key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDAu};
  uint32_t x = counter[0] + k[0], y = counter[1] + k[1];
  for (uint32_t group = 0; group < 5; group++) {
    for (int i = 0; i < 4; i++) {
      const uint8_t by = rotations[group & 1][i];
      x += y;
      y = (y << by | y >> (32 - by)) ^ x;
    }
    x += k[(group + 1) % 3];
    y += k[(group + 2) % 3] + group + 1;
  }
  out[0] = x;
  out[1] = y;
}

/* ---- STABLEHLO_RNG_BIT_GENERATOR ---- */

static bool is_threefry(const op_ctx *c) {
  return ((const sch_StablehloRngBitGeneratorOptions *)c->options)->algorithm == sch_RngAlgorithm_THREEFRY;
}

static mote_status check(op_ctx *c) {
  const int32_t algorithm = ((const sch_StablehloRngBitGeneratorOptions *)c->options)->algorithm;
  OP_REQUIRE(c, algorithm >= sch_RngAlgorithm_DEFAULT && algorithm <= sch_RngAlgorithm_THREEFRY, MOTE_ERR_MODEL,
             "algorithm %d is neither DEFAULT (%d), PHILOX (%d) nor THREEFRY (%d)", (int)algorithm,
             sch_RngAlgorithm_DEFAULT, sch_RngAlgorithm_PHILOX, sch_RngAlgorithm_THREEFRY);
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  const op_tensor *const state = c->in[0];
  const int32_t n = state->rank == 1 ? state->dims[0] : -1;
  OP_REQUIRE(c, state->rank < 0 || (state->rank == 1 && (n < 0 || n == 2 || (n == 3 && !is_threefry(c)))),
             MOTE_ERR_SHAPE, "the state must be a vector of 2 numbers%s", is_threefry(c) ? "" : ", or 3");
  OP_REQUIRE(c, op_shape_known(c->out[1]), MOTE_ERR_SHAPE, "the file must declare the shape of output 1 in full");
  op_same_shape(c->out[0], state);
  return MOTE_OK;
}

/* The first number of the state is the key, the second the counter; Philox's counter goes on with the third number, or,
 * as in the reference, with the key. What a step is made of is counted on by one. */
static mote_status run(op_ctx *c) {
  const bool three = is_threefry(c);
  const size_t n = c->out[1]->bytes / 4, words = three ? 2 : 4;
  uint32_t state[6] = {0}, counter[4], value[4];
  memcpy(state, c->in[0]->data, c->in[0]->bytes);
  memcpy(counter, state + 2, 8);
  memcpy(counter + 2, c->in[0]->dims[0] == 3 ? state + 4 : state, 8);
  for (size_t i = 0; i < n; i += words) {
    if (three) threefry(state, counter, value);
    else philox(state, counter, value);
    const size_t left = n - i < words ? n - i : words;
    memcpy((uint8_t *)c->out[1]->data + 4 * i, value, 4 * left);
    if (++counter[0] == 0) counter[1]++;
  }
  memcpy(state + 2, counter, 8);
  memcpy(c->out[0]->data, state, c->out[0]->bytes);
  return MOTE_OK;
}

const mote_op op_stablehlo_rng_bit_generator = {
    .name = "STABLEHLO_RNG_BIT_GENERATOR",
    .code = sch_BuiltinOperator_STABLEHLO_RNG_BIT_GENERATOR,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloRngBitGeneratorOptions,
    .inputs_min = 1,
    .inputs_max = 1,
    .outputs_min = 2,
    .outputs_max = 2,
    .types = "u64 > u64 i32|i64|u32|u64",
    .check = check,
    .infer = infer,
    .run = run,
    .notes = "DEFAULT is PHILOX; the shape is the one declared for output 1.",
};

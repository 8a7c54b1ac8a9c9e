/* low_bits.c: see low_bits.h. */
#include "operators/low_bits.h"

#include "base/f16.h"
#include "operators/pack.h"

static bool is_low(const op_tensor *t) { return t && (t->type == MOTE_INT4 || t->type == MOTE_INT2); }

void low_bits_widen(mote_type type, const void *packed, size_t first, size_t n, int8_t *to) {
  const uint8_t *const p = packed;
  size_t i = 0;
  if (type == MOTE_INT2) {
    for (; i < n; i++) to[i] = int2_get(p, first + i);
    return;
  }
  if (first % 2 && n) to[i++] = int4_get(p, first);
  for (const uint8_t *at = p + (first + i) / 2; i + 2 <= n; i += 2, at++) {
    to[i] = (int8_t)((int8_t)(*at << 4) >> 4);
    to[i + 1] = (int8_t)((int8_t)*at >> 4);
  }
  if (i < n) to[i] = int4_get(p, first + i);
}

static void fill(void *to, const void *arg) {
  const op_tensor *const t = arg;
  low_bits_widen(t->type, t->data, 0, op_count(t), to);
}

static mote_status widen_constant(op_ctx *c, int i, low_bits *l) {
  const op_tensor *const t = c->in[i];
  size_t count;
  const void *block;
  if (!op_is_const(t)) return MOTE_OK;
  OP_REQUIRE(c, size_dims(t->dims, t->rank, &count), MOTE_ERR_LIMIT, "the weights are larger than memory can hold");
  const pack_request r = {.source = t->data, .kind = PACK_LOW_BITS, .bytes = count, .fill = fill, .arg = t};
  MOTE_TRY(pack_constant(c, &r, &block));
  l->wide = block;
  return MOTE_OK;
}

/* Room for computed weights, before all other scratch. */
static bool room_of(const op_tensor *t, size_t *room) {
  return size_dims(t->dims, t->rank, room) && size_align(*room, MEM_ALIGN, room);
}

static mote_status add_room(op_ctx *c, const op_tensor *t) {
  size_t room;
  OP_REQUIRE(c, room_of(t, &room) && size_add(c->scratch_size, room, &c->scratch_size), MOTE_ERR_LIMIT,
             "the weights are larger than memory can hold");
  return MOTE_OK;
}

mote_status low_bits_phase(op_ctx *c, int i, low_bits *l, low_bits_when when, op_phase phase) {
  if (i >= c->num_inputs || !is_low(c->in[i])) return phase(c);
  op_tensor *const *const in = c->in, *const packed = in[i];
  uint8_t *const scratch = c->scratch;
  op_tensor wide = *packed, *inputs[LOW_BITS_INPUTS];
  if (when == LOW_BITS_PREPARE) MOTE_TRY(widen_constant(c, i, l));
  for (int32_t k = 0; k < c->num_inputs && k < LOW_BITS_INPUTS; k++) inputs[k] = in[k];
  wide.type = MOTE_INT8;
  wide.data = (void *)(uintptr_t)l->wide;
  if (when == LOW_BITS_PLAN || when == LOW_BITS_RUN) wide.bytes = op_count(packed);
  if (when == LOW_BITS_RUN && !l->wide) {
    size_t room = 0;
    room_of(packed, &room);
    low_bits_widen(packed->type, packed->data, 0, wide.bytes, (int8_t *)scratch);
    wide.data = scratch;
    c->scratch = scratch + room;
  }
  inputs[i] = &wide;
  c->in = inputs;
  const mote_status status = phase(c);
  c->in = in;
  c->scratch = scratch;
  if (status == MOTE_OK && when == LOW_BITS_PREPARE && l->wide) c->consumed |= 1u << i;
  return status == MOTE_OK && when == LOW_BITS_PLAN && !l->wide ? add_room(c, packed) : status;
}

/* stand_in.c: packed integers and strings for operators that move whole bytes (move.h).
 *
 * A stand-in has the shape and quantization of its operand. Packed integers become bytes. Strings become int32 numbers:
 * those of all inputs are counted together from 1, so that a number alone tells which string of which input it is.
 */
#include <string.h>

#include "base/size.h"
#include "operators/move.h"
#include "operators/strings.h"

enum { ALIGN = 16 };

static bool needs(const op_tensor *t) {
  return t && (t->type == MOTE_STRING || t->type == MOTE_INT4 || t->type == MOTE_INT2 || t->type == MOTE_UINT4);
}

static bool any_needs(const op_ctx *c) {
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (needs(c->in[i])) return true;
  for (int32_t i = 0; i < c->num_outputs; i++)
    if (needs(c->out[i])) return true;
  return false;
}

/* Adds the room of one operand: a record, and data when it is stood in for. */
static bool add_room(const op_tensor *t, size_t *total) {
  size_t count, bytes;
  if (!needs(t)) return true;
  return size_dims(t->dims, t->rank, &count) && size_mul(count, t->type == MOTE_STRING ? 4 : 1, &bytes) &&
         size_align(bytes, ALIGN, &bytes) && size_add(*total, bytes, total);
}

static size_t round_up(size_t bytes) { return (bytes + ALIGN - 1) / ALIGN * ALIGN; }

/* Records and lists of pointers to them come before all data. */
static size_t head_size(const op_ctx *c) {
  const size_t operands = (size_t)c->num_inputs + (size_t)c->num_outputs;
  return round_up(operands * sizeof(op_tensor)) + round_up(operands * sizeof(op_tensor *));
}

static mote_status room_of(op_ctx *c, size_t *room) {
  *room = 0;
  if (!any_needs(c)) return MOTE_OK;
  bool fits = true;
  *room = head_size(c);
  for (int32_t i = 0; i < c->num_inputs; i++) fits &= add_room(c->in[i], room);
  for (int32_t i = 0; i < c->num_outputs; i++) fits &= add_room(c->out[i], room);
  OP_REQUIRE(c, fits, MOTE_ERR_LIMIT, "its operands have more elements than memory can hold");
  return MOTE_OK;
}

mote_status move_plan(op_ctx *c) {
  size_t room;
  MOTE_TRY(room_of(c, &room));
  OP_REQUIRE(c, size_add(c->scratch_size, room, &c->scratch_size), MOTE_ERR_LIMIT,
             "its operands have more elements than memory can hold");
  return MOTE_OK;
}

/* ---- in ---- */

static void unpack(const op_tensor *t, uint8_t *to) {
  const uint8_t *const from = t->data;
  const size_t bits = (size_t)mote_type_bits(t->type), each = 8 / bits, count = op_count(t);
  const uint8_t mask = (uint8_t)((1u << bits) - 1);
  for (size_t i = 0; i < count; i++) to[i] = (uint8_t)(from[i / each] >> i % each * bits) & mask;
}

static void pack(const op_tensor *t, const uint8_t *from) {
  uint8_t *const to = t->data;
  const size_t bits = (size_t)mote_type_bits(t->type), each = 8 / bits, count = op_count(t);
  const uint8_t mask = (uint8_t)((1u << bits) - 1);
  memset(to, 0, t->bytes);
  for (size_t i = 0; i < count; i++) to[i / each] |= (uint8_t)((from[i] & mask) << i % each * bits);
}

/* Numbers the strings of t from *next on, when they are as many as its shape says and lie in its buffer. */
static mote_status number_strings(op_ctx *c, const op_tensor *t, int32_t *to, int32_t *next) {
  const size_t count = op_count(t);
  str_view s;
  OP_REQUIRE(c, str_count(t) == count, MOTE_ERR_RUN,
             "a string tensor holds %zu strings, but its shape has %zu elements", str_count(t), count);
  OP_REQUIRE(c, count < (size_t)(INT32_MAX - *next), MOTE_ERR_LIMIT, "there are more than %d strings", INT32_MAX);
  for (size_t i = 0; i < count; i++) {
    OP_REQUIRE(c, str_at(t, i, &s), MOTE_ERR_RUN, "string %zu does not lie inside of its tensor", i);
    to[i] = (*next)++;
  }
  return MOTE_OK;
}

/* Makes the stand-in of t at *data, or has t stand for itself. */
static op_tensor *stand_in(const op_tensor *t, op_tensor *record, char **data) {
  *record = *t;
  if (!needs(t)) return record;
  record->type = t->type == MOTE_STRING ? MOTE_INT32 : t->type == MOTE_UINT4 ? MOTE_UINT8 : MOTE_INT8;
  record->bytes = op_count(t) * (t->type == MOTE_STRING ? 4 : 1);
  record->data = *data;
  *data += round_up(record->bytes);
  return record;
}

/* ---- out ---- */

/* The string behind a number; the empty one for 0. */
static str_view string_of(const op_ctx *c, int32_t number) {
  int32_t next = 1;
  str_view s = {"", 0};
  for (int32_t i = 0; number > 0 && i < c->num_inputs; i++) {
    if (!c->in[i] || c->in[i]->type != MOTE_STRING) continue;
    const int32_t count = (int32_t)op_count(c->in[i]);
    if (number < next + count) {
      str_at(c->in[i], (size_t)(number - next), &s);
      break;
    }
    next += count;
  }
  return s;
}

static mote_status write_strings(op_ctx *c, int32_t output, const op_tensor *numbers) {
  const int32_t *const number = numbers->data;
  const size_t count = op_count(numbers);
  uint64_t bytes = 0;
  size_t size;
  for (size_t i = 0; i < count; i++) bytes += string_of(c, number[i]).size;
  OP_REQUIRE(c, str_buffer_size(count, bytes, &size), MOTE_ERR_RUN, "the %zu strings of output %d take 2 GiB or more",
             count, (int)output);
  MOTE_TRY(op_resize(c, output, numbers->rank, numbers->dims, size));
  str_writer w;
  str_begin(&w, c->out[output]->data, count);
  for (size_t i = 0; i < count; i++) str_put(&w, string_of(c, number[i]));
  return MOTE_OK;
}

/* ---- both ---- */

mote_status move_any(op_ctx *c, op_phase run) {
  size_t room;
  MOTE_TRY(room_of(c, &room));
  if (!room) return run(c);
  op_tensor *const *const in = c->in, *const *const out = c->out;
  char *const scratch = c->scratch;
  const size_t operands = (size_t)c->num_inputs + (size_t)c->num_outputs;
  op_tensor *const records = (op_tensor *)(void *)scratch;
  op_tensor **const list = (op_tensor **)(void *)(scratch + round_up(operands * sizeof *records));
  char *data = scratch + head_size(c);
  int32_t next = 1;
  for (int32_t i = 0; i < c->num_inputs; i++) {
    list[i] = in[i] ? stand_in(in[i], &records[i], &data) : NULL;
    if (!needs(in[i])) continue;
    if (in[i]->type == MOTE_STRING) MOTE_TRY(number_strings(c, in[i], list[i]->data, &next));
    else unpack(in[i], list[i]->data);
  }
  for (int32_t i = 0; i < c->num_outputs; i++)
    list[c->num_inputs + i] = stand_in(out[i], &records[c->num_inputs + i], &data);
  c->in = list;
  c->out = list + c->num_inputs;
  c->scratch = data;
  mote_status status = run(c);
  c->in = in;
  c->out = out;
  c->scratch = scratch;
  for (int32_t i = 0; i < c->num_outputs && status == MOTE_OK; i++) {
    const op_tensor *const done = list[c->num_inputs + i];
    if (!needs(out[i])) continue;
    if (out[i]->type == MOTE_STRING) status = write_strings(c, i, done);
    else pack(out[i], done->data);
  }
  return status;
}

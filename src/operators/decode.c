/* decode.c: TFLM_DECODE of the microcontroller runtime: constants that are packed in the file, unpacked.
 *
 * Each output has two inputs: what is packed, a string of bits whose first is the highest of a byte, and a table with a
 * header of 16 bytes, which says how. All of it is the file's, so that nothing is read before it is measured.
 */
#include <string.h>

#include "operators/move.h"

/* Bytes of the header: the kind; versions of the header and of the kind; what the kind needs. */
enum { HEAD_KIND, HEAD_VERSION, KIND_VERSION = 4, KIND_PARAMETER, KIND_STRIDE, HEAD_BYTES = 16 };
enum { KIND_LUT, KIND_HUFFMAN, KIND_PRUNE };

typedef struct decoder {
  op_ctx *c;
  int32_t index; /* of the output */
  const op_tensor *out;
  const uint8_t *packed, *head, *table;
  size_t packed_bits, table_bytes;
  size_t at; /* the next bit */
  size_t count, element;
  size_t channels, run; /* of the output's quantization; run: neighbours in one channel */
} decoder;

/* The next n bits, up to 16; zeros behind the end. */
static uint32_t next_bits(decoder *d, uint32_t n) {
  uint32_t word = 0;
  for (size_t byte = d->at / 8, i = 0; i < 4; i++)
    word = word << 8 | (8 * (byte + i) < d->packed_bits ? d->packed[byte + i] : 0);
  word = word << d->at % 8 >> (32 - n);
  d->at += n;
  return word;
}

static size_t channel_of(const decoder *d, size_t i) { return i / d->run % d->channels; }

/* Channels lie along the first dimension or the last. */
static mote_status find_channels(decoder *d) {
  const op_quant *const q = d->out->quant;
  d->channels = d->run = 1;
  if (q->count < 2) return MOTE_OK;
  const int32_t last = d->out->rank - 1;
  OP_REQUIRE(
      d->c, q->axis >= 0 && (q->axis == 0 || q->axis == last) && q->axis <= last && d->out->dims[q->axis] == q->count,
      MOTE_ERR_MODEL, "output %d has %d scales along dimension %d; they must be one each of the first or the last",
      (int)d->index, (int)q->count, (int)q->axis);
  d->channels = (size_t)q->count;
  if (q->axis != last) d->run = d->count / d->channels;
  return MOTE_OK;
}

static mote_status need_bits(const decoder *d, size_t bits) {
  OP_REQUIRE(d->c, d->packed_bits / bits >= d->count, MOTE_ERR_MODEL,
             "output %d has %zu elements of %zu bits each, and its input has only %zu bits", (int)d->index, d->count,
             bits, d->packed_bits);
  return MOTE_OK;
}

/* ---- a table of values; what is packed are indices ---- */

static mote_status look_up(decoder *d) {
  const uint32_t bits = d->head[KIND_PARAMETER] & 7;
  const size_t values = d->table_bytes / d->element, stride = d->head[KIND_STRIDE];
  OP_REQUIRE(d->c, bits > 0, MOTE_ERR_MODEL, "the indices of output %d are 0 bits wide; they must be 1 to 7",
             (int)d->index);
  MOTE_TRY(find_channels(d));
  MOTE_TRY(need_bits(d, bits));
  char *to = d->out->data;
  for (size_t i = 0; i < d->count; i++, to += d->element) {
    const size_t at = channel_of(d, i) * stride + next_bits(d, bits);
    OP_REQUIRE(d->c, at < values, MOTE_ERR_MODEL, "element %zu of output %d is value %zu of a table of %zu", i,
               (int)d->index, at, values);
    memcpy(to, d->table + at * d->element, d->element);
  }
  return MOTE_OK;
}

/* ---- values that are not zero; what is packed says where they are ---- */

static mote_status fill_in(decoder *d) {
  const op_quant *const q = d->out->quant;
  const bool bytes = d->out->type == MOTE_INT8;
  const size_t values = d->table_bytes / d->element;
  size_t used = 0;
  OP_REQUIRE(d->c, bytes || q->count == 0 || q->zero_point[0] == 0, MOTE_ERR_MODEL,
             "output %d has the zero point %d; only int8 can have another than 0", (int)d->index,
             (int)(q->count ? q->zero_point[0] : 0));
  MOTE_TRY(find_channels(d));
  MOTE_TRY(need_bits(d, 1));
  char *to = d->out->data;
  for (size_t i = 0; i < d->count; i++, to += d->element) {
    if (!next_bits(d, 1)) {
      memset(to, bytes && q->count ? q->zero_point[channel_of(d, i)] : 0, d->element);
      continue;
    }
    OP_REQUIRE(d->c, used < values, MOTE_ERR_MODEL, "element %zu of output %d is value %zu of a list of %zu", i,
               (int)d->index, used, values);
    memcpy(to, d->table + used++ * d->element, d->element);
  }
  return MOTE_OK;
}

/* ---- Huffman's code ---- */

/* An entry of the tables is a symbol with the bits that it took, or the way to the next table with the bits that choose
 * there, less 1. Both kinds of entries, 16 bits wide and 32, become the wide one. */
typedef struct huffman {
  bool wide;
  uint32_t first_bits;
  size_t entries;
} huffman;

enum { COUNT_SHIFT = 27, COUNT_MASK = 15, WAY_MASK = 0x07ffffff };

static uint32_t entry_at(const decoder *d, const huffman *h, size_t i) {
  uint16_t narrow;
  uint32_t wide;
  if (h->wide) {
    memcpy(&wide, d->table + 4 * i, 4);
    return wide;
  }
  memcpy(&narrow, d->table + 2 * i, 2);
  return (uint32_t)(narrow & 0xf800) << 16 | (narrow & 0x07ff);
}

/* The next symbol, from table to table: bits that the last one did not need are put back. */
static mote_status next_symbol(decoder *d, const huffman *h, uint32_t *entry) {
  uint32_t taken = h->first_bits;
  for (size_t at = next_bits(d, taken);;) {
    OP_REQUIRE(d->c, at < h->entries, MOTE_ERR_MODEL, "the code of output %d leads to entry %zu of tables of %zu",
               (int)d->index, at, h->entries);
    *entry = entry_at(d, h, at);
    const uint32_t count = *entry >> COUNT_SHIFT & COUNT_MASK;
    if (*entry >> 31) {
      if (taken > count) d->at -= taken - count;
      break;
    }
    taken = count + 1;
    OP_REQUIRE(d->c, d->at < d->packed_bits, MOTE_ERR_MODEL, "the code of output %d ends within a symbol",
               (int)d->index);
    at += (*entry & WAY_MASK) + next_bits(d, taken);
  }
  OP_REQUIRE(d->c, d->at <= d->packed_bits, MOTE_ERR_MODEL, "the code of output %d ends before its symbols do",
             (int)d->index);
  return MOTE_OK;
}

static mote_status unfold(decoder *d) {
  const uint8_t sizes = d->head[KIND_PARAMETER];
  const huffman h = {
      .wide = sizes & 1, .first_bits = 1 + (uint32_t)(sizes >> 4), .entries = d->table_bytes / (sizes & 1 ? 4 : 2)};
  OP_REQUIRE(d->c, d->out->type == MOTE_INT8 || (h.wide && d->out->type == MOTE_INT16), MOTE_ERR_TYPE,
             "output %d is %s; symbols are int8, or int16 from entries of 32 bits", (int)d->index,
             mote_type_name(d->out->type));
  char *to = d->out->data;
  for (size_t i = 0; i < d->count; i++, to += d->element) {
    uint32_t entry;
    MOTE_TRY(next_symbol(d, &h, &entry));
    memcpy(to, &entry, d->element); /* its lowest bytes */
  }
  return MOTE_OK;
}

/* ---- the operator ---- */

static mote_status check(op_ctx *c) {
  OP_REQUIRE(c, c->num_inputs == 2 * c->num_outputs, MOTE_ERR_MODEL,
             "%d inputs do not fit %d outputs; each output needs two: what is packed, and how", (int)c->num_inputs,
             (int)c->num_outputs);
  for (int32_t i = 0; i < c->num_inputs; i++)
    OP_REQUIRE(c, op_is_const(c->in[i]), MOTE_ERR_MODEL, "input %d is no constant", (int)i);
  for (int32_t i = 1; i < c->num_inputs; i += 2) {
    const uint8_t *const head = c->in[i]->data;
    OP_REQUIRE(c, c->in[i]->bytes >= HEAD_BYTES, MOTE_ERR_MODEL, "input %d has %zu bytes; its header alone has %d",
               (int)i, c->in[i]->bytes, HEAD_BYTES);
    OP_REQUIRE(c, head[HEAD_VERSION] == 1 && head[KIND_VERSION] == 1, MOTE_ERR_UNSUPPORTED,
               "input %d is of version %d.%d; known is 1.1", (int)i, head[HEAD_VERSION], head[KIND_VERSION]);
    OP_REQUIRE(c, head[HEAD_KIND] <= KIND_PRUNE, MOTE_ERR_UNSUPPORTED,
               "input %d is packed in way %d; known are 0, a table, 1, Huffman's code, and 2, without zeros", (int)i,
               head[HEAD_KIND]);
  }
  return MOTE_OK;
}

/* The outputs have the shapes that the file gives them. */
static mote_status infer(op_ctx *c) {
  for (int32_t i = 0; i < c->num_outputs; i++)
    OP_REQUIRE(c, op_shape_known(c->out[i]), MOTE_ERR_SHAPE, "the file does not say what shape output %d has", (int)i);
  return MOTE_OK;
}

static mote_status run(op_ctx *c) {
  static mote_status (*const kinds[])(decoder *) = {look_up, unfold, fill_in};
  for (int32_t i = 0; i < c->num_outputs; i++) {
    const op_tensor *const packed = c->in[2 * i], *const how = c->in[2 * i + 1];
    decoder d = {.c = c, .index = i, .out = c->out[i], .packed = packed->data, .head = how->data};
    d.table = d.head + HEAD_BYTES;
    d.packed_bits = packed->bytes > SIZE_MAX / 8 ? SIZE_MAX : 8 * packed->bytes;
    d.table_bytes = how->bytes - HEAD_BYTES;
    d.count = op_count(d.out);
    d.element = (size_t)move_element(d.out->type);
    MOTE_TRY(kinds[d.head[HEAD_KIND]](&d));
  }
  return MOTE_OK;
}

const mote_op op_tflm_decode = {
    .name = "TFLM_DECODE",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = OP_ANY,
    .outputs_min = 1,
    .outputs_max = OP_ANY,
    .types = MOVE_TYPES " ... > " MOVE_TYPES " ...",
    .check = check,
    .infer = infer,
    .run = run,
    .notes = "Two inputs each output, all constants: what is packed, and a table; unpacked when a model is compiled.",
};

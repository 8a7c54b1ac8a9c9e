/* pack.c: blocks made from constant weights and what belongs to them. */
#include "operators/pack.h"

#include <string.h>

#include "base/error.h"

enum { PARTS = 4, MAX_VARIANTS = 1 << 20 };

/* Bytes before the block proper: copies of what else it is made from. */
static bool head_bytes(const pack_request *r, size_t *bytes) {
  *bytes = 0;
  for (int i = 0; i < PARTS; i++)
    if (!size_add(*bytes, r->made_from[i].size, bytes)) return false;
  return size_align(*bytes, MEM_ALIGN, bytes);
}

static void fill_with_head(void *to, const void *arg) {
  const pack_request *const r = arg;
  uint8_t *at = to;
  size_t head = 0;
  head_bytes(r, &head);
  for (int i = 0; i < PARTS; i++) {
    if (r->made_from[i].size) memcpy(at, r->made_from[i].data, r->made_from[i].size);
    at += r->made_from[i].size;
  }
  r->fill((uint8_t *)to + head, r->arg);
}

static bool same_head(const uint8_t *at, const pack_request *r) {
  for (int i = 0; i < PARTS; i++) {
    if (r->made_from[i].size && memcmp(at, r->made_from[i].data, r->made_from[i].size)) return false;
    at += r->made_from[i].size;
  }
  return true;
}

/* FNV-1a over what the block is made from besides its source: where the search for it begins. */
static uint32_t head_hash(const pack_request *r) {
  uint32_t hash = 2166136261U;
  for (int i = 0; i < PARTS; i++)
    for (size_t b = 0; b < r->made_from[i].size; b++)
      hash = (hash ^ ((const uint8_t *)r->made_from[i].data)[b]) * 16777619U;
  return hash;
}

mote_status pack_constant(op_ctx *c, const pack_request *r, const void **out) {
  size_t head, bytes;
  if (!head_bytes(r, &head) || !size_add(head, r->bytes, &bytes)) return op_no_memory(c, SIZE_MAX);
  /* Blocks of one source, kind and size are numbered; the one made from the same parts is ours. */
  const uint32_t first = head_hash(r);
  for (uint32_t i = 0; i < MAX_VARIANTS; i++) {
    const uint32_t variant = (first + i) % MAX_VARIANTS;
    const void *block;
    MOTE_TRY(op_pack(c, r->source, r->kind | variant << 8, bytes, fill_with_head, r, &block));
    const bool counted = block == r->source; /* nothing will run: the first number is taken for the right one */
    if (!counted && !same_head(block, r)) continue;
    *out = counted ? block : (const uint8_t *)block + head;
    return MOTE_OK;
  }
  return op_fail(c, MOTE_ERR_LIMIT, "%d operators share these weights with different biases or scales", MAX_VARIANTS);
}

mote_status scratch_done(op_ctx *c, const scratch_layout *l) {
  OP_REQUIRE(c, !l->too_large, MOTE_ERR_LIMIT, "more scratch memory is needed than this machine can address");
  c->scratch_size = l->bytes;
  return MOTE_OK;
}

/* bundle.c: a checkpoint of TensorFlow: PREFIX.index, a table of LevelDB's kind from names to places, and the bytes of
 * the values in PREFIX.data-00000-of-0000N.
 *
 * The table: blocks, each followed by a byte that says how it is compressed and a checksum; the last 48 bytes say
 * where the block of blocks is. Entries of a block share the beginning of their key with the entry before.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "import/tensorflow/source.h"

enum { FOOTER = 48, TRAILER = 5, MAX_SHARDS = 1000, MAX_KEY = 4096 };
static const uint64_t magic = UINT64_C(0xdb4775248b80fb57);

typedef struct entry {
  const char *key;
  const Tf__BundleEntry *saved;
} entry;

struct tf_bundle {
  mem *mem;
  arena *arena;
  char *prefix;
  file_view index;
  entry *entries; /* in the order of keys */
  size_t count, room;
  file_view *shards;
  bool *opened;
  uint32_t num_shards;
  uint32_t crc[256];
};

/* ---- checksums: CRC-32C, masked as LevelDB does ---- */

static void make_table(uint32_t table[256]) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ UINT32_C(0x82f63b78) : c >> 1;
    table[i] = c;
  }
}

static uint32_t masked_crc(const uint32_t table[256], const uint8_t *data, size_t size) {
  uint32_t c = UINT32_MAX;
  for (size_t i = 0; i < size; i++) c = table[(c ^ data[i]) & 255] ^ c >> 8;
  c = ~c;
  return (c >> 15 | c << 17) + UINT32_C(0xa282ead8);
}

/* ---- reading numbers ---- */

typedef struct cursor {
  const uint8_t *at, *end;
} cursor;

static bool read_varint(cursor *c, uint64_t *out) {
  *out = 0;
  for (int shift = 0; shift < 64 && c->at < c->end; shift += 7) {
    const uint8_t byte = *c->at++;
    *out |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) return true;
  }
  return false;
}

static uint32_t little32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* ---- the table ---- */

static mote_status damaged(const tf_bundle *b, mote_error *e, const char *what) {
  return err_set(e, MOTE_ERR_FORMAT, "the checkpoint index '%s.index' is damaged: %s", b->prefix, what);
}

/* The bytes of the block that a handle (offset, size) names, tested. */
static mote_status find_block(const tf_bundle *b, cursor *handle, cursor *block, mote_error *e) {
  uint64_t offset, size;
  if (!read_varint(handle, &offset) || !read_varint(handle, &size))
    return damaged(b, e, "a place of a block is cut off");
  if (offset > b->index.size || size > b->index.size - offset || b->index.size - offset - size < TRAILER)
    return damaged(b, e, "a block lies behind the end");
  const uint8_t *at = b->index.data + offset;
  if (masked_crc(b->crc, at, (size_t)size + 1) != little32(at + size + 1))
    return damaged(b, e, "the checksum of a block is wrong");
  if (at[size] != 0)
    return err_set(e, MOTE_ERR_UNSUPPORTED,
                   "the checkpoint index '%s.index' is compressed, which TensorFlow itself never "
                   "does; save the checkpoint again",
                   b->prefix);
  if (size < 4) return damaged(b, e, "a block is too short");
  const uint64_t restarts = little32(at + size - 4);
  if (restarts > (size - 4) / 4) return damaged(b, e, "a block says it has more restart points than fit");
  *block = (cursor){at, at + (size - 4 - 4 * restarts)};
  return MOTE_OK;
}

/* Reads the next entry of a block; key holds the one before. */
static bool next_entry(cursor *block, char *key, size_t *key_size, cursor *value) {
  uint64_t shared, fresh, size;
  if (!read_varint(block, &shared) || !read_varint(block, &fresh) || !read_varint(block, &size)) return false;
  const uint64_t rest = (uint64_t)(block->end - block->at);
  if (shared > *key_size || fresh >= MAX_KEY - shared || fresh > rest || size > rest - fresh) return false;
  memcpy(key + shared, block->at, (size_t)fresh);
  *key_size = (size_t)(shared + fresh);
  key[*key_size] = 0;
  *value = (cursor){block->at + fresh, block->at + fresh + size};
  block->at = value->end;
  return true;
}

static mote_status read_header(tf_bundle *b, cursor value, mote_error *e) {
  ProtobufCMessage *m;
  MOTE_TRY(tf_binary_parse(value.at, (size_t)(value.end - value.at), &tf__bundle_header__descriptor, b->arena, &m, e));
  const Tf__BundleHeader *h = (const Tf__BundleHeader *)m;
  if (h->endianness)
    return err_set(e, MOTE_ERR_UNSUPPORTED, "the checkpoint '%s' was written by a big-endian machine", b->prefix);
  if (h->num_shards < 1 || h->num_shards > MAX_SHARDS) return damaged(b, e, "its number of data files is absurd");
  b->num_shards = (uint32_t)h->num_shards;
  b->shards = ARENA_ARRAY(b->arena, file_view, b->num_shards);
  b->opened = ARENA_ARRAY(b->arena, bool, b->num_shards);
  return b->shards && b->opened ? MOTE_OK : err_memory(e, "a checkpoint", 0);
}

static mote_status add_entry(tf_bundle *b, const char *key, size_t key_size, cursor value, mote_error *e) {
  if (!key_size) return read_header(b, value, e);
  if (!b->num_shards) return damaged(b, e, "it has no header");
  ProtobufCMessage *m;
  MOTE_TRY(tf_binary_parse(value.at, (size_t)(value.end - value.at), &tf__bundle_entry__descriptor, b->arena, &m, e));
  if (b->count == b->room) {
    const size_t room = 2 * b->room + 16;
    entry *more = mem_resize(b->mem, b->entries, room * sizeof *more);
    if (!more) return err_memory(e, "a checkpoint", room * sizeof *more);
    b->entries = more, b->room = room;
  }
  const char *copy = arena_string(b->arena, key, key_size);
  if (!copy) return err_memory(e, "a checkpoint", key_size);
  if (b->count && strcmp(b->entries[b->count - 1].key, copy) >= 0) return damaged(b, e, "its names are out of order");
  b->entries[b->count++] = (entry){copy, (const Tf__BundleEntry *)m};
  return MOTE_OK;
}

static mote_status read_block(tf_bundle *b, cursor block, mote_error *e) {
  char key[MAX_KEY];
  size_t size = 0;
  cursor value;
  while (block.at < block.end) {
    if (!next_entry(&block, key, &size, &value)) return damaged(b, e, "an entry is cut off");
    MOTE_TRY(add_entry(b, key, size, value, e));
  }
  return MOTE_OK;
}

static mote_status read_table(tf_bundle *b, mote_error *e) {
  const file_view *f = &b->index;
  if (f->size < FOOTER) return damaged(b, e, "it is too short");
  const uint8_t *footer = f->data + f->size - FOOTER;
  const uint64_t found = little32(footer + FOOTER - 8) | (uint64_t)little32(footer + FOOTER - 4) << 32;
  if (found != magic) return damaged(b, e, "its last bytes are not those of a checkpoint index");
  cursor c = {footer, footer + FOOTER - 8}, blocks, block, handle;
  uint64_t unused;
  if (!read_varint(&c, &unused) || !read_varint(&c, &unused)) return damaged(b, e, "its footer is cut off");
  MOTE_TRY(find_block(b, &c, &blocks, e));
  char key[MAX_KEY];
  size_t size = 0;
  while (blocks.at < blocks.end) {
    if (!next_entry(&blocks, key, &size, &handle)) return damaged(b, e, "an entry is cut off");
    MOTE_TRY(find_block(b, &handle, &block, e));
    MOTE_TRY(read_block(b, block, e));
  }
  return b->num_shards ? MOTE_OK : damaged(b, e, "it has no header");
}

mote_status tf_bundle_open(tf_bundle **out, const char *prefix, arena *a, mote_error *e) {
  tf_bundle *b = ARENA_NEW(a, tf_bundle);
  char *path = arena_alloc(a, strlen(prefix) + sizeof ".index");
  if (!b || !path) return err_memory(e, "a checkpoint", 0);
  b->mem = a->mem;
  b->arena = a;
  b->prefix = arena_string(a, prefix, strlen(prefix));
  make_table(b->crc);
  sprintf(path, "%s.index", prefix);
  MOTE_TRY(file_open(&b->index, b->mem, path, false, e));
  const mote_status status = read_table(b, e);
  if (status == MOTE_OK) *out = b;
  else tf_bundle_close(b);
  return status;
}

void tf_bundle_close(tf_bundle *b) {
  if (!b) return;
  for (uint32_t i = 0; b->opened && i < b->num_shards; i++)
    if (b->opened[i]) file_close(&b->shards[i]);
  mem_free(b->mem, b->entries);
  file_close(&b->index);
}

size_t tf_bundle_count(const tf_bundle *b) { return b->count; }
const char *tf_bundle_key(const tf_bundle *b, size_t i) { return b->entries[i].key; }

/* ---- values ---- */

static const entry *find(const tf_bundle *b, const char *key) {
  size_t lo = 0, hi = b->count;
  while (lo < hi) {
    const size_t mid = lo + (hi - lo) / 2;
    const int order = strcmp(b->entries[mid].key, key);
    if (order == 0) return &b->entries[mid];
    if (order < 0) lo = mid + 1;
    else hi = mid;
  }
  return NULL;
}

bool tf_bundle_has(const tf_bundle *b, const char *key) { return find(b, key) != NULL; }

static mote_status open_shard(tf_bundle *b, uint32_t i, mote_error *e) {
  if (b->opened[i]) return MOTE_OK;
  char *path = mem_alloc(b->mem, strlen(b->prefix) + 40);
  if (!path) return err_memory(e, "a checkpoint", 0);
  sprintf(path, "%s.data-%05u-of-%05u", b->prefix, i, b->num_shards);
  const mote_status status = file_open(&b->shards[i], b->mem, path, false, e);
  mem_free(b->mem, path);
  b->opened[i] = status == MOTE_OK;
  return status;
}

mote_status tf_bundle_get(tf_bundle *b, const char *key, tf_saved *out, mote_error *e) {
  const entry *found = find(b, key);
  char name[200];
  err_name(name, sizeof name, key, strlen(key));
  if (!found)
    return err_set(e, MOTE_ERR_MODEL, "the checkpoint '%s' holds no value named '%s'; it has %zu others", b->prefix,
                   name, b->count);
  const Tf__BundleEntry *s = found->saved;
  if (s->shard_id < 0 || (uint32_t)s->shard_id >= b->num_shards || s->offset < 0 || s->size < 0)
    return damaged(b, e, "a value lies in a file that there is not");
  MOTE_TRY(open_shard(b, (uint32_t)s->shard_id, e));
  const file_view *f = &b->shards[s->shard_id];
  if ((uint64_t)s->offset > f->size || (uint64_t)s->size > f->size - (uint64_t)s->offset)
    return err_set(e, MOTE_ERR_FORMAT,
                   "value '%s' of the checkpoint '%s' is cut off: it has %lld bytes at %lld of a data "
                   "file of %llu bytes",
                   name, b->prefix, (long long)s->size, (long long)s->offset, (unsigned long long)f->size);
  *out = (tf_saved){found->key, s->dtype, s->shape, f->data + s->offset, (size_t)s->size};
  /* The checksum of strings is of their lengths and characters, in another order than the file has them. */
  if (s->dtype != TF_STRING && s->crc32c && masked_crc(b->crc, out->data, out->bytes) != s->crc32c)
    return err_set(e, MOTE_ERR_FORMAT, "value '%s' of the checkpoint '%s' is damaged: its checksum is wrong", name,
                   b->prefix);
  return MOTE_OK;
}

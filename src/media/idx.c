/* idx.c: see idx.h. */
#include "media/idx.h"

#include <string.h>

#include "base/size.h"

static const mote_type types[] = {[0x08] = MOTE_UINT8, [0x09] = MOTE_INT8,    [0x0b] = MOTE_INT16,
                                  [0x0c] = MOTE_INT32, [0x0d] = MOTE_FLOAT32, [0x0e] = MOTE_FLOAT64};

mote_status idx_find(idx *x, const media_source *s, mote_error *e) {
  if (media_kind_of(s->data, s->size) != KIND_IDX)
    return err_set(e, MOTE_ERR_FORMAT, "%s is no idx array: it looks like %s", s->name,
                   mote_media_kind(s->data, s->size));
  *x = (idx){.type = types[s->data[2]], .rank = s->data[3]};
  x->item = (size_t)mote_type_bits(x->type) / 8;
  const size_t header = 4 + 4 * (size_t)x->rank;
  if (s->size < header) return media_truncated(s, "the header", e);
  for (int32_t i = 0; i < x->rank; i++) {
    const uint32_t dim = get_u32be(s->data + 4 + 4 * i);
    if (dim > INT32_MAX)
      return err_set(e, MOTE_ERR_UNSUPPORTED, "%s has a dimension of %u; at most 2^31 - 1 is read", s->name,
                     (unsigned)dim);
    x->dims[i] = (int32_t)dim;
  }
  size_t bytes;
  if (!size_dims(x->dims, x->rank, &x->count) || !size_mul(x->count, x->item, &bytes))
    return err_set(e, MOTE_ERR_LIMIT, "%s says it holds more elements than this machine can address", s->name);
  x->data = s->data + header;
  return bytes > s->size - header ? media_truncated(s, "the elements", e) : MOTE_OK;
}

void idx_copy(const idx *x, void *to) {
  uint8_t *out = to;
  for (size_t i = 0; i < x->count; i++)
    for (size_t b = 0; b < x->item; b++) out[i * x->item + b] = x->data[i * x->item + x->item - 1 - b];
}

/* custom.c: see custom.h. */
#include "operators/custom.h"

#include "operators/flexbuffer.h"

static bool find(const op_ctx *c, const char *key, flex_value *v) {
  flex_value map;
  return flex_root(c->custom, c->custom_size, &map) && flex_find(&map, key, v);
}

bool custom_has(const op_ctx *c, const char *key) {
  flex_value v;
  return find(c, key, &v);
}

mote_status custom_int_or(op_ctx *c, const char *key, int32_t lo, int32_t hi, int32_t *to) {
  return custom_has(c, key) ? custom_int(c, key, lo, hi, to) : MOTE_OK;
}

mote_status custom_int(op_ctx *c, const char *key, int32_t lo, int32_t hi, int32_t *to) {
  flex_value v;
  OP_REQUIRE(c, find(c, key, &v), MOTE_ERR_MODEL,
             "its %zu bytes of options are no FlexBuffer map with the key '%s', a whole number", c->custom_size, key);
  OP_REQUIRE(c, flex_int(&v, to), MOTE_ERR_MODEL, "the option '%s' is no whole number of 32 bits", key);
  OP_REQUIRE(c, *to >= lo && *to <= hi, MOTE_ERR_MODEL, "the option '%s' is %d; it must be from %d to %d", key,
             (int)*to, (int)lo, (int)hi);
  return MOTE_OK;
}

mote_status custom_bool(op_ctx *c, const char *key, bool *to) {
  flex_value v;
  *to = false;
  if (!find(c, key, &v)) return MOTE_OK;
  OP_REQUIRE(c, flex_bool(&v, to), MOTE_ERR_MODEL, "the option '%s' is no bool", key);
  return MOTE_OK;
}

/* binary.c: messages in protobuf's binary form, read by protobuf-c into an arena. */
#include "base/error.h"
#include "import/tensorflow/source.h"

static void *give(void *user, size_t n) { return arena_alloc(user, n ? n : 1); }

/* Records go with the arena. */
static void keep(void *user, void *block) { (void)user, (void)block; }

mote_status tf_binary_parse(const uint8_t *data, size_t size, const ProtobufCMessageDescriptor *kind, arena *a,
                            ProtobufCMessage **out, mote_error *e) {
  ProtobufCAllocator allocator = {give, keep, a};
  *out = protobuf_c_message_unpack(kind, &allocator, size, data);
  if (*out) return MOTE_OK;
  return err_set(e, MOTE_ERR_FORMAT,
                 "it is no %s of TensorFlow, or is damaged, or needs more memory than a file of its "
                 "size should",
                 kind->short_name);
}

/* source.h: TensorFlow's files as they are: the messages of a graph, the values of a checkpoint, and what a SavedModel
 * says of its ends. Nothing is understood here; graph.h begins with that.
 *
 *   SavedModel    a folder with saved_model.pb or saved_model.pbtxt, and variables/
 *   GraphDef      one file, binary (.pb) or text (.pbtxt); variables were frozen into constants
 *   checkpoint    NAME.meta (a MetaGraphDef) beside NAME.index and NAME.data-*
 */
#ifndef IMPORT_TENSORFLOW_SOURCE_H
#define IMPORT_TENSORFLOW_SOURCE_H

#include "base/arena.h"
#include "base/file.h"
#include "messages.pb-c.h"

/* Element types as TensorFlow numbers them (DataType); those of variables of TensorFlow 1 are 100 higher. */
enum {
  TF_FLOAT = 1,
  TF_DOUBLE = 2,
  TF_INT32 = 3,
  TF_UINT8 = 4,
  TF_INT16 = 5,
  TF_INT8 = 6,
  TF_STRING = 7,
  TF_COMPLEX64 = 8,
  TF_INT64 = 9,
  TF_BOOL = 10,
  TF_BFLOAT16 = 14,
  TF_UINT16 = 17,
  TF_COMPLEX128 = 18,
  TF_HALF = 19,
  TF_RESOURCE = 20,
  TF_VARIANT = 21,
  TF_UINT32 = 22,
  TF_UINT64 = 23
};

/* ---- a checkpoint ---- */

typedef struct tf_bundle tf_bundle;

/* One value of a checkpoint. data points into a mapped file (strings: encoded as the file has them). */
typedef struct tf_saved {
  const char *key;
  int32_t dtype;
  const Tf__Shape *shape;
  const uint8_t *data;
  size_t bytes;
} tf_saved;

/* Opens PREFIX.index. Records live in `a`. The caller closes. */
mote_status tf_bundle_open(tf_bundle **out, const char *prefix, arena *a, mote_error *e);
void tf_bundle_close(tf_bundle *b);
bool tf_bundle_has(const tf_bundle *b, const char *key);
/* How many values there are, and the key of the i-th. */
size_t tf_bundle_count(const tf_bundle *b);
const char *tf_bundle_key(const tf_bundle *b, size_t i);
/* The value of a key: its file is opened, its checksum tested. MOTE_ERR_MODEL when the key is not there. */
mote_status tf_bundle_get(tf_bundle *b, const char *key, tf_saved *out, mote_error *e);

/* ---- messages ---- */

/* A message in TensorFlow's text form. `text` is `size` bytes; records live in `a`; errors name line and column. */
mote_status tf_text_parse(const char *text, size_t size, const ProtobufCMessageDescriptor *kind, arena *a,
                          ProtobufCMessage **out, mote_error *e);
/* The same in binary form. */
mote_status tf_binary_parse(const uint8_t *data, size_t size, const ProtobufCMessageDescriptor *kind, arena *a,
                            ProtobufCMessage **out, mote_error *e);

/* ---- the whole ---- */

typedef struct tf_source {
  mem *mem;
  arena arena;
  char *path;
  const Tf__Graph *graph;
  const Tf__MetaGraph *meta; /* NULL: a GraphDef alone */
  tf_bundle *bundle;         /* NULL: no variables are stored */
} tf_source;

/* True when a path is a folder that holds a SavedModel. */
bool tf_is_saved_model(const char *path);
/* Opens what `path` names, by its content; tags pick a graph of a SavedModel with several ("serve", else the first).
 * *out belongs to the caller. */
mote_status tf_source_open(tf_source **out, const char *path, mote_error *e);
void tf_source_close(tf_source *s);

#endif

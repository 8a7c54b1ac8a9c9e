/* variables.c: see variables.h.
 *
 * A checkpoint of TensorFlow 2 names values after objects ("layer-1/kernel/.ATTRIBUTES/VARIABLE_VALUE"), a graph names
 * variables after themselves ("dense/kernel"). Two places connect them: the function that restores the model assigns
 * entry by entry, which is exact; and the list of objects has the variables' names. TensorFlow 1 uses one name for
 * both.
 */
#include "import/tensorflow/variables.h"

#include <string.h>

#include "base/error.h"

typedef struct pair {
  const char *name, *key;
} pair;

struct tf_variables {
  tf_source *source;
  pair *pairs;
  size_t count, room;
};

static mote_status add(tf_variables *v, const char *name, const char *key, mote_error *e) {
  if (v->count == v->room) {
    const size_t room = 2 * v->room + 64;
    pair *more = ARENA_ARRAY(&v->source->arena, pair, room);
    if (!more) return err_memory(e, "the names of variables", 0);
    if (v->count) memcpy(more, v->pairs, v->count * sizeof *more);
    v->pairs = more;
    v->room = room;
  }
  v->pairs[v->count++] = (pair){name, key};
  return MOTE_OK;
}

/* ---- the objects of a checkpoint ---- */

/* One string as a checkpoint stores it: its length, a checksum, its bytes. */
static bool one_string(const tf_saved *s, const uint8_t **data, size_t *size) {
  size_t at = 0;
  *size = 0;
  for (int shift = 0; at < s->bytes && shift < 35; shift += 7) {
    *size |= (size_t)(s->data[at] & 127) << shift;
    if (s->data[at++] < 128) break;
  }
  at += 4;
  if (at > s->bytes || *size > s->bytes - at) return false;
  *data = s->data + at;
  return true;
}

static mote_status read_objects(tf_variables *v, mote_error *e) {
  static const char key[] = "_CHECKPOINTABLE_OBJECT_GRAPH";
  tf_saved saved;
  const uint8_t *data;
  size_t size;
  ProtobufCMessage *m;
  if (!tf_bundle_has(v->source->bundle, key)) return MOTE_OK;
  MOTE_TRY(tf_bundle_get(v->source->bundle, key, &saved, e));
  if (!one_string(&saved, &data, &size))
    return err_set(e, MOTE_ERR_FORMAT, "the checkpoint's list of objects is cut off");
  MOTE_TRY(tf_binary_parse(data, size, &tf__object_graph__descriptor, &v->source->arena, &m, e));
  const Tf__ObjectGraph *g = (const Tf__ObjectGraph *)m;
  for (size_t i = 0; i < g->n_nodes; i++)
    for (size_t k = 0; k < g->nodes[i]->n_attributes; k++) {
      const Tf__SavedTensor *t = g->nodes[i]->attributes[k];
      if (*t->full_name && *t->checkpoint_key) MOTE_TRY(add(v, t->full_name, t->checkpoint_key, e));
    }
  return MOTE_OK;
}

static mote_status note_restored(void *user, const char *variable, const char *key, mote_error *e) {
  return add(user, variable, key, e);
}

mote_status tf_variables_new(tf_variables **out, tf_source *source, tf_program *p, mote_error *e) {
  tf_variables *v = ARENA_NEW(&source->arena, tf_variables);
  if (!v) return err_memory(e, "the names of variables", 0);
  v->source = source;
  *out = v;
  if (!source->bundle) return MOTE_OK;
  if (source->meta->saver_def && *source->meta->saver_def->restore_op_name)
    MOTE_TRY(tf_restored(p, source->meta->saver_def->restore_op_name, note_restored, v, e));
  return read_objects(v, e);
}

mote_status tf_variable(const tf_variables *v, const char *node, const char *shared, tf_saved *out, mote_error *e) {
  if (!v->source->bundle)
    return err_set(e, MOTE_ERR_MODEL,
                   "the model has a variable, but no file with its value: convert the SavedModel with "
                   "its variables/ folder, or a frozen graph");
  const char *const names[] = {node, shared};
  for (size_t i = 0; i < v->count; i++)
    if (!strcmp(v->pairs[i].name, node)) return tf_bundle_get(v->source->bundle, v->pairs[i].key, out, e);
  for (size_t i = 0; i < v->count; i++)
    if (*shared && !strcmp(v->pairs[i].name, shared)) return tf_bundle_get(v->source->bundle, v->pairs[i].key, out, e);
  for (int i = 0; i < 2; i++)
    if (tf_bundle_has(v->source->bundle, names[i])) return tf_bundle_get(v->source->bundle, names[i], out, e);
  return err_set(e, MOTE_ERR_MODEL, "the checkpoint holds no value for it");
}

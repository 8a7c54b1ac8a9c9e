/* config.h: what a model is made of, read from its JSON in any of Keras' wordings: layers, how they are called, which
 * values go in and come out. Layers' own settings stay JSON (see k_int, k_text and the like in emit.h).
 */
#ifndef IMPORT_KERAS_CONFIG_H
#define IMPORT_KERAS_CONFIG_H

#include <jansson.h>

#include "base/arena.h"
#include "mote/error.h"
#include "operators/op.h"

/* A value of a model: output `tensor` of call `call` of a layer. */
typedef struct k_ref {
  int32_t layer, call, tensor;
} k_ref;

/* A layer used once. */
typedef struct k_call {
  k_ref *in; /* the tensors among the arguments, in order */
  int32_t num_in;
  const json_t *args;   /* as in the file; NULL: tensors alone */
  const json_t *kwargs; /* NULL: none */
  k_ref *needs;         /* all tensors, those of kwargs too */
  int32_t num_needs;
} k_call;

typedef struct k_model k_model;

typedef struct k_layer {
  const char *name, *class_name;
  bool is_operation; /* a function of Keras 3 (keras.ops), no layer */
  const json_t *config;
  k_call *calls;
  int32_t num_calls;
  k_model *model;         /* of a layer that is a model itself */
  const char *store_name; /* of its group in Keras 3's weights: the class with a number */
} k_layer;

struct k_model {
  const char *name;
  k_layer *layers;
  int32_t num_layers;
  k_ref *inputs, *outputs;
  int32_t num_inputs, num_outputs;
  json_t *index; /* name of a layer: its number */
  k_model *next; /* of all that were read */
};

enum { K_MOST_LAYERS = 10000, K_MOST_DEPTH = 12 };

typedef struct k_config {
  json_t *root;
  k_model *model; /* the outermost */
  k_model *all;
  int version; /* of Keras: 1, 2, 3 */
} k_config;

/* Reads the text of a model. keras_version may be NULL. */
mote_status k_config_read(k_config *c, const char *text, size_t size, const char *keras_version, arena *a,
                          mote_error *e);
void k_config_free(k_config *c);

/* One layer of a wrapper ({"class_name", "config"}), made a layer of its own; NULL with *e set. */
k_layer *k_config_layer(k_config *c, const json_t *j, arena *a, mote_error *e);

/* A tensor in the arguments of a call of `m`: ["name", call, tensor], or a __keras_tensor__. */
bool k_config_ref(const k_model *m, const json_t *j, k_ref *out);

bool k_is_model(const char *class_name);
/* A class's name as Keras writes it in paths: MaxPooling2D is max_pooling2d. */
void k_snake(const char *from, char *to, size_t room);

#endif

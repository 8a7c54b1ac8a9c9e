/* config.c: see config.h.
 *
 *     Keras 1, 2   inbound_nodes: [[["name", call, tensor, {arguments}], ...], ...]
 *     Keras 3      inbound_nodes: [{"args": [...], "kwargs": {...}}, ...] with {"class_name": "__keras_tensor__",
 *                  "config": {"keras_history": ["name", call, tensor]}} inside
 */
#include "import/keras/config.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

typedef struct reader {
  k_config *all;
  arena *arena;
  mote_error *error;
} reader;

static mote_status no_memory(const reader *r) { return err_memory(r->error, "a Keras model", 0); }
static mote_status odd(const reader *r, const char *layer, const char *what) {
  char name[120];
  return err_set(r->error, MOTE_ERR_MODEL, "layer '%s': %s", err_name(name, sizeof name, layer, strlen(layer)), what);
}

static const char *text_of(const json_t *j, const char *key) { return json_string_value(json_object_get(j, key)); }

bool k_is_model(const char *class_name) {
  static const char *const names[] = {"Functional", "Sequential", "Model", "Graph"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(class_name, names[i])) return true;
  return false;
}

/* ---- references ---- */

static bool ref_of_list(const k_model *m, const json_t *j, k_ref *out) {
  const json_t *call = json_array_get(j, 1), *tensor = json_array_get(j, 2);
  const char *name = json_string_value(json_array_get(j, 0));
  const json_t *layer = name ? json_object_get(m->index, name) : NULL;
  if (!layer || !json_is_integer(call) || !json_is_integer(tensor)) return false;
  const json_int_t c = json_integer_value(call), t = json_integer_value(tensor);
  if (c < 0 || c > K_MOST_LAYERS || t < 0 || t > K_MOST_LAYERS) return false;
  *out = (k_ref){(int32_t)json_integer_value(layer), (int32_t)c, (int32_t)t};
  return true;
}

bool k_config_ref(const k_model *m, const json_t *j, k_ref *out) {
  if (json_is_object(j)) {
    const char *class_name = text_of(j, "class_name");
    return class_name && !strcmp(class_name, "__keras_tensor__") &&
           ref_of_list(m, json_object_get(json_object_get(j, "config"), "keras_history"), out);
  }
  return json_is_array(j) && ref_of_list(m, j, out);
}

typedef struct refs {
  k_ref *v;
  int32_t count, room;
} refs;

static bool add_ref(const reader *r, refs *to, k_ref ref) {
  if (to->count == to->room) {
    const int32_t room = to->room ? 2 * to->room : 4;
    k_ref *more = ARENA_ARRAY(r->arena, k_ref, (size_t)room);
    if (!more) return false;
    if (to->count) memcpy(more, to->v, (size_t)to->count * sizeof *more);
    to->v = more;
    to->room = room;
  }
  to->v[to->count++] = ref;
  return true;
}

/* Tensors anywhere in a value. Depth is bounded. */
static mote_status gather(const reader *r, const k_model *m, const json_t *j, int depth, refs *to) {
  k_ref ref;
  if (k_config_ref(m, j, &ref)) return add_ref(r, to, ref) ? MOTE_OK : no_memory(r);
  if (depth == K_MOST_DEPTH) return MOTE_OK;
  for (size_t i = 0; i < json_array_size(j); i++) MOTE_TRY(gather(r, m, json_array_get(j, i), depth + 1, to));
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)j, key, value) MOTE_TRY(gather(r, m, value, depth + 1, to));
  return MOTE_OK;
}

/* ---- calls ---- */

static mote_status finish_call(const reader *r, const k_model *m, refs *in, k_call *out) {
  out->in = in->v;
  out->num_in = in->count;
  refs all = {0};
  for (int32_t i = 0; i < in->count; i++)
    if (!add_ref(r, &all, in->v[i])) return no_memory(r);
  MOTE_TRY(gather(r, m, out->kwargs, 0, &all));
  out->needs = all.v;
  out->num_needs = all.count;
  if (!in->count) out->in = all.v, out->num_in = all.count; /* all by name: layer(inputs=x) */
  return MOTE_OK;
}

static mote_status read_call(const reader *r, const k_model *m, const k_layer *l, const json_t *j, k_call *out) {
  refs in = {0};
  if (json_is_object(j)) {
    out->args = json_object_get(j, "args");
    out->kwargs = json_object_get(j, "kwargs");
    MOTE_TRY(gather(r, m, out->args, 0, &in));
    return finish_call(r, m, &in, out);
  }
  const bool single = json_is_string(json_array_get(j, 0));
  const size_t count = single ? 1 : json_array_size(j);
  if (!json_is_array(j)) return odd(r, l->name, "a call in inbound_nodes is no list");
  for (size_t i = 0; i < count; i++) {
    const json_t *item = single ? j : json_array_get(j, i), *kwargs = json_array_get(item, 3);
    const char *name = json_string_value(json_array_get(item, 0));
    k_ref ref;
    if (!out->kwargs && json_is_object(kwargs) && json_object_size(kwargs)) out->kwargs = kwargs;
    if (name && !strcmp(name, "_CONSTANT_VALUE")) out->args = item;
    else if (!k_config_ref(m, item, &ref)) return odd(r, l->name, "it reads a layer that the model does not have");
    else if (!add_ref(r, &in, ref)) return no_memory(r);
  }
  return finish_call(r, m, &in, out);
}

static mote_status read_calls(const reader *r, const k_model *m, k_layer *l, const json_t *nodes) {
  const size_t count = json_array_size(nodes);
  const bool is_input = !strcmp(l->class_name, "InputLayer");
  if (count > K_MOST_LAYERS) return odd(r, l->name, "it is used more often than is read");
  l->num_calls = is_input ? 1 : (int32_t)count;
  l->calls = ARENA_ARRAY(r->arena, k_call, (size_t)l->num_calls + 1);
  if (!l->calls) return no_memory(r);
  for (size_t i = 0; i < count && !is_input; i++) MOTE_TRY(read_call(r, m, l, json_array_get(nodes, i), &l->calls[i]));
  return MOTE_OK;
}

/* ---- models within models count their calls from 1: the call that made them is not in the file ---- */

static void lower_refs(k_ref *v, int32_t count, const bool *lower) {
  for (int32_t i = 0; i < count; i++)
    if (lower[v[i].layer]) v[i].call--;
}

static mote_status number_calls(const reader *r, k_model *m) {
  bool *lower = ARENA_ARRAY(r->arena, bool, (size_t)m->num_layers + 1);
  if (!lower) return no_memory(r);
  for (int32_t i = 0; i < m->num_layers; i++) lower[i] = m->layers[i].model != NULL;
  for (int32_t i = 0; i < m->num_layers; i++)
    for (int32_t k = 0; k < m->layers[i].num_calls; k++) {
      const k_call *c = &m->layers[i].calls[k];
      for (int32_t n = 0; n < c->num_needs; n++)
        if (!c->needs[n].call) lower[c->needs[n].layer] = false;
    }
  for (int32_t i = 0; i < m->num_outputs; i++)
    if (!m->outputs[i].call) lower[m->outputs[i].layer] = false;
  for (int32_t i = 0; i < m->num_layers; i++)
    for (int32_t k = 0; k < m->layers[i].num_calls; k++) {
      const k_call *c = &m->layers[i].calls[k];
      if (c->in != c->needs) lower_refs(c->in, c->num_in, lower);
      lower_refs(c->needs, c->num_needs, lower);
    }
  lower_refs(m->outputs, m->num_outputs, lower);
  return MOTE_OK;
}

/* ---- layers ---- */

static mote_status read_model(const reader *r, const json_t *config, const char *class_name, int depth, k_model **out);

/* "BatchNormalization" is batch_normalization, "Conv2D" conv2d, "MaxPooling2D" max_pooling2d: Keras' own rule. */

void k_snake(const char *from, char *to, size_t room) {
  size_t n = 0;
  for (size_t i = 0; from[i] && n + 2 < room; i++) {
    const bool upper = isupper((unsigned char)from[i]);
    const bool after_word = i && islower((unsigned char)from[i - 1]);
    const bool before_word = i && islower((unsigned char)from[i + 1]) && from[i - 1] != '_';
    if (upper && (after_word || before_word)) to[n++] = '_';
    to[n++] = (char)tolower((unsigned char)from[i]);
  }
  to[n] = 0;
}

static mote_status read_layer(const reader *r, const json_t *j, int depth, k_layer *l) {
  l->class_name = text_of(j, "class_name");
  l->config = json_object_get(j, "config");
  l->name = text_of(j, "name");
  if (!l->name) l->name = text_of(l->config, "name");
  if (!l->name) l->name = l->class_name;
  if (!l->class_name) return err_set(r->error, MOTE_ERR_MODEL, "a layer does not say its class");
  const char *module = text_of(j, "module");
  l->is_operation = module && strstr(module, ".ops");
  const char *at = strrchr(l->class_name, '>'); /* "Package>Class" of registered classes */
  if (at) l->class_name = at + 1;
  if (k_is_model(l->class_name)) return read_model(r, l->config, l->class_name, depth + 1, &l->model);
  return MOTE_OK;
}

k_layer *k_config_layer(k_config *c, const json_t *j, arena *a, mote_error *e) {
  const reader r = {c, a, e};
  k_layer *l = ARENA_NEW(a, k_layer);
  if (!l) no_memory(&r);
  return l && read_layer(&r, j, 0, l) == MOTE_OK ? l : NULL;
}

/* Keras 3 calls the groups of a list of layers by class, the second of a class NAME_1. */
static mote_status name_groups(const reader *r, k_model *m, int32_t first) {
  json_t *seen = json_object();
  mote_status status = seen ? MOTE_OK : no_memory(r);
  for (int32_t i = first; i < m->num_layers && status == MOTE_OK; i++) {
    char name[200], full[230];
    k_snake(m->layers[i].class_name, name, sizeof name);
    const json_int_t before = json_integer_value(json_object_get(seen, name));
    snprintf(full, sizeof full, before ? "%s_%d" : "%s", name, (int)before);
    m->layers[i].store_name = arena_string(r->arena, full, strlen(full));
    if (!m->layers[i].store_name || json_object_set_new(seen, name, json_integer(before + 1))) status = no_memory(r);
  }
  json_decref(seen);
  return status;
}

static mote_status read_layers(const reader *r, const json_t *list, int depth, k_model *m, int32_t before) {
  const size_t count = json_array_size(list);
  if (!count || count > K_MOST_LAYERS)
    return err_set(r->error, MOTE_ERR_MODEL, "model '%.100s' has %d layers; from 1 to %d are read", m->name, (int)count,
                   K_MOST_LAYERS);
  m->num_layers = (int32_t)count + before;
  m->layers = ARENA_ARRAY(r->arena, k_layer, (size_t)m->num_layers);
  m->index = json_object();
  if (!m->layers || !m->index) return no_memory(r);
  for (int32_t i = before; i < m->num_layers; i++) {
    MOTE_TRY(read_layer(r, json_array_get(list, (size_t)(i - before)), depth, &m->layers[i]));
    if (json_object_set_new(m->index, m->layers[i].name, json_integer(i)))
      return odd(r, m->layers[i].name, "its name is no text");
  }
  return name_groups(r, m, before);
}

/* ---- sequential ---- */

/* The shape of what goes into the first layer, of all the places where it may stand. */
static const json_t *first_shape(const json_t *config, const k_layer *first) {
  static const char *const keys[] = {"batch_input_shape", "batch_shape", "build_input_shape"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const json_t *own = json_object_get(first->config, keys[i]), *all = json_object_get(config, keys[i]);
    if (json_is_array(own)) return own;
    if (json_is_array(all)) return all;
  }
  return NULL;
}

/* The input of a model that does not name it: an InputLayer in front, of the type the first layer takes. */
static mote_status put_input(const reader *r, const json_t *config, k_model *m) {
  const k_layer *first = &m->layers[1];
  const json_t *shape = first_shape(config, first);
  const char *type = text_of(first->config, "dtype");
  if (!shape && first->model) {
    const k_layer *inner = &first->model->layers[first->model->inputs[0].layer];
    shape = first_shape(inner->config, inner);
    type = text_of(inner->config, "dtype");
  }
  char name[220];
  snprintf(name, sizeof name, "%.200s_input", first->name);
  json_t *settings = json_pack("{s:O, s:s}", "batch_shape", shape ? shape : json_null(), "dtype",
                               type && strcmp(first->class_name, "Embedding") ? type : "float32");
  m->layers[0] = (k_layer){.name = arena_string(r->arena, name, strlen(name)), .class_name = "InputLayer"};
  if (!settings || !m->layers[0].name || json_object_set_new(m->index, "", settings)) return no_memory(r);
  m->layers[0].config = settings; /* the index keeps it */
  return MOTE_OK;
}

static k_ref *one_ref(const reader *r, int32_t layer) {
  k_ref *v = ARENA_NEW(r->arena, k_ref);
  if (v) v->layer = layer;
  return v;
}

static mote_status read_sequential(const reader *r, const json_t *config, int depth, k_model *m) {
  const json_t *list = json_is_array(config) ? config : json_object_get(config, "layers");
  const char *first = text_of(json_array_get(list, 0), "class_name");
  const int32_t before = first && !strcmp(first, "InputLayer") ? 0 : 1;
  MOTE_TRY(read_layers(r, list, depth, m, before));
  if (before) MOTE_TRY(put_input(r, config, m));
  for (int32_t i = 0; i < m->num_layers; i++) {
    k_layer *l = &m->layers[i];
    l->num_calls = 1;
    l->calls = ARENA_NEW(r->arena, k_call);
    if (!l->calls) return no_memory(r);
    if (!i) continue;
    l->calls->in = l->calls->needs = one_ref(r, i - 1);
    l->calls->num_in = l->calls->num_needs = 1;
    if (!l->calls->in) return no_memory(r);
  }
  m->inputs = one_ref(r, 0);
  m->outputs = one_ref(r, m->num_layers - 1);
  m->num_inputs = m->num_outputs = 1;
  return m->inputs && m->outputs ? MOTE_OK : no_memory(r);
}

/* ---- functional ---- */

/* [["a", 0, 0], ...], ["a", 0, 0] alone, or with names: {"a": ["a", 0, 0]}. */
static mote_status read_ends(const reader *r, const k_model *m, const json_t *list, const char *what, k_ref **out,
                             int32_t *count) {
  refs all = {0};
  MOTE_TRY(gather(r, m, list, 0, &all));
  if (!all.count) return err_set(r->error, MOTE_ERR_MODEL, "model '%.100s' names no %s", m->name, what);
  *out = all.v;
  *count = all.count;
  return MOTE_OK;
}

static mote_status read_functional(const reader *r, const json_t *config, int depth, k_model *m) {
  const json_t *list = json_object_get(config, "layers");
  MOTE_TRY(read_layers(r, list, depth, m, 0));
  for (int32_t i = 0; i < m->num_layers; i++) {
    const json_t *j = json_array_get(list, (size_t)i);
    MOTE_TRY(read_calls(r, m, &m->layers[i], json_object_get(j, "inbound_nodes")));
  }
  MOTE_TRY(read_ends(r, m, json_object_get(config, "input_layers"), "inputs", &m->inputs, &m->num_inputs));
  MOTE_TRY(read_ends(r, m, json_object_get(config, "output_layers"), "outputs", &m->outputs, &m->num_outputs));
  return number_calls(r, m);
}

static mote_status check_refs(const reader *r, const k_model *m, const k_ref *v, int32_t count, const char *who) {
  for (int32_t i = 0; i < count; i++)
    if (v[i].call < 0 || v[i].call >= m->layers[v[i].layer].num_calls)
      return odd(r, who, "it reads a call of another layer that the model does not have");
  return MOTE_OK;
}

static mote_status read_model(const reader *r, const json_t *config, const char *class_name, int depth, k_model **out) {
  k_model *m = ARENA_NEW(r->arena, k_model);
  if (!m) return no_memory(r);
  const char *name = text_of(config, "name");
  m->name = name ? name : "model";
  m->next = r->all->all;
  r->all->all = m;
  *out = m;
  if (depth > K_MOST_DEPTH)
    return err_set(r->error, MOTE_ERR_LIMIT, "models are nested more than %d deep", K_MOST_DEPTH);
  if (!strcmp(class_name, "Sequential")) return read_sequential(r, config, depth, m);
  if (!json_is_array(json_object_get(config, "layers")))
    return err_set(r->error, MOTE_ERR_UNSUPPORTED,
                   "model '%.100s' is a class of its own: its layers are Python code, which the file does not hold; "
                   "build it with keras.Sequential or keras.Model(inputs, outputs), or export it as a SavedModel",
                   m->name);
  MOTE_TRY(read_functional(r, config, depth, m));
  for (int32_t i = 0; i < m->num_layers; i++)
    for (int32_t k = 0; k < m->layers[i].num_calls; k++)
      MOTE_TRY(check_refs(r, m, m->layers[i].calls[k].needs, m->layers[i].calls[k].num_needs, m->layers[i].name));
  MOTE_TRY(check_refs(r, m, m->inputs, m->num_inputs, m->name));
  return check_refs(r, m, m->outputs, m->num_outputs, m->name);
}

mote_status k_config_read(k_config *c, const char *text, size_t size, const char *keras_version, arena *a,
                          mote_error *e) {
  json_error_t fault;
  const reader r = {c, a, e};
  *c = (k_config){.version = keras_version && isdigit((unsigned char)*keras_version) ? *keras_version - '0' : 1};
  c->root = json_loadb(text, size, 0, &fault);
  if (!c->root)
    return err_set(e, MOTE_ERR_FORMAT, "the model's JSON is damaged at line %d: %s", fault.line, fault.text);
  const json_t *model = c->root;
  if (json_is_object(json_object_get(model, "model_config"))) model = json_object_get(model, "model_config");
  const char *class_name = text_of(model, "class_name"), *said = text_of(model, "keras_version");
  if (!keras_version && said && isdigit((unsigned char)*said)) c->version = *said - '0';
  else if (!keras_version && json_object_get(model, "module")) c->version = 3;
  if (!class_name) return err_set(e, MOTE_ERR_MODEL, "the JSON holds no Keras model: it names no class");
  return read_model(&r, json_object_get(model, "config"), class_name, 0, &c->model);
}

void k_config_free(k_config *c) {
  for (const k_model *m = c->all; m; m = m->next) json_decref(m->index); /* jansson's, not the arena's */
  json_decref(c->root);
}

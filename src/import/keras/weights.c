/* weights.c: see weights.h. */
#include "import/keras/weights.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

static mote_status no_memory(mote_error *e) { return err_memory(e, "names of weights", 0); }

static const char *join(arena *a, const char *group, const char *name) {
  char *path = arena_alloc(a, strlen(group) + strlen(name) + 2);
  if (path) sprintf(path, "%s%s%s", group, *group ? "/" : "", name);
  return path;
}

mote_status k_scope_begin(k_scope *s, k_file *f, arena *a, mote_error *e) {
  static const char *const places[] = {"model_weights", ""};
  *s = (k_scope){.whole = true};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    k_strings names;
    if (!k_file_has(f, places[i])) continue;
    MOTE_TRY(k_file_strings(f, places[i], "layer_names", a, &names, e));
    if (names.count < 0) continue;
    s->listed = true;
    s->group = places[i];
    return MOTE_OK;
  }
  s->group = "";
  if (k_file_has(f, "layers") || k_file_has(f, "_layer_checkpoint_dependencies")) return MOTE_OK;
  return err_set(e, MOTE_ERR_MODEL,
                 "it holds no weights of Keras: neither an attribute layer_names nor a group layers");
}

/* ---- listed ---- */

/* Whether a part of the path, not the last, is the name. */
static bool is_below(const char *path, const char *name) {
  const size_t n = strlen(name);
  for (const char *at = path; (at = strstr(at, name)); at++)
    if ((at == path || at[-1] == '/') && at[n] == '/') return true;
  return false;
}

/* Of the names of a model within a model, those of one of its layers. */
static k_strings *pick(const k_strings *all, const char *name, arena *a) {
  k_strings *to = ARENA_NEW(a, k_strings);
  if (to) to->text = ARENA_ARRAY(a, char *, (size_t)all->count + 1);
  if (!to || !to->text) return NULL;
  for (int32_t i = 0; i < all->count; i++)
    if (is_below(all->text[i], name)) to->text[to->count++] = all->text[i];
  return to;
}

static mote_status listed_layer(const k_scope *model, const k_layer *l, k_file *f, arena *a, k_scope *out,
                                mote_error *e) {
  *out = (k_scope){.listed = true, .group = model->group, .next = ARENA_NEW(a, int32_t)};
  if (!out->next) return no_memory(e);
  if (!model->whole) {
    out->names = pick(model->names, l->name, a);
    return out->names ? MOTE_OK : no_memory(e);
  }
  k_strings *names = ARENA_NEW(a, k_strings);
  out->group = join(a, model->group, l->name);
  if (!names || !out->group) return no_memory(e);
  out->names = names;
  return k_file_has(f, out->group) ? k_file_strings(f, out->group, "weight_names", a, names, e) : MOTE_OK;
}

/* ---- by groups ---- */

static mote_status grouped_layer(const k_scope *model, const k_layer *l, k_file *f, arena *a, k_scope *out,
                                 mote_error *e) {
  static const char *const lists[] = {"layers", "_layer_checkpoint_dependencies"};
  const char *const names[] = {l->store_name ? l->store_name : l->name, l->name};
  *out = (k_scope){.group = NULL};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
      const char *list = join(a, model->group, lists[i]), *group = list ? join(a, list, names[k]) : NULL;
      if (!group) return no_memory(e);
      if (!out->group || k_file_has(f, group)) out->group = group;
      if (k_file_has(f, group)) return MOTE_OK;
    }
  return MOTE_OK;
}

mote_status k_scope_layer(const k_scope *model, const k_layer *l, k_file *f, arena *a, k_scope *out, mote_error *e) {
  return model->listed ? listed_layer(model, l, f, a, out, e) : grouped_layer(model, l, f, a, out, e);
}

mote_status k_scope_part(const k_scope *layer, const char *part, arena *a, k_scope *out, mote_error *e) {
  *out = *layer;
  out->whole = false;
  if (layer->listed) return MOTE_OK;
  out->group = join(a, layer->group, part);
  return out->group ? MOTE_OK : no_memory(e);
}

const char *k_scope_take(const k_scope *s, int index, arena *a) {
  if (s->listed) return *s->next < s->names->count ? join(a, s->group, s->names->text[(*s->next)++]) : NULL;
  char path[40];
  snprintf(path, sizeof path, "vars/%d", index);
  return join(a, s->group, path);
}

int32_t k_scope_left(const k_scope *s) { return s->listed ? s->names->count - *s->next : 0; }

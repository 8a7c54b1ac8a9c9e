/* versions.c: see versions.h. What needs which version stands in versions.def; here its conditions are tested. */
#include "lower/versions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "graph/options.h"

typedef struct rule {
  int32_t code, version;
  const char *when, *runtime;
} rule;

static const rule rules[] = {
#define VERSION(operator, version, when, runtime) {sch_BuiltinOperator_##operator, version, when, runtime},
#include "lower/versions.def"
};

enum { RULES = sizeof rules / sizeof *rules };

/* A node and what it reads. */
typedef struct asked {
  const graph *g;
  const graph_node *n;
} asked;

static const graph_value *input(const asked *a, int32_t i) {
  return i < a->n->num_inputs && a->n->inputs[i] >= 0 ? &a->g->values[a->n->inputs[i]] : NULL;
}

static const graph_value *output(const asked *a, int32_t i) {
  return i < a->n->num_outputs && a->n->outputs[i] >= 0 ? &a->g->values[a->n->outputs[i]] : NULL;
}

/* ---- words of a condition ---- */

static const char *type_word(mote_type type) {
  switch (type) {
    case MOTE_FLOAT32: return "f32";
    case MOTE_FLOAT16: return "f16";
    case MOTE_BFLOAT16: return "bf16";
    case MOTE_FLOAT64: return "f64";
    case MOTE_INT2: return "i2";
    case MOTE_INT4: return "i4";
    case MOTE_INT8: return "i8";
    case MOTE_INT16: return "i16";
    case MOTE_INT32: return "i32";
    case MOTE_INT64: return "i64";
    case MOTE_UINT4: return "u4";
    case MOTE_UINT8: return "u8";
    case MOTE_UINT16: return "u16";
    case MOTE_UINT32: return "u32";
    case MOTE_UINT64: return "u64";
    case MOTE_BOOL: return "bool";
    case MOTE_STRING: return "str";
    case MOTE_COMPLEX64: return "c64";
    case MOTE_FLOAT8_E4M3FN:
    case MOTE_FLOAT8_E5M2: return "f8";
    default: return "?";
  }
}

/* "i8|u8" against a type. */
static bool names_type(const char *list, size_t length, mote_type type) {
  const char *const want = type_word(type);
  const size_t size = strlen(want);
  for (const char *at = list, *const end = list + length; at < end;) {
    const char *const bar = memchr(at, '|', (size_t)(end - at));
    const char *const stop = bar ? bar : end;
    if ((size_t)(stop - at) == size && !memcmp(at, want, size)) return true;
    at = stop + 1;
  }
  return false;
}

static bool same_shape(const graph_value *x, const graph_value *y) {
  return x->rank == y->rank && (x->rank <= 0 || !memcmp(x->dims, y->dims, (size_t)x->rank * sizeof *x->dims));
}

static bool broadcasts(const asked *a) {
  const graph_value *const x = input(a, 0), *const y = input(a, 1);
  return x && y && !same_shape(x, y);
}

static bool grouped(const asked *a) {
  const graph_value *const x = input(a, 0), *const w = input(a, 1);
  return x && w && x->rank > 0 && w->rank > 0 && x->dims[x->rank - 1] != w->dims[w->rank - 1];
}

static bool amplifies(const asked *a) {
  const graph_value *const v[] = {input(a, 0), input(a, 1), output(a, 0)};
  for (int i = 0; i < 3; i++)
    if (!v[i] || v[i]->quant.count < 1) return false;
  return (double)v[0]->quant.scale[0] * v[1]->quant.scale[0] / v[2]->quant.scale[0] >= 1;
}

static int32_t most_rank(const asked *a) {
  int32_t most = 0;
  for (int32_t i = 0; i < a->n->num_inputs; i++)
    if (input(a, i) && input(a, i)->rank > most) most = input(a, i)->rank;
  return most;
}

/* An option of the node by its name in the format. */
static int32_t option(const asked *a, const char *name, size_t length) {
  const sch_table *const t = options_of(a->n->op);
  for (uint32_t i = 0; t && a->n->options && i < t->count; i++) {
    const sch_field *const f = &t->fields[i];
    if (f->kind != SCH_SCALAR || strlen(f->name) != length || memcmp(f->name, name, length)) continue;
    const char *const at = (const char *)a->n->options + f->offset;
    if (sch_record_scalar_size((sch_scalar)f->scalar) == 1) return *(const bool *)at;
    return *(const int32_t *)(const void *)at;
  }
  return 0;
}

static int32_t quantity(const asked *a, const char *name, size_t length) {
  const graph_value *const x = input(a, 0), *const w = input(a, 1);
#define IS(word) (length == sizeof word - 1 && !memcmp(name, word, length))
  if (IS("rank")) return x ? x->rank : 0;
  if (IS("ranks")) return most_rank(a);
  if (IS("inputs")) return a->n->num_inputs;
  if (IS("channels")) return w && w->quant.count > 1;
  if (IS("sparse")) return w && w->sparsity;
#undef IS
  return option(a, name, length);
}

/* "rank>4", "rank!=4", "inputs=2" */
static bool compares(const asked *a, const char *word, size_t length) {
  const size_t name = strcspn(word, "=<>!");
  if (name >= length) return false;
  const int32_t is = quantity(a, word, name), than = (int32_t)strtol(word + name + 1 + (word[name] == '!'), NULL, 10);
  switch (word[name]) {
    case '=': return is == than;
    case '!': return is != than;
    case '<': return is < than;
    default: return is > than;
  }
}

static bool word_holds(const asked *a, const char *word, size_t length) {
#define IS(text) (length == sizeof text - 1 && !memcmp(word, text, length))
  const graph_value *const x = input(a, 0), *const y = output(a, 0);
  if (IS("scaled")) return x && x->quant.count > 0;
  if (IS("unscaled")) return x && x->quant.count == 0;
  if (IS("inchannels")) return x && x->quant.count > 1;
  if (IS("outchannels")) return y && y->quant.count > 1;
  if (IS("broadcast")) return broadcasts(a);
  if (IS("grouped")) return grouped(a);
  if (IS("amplifies")) return amplifies(a);
#undef IS
  const bool out = *word == '>';
  const char *const colon = memchr(word, ':', length);
  if (!colon) return compares(a, word, length);
  const int32_t i = (int32_t)strtol(word + out, NULL, 10);
  const graph_value *const v = out ? output(a, i) : input(a, i);
  return v && names_type(colon + 1, length - (size_t)(colon + 1 - word), v->type);
}

/* Words up to ';' or the end, all of which must hold. */
static bool all_hold(const asked *a, const char *at, const char *end) {
  while (at < end) {
    const size_t length = strcspn(at, " ;");
    if (length && !word_holds(a, at, length)) return false;
    at += length + 1;
  }
  return true;
}

static bool holds(const asked *a, const char *when) {
  for (;;) {
    const char *const end = when + strcspn(when, ";");
    if (all_hold(a, when, end)) return true;
    if (!*end) return false;
    when = end + 1;
  }
}

/* ---- versions ---- */

static int32_t lowest(const graph *g, const graph_node *n) {
  const asked a = {g, n};
  int32_t version = 1;
  for (int i = 0; i < RULES; i++)
    if (rules[i].code == n->op->code && holds(&a, rules[i].when)) version = rules[i].version;
  return version;
}

void versions_stamp(graph_set *set) {
  for (int32_t s = 0; s < set->count; s++) {
    const graph *const g = &set->graphs[s];
    for (int32_t i = 0; i < g->num_nodes; i++)
      if (g->nodes[i].op->code != sch_BuiltinOperator_CUSTOM) g->nodes[i].version = lowest(g, &g->nodes[i]);
      else if (g->nodes[i].version < 1) g->nodes[i].version = 1;
  }
}

const char *versions_first_runtime(int32_t code, int32_t version) {
  for (int i = 0; i < RULES; i++)
    if (rules[i].code == code && rules[i].version == version) return rules[i].runtime;
  return NULL;
}

int versions_compare(const char *a, const char *b) {
  for (int part = 0; part < 3; part++) {
    char *after_a, *after_b;
    const long x = strtol(a, &after_a, 10), y = strtol(b, &after_b, 10);
    if (x != y) return x < y ? -1 : 1;
    a = *after_a == '.' ? after_a + 1 : after_a;
    b = *after_b == '.' ? after_b + 1 : after_b;
  }
  return 0;
}

const char *versions_runtime(const graph_set *set) {
  const char *newest = "1.5.0"; /* the first release there was */
  for (int32_t s = 0; s < set->count; s++)
    for (int32_t i = 0; i < set->graphs[s].num_nodes; i++) {
      const graph_node *const n = &set->graphs[s].nodes[i];
      const char *const first = versions_first_runtime(n->op->code, n->version);
      if (first && versions_compare(first, newest) > 0) newest = first;
    }
  return newest;
}

mote_status versions_fit(const graph_set *set, const char *runtime, mote_error *e) {
  char list[600] = "";
  size_t used = 0;
  for (int32_t s = 0; s < set->count; s++)
    for (int32_t i = 0; i < set->graphs[s].num_nodes && used < sizeof list; i++) {
      const graph_node *const n = &set->graphs[s].nodes[i];
      const char *const first = versions_first_runtime(n->op->code, n->version);
      char entry[100];
      if (!first || versions_compare(first, runtime) <= 0) continue;
      snprintf(entry, sizeof entry, "%s version %d (since %s)", n->op->name, (int)n->version, first);
      if (strstr(list, entry)) continue;
      used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", entry);
    }
  if (!used) return MOTE_OK;
  return err_set(e, MOTE_ERR_UNSUPPORTED, "TensorFlow Lite %.20s cannot run the network: it needs %s", runtime, list);
}

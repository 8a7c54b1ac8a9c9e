/* flat.c: see flat.h.
 *
 * A scope is the main graph, or one call of a function; a node of a function is another operator in every scope.
 * Inputs are followed by name through scopes: from an argument out to the call, from a call in to the result, and
 * past operators that only pass a value on. What they end at becomes an operator once.
 */
#include "import/tensorflow/flat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { MAX_CALLS = 64, MAX_OPS = 1 << 20, MAX_HOPS = 1 << 16 };

/* The nodes of the main graph or of a function, by name. */
typedef struct body {
  const char *name; /* NULL: the main graph */
  Tf__Node *const *nodes;
  size_t num_nodes;
  const Tf__FunctionDef *function; /* NULL: the main graph */
  int32_t *slots;                  /* hash table of node numbers, -1: free */
  uint32_t mask;
} body;

typedef struct scope scope;
struct scope {
  const body *body;
  scope *parent;
  const Tf__Node *call; /* in the parent */
  const char *path;     /* "a/b/" */
  int depth;
  int32_t *made;  /* of each node: operator number, -1: not yet, -2: being made */
  scope **called; /* of each node: the scope of its call */
};

struct tf_program {
  const tf_source *source;
  arena *arena;
  body main;
  body *functions;
  size_t num_functions;
  int32_t *slots; /* hash table of functions by name */
  uint32_t mask;
};

/* ---- names ---- */

static uint32_t hash_of(const char *s, size_t n) {
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < n; i++) h = (h ^ (uint8_t)s[i]) * 16777619u;
  return h;
}

static int32_t *table_of(arena *a, size_t count, uint32_t *mask) {
  size_t room = 4;
  while (room < 2 * count) room *= 2;
  int32_t *slots = ARENA_ARRAY(a, int32_t, room);
  for (size_t i = 0; slots && i < room; i++) slots[i] = -1;
  *mask = (uint32_t)(room - 1);
  return slots;
}

static int32_t find_node(const body *b, const char *name, size_t n) {
  for (uint32_t at = hash_of(name, n) & b->mask; b->slots[at] >= 0; at = (at + 1) & b->mask) {
    const char *other = b->nodes[b->slots[at]]->name;
    if (strlen(other) == n && !memcmp(other, name, n)) return b->slots[at];
  }
  return -1;
}

static const body *find_function(const tf_program *p, const char *name) {
  for (uint32_t at = hash_of(name, strlen(name)) & p->mask; p->slots[at] >= 0; at = (at + 1) & p->mask)
    if (!strcmp(p->functions[p->slots[at]].name, name)) return &p->functions[p->slots[at]];
  return NULL;
}

static mote_status index_body(tf_program *p, body *b, mote_error *e) {
  b->slots = table_of(p->arena, b->num_nodes, &b->mask);
  if (!b->slots) return err_memory(e, "the names of a graph", 0);
  for (size_t i = 0; i < b->num_nodes; i++) {
    const Tf__Node *n = b->nodes[i];
    if (!*n->name || !*n->op) return err_set(e, MOTE_ERR_MODEL, "node %zu of the graph has no name or no type", i);
    if (find_node(b, n->name, strlen(n->name)) >= 0)
      return err_set(e, MOTE_ERR_MODEL, "two nodes of the graph are called '%.200s'", n->name);
    uint32_t at = hash_of(n->name, strlen(n->name)) & b->mask;
    while (b->slots[at] >= 0) at = (at + 1) & b->mask;
    b->slots[at] = (int32_t)i;
  }
  return MOTE_OK;
}

static mote_status index_functions(tf_program *p, const Tf__Library *library, mote_error *e) {
  const size_t count = library ? library->n_function : 0;
  p->functions = ARENA_ARRAY(p->arena, body, count + 1);
  p->slots = table_of(p->arena, count, &p->mask);
  if (!p->functions || !p->slots) return err_memory(e, "the functions of a graph", 0);
  for (size_t i = 0; i < count; i++) {
    const Tf__FunctionDef *f = library->function[i];
    if (!f->signature || !*f->signature->name) return err_set(e, MOTE_ERR_MODEL, "function %zu has no name", i);
    if (find_function(p, f->signature->name)) continue;
    p->functions[i] = (body){f->signature->name, f->node_def, f->n_node_def, f, NULL, 0};
    MOTE_TRY(index_body(p, &p->functions[i], e));
    uint32_t at = hash_of(f->signature->name, strlen(f->signature->name)) & p->mask;
    while (p->slots[at] >= 0) at = (at + 1) & p->mask;
    p->slots[at] = (int32_t)i;
  }
  return MOTE_OK;
}

mote_status tf_program_new(tf_program **out, const tf_source *source, mote_error *e) {
  arena *a = (arena *)&source->arena;
  tf_program *p = ARENA_NEW(a, tf_program);
  if (!p) return err_memory(e, "a graph", 0);
  p->source = source;
  p->arena = a;
  p->main = (body){NULL, source->graph->node, source->graph->n_node, NULL, NULL, 0};
  MOTE_TRY(index_body(p, &p->main, e));
  MOTE_TRY(index_functions(p, source->graph->library, e));
  *out = p;
  return MOTE_OK;
}

const Tf__Signature *tf_function(const tf_program *p, const char *name) {
  const body *b = find_function(p, name);
  return b ? b->function->signature : NULL;
}

int32_t tf_node_number(const tf_program *p, const char *name, size_t n) { return find_node(&p->main, name, n); }

const Tf__Node *tf_node(const tf_program *p, const char *name, size_t n) {
  const int32_t i = tf_node_number(p, name, n);
  return i < 0 ? NULL : p->main.nodes[i];
}

/* ---- outputs of nodes inside functions: "node:name of the output:number in it" ---- */

/* Operators with several named outputs of one value each. */
static const struct {
  const char *type, *outputs;
} named[] = {
    {"FusedBatchNorm", "y batch_mean batch_variance reserve_space_1 reserve_space_2"},
    {"FusedBatchNormV2", "y batch_mean batch_variance reserve_space_1 reserve_space_2"},
    {"FusedBatchNormV3", "y batch_mean batch_variance reserve_space_1 reserve_space_2 reserve_space_3"},
    {"TopKV2", "values indices"},
    {"Unique", "y idx"},
    {"UniqueV2", "y idx"},
    {"UniqueWithCounts", "y idx count"},
    {"Switch", "output_false output_true"},
    {"Merge", "output value_index"},
    {"TensorListPopBack", "output_handle tensor"},
    {"TensorListConcatV2", "tensor lengths"},
    {"MaxPoolWithArgmax", "output argmax"},
    {"NonMaxSuppressionV4", "selected_indices valid_outputs"},
    {"NonMaxSuppressionV5", "selected_indices selected_scores valid_outputs"},
    {"CombinedNonMaxSuppression", "nmsed_boxes nmsed_scores nmsed_classes valid_detections"},
    {"LookupTableExportV2", "keys values"},
    {"DecodeWav", "audio sample_rate"},
    {"BroadcastGradientArgs", "r0 r1"},
    {"TensorArrayV3", "handle flow"},
    {"BlockLSTM", "i cs f o ci co h"},
    {"BlockLSTMV2", "i cs f o ci co h"},
    {"LSTMBlockCell", "i cs f o ci co h"},
    {"GRUBlockCell", "r u c h"},
};

/* Which output a name stands for: -1 when there is none of that name. */
static int32_t output_number(const char *names, const char *name, size_t n) {
  int32_t number = 0;
  for (const char *at = names; *at; number++) {
    const size_t length = strcspn(at, " ");
    if (length == n && !memcmp(at, name, n)) return number;
    at += length;
    while (*at == ' ') at++;
  }
  return -1;
}

static int32_t first_output(const tf_program *p, const Tf__Node *node, const char *name, size_t n) {
  const body *f = find_function(p, node->op);
  for (size_t i = 0; f && i < f->function->signature->n_output_arg; i++) {
    const char *arg = f->function->signature->output_arg[i]->name;
    if (strlen(arg) == n && !memcmp(arg, name, n)) return (int32_t)i;
  }
  for (size_t i = 0; i < sizeof named / sizeof *named; i++)
    if (!strcmp(named[i].type, node->op)) return output_number(named[i].outputs, name, n);
  return 0;
}

/* ---- following a name to what computes it ---- */

/* A place to go on from: output of a node in a scope, or an input of the flat graph. */
typedef struct target {
  scope *scope;
  int32_t node, output;
  int32_t argument; /* >= 0: an input */
} target;

typedef struct flattener {
  tf_program *p;
  tf_flat *flat;
  int32_t room;
  const char *const *cuts; /* tensors that are inputs */
  int32_t *cut_ops;
  int32_t num_cuts;
  scope *root;
  target *again; /* each NextIteration: what it reads leads to it, and is looked at last */
  int32_t num_again, room_again;
  mote_error *error;
} flattener;

static mote_status no_memory(const flattener *f) { return err_memory(f->error, "a flat graph", 0); }

static bool one_of(const char *type, const char *const *list) {
  while (*list && strcmp(*list, type)) list++;
  return *list != NULL;
}

static bool passes_on(const Tf__Node *n) {
  static const char *const types[] = {
      "Identity",  "StopGradient",           "PreventGradient", "CheckNumerics", "Snapshot",
      "IdentityN", "PlaceholderWithDefault", "EnsureShape",     "LoopCond",      NULL};
  return one_of(n->op, types);
}

static bool is_call(const tf_program *p, const Tf__Node *n) {
  static const char *const types[] = {"PartitionedCall", "StatefulPartitionedCall", "TPUPartitionedCall", NULL};
  return one_of(n->op, types) || find_function(p, n->op);
}

/* Splits "name:output:number" or "name:number"; the part of the name alone is returned by its length. */
static size_t name_length(const char *text) { return strcspn(text, ":"); }

static scope *new_scope(flattener *f, const body *b, scope *parent, const Tf__Node *call) {
  arena *a = f->p->arena;
  scope *s = ARENA_NEW(a, scope);
  if (!s) return NULL;
  *s = (scope){b, parent, call, "", parent ? parent->depth + 1 : 0, NULL, NULL};
  s->made = ARENA_ARRAY(a, int32_t, b->num_nodes + 1);
  s->called = ARENA_ARRAY(a, scope *, b->num_nodes + 1);
  for (size_t i = 0; s->made && i < b->num_nodes; i++) s->made[i] = -1;
  if (call) {
    char *path = arena_alloc(a, strlen(parent->path) + strlen(call->name) + 2);
    if (path) sprintf(path, "%s%s/", parent->path, call->name);
    s->path = path;
  }
  return s->made && s->called && s->path ? s : NULL;
}

static mote_status enter(flattener *f, const target *t, scope **out) {
  const Tf__Node *n = t->scope->body->nodes[t->node];
  if (!t->scope->called[t->node]) {
    const body *b = find_function(f->p, n->op);
    if (!b) b = find_function(f->p, tf_attr_text(n, "f"));
    if (!b)
      return err_set(f->error, MOTE_ERR_MODEL, "%s%s calls the function '%.200s', which the model does not have",
                     t->scope->path, n->name, tf_attr_text(n, "f"));
    if (t->scope->depth == MAX_CALLS)
      return err_set(f->error, MOTE_ERR_LIMIT,
                     "%s%s: calls of functions are nested more than %d deep, or go in circles", t->scope->path, n->name,
                     MAX_CALLS);
    t->scope->called[t->node] = new_scope(f, b, t->scope, n);
    if (!t->scope->called[t->node]) return no_memory(f);
  }
  *out = t->scope->called[t->node];
  return MOTE_OK;
}

/* Which argument of the scope's function a name is, -1: none. */
static int32_t argument_number(const scope *s, const char *name, size_t n) {
  const Tf__FunctionDef *d = s->body->function;
  for (size_t i = 0; d && i < d->signature->n_input_arg; i++)
    if (strlen(d->signature->input_arg[i]->name) == n && !memcmp(d->signature->input_arg[i]->name, name, n))
      return (int32_t)i;
  return -1;
}

/* The text of input i of a node, not counting control inputs, which come last; NULL when there is none. */
static const char *data_input(const Tf__Node *n, int32_t i) {
  return i >= 0 && (size_t)i < n->n_input && n->input[i][0] != '^' ? n->input[i] : NULL;
}

static int32_t output_in_text(const tf_program *p, const body *b, const Tf__Node *n, const char *text) {
  const char *first = strchr(text, ':');
  if (!first) return 0;
  if (!b->function) return (int32_t)strtol(first + 1, NULL, 10);
  const char *second = strchr(first + 1, ':');
  const size_t length = second ? (size_t)(second - first - 1) : strlen(first + 1);
  const int32_t base = first_output(p, n, first + 1, length);
  return base < 0 ? -1 : base + (second ? (int32_t)strtol(second + 1, NULL, 10) : 0);
}

/* True when `text` in the main graph is an input of the flat graph. */
static bool is_cut(const flattener *f, const char *text, int32_t *number) {
  const size_t n = name_length(text);
  const long output = text[n] ? strtol(text + n + 1, NULL, 10) : 0;
  for (int32_t i = 0; i < f->num_cuts; i++) {
    const size_t m = name_length(f->cuts[i]);
    const long cut = f->cuts[i][m] ? strtol(f->cuts[i] + m + 1, NULL, 10) : 0;
    if (m == n && cut == output && !memcmp(f->cuts[i], text, n)) return *number = i, true;
  }
  return false;
}

/* One step: what stands behind a name in a scope. *go_on: the target is looked through again. */
static mote_status look_up(flattener *f, scope *s, const char *text, target *t) {
  const size_t n = name_length(text);
  *t = (target){s, -1, 0, -1};
  if (s == f->root && is_cut(f, text, &t->argument)) return MOTE_OK;
  const int32_t argument = argument_number(s, text, n);
  if (argument >= 0) {
    t->node = -1;
    t->output = argument;
    return MOTE_OK;
  }
  t->node = find_node(s->body, text, n);
  if (t->node < 0)
    return err_set(f->error, MOTE_ERR_MODEL, "the graph reads '%.200s'%s%.100s, which there is not", text,
                   s->call ? " inside " : "", s->call ? s->path : "");
  t->output = output_in_text(f->p, s->body, s->body->nodes[t->node], text);
  if (t->output < 0)
    return err_set(f->error, MOTE_ERR_MODEL, "the graph reads '%.200s', an output that its node does not have", text);
  return MOTE_OK;
}

/* The result of a function that its output number `output` is. */
static const char *result_text(const body *b, int32_t output) {
  const Tf__Signature *s = b->function->signature;
  if (output < 0 || (size_t)output >= s->n_output_arg) return NULL;
  for (size_t i = 0; i < b->function->n_ret; i++)
    if (!strcmp(b->function->ret[i]->key, s->output_arg[output]->name)) return b->function->ret[i]->value;
  return NULL;
}

/* Follows a name to an operator that computes something, or to an input. */
static mote_status follow(flattener *f, scope *s, const char *text, target *t) {
  for (int hop = 0; hop < MAX_HOPS; hop++) {
    MOTE_TRY(look_up(f, s, text, t));
    if (t->argument >= 0) return MOTE_OK;
    if (t->node < 0 && s == f->root) { /* an argument of the function that is flattened */
      t->argument = t->output;
      return MOTE_OK;
    }
    const Tf__Node *n = t->node < 0 ? s->call : s->body->nodes[t->node];
    if (t->node < 0) {
      text = data_input(n, t->output);
      s = s->parent;
    } else if (is_call(f->p, n)) {
      MOTE_TRY(enter(f, t, &s));
      text = result_text(s->body, t->output);
    } else if (passes_on(n) && !(n->n_input == 0)) {
      text = data_input(n, strcmp(n->op, "IdentityN") ? 0 : t->output);
    } else {
      return MOTE_OK;
    }
    if (!text)
      return err_set(f->error, MOTE_ERR_MODEL, "'%.200s' (%.60s) lacks the value that is read from it", n->name, n->op);
  }
  return err_set(f->error, MOTE_ERR_MODEL, "'%.200s' goes in circles", text);
}

/* ---- operators ---- */

static mote_status add_op(flattener *f, tf_op op, int32_t *number) {
  tf_flat *flat = f->flat;
  if (flat->count == MAX_OPS)
    return err_set(f->error, MOTE_ERR_LIMIT, "the graph has more than %d operators when its functions are inlined",
                   MAX_OPS);
  if (flat->count == f->room) {
    const int32_t room = f->room ? 2 * f->room : 64;
    tf_op *more = ARENA_ARRAY(f->p->arena, tf_op, (size_t)room);
    if (!more) return no_memory(f);
    if (flat->count) memcpy(more, flat->ops, (size_t)flat->count * sizeof *more);
    flat->ops = more;
    f->room = room;
  }
  *number = flat->count;
  flat->ops[flat->count++] = op;
  return MOTE_OK;
}

static mote_status argument_op(flattener *f, int32_t argument, int32_t *number) {
  if (f->cut_ops[argument] < 0) {
    const body *b = f->root->body;
    const char *name = f->num_cuts ? f->cuts[argument] : b->function->signature->input_arg[argument]->name;
    const int32_t node = f->num_cuts ? find_node(b, name, name_length(name)) : -1;
    MOTE_TRY(add_op(f, (tf_op){name, TF_ARGUMENT, node < 0 ? NULL : b->nodes[node], NULL, 0, argument, NULL},
                    &f->cut_ops[argument]));
  }
  *number = f->cut_ops[argument];
  return MOTE_OK;
}

/* A node whose inputs are being looked at. */
typedef struct visit {
  target at;
  int32_t next;
  tf_edge *inputs;
} visit;

typedef struct way {
  visit *stack;
  size_t depth, room;
} way;

static mote_status push(flattener *f, way *w, const target *t) {
  const Tf__Node *n = t->scope->body->nodes[t->node];
  if (w->depth == w->room) {
    const size_t room = 2 * w->room + 64;
    visit *more = ARENA_ARRAY(f->p->arena, visit, room);
    if (!more) return no_memory(f);
    if (w->depth) memcpy(more, w->stack, w->depth * sizeof *more);
    w->stack = more;
    w->room = room;
  }
  tf_edge *inputs = ARENA_ARRAY(f->p->arena, tf_edge, n->n_input + 1);
  if (!inputs) return no_memory(f);
  t->scope->made[t->node] = -2;
  w->stack[w->depth++] = (visit){*t, 0, inputs};
  return MOTE_OK;
}

static mote_status finish_node(flattener *f, way *w) {
  const visit v = w->stack[--w->depth];
  const Tf__Node *n = v.at.scope->body->nodes[v.at.node];
  char *name = arena_alloc(f->p->arena, strlen(v.at.scope->path) + strlen(n->name) + 1);
  if (!name) return no_memory(f);
  sprintf(name, "%s%s", v.at.scope->path, n->name);
  return add_op(f, (tf_op){name, n->op, n, v.inputs, v.next, -1, NULL}, &v.at.scope->made[v.at.node]);
}

static mote_status look_later(flattener *f, const target *t) {
  if (f->num_again == f->room_again) {
    const int32_t room = 2 * f->room_again + 16;
    target *more = ARENA_ARRAY(f->p->arena, target, (size_t)room);
    if (!more) return no_memory(f);
    if (f->num_again) memcpy(more, f->again, (size_t)f->num_again * sizeof *more);
    f->again = more;
    f->room_again = room;
  }
  f->again[f->num_again++] = *t;
  return MOTE_OK;
}

/* Makes the operator that t is, and before it all that it reads, but for a NextIteration. */
static mote_status make(flattener *f, const target *t, tf_edge *out) {
  way w = {0};
  out->output = t->output;
  if (t->argument >= 0) return out->output = 0, argument_op(f, t->argument, &out->op);
  if (t->scope->made[t->node] == -1) MOTE_TRY(push(f, &w, t));
  while (w.depth) {
    visit *v = &w.stack[w.depth - 1];
    const Tf__Node *n = v->at.scope->body->nodes[v->at.node];
    const char *text = data_input(n, v->next);
    if (!text || !strcmp(n->op, "NextIteration")) {
      if (text) MOTE_TRY(look_later(f, &v->at));
      MOTE_TRY(finish_node(f, &w));
      continue;
    }
    target in;
    MOTE_TRY(follow(f, v->at.scope, text, &in));
    tf_edge *edge = &v->inputs[v->next];
    edge->output = in.argument >= 0 ? 0 : in.output;
    if (in.argument >= 0) {
      MOTE_TRY(argument_op(f, in.argument, &edge->op));
    } else if (in.scope->made[in.node] == -1) {
      MOTE_TRY(push(f, &w, &in));
      continue; /* and then look at this input again */
    } else if (in.scope->made[in.node] == -2) {
      return err_set(f->error, MOTE_ERR_MODEL,
                     "'%.200s' (%.60s) reads what it leads to, and not through a NextIteration, which a loop has",
                     n->name, n->op);
    } else {
      edge->op = in.scope->made[in.node];
    }
    v->next++;
  }
  out->op = t->scope->made[t->node];
  return MOTE_OK;
}

/* What the NextIterations read; that may bring in others. */
static mote_status close_loops(flattener *f) {
  for (int32_t i = 0; i < f->num_again; i++) {
    const target t = f->again[i];
    target from;
    tf_edge *edge = ARENA_NEW(f->p->arena, tf_edge);
    if (!edge) return no_memory(f);
    MOTE_TRY(follow(f, t.scope, data_input(t.scope->body->nodes[t.node], 0), &from));
    MOTE_TRY(make(f, &from, edge));
    tf_op *op = &f->flat->ops[t.scope->made[t.node]];
    op->inputs = edge;
    op->num_inputs = 1;
  }
  return MOTE_OK;
}

static mote_status flatten(flattener *f, int32_t num_arguments, const char *const *outputs, int32_t num_outputs) {
  arena *a = f->p->arena;
  tf_edge *ends = ARENA_ARRAY(a, tf_edge, (size_t)num_outputs + 1);
  f->cut_ops = ARENA_ARRAY(a, int32_t, (size_t)num_arguments + 1);
  if (!ends || !f->cut_ops || !f->root) return no_memory(f);
  for (int32_t i = 0; i < num_arguments; i++) f->cut_ops[i] = -1;
  int32_t unused;
  for (int32_t i = 0; i < num_arguments; i++) MOTE_TRY(argument_op(f, i, &unused)); /* those nobody reads too */
  for (int32_t i = 0; i < num_outputs; i++) {
    target t;
    MOTE_TRY(follow(f, f->root, outputs[i], &t));
    MOTE_TRY(make(f, &t, &ends[i]));
  }
  MOTE_TRY(close_loops(f));
  f->flat->outputs = ends;
  f->flat->num_outputs = num_outputs;
  return tf_cut_loops(a, f->flat, f->error);
}

mote_status tf_flatten(tf_program *p, const char *const *inputs, int32_t num_inputs, const char *const *outputs,
                       int32_t num_outputs, tf_flat *out, mote_error *e) {
  *out = (tf_flat){0};
  flattener f = {.p = p, .flat = out, .cuts = inputs, .num_cuts = num_inputs, .error = e};
  f.root = new_scope(&f, &p->main, NULL, NULL);
  return flatten(&f, num_inputs, outputs, num_outputs);
}

mote_status tf_flatten_function(tf_program *p, const char *name, tf_flat *out, mote_error *e) {
  *out = (tf_flat){0};
  const body *b = find_function(p, name);
  if (!b) return err_set(e, MOTE_ERR_MODEL, "the model has no function '%.200s'", name);
  const int32_t count = (int32_t)b->function->signature->n_output_arg;
  const char **outputs = ARENA_ARRAY(p->arena, const char *, (size_t)count + 1);
  flattener f = {.p = p, .flat = out, .error = e};
  f.root = new_scope(&f, b, NULL, NULL);
  for (int32_t i = 0; outputs && i < count; i++)
    if (!(outputs[i] = result_text(b, i)))
      return err_set(e, MOTE_ERR_MODEL, "function '%.200s' lacks its result %d", name, (int)i);
  if (!outputs) return err_memory(e, "a flat graph", 0);
  return flatten(&f, (int32_t)b->function->signature->n_input_arg, outputs, count);
}

/* ---- what restores the variables ---- */

/* The entry's name: element `output` of the constant that RestoreV2 reads its names from. */
static const char *restored_key(flattener *f, const target *restore) {
  const Tf__Node *n = restore->scope->body->nodes[restore->node];
  target names;
  mote_error unused, *e = f->error;
  const char *text = data_input(n, 1);
  f->error = &unused; /* a form that is not known is passed over */
  const bool found = text && follow(f, restore->scope, text, &names) == MOTE_OK && names.argument < 0;
  f->error = e;
  const Tf__Attr *a = found ? tf_attr(names.scope->body->nodes[names.node], "value") : NULL;
  if (!a || a->value_case != TF__ATTR__VALUE_TENSOR || (size_t)restore->output >= a->tensor->n_string_val) return NULL;
  const ProtobufCBinaryData *s = &a->tensor->string_val[restore->output];
  return arena_string(f->p->arena, s->data, s->len);
}

typedef mote_status (*restore_each)(void *user, const char *variable, const char *key, mote_error *e);

/* An assignment of an entry to a variable of the main graph. */
static mote_status note_assignment(flattener *f, scope *s, const Tf__Node *n, restore_each each, void *user) {
  target variable, value;
  mote_error unused, *e = f->error;
  if (!data_input(n, 0) || !data_input(n, 1)) return MOTE_OK;
  f->error = &unused;
  const bool known =
      follow(f, s, data_input(n, 0), &variable) == MOTE_OK && follow(f, s, data_input(n, 1), &value) == MOTE_OK;
  f->error = e;
  if (!known || variable.argument >= 0 || value.argument >= 0 || variable.scope != f->root) return MOTE_OK;
  if (strcmp(value.scope->body->nodes[value.node]->op, "RestoreV2")) return MOTE_OK;
  const char *key = restored_key(f, &value);
  return key ? each(user, f->root->body->nodes[variable.node]->name, key, f->error) : MOTE_OK;
}

mote_status tf_restored(tf_program *p, const char *restore, restore_each each, void *user, mote_error *e) {
  tf_flat unused = {0};
  flattener f = {.p = p, .flat = &unused, .error = e};
  f.root = new_scope(&f, &p->main, NULL, NULL);
  if (!f.root) return no_memory(&f);
  const int32_t call = find_node(&p->main, restore, name_length(restore));
  if (call < 0 || !is_call(p, p->main.nodes[call])) return MOTE_OK;
  scope *work[MAX_CALLS];
  int waiting = 1;
  MOTE_TRY(enter(&f, &(target){f.root, call, 0, -1}, &work[0]));
  while (waiting) {
    scope *s = work[--waiting];
    for (size_t i = 0; i < s->body->num_nodes; i++) {
      const Tf__Node *n = s->body->nodes[i];
      if (!strcmp(n->op, "AssignVariableOp")) MOTE_TRY(note_assignment(&f, s, n, each, user));
      if (is_call(p, n) && waiting < MAX_CALLS) MOTE_TRY(enter(&f, &(target){s, (int32_t)i, 0, -1}, &work[waiting++]));
    }
  }
  return MOTE_OK;
}

/* tensorflow.c: a TensorFlow model as a graph: which ends it has, and the way from file to graph. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "import/tensorflow.h"
#include "import/tensorflow/emit.h"

/* An input or output: its tensor in the graph, and its name in the signature. */
typedef struct end {
  const char *tensor, *key;
  const Tf__TensorInfo *info; /* NULL: a node of a GraphDef */
} end;

typedef struct ends {
  end *inputs, *outputs;
  int32_t num_inputs, num_outputs;
  const char *signature;
} ends;

typedef struct work {
  const mote_convert_config *options;
  arena *arena; /* of the network */
  tf_source *source;
  tf_program *program;
  graph_builder *builder;
  tf_emitter emitter;
  ends ends;
  mote_error *error;
} work;

static mote_status no_memory(const work *m) { return err_memory(m->error, "a TensorFlow model", 0); }

/* ---- ends ---- */

static int by_key(const void *a, const void *b) { return strcmp(((const end *)a)->key, ((const end *)b)->key); }

static end *ends_of(work *m, Tf__NamedTensorInfo *const *list, size_t count) {
  end *to = ARENA_ARRAY(m->arena, end, count + 1);
  for (size_t i = 0; to && i < count; i++)
    to[i] = (end){list[i]->value ? list[i]->value->name : "", list[i]->key, list[i]->value};
  if (to) qsort(to, count, sizeof *to, by_key);
  return to;
}

static const Tf__NamedSignatureDef *find_signature(const Tf__MetaGraph *g, const char *key) {
  for (size_t i = 0; i < g->n_signature_def; i++)
    if (g->signature_def[i]->value && !strcmp(g->signature_def[i]->key, key)) return g->signature_def[i];
  return NULL;
}

/* The one asked for; else serving_default; else the first that has inputs. */
static mote_status pick_signature(work *m, const Tf__NamedSignatureDef **out) {
  const Tf__MetaGraph *g = m->source->meta;
  *out = NULL;
  if (!g || !g->n_signature_def) return MOTE_OK;
  const char *wanted = m->options->signature ? m->options->signature : "serving_default";
  *out = find_signature(g, wanted);
  for (size_t i = 0; !*out && !m->options->signature && i < g->n_signature_def; i++)
    if (g->signature_def[i]->value && g->signature_def[i]->value->n_inputs) *out = g->signature_def[i];
  if (*out || !m->options->signature) return MOTE_OK;
  char names[300] = "";
  for (size_t i = 0; i < g->n_signature_def && strlen(names) < 200; i++)
    snprintf(names + strlen(names), sizeof names - strlen(names), "%s'%.60s'", i ? ", " : "", g->signature_def[i]->key);
  return err_set(m->error, MOTE_ERR_ARGUMENT, "it has no signature '%.100s'; it has %s", wanted, names);
}

/* Operators that are no results even when nobody reads them. */
static bool is_passive(const Tf__Node *n) {
  static const char *const passive[] = {"Const",       "NoOp",       "Assert", "Placeholder",
                                        "VarHandleOp", "VariableV2", "SaveV2", "RestoreV2"};
  for (size_t i = 0; i < sizeof passive / sizeof *passive; i++)
    if (!strcmp(n->op, passive[i])) return true;
  return false;
}

/* Which nodes others read; NULL without memory. */
static const bool *nodes_read(work *m, const Tf__Graph *g) {
  bool *read = ARENA_ARRAY(m->arena, bool, g->n_node + 1);
  for (size_t i = 0; read && i < g->n_node; i++)
    for (size_t k = 0; k < g->node[i]->n_input; k++) {
      const char *in = g->node[i]->input[k];
      const int32_t from = *in == '^' ? -1 : tf_node_number(m->program, in, strcspn(in, ":"));
      if (from >= 0) read[from] = true;
    }
  return read;
}

/* Graphs that decode a WAV file begin, in .tflite, with what is decoded: samples and their rate. */
static void take_decoded(work *m, const Tf__Graph *g) {
  for (size_t i = 0; i < g->n_node && !m->options->inputs; i++) {
    const Tf__Node *n = g->node[i];
    if (strcmp(n->op, "DecodeWav")) continue;
    char *samples = arena_alloc(m->arena, strlen(n->name) + 3), *rate = arena_alloc(m->arena, strlen(n->name) + 3);
    if (!samples || !rate) return;
    sprintf(samples, "%s:0", n->name);
    sprintf(rate, "%s:1", n->name);
    m->ends.inputs[0] = (end){samples, n->name, NULL};
    m->ends.inputs[1] = (end){rate, rate, NULL};
    m->ends.num_inputs = 2;
    import_note(m->options,
                "the graph decodes a WAV file, which .tflite has no operator for: its inputs are the samples, "
                "between -1 and 1, and their rate");
    return;
  }
}

static mote_status ends_of_graph(work *m) {
  const Tf__Graph *g = m->source->graph;
  end *in = ARENA_ARRAY(m->arena, end, g->n_node + 1), *out = ARENA_ARRAY(m->arena, end, g->n_node + 1);
  const bool *read = nodes_read(m, g);
  if (!in || !out || !read) return no_memory(m);
  m->ends = (ends){in, out, 0, 0, "serving_default"};
  for (size_t i = 0; i < g->n_node; i++) {
    const Tf__Node *n = g->node[i];
    if (!strcmp(n->op, "Placeholder")) in[m->ends.num_inputs++] = (end){n->name, n->name, NULL};
    else if (!m->options->outputs && !read[i] && !is_passive(n))
      out[m->ends.num_outputs++] = (end){n->name, n->name, NULL};
  }
  take_decoded(m, g);
  return MOTE_OK;
}

static end *given(work *m, const char *const *names, int32_t count) {
  end *to = ARENA_ARRAY(m->arena, end, (size_t)count + 1);
  for (int32_t i = 0; to && i < count; i++) to[i] = (end){names[i], names[i], NULL};
  return to;
}

static mote_status find_ends(work *m) {
  const Tf__NamedSignatureDef *s;
  MOTE_TRY(pick_signature(m, &s));
  if (s) {
    m->ends =
        (ends){ends_of(m, s->value->inputs, s->value->n_inputs), ends_of(m, s->value->outputs, s->value->n_outputs),
               (int32_t)s->value->n_inputs, (int32_t)s->value->n_outputs, s->key};
  } else {
    MOTE_TRY(ends_of_graph(m));
  }
  const mote_convert_config *o = m->options;
  if (o->inputs) m->ends.inputs = given(m, o->inputs, o->num_inputs), m->ends.num_inputs = o->num_inputs;
  if (o->outputs) m->ends.outputs = given(m, o->outputs, o->num_outputs), m->ends.num_outputs = o->num_outputs;
  if (!m->ends.inputs || !m->ends.outputs) return no_memory(m);
  if (!m->ends.num_outputs) return err_set(m->error, MOTE_ERR_MODEL, "no output was found: name them (--outputs)");
  return MOTE_OK;
}

static mote_status flatten(work *m, tf_flat *flat) {
  const char **in = ARENA_ARRAY(m->arena, const char *, (size_t)m->ends.num_inputs + 1),
             **out = ARENA_ARRAY(m->arena, const char *, (size_t)m->ends.num_outputs + 1);
  if (!in || !out) return no_memory(m);
  for (int32_t i = 0; i < m->ends.num_inputs; i++) in[i] = m->ends.inputs[i].tensor;
  for (int32_t i = 0; i < m->ends.num_outputs; i++) out[i] = m->ends.outputs[i].tensor;
  return tf_flatten(m->program, in, m->ends.num_inputs, out, m->ends.num_outputs, flat, m->error);
}

/* ---- inputs ---- */

typedef struct input_kind {
  int32_t dtype, rank; /* -1: not said */
  int32_t dims[OP_MAX_RANK];
} input_kind;

static int32_t dim_of(int64_t size) { return size < 0 || size > INT32_MAX ? -1 : (int32_t)size; }

/* Of the samples that DecodeWav gives (output 0), and of their rate. */
static void decoded(const Tf__Node *node, bool rate, input_kind *to) {
  const int64_t samples = tf_attr_int(node, "desired_samples", -1),
                channels = tf_attr_int(node, "desired_channels", -1);
  *to = (input_kind){
      rate ? TF_INT32 : TF_FLOAT, rate ? 0 : 2, {samples ? dim_of(samples) : -1, channels ? dim_of(channels) : -1}};
}

/* Type and shape as the signature, or else the node, says them. */
static input_kind said(const work *m, const end *in) {
  const size_t length = strcspn(in->tensor, ":");
  const Tf__Node *node = tf_node(m->program, in->tensor, length);
  const Tf__Attr *a = node ? tf_attr(node, "shape") : NULL;
  input_kind kind = {.dtype = TF_FLOAT, .rank = -1};
  if (node && !strcmp(node->op, "DecodeWav")) {
    decoded(node, !strcmp(in->tensor + length, ":1"), &kind);
    return kind;
  }
  if (in->info) kind.dtype = in->info->dtype;
  else if (node) kind.dtype = tf_attr_type(node, "dtype", tf_attr_type(node, "T", TF_FLOAT));
  const Tf__Shape *shape = in->info                                      ? in->info->tensor_shape
                           : a && a->value_case == TF__ATTR__VALUE_SHAPE ? a->shape
                                                                         : NULL;
  if (!shape || shape->unknown_rank || shape->n_dim > OP_MAX_RANK) return kind;
  kind.rank = (int32_t)shape->n_dim;
  for (int32_t i = 0; i < kind.rank; i++) kind.dims[i] = dim_of(shape->dim[i]->size);
  return kind;
}

static int32_t make_input(work *m, const end *in) {
  input_kind kind = said(m, in);
  mote_type type;
  build_at(m->builder, in->key);
  tf_ctx c = {.emitter = &m->emitter, .b = m->builder};
  if (!tf_type(&c, kind.dtype, &type)) return -1;
  const mote_convert_shape *other = import_shape(m->options, in->key, in->tensor, m->ends.num_inputs == 1);
  if (other) {
    kind.rank = other->rank;
    memcpy(kind.dims, other->dims, sizeof kind.dims);
  }
  if (kind.rank < 0)
    return build_fail(m->builder, MOTE_ERR_SHAPE,
                      "the model does not say how many dimensions it has; say it: --input-shape %s=1x...", in->key);
  if (m->options->batch && kind.rank && kind.dims[0] < 0) kind.dims[0] = m->options->batch;
  return build_input(m->builder, in->tensor, type, kind.rank, kind.dims);
}

/* ---- outputs ---- */

static mote_status make_ends(work *m, const int32_t *outputs) {
  graph_builder *b = m->builder;
  const char **in = ARENA_ARRAY(m->arena, const char *, (size_t)m->ends.num_inputs + 1),
             **out = ARENA_ARRAY(m->arena, const char *, (size_t)m->ends.num_outputs + 1);
  if (!in || !out) return no_memory(m);
  for (int32_t i = 0; i < m->ends.num_inputs; i++) in[i] = m->ends.inputs[i].key;
  for (int32_t i = 0; i < m->ends.num_outputs; i++) {
    out[i] = m->ends.outputs[i].key;
    if (outputs[i] < 0) return err_set(m->error, MOTE_ERR_UNSUPPORTED, "output '%.200s' is no value", out[i]);
    import_output(b, outputs[i], m->ends.outputs[i].tensor);
  }
  build_signature(b, m->ends.signature, in, out);
  return build_finish(b, m->error);
}

/* ---- the whole ---- */

static mote_status read_source(work *m, mote_convert_report *report) {
  tf_flat flat;
  MOTE_TRY(tf_program_new(&m->program, m->source, m->error));
  MOTE_TRY(tf_variables_new(&m->emitter.variables, m->source, m->program, m->error));
  MOTE_TRY(find_ends(m));
  MOTE_TRY(flatten(m, &flat));
  m->emitter.b = m->builder;
  m->emitter.program = m->program;
  m->emitter.source = m->source;
  m->emitter.allow_custom = m->options->allow_custom;
  int32_t *arguments = ARENA_ARRAY(m->arena, int32_t, (size_t)m->ends.num_inputs + 1),
          *outputs = ARENA_ARRAY(m->arena, int32_t, (size_t)m->ends.num_outputs + 1);
  if (!arguments || !outputs) return no_memory(m);
  for (int32_t i = 0; i < m->ends.num_inputs; i++) arguments[i] = make_input(m, &m->ends.inputs[i]);
  if (m->builder->failed) return build_finish(m->builder, m->error);
  if (tf_emit(&m->emitter, &flat, arguments, outputs) != MOTE_OK) return no_memory(m);
  if (m->emitter.faults.count) return import_report(&m->emitter.faults, m->options, "operators", m->error);
  report->layers = flat.count - m->ends.num_inputs;
  return make_ends(m, outputs);
}

static mote_graph *read_network(const import_source *s, const mote_convert_config *config, mote_convert_report *report,
                                mote_error *e) {
  work m = {.options = config, .error = e};
  mote_graph *g = mote_graph_new(config->memory, e);
  if (!g) return NULL;
  m.arena = &g->arena;
  m.builder = &g->b;
  mote_status status = tf_source_open(&m.source, s->path, e);
  if (status == MOTE_OK) {
    status = read_source(&m, report);
    tf_source_close(m.source);
    if (status != MOTE_OK) err_prefix(e, "%s", s->path);
  }
  if (status == MOTE_OK) return g;
  mote_graph_free(g);
  return NULL;
}

/* A binary GraphDef begins with its first node, a SavedModel's file with its version; a text one with a word of theirs.
 */
static bool takes(const import_source *s) {
  static const char *const words[] = {"node", "library", "versions", "saved_model_schema_version", "meta_graphs"};
  if (s->is_folder) return tf_is_saved_model(s->path);
  const size_t length = strlen(s->path);
  if (length > 5 && !strcmp(s->path + length - 5, ".meta")) return true;
  if (s->size > 2 && (s->head[0] == 0x0a || (s->head[0] == 0x08 && s->head[2] == 0x12))) return true;
  size_t at = 0;
  while (at < s->size && memchr(" \t\r\n", s->head[at], 4)) at++;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (s->size - at > strlen(words[i]) && !memcmp(s->head + at, words[i], strlen(words[i]))) return true;
  return false;
}

static const char *known(int32_t index) {
  for (const tf_row *const *table = tf_tables; *table; table++)
    for (const tf_row *row = *table; row->type; row++)
      if (!index--) return row->type;
  return NULL;
}

const importer import_tensorflow = {.kind = "TensorFlow", .takes = takes, .read = read_network, .known = known};

/* compile.c: from a model to a program: descriptors check and prepare every node, constants are folded. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "graph/eval.h"
#include "operators/sparse.h"
#include "runtime/runtime.h"

/* Folding stops making constants beyond this many bytes; what is left runs at run time. */
enum { FOLD_LIMIT = 512 << 20 };

typedef struct compiler {
  mote_program *p;
  const mote_config *config;
  mote_error *error;
  size_t folded_bytes;
  passes_report rewrites;
  int32_t *operators; /* of each graph, as the file has them */
} compiler;

/* ---- folding ---- */

static bool can_fold(const op_ctx *c) {
  if (c->op->traits & (OP_STATEFUL | OP_CALLS | OP_DATA_SHAPE) || !c->num_inputs) return false;
  for (int32_t i = 0; i < c->num_inputs; i++)
    if (c->in[i] && (!op_is_const(c->in[i]) || c->in[i]->type == MOTE_STRING)) return false;
  for (int32_t i = 0; i < c->num_outputs; i++)
    if (!c->out[i] || c->out[i]->type == MOTE_STRING) return false;
  return true;
}

/* Memory for a folded value, remembered by the program. */
static void *fold_alloc(compiler *k, size_t bytes) {
  mote_program *p = k->p;
  void **more = mem_resize(p->mem, p->folded, ((size_t)p->num_folded + 1) * sizeof *more);
  if (!more) return NULL;
  p->folded = more;
  void *data = mem_alloc(p->mem, bytes);
  if (data) p->folded[p->num_folded++] = data;
  return data;
}

/* Writes a sparse constant out in full. Its sparsity stays in the tensor: it tells how the file had it. */
static mote_status expand(compiler *k, const graph_value *v, op_tensor *t) {
  char name[100];
  const sparse_constant from = {.sparsity = v->sparsity,
                                .file = k->p->model->file.data,
                                .file_size = k->p->model->file.size,
                                .rank = t->rank,
                                .dims = t->dims,
                                .element = (size_t)mote_type_bits(t->type) / 8,
                                .values = v->data,
                                .bytes = v->bytes};
  size_t count, bytes;
  err_name(name, sizeof name, v->name.data ? v->name.data : "", v->name.size);
  if (!from.element)
    return err_set(k->error, MOTE_ERR_UNSUPPORTED, "tensor %d '%s' is a sparse constant of type %s", (int)v->tensor,
                   name, mote_type_name(t->type));
  if (!size_dims(t->dims, t->rank, &count) || !op_type_bytes(t->type, count, &bytes) ||
      bytes > FOLD_LIMIT - k->folded_bytes)
    return err_set(k->error, MOTE_ERR_LIMIT, "tensor %d '%s' is sparse, and in full larger than the %d bytes allowed",
                   (int)v->tensor, name, FOLD_LIMIT);
  void *full = fold_alloc(k, bytes);
  if (!full) return err_memory(k->error, "a sparse constant in full", bytes);
  k->folded_bytes += bytes;
  const mote_status status = sparse_expand(&from, full, k->error);
  if (status != MOTE_OK) err_prefix(k->error, "tensor %d '%s'", (int)v->tensor, name);
  t->data = full;
  t->bytes = bytes;
  return status;
}

/* Gives the outputs shapes and memory; false (and no harm) when that is not possible or too much. */
static bool fold_outputs(compiler *k, op_ctx *c) {
  op_tensor before[8];
  if (c->num_outputs > 8) return false;
  for (int32_t i = 0; i < c->num_outputs; i++) before[i] = *c->out[i];
  bool good = !c->op->infer || c->op->infer(c) == MOTE_OK;
  for (int32_t i = 0; i < c->num_outputs && good; i++) {
    op_tensor *t = c->out[i];
    size_t count;
    good = op_shape_known(t) && size_dims(t->dims, t->rank, &count) && op_type_bytes(t->type, count, &t->bytes) &&
           t->bytes <= FOLD_LIMIT - k->folded_bytes;
    if (good) k->folded_bytes += t->bytes, t->data = fold_alloc(k, t->bytes), good = t->data != NULL;
  }
  if (!good)
    for (int32_t i = 0; i < c->num_outputs; i++) *c->out[i] = before[i];
  return good;
}

/* Runs a node whose inputs are all constant. Whatever fails here is left for the run, which says why. */
static bool fold(compiler *k, exec_step *s) {
  op_ctx *c = &s->c;
  mote_error *const error = c->error;
  mote_error ignored;
  c->error = &ignored;
  bool good = fold_outputs(k, c) && (!c->op->plan || c->op->plan(c) == MOTE_OK);
  if (good) {
    c->scratch = mem_alloc(k->p->mem, c->scratch_size);
    good = c->scratch && c->op->run(c) == MOTE_OK;
    mem_free(k->p->mem, c->scratch);
  }
  c->error = error;
  for (int32_t i = 0; i < c->num_outputs; i++) {
    if (good) c->out[i]->flags |= OP_CONST;
    else c->out[i]->data = NULL, c->out[i]->bytes = 0;
  }
  return good;
}

/* ---- one graph ---- */

static mote_status compile_node(compiler *k, prog_graph *g, const graph_node *n) {
  arena *a = &k->p->arena;
  prog_step *step = &g->steps[g->num_steps];
  step->node = n;
  step->params = arena_alloc(a, n->op->params_size);
  if (!step->params) return err_memory(k->error, "the program", n->op->params_size);
  exec_step s = {0};
  MOTE_TRY(step_init(&s, k->p, g, g->num_steps, g->values, a, k->error));
  op_ctx *c = &s.c;
  MOTE_TRY(eval_arity(c));
  MOTE_TRY(op_check_types(c));
  if (n->op->check) MOTE_TRY(n->op->check(c));
  if (n->op->prepare) MOTE_TRY(n->op->prepare(c));
  step->consumed = c->consumed;
  if (s.unpacked || !can_fold(c) || !fold(k, &s)) g->num_steps++;
  return MOTE_OK;
}

static mote_status compile_values(compiler *k, prog_graph *g) {
  const graph *from = g->graph;
  g->values = ARENA_ARRAY(&k->p->arena, op_tensor, (size_t)from->num_values + 1);
  g->steps = ARENA_ARRAY(&k->p->arena, prog_step, (size_t)from->num_nodes + 1);
  if (!g->values || !g->steps) return err_memory(k->error, "the program", 0);
  for (int32_t i = 0; i < from->num_values; i++) {
    const graph_value *v = &from->values[i];
    eval_tensor(v, &g->values[i]);
    if (v->is_const && v->sparsity) MOTE_TRY(expand(k, v, &g->values[i]));
  }
  return MOTE_OK;
}

/* Frees constants that compilation made and every reader has packed. Their packs are not found again: the address will
 * be another constant's. */
static void drop_consumed(mote_program *p, prog_graph *g) {
  for (int32_t v = 0; v < g->graph->num_values; v++) {
    op_tensor *t = &g->values[v];
    const graph_value *from = &g->graph->values[v];
    if (!(t->flags & OP_CONST) || (from->is_const && !from->sparsity)) continue;
    bool needed = false;
    for (int32_t i = 0; i < g->graph->num_outputs; i++) needed |= g->graph->outputs[i] == v;
    for (int32_t s = 0; s < g->num_steps && !needed; s++)
      for (int32_t i = 0; i < g->steps[s].node->num_inputs && !needed; i++)
        needed = g->steps[s].node->inputs[i] == v && !(i < 32 && (g->steps[s].consumed >> i & 1));
    if (needed) continue;
    packs_disown(&p->packs, t->data);
    for (int32_t i = 0; i < p->num_folded; i++)
      if (p->folded[i] == t->data) {
        mem_free(p->mem, p->folded[i]);
        p->folded[i] = p->folded[--p->num_folded];
        break;
      }
    t->data = NULL;
  }
}

/* What plan_text says of one program: its steps, then the rewrites that made them what they are, and why. */
static mote_status write_plan(const compiler *k) {
  mote_program *p = k->p;
  size_t room = 256 + (size_t)k->rewrites.rewrites * 256, used = 0;
  for (int32_t g = 0; g < p->graphs.count; g++) {
    room += 128;
    for (int32_t s = 0; s < p->compiled[g].num_steps; s++) room += strlen(p->compiled[g].steps[s].node->op->name) + 64;
  }
  p->plan_text = arena_alloc(&p->arena, room);
  if (!p->plan_text) return err_memory(k->error, "the plan's text", room);
  for (int32_t g = 0; g < p->graphs.count; g++) {
    const prog_graph *c = &p->compiled[g];
    const int32_t fewer = k->operators[g] - c->graph->num_nodes;
    used += (size_t)snprintf(p->plan_text + used, room - used, "%ssubgraph %d: %d operators, %d folded", g ? "\n" : "",
                             (int)g, (int)k->operators[g], (int)(c->graph->num_nodes - c->num_steps));
    if (fewer) used += (size_t)snprintf(p->plan_text + used, room - used, ", %d fewer by rewrites", (int)fewer);
    used += (size_t)snprintf(p->plan_text + used, room - used, "\n");
    for (int32_t s = 0; s < c->num_steps && used < room; s++)
      used += (size_t)snprintf(p->plan_text + used, room - used, "%5d  %s  [operator %d]\n", (int)s,
                               c->steps[s].node->op->name, (int)c->steps[s].node->index);
  }
  for (int32_t i = 0; i < k->rewrites.rewrites && used < room; i++)
    if (k->rewrites.done[i].count)
      used += (size_t)snprintf(p->plan_text + used, room - used, "rewrite %s, %d x: %s\n", k->rewrites.done[i].name,
                               (int)k->rewrites.done[i].count, k->rewrites.done[i].reason);
  return MOTE_OK;
}

static mote_status compile_all(compiler *k) {
  mote_program *p = k->p;
  p->compiled = ARENA_ARRAY(&p->arena, prog_graph, (size_t)p->graphs.count + 1);
  if (!p->compiled) return err_memory(k->error, "the program", 0);
  for (int32_t i = 0; i < p->graphs.count; i++) {
    p->compiled[i].graph = &p->graphs.graphs[i];
    MOTE_TRY(compile_values(k, &p->compiled[i]));
  }
  for (int32_t i = 0; i < p->graphs.count; i++) {
    prog_graph *g = &p->compiled[i];
    for (int32_t n = 0; n < g->graph->num_nodes; n++) MOTE_TRY(compile_node(k, g, &g->graph->nodes[n]));
    drop_consumed(p, g);
  }
  return write_plan(k);
}

/* ---- the program ---- */

static const mote_op *find_custom(void *user, const sch_OperatorCode *code) {
  const compiler *k = user;
  if (sch_op_code(code) != sch_BuiltinOperator_CUSTOM) return NULL;
  for (size_t i = 0; k->config && i < k->config->operator_count; i++) {
    const mote_op_def *def = k->config->operators[i];
    if (def && def->name && strlen(def->name) == code->custom_code.size &&
        !memcmp(def->name, code->custom_code.data, code->custom_code.size))
      return custom_op(&k->p->arena, def);
  }
  return NULL;
}

static mote_status choose_isa(mote_program *p, const mote_config *config, mote_error *e) {
  p->isa = cpu_best();
  if (!config || !config->isa || cpu_named(config->isa, &p->isa)) return MOTE_OK;
  return err_set(e, MOTE_ERR_ARGUMENT, "'%.40s' is no instruction set that this machine has; its best is '%s'",
                 config->isa, cpu_name(p->isa));
}

static mote_status make(mote_program *p, const mote_config *config, const graph_set *graphs, mote_error *e) {
  MOTE_TRY(choose_isa(p, config, e));
  p->plan_only = config && config->plan_only;
  p->loop_budget = config && config->loop_budget ? config->loop_budget : INT32_MAX;
  p->pool = config ? config->pool : NULL;
  if (!p->pool && config && (config->threads > 1 || config->threads < 0)) {
    p->pool = pool_new(p->mem, config->threads, e);
    if (!p->pool) return MOTE_ERR_MEMORY;
    p->own_pool = true;
  }
  compiler k = {.p = p, .config = config, .error = e};
  const graph_lookup lookup = {find_custom, &k};
  if (graphs) p->graphs = *graphs;
  else MOTE_TRY(graph_lift(p->model->schema, &lookup, &p->arena, &p->graphs, e));
  k.operators = ARENA_ARRAY(&p->arena, int32_t, (size_t)p->graphs.count + 1);
  if (!k.operators) return err_memory(e, "the program", 0);
  for (int32_t i = 0; i < p->graphs.count; i++) k.operators[i] = p->graphs.graphs[i].num_nodes;
  if (!graphs && !(config && config->no_rewrites)) program_improve(p, &k.rewrites);
  return compile_all(&k);
}

mote_program *mote_program_new(const mote_model *model, const mote_config *config, mote_error *e) {
  return program_of_graphs(model, config, NULL, e);
}

mote_program *program_of_graphs(const mote_model *model, const mote_config *config, const graph_set *graphs,
                                mote_error *e) {
  if (!model) {
    err_set(e, MOTE_ERR_ARGUMENT, "no model was given");
    return NULL;
  }
  mem *m = mem_retain(model->mem);
  mote_program *p = MEM_NEW(m, mote_program);
  if (!p) {
    err_memory(e, "a program", sizeof *p);
    mem_release(m);
    return NULL;
  }
  atomic_init(&p->refs, 1);
  p->mem = m;
  arena_init(&p->arena, m);
  p->model = model_retain(model);
  pthread_mutex_init(&p->packs.lock, NULL);
  if (make(p, config, graphs, e) == MOTE_OK) return p;
  mote_program_free(p);
  return NULL;
}

mote_program *program_retain(const mote_program *program) {
  mote_program *p = (mote_program *)program;
  atomic_fetch_add(&p->refs, 1);
  return p;
}

void mote_program_free(mote_program *p) {
  if (!p || atomic_fetch_sub(&p->refs, 1) != 1) return;
  if (p->own_pool) pool_free(p->pool);
  for (int32_t i = 0; i < p->num_folded; i++) mem_free(p->mem, p->folded[i]);
  mem_free(p->mem, p->folded);
  mem_free(p->mem, p->resources);
  packs_free(&p->packs, p->mem);
  pthread_mutex_destroy(&p->packs.lock);
  arena_free(&p->arena);
  mote_model_free(p->model);
  mem *m = p->mem;
  mem_free(m, p);
  mem_release(m);
}

const char *mote_program_plan(const mote_program *program) { return program->plan_text; }

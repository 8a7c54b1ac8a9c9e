/* stablehlo_gather.c: STABLEHLO_GATHER and STABLEHLO_SCATTER: windows of a tensor whose places come from vectors of
 * indices, read or combined with updates. The simpler forms are gather.c and gather_nd.c.
 *
 * Both walk positions: the indices are [positions.., vector], the batched side is [positions and window dimensions],
 * the plain side has one dimension for each of the window and the ones that windows leave out.
 */
#include <string.h>

#include "operators/calls.h"
#include "operators/combine.h"
#include "operators/move.h"

/* The options of both, under the names of gather. */
typedef struct windows {
  sch_i64s offset;      /* dimensions of the batched side that are of the window */
  sch_i64s collapsed;   /* dimensions of the plain side that windows leave out */
  sch_i64s map;         /* component k of an index vector is of dimension map[k] of the plain side */
  int64_t vector;       /* dimension of the indices that is the vector; their rank: vectors have one component */
  uint32_t offset_mask; /* as bits */
  uint32_t collapsed_mask;
} windows;

static mote_status as_mask(op_ctx *c, const char *what, sch_i64s dims, int32_t rank, uint32_t *mask) {
  *mask = 0;
  for (uint32_t i = 0; i < dims.count; i++) {
    OP_REQUIRE(c, dims.data[i] >= 0 && dims.data[i] < rank && (1u << dims.data[i]) > *mask, MOTE_ERR_MODEL,
               "%s names dimension %lld; they must lie in [0, %d) and ascend", what, (long long)dims.data[i],
               (int)rank);
    *mask |= 1u << dims.data[i];
  }
  return MOTE_OK;
}

/* How many dimensions of the indices count positions. */
static int32_t position_rank(const windows *w, const op_tensor *indices) {
  return indices->rank - (w->vector < indices->rank);
}

/* Tests the options against the ranks of both sides. */
static mote_status check_windows(op_ctx *c, windows *w, const op_tensor *indices, int32_t plain, int32_t batched) {
  MOTE_TRY(as_mask(c, "the list of window dimensions", w->offset, batched, &w->offset_mask));
  MOTE_TRY(as_mask(c, "the list of left out dimensions", w->collapsed, plain, &w->collapsed_mask));
  OP_REQUIRE(c, w->vector >= 0 && w->vector <= indices->rank, MOTE_ERR_MODEL,
             "index_vector_dim is %lld; the indices have %d dimensions", (long long)w->vector, (int)indices->rank);
  OP_REQUIRE(c,
             position_rank(w, indices) + (int32_t)w->offset.count == batched &&
                 (int32_t)(w->offset.count + w->collapsed.count) == plain,
             MOTE_ERR_MODEL,
             "windows of %u dimensions, %u left out, and %d dimensions of positions do not fit ranks %d "
             "and %d",
             (unsigned)w->offset.count, (unsigned)w->collapsed.count, (int)position_rank(w, indices), (int)plain,
             (int)batched);
  const int32_t width = w->vector < indices->rank ? indices->dims[w->vector] : 1;
  OP_REQUIRE(c, width < 0 || w->map.count == (uint32_t)width, MOTE_ERR_MODEL,
             "index vectors have %d components, but %u dimensions are named for them", (int)width,
             (unsigned)w->map.count);
  for (uint32_t i = 0; i < w->map.count; i++)
    OP_REQUIRE(c, w->map.data[i] >= 0 && w->map.data[i] < plain, MOTE_ERR_MODEL,
               "component %u is of dimension %lld; there are %d", (unsigned)i, (long long)w->map.data[i], (int)plain);
  return MOTE_OK;
}

/* Dimension i of the positions, in the indices. */
static int32_t position_dim(const windows *w, const op_tensor *indices, int32_t i) {
  return indices->dims[i < w->vector ? i : i + 1];
}

/* Walks positions: where the next one lies in the indices, and in the batched side. */
typedef struct walk {
  size_t at[OP_MAX_RANK];
  size_t index;    /* element of the indices: component 0 */
  size_t step;     /* elements from one component to the next */
  int64_t batched; /* bytes into the batched side */
} walk;

static void walk_to(const windows *w, const op_tensor *indices, const op_tensor *batched, size_t position, walk *k) {
  int64_t steps[OP_MAX_RANK];
  size_t index_step = 1;
  move_steps(batched, steps);
  *k = (walk){.step = 1};
  int32_t dim = batched->rank - 1;
  for (int32_t i = indices->rank - 1; i >= 0; i--) {
    if (i == w->vector) {
      k->step = index_step;
      index_step *= (size_t)indices->dims[i];
      continue;
    }
    const size_t n = (size_t)indices->dims[i], at = position % n;
    position /= n;
    k->index += at * index_step;
    index_step *= n;
    while (w->offset_mask >> dim & 1) dim--;
    k->batched += (int64_t)at * steps[dim--];
  }
}

static size_t position_count(const windows *w, const op_tensor *indices) {
  size_t n = 1;
  for (int32_t i = 0; i < position_rank(w, indices); i++) n *= (size_t)position_dim(w, indices, i);
  return n;
}

/* ---- STABLEHLO_GATHER ---- */

static windows gather_windows(const op_ctx *c) {
  const sch_StablehloGatherOptions *const o = c->options;
  return (windows){o->offset_dims, o->collapsed_slice_dims, o->start_index_map, o->index_vector_dim, 0, 0};
}

static mote_status check_sizes(op_ctx *c, const windows *w) {
  const sch_i64s sizes = ((const sch_StablehloGatherOptions *)c->options)->slice_sizes;
  const op_tensor *const in = c->in[0];
  OP_REQUIRE(c, sizes.count == (uint32_t)in->rank, MOTE_ERR_MODEL, "slice_sizes has %u numbers for %d dimensions",
             (unsigned)sizes.count, (int)in->rank);
  for (int32_t i = 0; i < in->rank; i++)
    OP_REQUIRE(c,
               sizes.data[i] >= 0 && (in->dims[i] < 0 || sizes.data[i] <= in->dims[i]) &&
                   (!(w->collapsed_mask >> i & 1) || sizes.data[i] <= 1),
               MOTE_ERR_SHAPE, "slices have %lld elements of dimension %d, which has %d; left out dimensions have one",
               (long long)sizes.data[i], (int)i, (int)in->dims[i]);
  return MOTE_OK;
}

static mote_status gather_infer(op_ctx *c) {
  const sch_i64s sizes = ((const sch_StablehloGatherOptions *)c->options)->slice_sizes;
  const op_tensor *const in = c->in[0], *const indices = c->in[1];
  op_tensor *const out = c->out[0];
  windows w = gather_windows(c);
  out->rank = -1;
  if (in->rank < 0 || indices->rank < 0) return MOTE_OK;
  const int64_t rank = (int64_t)position_rank(&w, indices) + w.offset.count;
  OP_REQUIRE(c, rank <= OP_MAX_RANK, MOTE_ERR_SHAPE, "the result has %lld dimensions; at most %d are supported",
             (long long)rank, OP_MAX_RANK);
  MOTE_TRY(check_windows(c, &w, indices, in->rank, (int32_t)rank));
  MOTE_TRY(check_sizes(c, &w));
  move_unknown(out, (int32_t)rank);
  int32_t position = 0, window = 0;
  for (int32_t i = 0; i < out->rank; i++) {
    if (!(w.offset_mask >> i & 1)) {
      out->dims[i] = position_dim(&w, indices, position++);
      continue;
    }
    while (w.collapsed_mask >> window & 1) window++;
    MOTE_TRY(move_set_dim(c, i, sizes.data[window++]));
  }
  return move_check_size(c);
}

/* Start of a slice in bytes; starts are moved so that the slice lies inside. */
static int64_t slice_start(op_ctx *c, const windows *w, const walk *k) {
  const sch_i64s sizes = ((const sch_StablehloGatherOptions *)c->options)->slice_sizes;
  const op_tensor *const in = c->in[0];
  int64_t steps[OP_MAX_RANK], start = 0;
  move_steps(in, steps);
  for (uint32_t i = 0; i < w->map.count; i++) {
    const int64_t dim = w->map.data[i], most = in->dims[dim] - sizes.data[dim];
    const int64_t v = op_int_at(c->in[1], k->index + i * k->step);
    start += (v < 0 ? 0 : v > most ? most : v) * steps[dim];
  }
  return start;
}

static mote_status gather_move(op_ctx *c) {
  const op_tensor *const in = c->in[0], *const indices = c->in[1], *const out = c->out[0];
  windows w = gather_windows(c);
  MOTE_TRY(check_windows(c, &w, indices, in->rank, out->rank));
  if (!op_count(out)) return MOTE_OK;
  int64_t from[OP_MAX_RANK], to[OP_MAX_RANK];
  move_steps(in, from);
  move_steps(out, to);
  copy_plan plan;
  copy_begin(&plan, (size_t)move_element(in->type));
  int32_t window = in->rank - 1;
  for (int32_t i = out->rank - 1; i >= 0; i--) {
    if (!(w.offset_mask >> i & 1)) continue;
    while (w.collapsed_mask >> window & 1) window--;
    copy_axis(&plan, out->dims[i], to[i], from[window--]);
  }
  copy_end(&plan);
  const size_t positions = position_count(&w, indices);
  for (size_t i = 0; i < positions; i++) {
    walk k;
    walk_to(&w, indices, out, i, &k);
    move_run(c, &plan, (char *)out->data + k.batched, (const char *)in->data + slice_start(c, &w, &k));
  }
  return MOTE_OK;
}

static mote_status gather_run(op_ctx *c) { return move_any(c, gather_move); }

const mote_op op_stablehlo_gather = {
    .name = "STABLEHLO_GATHER",
    .code = sch_BuiltinOperator_STABLEHLO_GATHER,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloGatherOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = MOVE_ALL " i8|i16|i32|i64|u8|u16|u32|u64 > =",
    .infer = gather_infer,
    .plan = move_plan,
    .run = gather_run,
    .notes = "Starts are clamped so that slices lie inside.",
};

/* ---- STABLEHLO_SCATTER ---- */

enum { OPERAND = 0, INDICES = 1, UPDATES = 2 };

typedef struct scatter_params {
  combine_kind kind;
  bool keep; /* the region gives back what was there */
  bool call; /* the region is no known function: it is called for each element */
} scatter_params;

static windows scatter_windows(const op_ctx *c) {
  const sch_StablehloScatterOptions *const o = c->options;
  return (windows){
      o->update_window_dims, o->inserted_window_dims, o->scatter_dims_to_operand_dims, o->index_vector_dim, 0, 0};
}

static int32_t region_of(const op_ctx *c) {
  return ((const sch_StablehloScatterOptions *)c->options)->update_computation_subgraph_index;
}

static bool known_kind(int32_t code, combine_kind *kind) {
  switch (code) {
    case sch_BuiltinOperator_ADD:
    case sch_BuiltinOperator_STABLEHLO_ADD: *kind = COMBINE_ADD; return true;
    case sch_BuiltinOperator_MUL:
    case sch_BuiltinOperator_STABLEHLO_MULTIPLY: *kind = COMBINE_MULTIPLY; return true;
    case sch_BuiltinOperator_MAXIMUM:
    case sch_BuiltinOperator_STABLEHLO_MAXIMUM: *kind = COMBINE_MAXIMUM; return true;
    case sch_BuiltinOperator_MINIMUM:
    case sch_BuiltinOperator_STABLEHLO_MINIMUM: *kind = COMBINE_MINIMUM; return true;
    default: return false;
  }
}

static mote_status scatter_check(op_ctx *c) {
  scatter_params *const p = c->params;
  op_region r;
  callee k;
  MOTE_TRY(c->host->region(c, region_of(c), &r));
  MOTE_TRY(calls_find(c, region_of(c), &k));
  OP_REQUIRE(c, k.in_count == 2 && k.out_count == 1, MOTE_ERR_MODEL,
             "the update computation has %d inputs and %d outputs; it must have 2 and 1", k.in_count, k.out_count);
  *p = (scatter_params){.kind = COMBINE_REPLACE, .keep = r.operators == 0 && r.gives == 0};
  if (r.operators == 0) return MOTE_OK;
  const bool both = (r.takes[0] == 0 && r.takes[1] == 1) || (r.takes[0] == 1 && r.takes[1] == 0);
  p->call = r.operators != 1 || !both || !known_kind(r.code, &p->kind);
  return MOTE_OK;
}

/* A scalar of the operand's type. */
static op_tensor scalar_of(const op_ctx *c, const void *data) {
  op_tensor t = *c->in[OPERAND];
  t.rank = 0;
  t.bytes = (size_t)move_element(t.type);
  t.data = (void *)(uintptr_t)data;
  t.flags = 0;
  return t;
}

static mote_status scatter_infer(op_ctx *c) {
  const op_tensor *const in = c->in[OPERAND], *const indices = c->in[INDICES], *const updates = c->in[UPDATES];
  const scatter_params *const p = c->params;
  windows w = scatter_windows(c);
  op_same_shape(c->out[0], in);
  if (p->call) {
    const op_tensor scalar = scalar_of(c, NULL), *const args[2] = {&scalar, &scalar};
    op_tensor result, *const results[1] = {&result};
    MOTE_TRY(c->host->infer_call(c, region_of(c), args, 2, results, 1));
  }
  if (!op_shape_known(in) || !op_shape_known(indices) || !op_shape_known(updates)) return MOTE_OK;
  MOTE_TRY(check_windows(c, &w, indices, in->rank, updates->rank));
  int32_t position = 0;
  for (int32_t i = 0; i < updates->rank; i++) {
    if (w.offset_mask >> i & 1) continue;
    const int32_t wanted = position_dim(&w, indices, position++);
    OP_REQUIRE(c, updates->dims[i] == wanted, MOTE_ERR_SHAPE,
               "dimension %d of the updates is %d, but there are %d positions", (int)i, (int)updates->dims[i],
               (int)wanted);
  }
  return MOTE_OK;
}

/* Joins one element of the updates to its place by the region. */
static mote_status call_region(op_ctx *c, void *to, const void *from) {
  const op_tensor old = scalar_of(c, to), update = scalar_of(c, from), *const args[2] = {&old, &update};
  const op_tensor *const *out;
  int count;
  MOTE_TRY(c->host->call(c, region_of(c), args, 2, &out, &count));
  OP_REQUIRE(c, out[0]->bytes == old.bytes, MOTE_ERR_MODEL, "the update computation gives %zu bytes, not %zu",
             out[0]->bytes, old.bytes);
  memcpy(to, out[0]->data, old.bytes);
  return MOTE_OK;
}

/* Where a window lies in the operand: its first element, and the sizes and byte steps of its dimensions on both sides.
 */
typedef struct window {
  int64_t start[OP_MAX_RANK]; /* of each dimension of the operand */
  int32_t dim[OP_MAX_RANK];   /* dimension of the operand that window dimension i is */
  int64_t size[OP_MAX_RANK];  /* of window dimension i */
  int64_t step[OP_MAX_RANK];  /* bytes of window dimension i in the updates */
  int32_t rank;
} window;

static void window_shape(const windows *w, const op_tensor *in, const op_tensor *updates, window *v) {
  int64_t steps[OP_MAX_RANK];
  move_steps(updates, steps);
  v->rank = (int32_t)w->offset.count;
  for (int32_t i = 0, dim = 0; i < v->rank; i++, dim++) {
    while (dim < in->rank && w->collapsed_mask >> dim & 1) dim++;
    v->dim[i] = dim;
    v->size[i] = updates->dims[w->offset.data[i]];
    v->step[i] = steps[w->offset.data[i]];
  }
}

/* Elements that lie together on both sides at the end of a window: its last dimension, or one. */
static int64_t run_length(const window *v, const op_tensor *out) {
  const int32_t last = v->rank - 1;
  const bool together = last >= 0 && v->dim[last] == out->rank - 1 && v->step[last] == move_element(out->type);
  return together ? v->size[last] : 1;
}

/* Joins n elements that lie together, from `place` of the operand on; what falls outside is left out, as in the
 * reference. */
static mote_status join_run(op_ctx *c, const int64_t *place, const char *updates, int64_t n) {
  const scatter_params *const p = c->params;
  const op_tensor *const out = c->out[0];
  const int64_t element = move_element(out->type);
  int64_t steps[OP_MAX_RANK], to = 0, first = 0;
  move_steps(out, steps);
  for (int32_t i = 0; i < out->rank; i++) {
    if (i == out->rank - 1 && n > 1) {
      first = place[i] < 0 ? -place[i] : 0;
      if (n > out->dims[i] - place[i]) n = out->dims[i] - place[i];
    } else if (place[i] < 0 || place[i] >= out->dims[i]) return MOTE_OK;
    to += place[i] * steps[i];
  }
  if (first >= n) return MOTE_OK;
  char *const at = (char *)out->data + (to + first * element);
  updates += first * element;
  n -= first;
  if (!p->call) combine(p->kind, out->type, at, updates, (size_t)n);
  for (int64_t i = 0; p->call && i < n; i++) MOTE_TRY(call_region(c, at + i * element, updates + i * element));
  return MOTE_OK;
}

/* Joins the elements of one window. */
static mote_status join_window(op_ctx *c, const window *v, const char *updates) {
  const int64_t run = run_length(v, c->out[0]);
  const int32_t rank = run > 1 ? v->rank - 1 : v->rank; /* dimensions that runs are walked along */
  int64_t at[OP_MAX_RANK] = {0}, count = 1;
  for (int32_t i = 0; i < rank; i++) count *= v->size[i];
  for (int64_t n = 0; n < count; n++) {
    int64_t place[OP_MAX_RANK], from = 0;
    memcpy(place, v->start, sizeof place);
    for (int32_t i = 0; i < rank; i++) place[v->dim[i]] += at[i], from += at[i] * v->step[i];
    MOTE_TRY(join_run(c, place, updates + from, run));
    for (int32_t i = rank - 1; i >= 0 && ++at[i] == v->size[i]; i--) at[i] = 0;
  }
  return MOTE_OK;
}

static mote_status scatter_run(op_ctx *c) {
  const op_tensor *const in = c->in[OPERAND], *const indices = c->in[INDICES], *const updates = c->in[UPDATES];
  const scatter_params *const p = c->params;
  windows w = scatter_windows(c);
  window v;
  MOTE_TRY(check_windows(c, &w, indices, in->rank, updates->rank));
  if (c->out[0]->data != in->data) move_bytes(c, c->out[0]->data, in->data, in->bytes);
  if (p->keep || !op_count(updates) || !op_count(in)) return MOTE_OK;
  window_shape(&w, in, updates, &v);
  const size_t positions = position_count(&w, indices);
  for (size_t i = 0; i < positions; i++) {
    walk k;
    walk_to(&w, indices, updates, i, &k);
    memset(v.start, 0, sizeof v.start);
    bool inside = true;
    for (uint32_t m = 0; m < w.map.count; m++) {
      const int64_t start = op_int_at(indices, k.index + m * k.step);
      inside &= start >= INT32_MIN && start <= INT32_MAX; /* farther out nothing can be inside */
      v.start[w.map.data[m]] = start;
    }
    if (inside) MOTE_TRY(join_window(c, &v, (const char *)updates->data + k.batched));
  }
  return MOTE_OK;
}

const mote_op op_stablehlo_scatter = {
    .name = "STABLEHLO_SCATTER",
    .code = sch_BuiltinOperator_STABLEHLO_SCATTER,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloScatterOptions,
    .inputs_min = 3,
    .inputs_max = 3,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = COMBINE_TYPES " i8|i16|i32|i64|u8|u16|u32|u64 = > =",
    .traits = OP_CALLS,
    .params_size = sizeof(scatter_params),
    .check = scatter_check,
    .infer = scatter_infer,
    .run = scatter_run,
    .notes = "Updates are added, multiplied, replaced, or joined by maximum, minimum or any other region.",
};

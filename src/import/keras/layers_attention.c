/* layers_attention.c: attention, and the einsum that its projections are made of. */
#include <math.h>
#include <string.h>

#include "import/keras/emit.h"

#define OP(name) sch_BuiltinOperator_##name

/* ---- what all share: scores to weights to a mixture ---- */

/* Adds a large negative number where keep (BOOL, of any shape that broadcasts) is false. */
static int32_t hide(k_ctx *c, int32_t scores, int32_t keep) {
  if (keep < 0) return scores;
  return k_add(c, scores, k_scale(c, k_offset(c, k_cast(c, keep, MOTE_FLOAT32), -1), 1e9f));
}

static int32_t both(k_ctx *c, int32_t a, int32_t b) {
  return a < 0 ? b : b < 0 ? a : k_op2(c, OP(LOGICAL_AND), NULL, a, b);
}

/* Numbers 0, 1, ... of a size. */
static int32_t range(k_ctx *c, k_size n) {
  const int32_t end = n.known ? build_int(c->b, "end", n.v) : k_squeeze(c, n.v, 0);
  return k_op3(c, OP(RANGE), NULL, build_int(c->b, "begin", 0), end, build_int(c->b, "one", 1));
}

/* [queries, keys]: keys that are not later than the query. */
static int32_t causal(k_ctx *c, k_size queries, k_size keys) {
  return k_op2(c, OP(GREATER_EQUAL), NULL, k_expand(c, range(c, queries), 1), k_expand(c, range(c, keys), 0));
}

/* A tensor among the keyword arguments, or -1. */
static k_tensor argument(k_ctx *c, const char *name) {
  const json_t *j = c->call ? json_object_get(c->call->kwargs, name) : NULL;
  k_ref ref;
  if (!j || !k_config_ref(c->run->model, j, &ref)) return (k_tensor){-1, -1};
  const k_result *r = &c->run->results[ref.layer][ref.call];
  return ref.tensor < r->count ? r->v[ref.tensor] : (k_tensor){-1, -1};
}

static bool says(k_ctx *c, const char *name) { return c->call && json_is_true(json_object_get(c->call->kwargs, name)); }

/* Query, value, key as a layer is given them: in order, or by name; the key is the value when it is not given. */
static bool operands(k_ctx *c, k_tensor *q, k_tensor *v, k_tensor *k) {
  *q = argument(c, "query"), *v = argument(c, "value"), *k = argument(c, "key");
  if (q->value < 0 && c->num_in > 0) *q = c->in[0];
  if (v->value < 0) { /* by position, then; what is named otherwise is no operand */
    if (c->num_in > 1) *v = c->in[1];
    if (k->value < 0 && c->num_in > 2) *k = c->in[2];
  }
  if (k->value < 0) *k = *v;
  if (q->value >= 0 && v->value >= 0) return true;
  return build_fail(c->b, MOTE_ERR_MODEL, "it needs a query and a value") >= 0;
}

/* ---- MultiHeadAttention, GroupedQueryAttention ---- */

/* A projection to heads: kernel[in, heads, size], bias[heads, size]; from [batch, time, in] to [batch, heads, time,
 * size]. */
static int32_t to_heads(k_ctx *c, int32_t x, const char *part, bool biased, int32_t *heads, int32_t *size) {
  k_ctx own = *c;
  own.weights = k_part(c, part);
  const k_array *kernel = k_take(&own, "kernel", 0, 3, (int32_t[]){build_dim(c->b, x, -1), -1, -1});
  if (!kernel) return -1;
  *heads = kernel->dims[1], *size = kernel->dims[2];
  const k_array *bias = biased ? k_take(&own, "bias", 1, 2, kernel->dims + 1) : NULL;
  if (biased && !bias) return -1;
  const int32_t width = *heads * *size;
  const k_array flat = {2, {kernel->dims[0], width}, kernel->count, kernel->data};
  const k_array flat_bias = {1, {width}, (size_t)width, bias ? bias->data : NULL};
  const int32_t y = k_dense(c, x, &flat, bias ? &flat_bias : NULL);
  const k_size sizes[] = {k_size_of(c, x, 0), k_size_of(c, x, 1), k_known(*heads), k_known(*size)};
  return k_transpose(c, k_reshape(c, y, sizes, 4), (int32_t[]){0, 2, 1, 3});
}

/* And back: kernel[heads, size, out]; batch and time are those of `like`. */
static int32_t from_heads(k_ctx *c, int32_t x, int32_t heads, int32_t size, int32_t like, bool biased) {
  k_ctx own = *c;
  own.weights = k_part(c, "output_dense");
  const k_array *kernel = k_take(&own, "output kernel", 0, 3, (int32_t[]){heads, size, -1});
  if (!kernel) return -1;
  const k_array *bias = biased ? k_take(&own, "output bias", 1, 1, &kernel->dims[2]) : NULL;
  if (biased && !bias) return -1;
  const k_array flat = {2, {heads * size, kernel->dims[2]}, kernel->count, kernel->data};
  const k_size sizes[] = {k_size_of(c, like, 0), k_size_of(c, like, 1), k_known(heads * size)};
  return k_dense(c, k_reshape(c, k_transpose(c, x, (int32_t[]){0, 2, 1, 3}), sizes, 3), &flat, bias);
}

/* Which keys each query may see, as [batch, 1, queries, keys]; -1: all. */
static int32_t visible(k_ctx *c, k_tensor q, k_tensor v, k_tensor k) {
  const k_tensor given = argument(c, "attention_mask");
  int32_t keep = -1;
  if (q.mask >= 0) keep = k_expand(c, q.mask, 2);
  if (v.mask >= 0) keep = both(c, keep, k_expand(c, v.mask, 1));
  if (k.mask >= 0 && k.mask != v.mask) keep = both(c, keep, k_expand(c, k.mask, 1));
  if (given.value >= 0) keep = both(c, keep, k_cast(c, given.value, MOTE_BOOL));
  if (says(c, "use_causal_mask"))
    keep = both(c, keep, k_expand(c, causal(c, k_size_of(c, q.value, 1), k_size_of(c, k.value, 1)), 0));
  return keep < 0 ? -1 : k_expand(c, keep, 1);
}

/* Each head of keys and values serves `times` heads of queries. */
static int32_t shared_heads(k_ctx *c, int32_t x, int32_t heads, int32_t times) {
  if (times == 1) return x;
  const int32_t multiples[] = {1, 1, times, 1, 1};
  const k_size sizes[] = {k_size_of(c, x, 0), k_known(heads * times), k_size_of(c, x, 2), k_size_of(c, x, 3)};
  const int32_t tiled = k_op2(c, OP(TILE), NULL, k_expand(c, x, 2), build_ints(c->b, "multiples", 5, multiples));
  return k_reshape(c, tiled, sizes, 4);
}

static void multi_head(k_ctx *c, bool grouped) {
  k_tensor q, v, k;
  int32_t heads, key_heads, value_heads, size, value_size;
  if (!operands(c, &q, &v, &k)) return;
  if (k_rank(c, q.value) != 3 || k_rank(c, v.value) != 3) {
    build_fail(c->b, MOTE_ERR_UNSUPPORTED, "its query and value have %d and %d dimensions; 3 are taken",
               (int)k_rank(c, q.value), (int)k_rank(c, v.value));
    return;
  }
  const bool biased = k_flag(c, "use_bias", true);
  const int32_t query = to_heads(c, q.value, "query_dense", biased, &heads, &size);
  const int32_t key = to_heads(c, k.value, "key_dense", biased, &key_heads, &size);
  const int32_t value = to_heads(c, v.value, "value_dense", biased, &value_heads, &value_size);
  if (c->b->failed) return;
  if (heads % key_heads || key_heads != value_heads || (!grouped && heads != key_heads)) {
    build_fail(c->b, MOTE_ERR_MODEL, "%d heads of queries do not go with %d of keys", (int)heads, (int)key_heads);
    return;
  }
  const int32_t scaled = k_scale(c, query, (float)(1 / sqrt((double)size)));
  const int32_t scores = k_matmul(c, scaled, shared_heads(c, key, key_heads, heads / key_heads), false, true);
  const int32_t weights = k_softmax(c, hide(c, scores, visible(c, q, v, k)), -1);
  const int32_t mixed = k_matmul(c, weights, shared_heads(c, value, value_heads, heads / value_heads), false, false);
  c->out[0] = (k_tensor){from_heads(c, mixed, heads, value_size, q.value, biased), q.mask};
  if (says(c, "return_attention_scores")) c->out[c->num_out++] = (k_tensor){weights, -1};
}

static void multi(k_ctx *c) { multi_head(c, false); }
static void grouped(k_ctx *c) { multi_head(c, true); }

/* ---- Attention, AdditiveAttention: one head, on the values themselves ---- */

static void finish(k_ctx *c, k_tensor q, k_tensor v, int32_t scores) {
  int32_t keep = v.mask < 0 ? -1 : k_expand(c, v.mask, 1);
  if (says(c, "use_causal_mask") || k_flag(c, "causal", false))
    keep = both(c, keep, k_expand(c, causal(c, k_size_of(c, q.value, 1), k_size_of(c, v.value, 1)), 0));
  const int32_t weights = k_softmax(c, hide(c, scores, keep), -1);
  int32_t y = k_matmul(c, weights, v.value, false, false);
  if (q.mask >= 0) y = k_mul(c, y, k_cast(c, k_expand(c, q.mask, 2), MOTE_FLOAT32));
  c->out[0] = (k_tensor){y, q.mask};
  if (says(c, "return_attention_scores")) c->out[c->num_out++] = (k_tensor){weights, -1};
}

/* tanh(scale * (query + key)) for each pair: [batch, queries, keys, elements]. */
static int32_t pairs(k_ctx *c, int32_t q, int32_t k, const k_array *scale) {
  const int32_t sum = k_add(c, k_expand(c, q, 2), k_expand(c, k, 1));
  return k_op1(c, OP(TANH), NULL, scale ? k_mul(c, sum, k_const_array(c, "scale", scale)) : sum);
}

static int32_t sum_of_last(k_ctx *c, int32_t x) { return k_reduce(c, OP(SUM), x, (int32_t[]){3}, 1, false); }

static void attention(k_ctx *c) {
  k_tensor q, v, k;
  int32_t scores;
  if (!operands(c, &q, &v, &k)) return;
  const k_array *scale = k_flag(c, "use_scale", false) ? k_take(c, "scale", 0, 0, NULL) : NULL;
  if (k_is(c, "score_mode", "concat")) {
    const k_array *weight = k_take(c, "weight of the scores", scale ? 1 : 0, 0, NULL);
    scores = k_mul(c, sum_of_last(c, pairs(c, q.value, k.value, scale)), k_const_array(c, "weight", weight));
  } else {
    scores = k_matmul(c, q.value, k.value, false, true);
    if (scale) scores = k_mul(c, scores, k_const_array(c, "scale", scale));
  }
  finish(c, q, v, scores);
}

static void additive(k_ctx *c) {
  k_tensor q, v, k;
  if (!operands(c, &q, &v, &k)) return;
  const int32_t units = build_dim(c->b, k.value, -1);
  int32_t t = pairs(c, q.value, k.value, NULL);
  if (k_flag(c, "use_scale", true)) t = k_mul(c, t, k_const_array(c, "scale", k_take(c, "scale", 0, 1, &units)));
  finish(c, q, v, sum_of_last(c, t));
}

/* ---- EinsumDense: the common case, where letters of the input and the kernel are summed or kept in blocks ---- */

/* Equation "abc,cd->abd" cut into its three terms; false when it has another form. */
typedef struct einsum {
  char in[12], kernel[12], out[12];
} einsum;

static bool cut_equation(const char *text, int32_t rank, einsum *e) {
  char plain[80];
  size_t n = 0;
  for (const char *at = text; *at && n + 8 < sizeof plain; at++) {
    if (*at == ' ') continue;
    if (strncmp(at, "...", 3)) {
      plain[n++] = *at;
      continue;
    }
    const char *comma = strchr(text, ','); /* letters of its own for the dimensions that the dots stand for */
    int32_t letters = 0;
    for (const char *k = text; comma && k < comma; k++) letters += *k != '.' && *k != ' ';
    for (int32_t i = 0; i < rank - letters && n + 8 < sizeof plain; i++) plain[n++] = (char)('0' + i);
    at += 2;
  }
  plain[n] = 0;
  const size_t a = strcspn(plain, ",");
  const char *arrow = strstr(plain, "->");
  if (!plain[a] || !arrow || arrow < plain + a || a > 8 || (size_t)(arrow - plain) - a > 9 || strlen(arrow) > 10)
    return false;
  *e = (einsum){{0}, {0}, {0}};
  memcpy(e->in, plain, a);
  memcpy(e->kernel, plain + a + 1, (size_t)(arrow - plain) - a - 1);
  strcpy(e->out, arrow + 2);
  return (int32_t)strlen(e->in) == rank;
}

/* How it is done: a transpose that puts what is summed last, one product, and a transpose back. */
typedef struct plan {
  int32_t perm[OP_MAX_RANK], kernel_perm[OP_MAX_RANK], back[OP_MAX_RANK];
  int32_t kept, summed, total; /* letters of the input that stay, that go, and of the output */
  int32_t inner, outer;        /* sizes of the product */
  k_size sizes[OP_MAX_RANK];   /* of the product's result, apart */
} plan;

static int32_t unknown_form(k_ctx *c) {
  return build_fail(c->b, MOTE_ERR_UNSUPPORTED,
                    "its equation '%.60s' is none of those taken: sums over letters that stand in input and kernel "
                    "alone",
                    k_text(c, "equation", ""));
}

static bool make_plan(k_ctx *c, const einsum *q, const k_array *kernel, int32_t x, plan *p) {
  const int32_t rank = k_rank(c, x);
  char made[OP_MAX_RANK + 1] = ""; /* letters as they come out */
  int64_t inner = 1, outer = 1;
  int32_t n = 0, in_kernel = 0;
  *p = (plan){.kept = 0};
  for (int32_t i = 0; i < rank; i++)
    if (!strchr(q->kernel, q->in[i])) p->sizes[n] = k_size_of(c, x, i), made[n] = q->in[i], p->perm[n++] = i;
  p->kept = p->total = n;
  for (int32_t i = 0; i < rank; i++) {
    const char *at = strchr(q->kernel, q->in[i]);
    if (!at) continue;
    if (strchr(q->out, q->in[i]) || build_dim(c->b, x, i) != kernel->dims[at - q->kernel]) return unknown_form(c) >= 0;
    p->perm[n++] = i, p->kernel_perm[in_kernel++] = (int32_t)(at - q->kernel), p->summed++;
    inner *= kernel->dims[at - q->kernel];
  }
  for (int32_t i = 0; i < kernel->rank; i++) {
    if (strchr(q->in, q->kernel[i])) continue;
    if (p->total == OP_MAX_RANK) return unknown_form(c) >= 0;
    outer *= kernel->dims[i];
    p->kernel_perm[in_kernel++] = i;
    p->sizes[p->total] = k_known(kernel->dims[i]), made[p->total++] = q->kernel[i];
  }
  bool fine = in_kernel == kernel->rank && p->total == (int32_t)strlen(q->out) && p->summed;
  for (int32_t i = 0; i < p->total && fine; i++) {
    const char *at = strchr(made, q->out[i]);
    fine = at != NULL;
    if (at) p->back[i] = (int32_t)(at - made);
  }
  p->inner = (int32_t)inner, p->outer = (int32_t)outer; /* the kernel is in memory, so they are small */
  return fine || unknown_form(c) >= 0;
}

/* A size where the letter is named in bias_axes, 1 elsewhere. */
static int32_t add_bias(k_ctx *c, const einsum *q, int32_t y) {
  const char *axes = k_text(c, "bias_axes", "");
  const int32_t rank = (int32_t)strlen(q->out);
  int32_t dims[OP_MAX_RANK], first = rank, used = 0, wanted = 0;
  if (!*axes) return y;
  for (int32_t i = rank - 1; i >= 0; i--)
    if (strchr(axes, q->out[i])) first = i;
  wanted = rank - first; /* Keras gives the bias all dimensions from the first that is named */
  const k_array *bias = k_take(c, "bias", 1, wanted, NULL);
  for (int32_t i = first; bias && i < rank; i++) dims[used++] = bias->dims[i - first];
  return bias ? k_add(c, y, k_const(c, "bias", used, dims, bias->data)) : -1;
}

static void einsum_dense(k_ctx *c) {
  int32_t x = c->in[0].value;
  einsum q;
  plan p;
  if (!cut_equation(k_text(c, "equation", ""), k_rank(c, x), &q)) {
    unknown_form(c);
    return;
  }
  const k_array *kernel = k_take(c, "kernel", 0, (int32_t)strlen(q.kernel), NULL);
  if (!kernel || !make_plan(c, &q, kernel, x, &p)) return;
  x = k_transpose(c, x, p.perm);
  if (p.summed > 1) {
    k_size flat[OP_MAX_RANK];
    memcpy(flat, p.sizes, sizeof flat);
    flat[p.kept] = k_known(p.inner);
    x = k_reshape(c, x, flat, p.kept + 1);
  }
  const float *ordered = k_permuted(c, kernel, p.kernel_perm);
  const k_array matrix = {2, {p.inner, p.outer}, kernel->count, (float *)(uintptr_t)ordered};
  int32_t y = ordered ? k_dense(c, x, &matrix, NULL) : -1;
  if (p.total > p.kept + 1) y = k_reshape(c, y, p.sizes, p.total);
  y = add_bias(c, &q, k_transpose(c, y, p.back));
  c->out[0].value = k_activate(c, y, k_get(c->config, "activation"));
}

const k_row k_rows_attention[] = {
    {"MultiHeadAttention", multi, 0, false},
    {"GroupedQueryAttention", grouped, 0, false},
    {"GroupQueryAttention", grouped, 0, false},
    {"Attention", attention, 0, false},
    {"AdditiveAttention", additive, 0, false},
    {"EinsumDense", einsum_dense, 0, true},
    {NULL, NULL, 0, false},
};

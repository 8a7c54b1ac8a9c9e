/* op_case.h: one operator by itself, taken through all its phases as the runtime does, for tests of descriptors.
 *
 *     op_case k;
 *     op_case_begin(&k, &op_transpose, NULL);
 *     op_case_input(&k, MOTE_FLOAT32, 2, (int32_t[]){3, 4}, data, 0);
 *     op_case_input(&k, MOTE_INT32, 1, (int32_t[]){2}, perm, OP_CONST);
 *     op_case_output(&k, MOTE_FLOAT32);
 *     assert_int_equal(op_case_run(&k), MOTE_OK);      k.out[0] holds shape and data
 *     op_case_end(&k);
 */
#ifndef SUPPORT_OP_CASE_H
#define SUPPORT_OP_CASE_H

#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "operators/op.h"

enum { OP_CASE_OPERANDS = 80, OP_CASE_BLOCKS = 16, OP_CASE_GUARD = 64 };

typedef struct op_case {
  op_ctx c;
  op_tensor in[OP_CASE_OPERANDS], out[OP_CASE_OPERANDS];
  op_tensor *inputs[OP_CASE_OPERANDS], *outputs[OP_CASE_OPERANDS];
  op_quant none;
  void *blocks[OP_CASE_BLOCKS]; /* op_alloc */
  int num_blocks;
  mote_error error;
} op_case;

static inline void *op_case_alloc(op_ctx *c, size_t bytes) {
  op_case *const k = (op_case *)(void *)c; /* the context stands first */
  if (k->num_blocks == OP_CASE_BLOCKS) return NULL;
  return k->blocks[k->num_blocks++] = calloc(1, bytes ? bytes : 1);
}

/* From the last task to the first, because tasks may run in any order, and by all workers. */
static inline void op_case_parallel(op_ctx *c, size_t count, void (*task)(void *arg, size_t task, int worker),
                                    void *arg) {
  for (size_t i = count; i > 0; i--) task(arg, i - 1, (int)(i % (size_t)c->workers));
}

static inline mote_status op_case_pack(op_ctx *c, const void *source, uint32_t layout, size_t bytes,
                                       void (*fill)(void *to, const void *arg), const void *arg, const void **out) {
  (void)source, (void)layout;
  void *const block = op_case_alloc(c, bytes);
  if (!block) return op_no_memory(c, bytes);
  fill(block, arg);
  *out = block;
  return MOTE_OK;
}

static inline bool op_case_cancelled(op_ctx *c) {
  (void)c;
  return false;
}

/* Memory of an output, between guard bytes. */
static inline bool op_case_memory(op_tensor *t, size_t bytes) {
  if (t->data) free((char *)t->data - OP_CASE_GUARD);
  char *const block = malloc(bytes + 2 * OP_CASE_GUARD);
  t->bytes = bytes;
  t->data = block ? block + OP_CASE_GUARD : NULL;
  if (block) memset(block, 0xA5, bytes + 2 * OP_CASE_GUARD);
  return block != NULL;
}

static inline mote_status op_case_resize(op_ctx *c, int output, int32_t rank, const int32_t *dims, size_t bytes) {
  op_set_shape(c->out[output], rank, dims);
  return op_case_memory(c->out[output], bytes) ? MOTE_OK : op_no_memory(c, bytes);
}

static const op_host op_case_host = {.alloc = op_case_alloc,
                                     .pack = op_case_pack,
                                     .parallel = op_case_parallel,
                                     .cancelled = op_case_cancelled,
                                     .resize = op_case_resize};

/* options NULL: the defaults. */
static inline void op_case_begin(op_case *k, const mote_op *op, const void *options) {
  memset(k, 0, sizeof *k);
  k->c.op = op;
  k->c.options = options         ? options
                 : op->options   ? sch_options_default(1, op->options)
                 : op->options_2 ? sch_options_default(2, op->options_2)
                                 : NULL;
  k->c.in = k->inputs;
  k->c.out = k->outputs;
  k->c.state_size = op->state_size;
  k->c.workers = 1;
  k->c.host = &op_case_host;
  k->c.error = &k->error;
}

static inline void op_case_fill(op_case *k, op_tensor *t, mote_type type) {
  *t = (op_tensor){.type = type, .quant = &k->none, .name = "", .index = -1};
}

/* Adds an input; data belongs to the caller. */
static inline op_tensor *op_case_input(op_case *k, mote_type type, int32_t rank, const int32_t *dims, const void *data,
                                       uint32_t flags) {
  const int32_t i = k->c.num_inputs++;
  op_tensor *const t = k->inputs[i] = &k->in[i];
  op_case_fill(k, t, type);
  op_set_shape(t, rank, dims);
  t->flags = flags;
  t->data = (void *)(uintptr_t)data;
  size_t count;
  if (!op_shape_known(t) || !size_dims(t->dims, t->rank, &count) || !op_type_bytes(type, count, &t->bytes))
    t->bytes = 0;
  return t;
}

static inline op_tensor *op_case_output(op_case *k, mote_type type) {
  const int32_t i = k->c.num_outputs++;
  op_tensor *const t = k->outputs[i] = &k->out[i];
  op_case_fill(k, t, type);
  return t;
}

/* Types, check and infer: as far as shapes are tested. */
static inline mote_status op_case_infer(op_case *k) {
  MOTE_TRY(op_check_types(&k->c));
  if (k->c.op->params_size) k->c.params = op_case_alloc(&k->c, k->c.op->params_size);
  if (k->c.op->check) MOTE_TRY(k->c.op->check(&k->c));
  if (k->c.op->prepare) MOTE_TRY(k->c.op->prepare(&k->c));
  return k->c.op->infer(&k->c);
}

/* All phases. Outputs whose size data decides are left to op_resize. Outputs lie between guard bytes, which op_case_end
 * tests. */
static inline mote_status op_case_run(op_case *k) {
  MOTE_TRY(op_case_infer(k));
  for (int32_t i = 0; i < k->c.num_outputs; i++) {
    op_tensor *const t = &k->out[i];
    size_t count, bytes;
    if (t->type == MOTE_STRING || (!op_shape_known(t) && (k->c.op->traits & OP_DATA_SHAPE))) continue;
    if (!op_shape_known(t) || !size_dims(t->dims, t->rank, &count) || !op_type_bytes(t->type, count, &bytes))
      return MOTE_ERR_SHAPE;
    if (!op_case_memory(t, bytes)) return MOTE_ERR_MEMORY;
  }
  if (k->c.op->record_size) k->c.record = op_case_alloc(&k->c, k->c.op->record_size);
  if (k->c.op->plan) MOTE_TRY(k->c.op->plan(&k->c));
  k->c.scratch = op_case_alloc(&k->c, k->c.scratch_size);
  if (!k->c.state) k->c.state = op_case_alloc(&k->c, k->c.state_size);
  return k->c.op->run(&k->c);
}

/* Frees everything; false when an output was written past its ends. */
static inline bool op_case_end(op_case *k) {
  bool good = true;
  for (int32_t i = 0; i < k->c.num_outputs; i++) {
    if (!k->out[i].data) continue;
    unsigned char *const block = (unsigned char *)k->out[i].data - OP_CASE_GUARD;
    for (size_t g = 0; g < OP_CASE_GUARD; g++)
      good &= block[g] == 0xA5 && block[OP_CASE_GUARD + k->out[i].bytes + g] == 0xA5;
    free(block);
  }
  for (int i = 0; i < k->num_blocks; i++) free(k->blocks[i]);
  return good;
}

/* ---- random cases that are the same in every run ---- */

typedef struct op_random {
  uint64_t state;
} op_random;

/* In [0, n). */
static inline uint32_t op_random_below(op_random *r, uint32_t n) {
  r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)((r->state >> 33) % n);
}

/* In [lo, hi]. */
static inline int32_t op_random_in(op_random *r, int32_t lo, int32_t hi) {
  return lo + (int32_t)op_random_below(r, (uint32_t)(hi - lo) + 1);
}

/* A shape of this rank with at most `limit` elements and now and then a 0. Returns the number of elements. */
static inline size_t op_random_dims(op_random *r, int32_t rank, size_t limit, int32_t *dims) {
  size_t count = 1;
  for (int32_t i = 0; i < rank; i++) {
    const size_t room = limit / (count ? count : 1);
    const int32_t most = room > 9 ? 9 : (int32_t)room;
    dims[i] = op_random_below(r, 40) ? op_random_in(r, 1, most < 1 ? 1 : most) : 0;
    count *= (size_t)dims[i];
  }
  return count;
}

/* ---- indices ---- */

/* Coordinates of element n of a dense tensor, and back. */
static inline void op_coordinates(size_t n, int32_t rank, const int32_t *dims, int32_t *at) {
  for (int32_t i = rank - 1; i >= 0; i--) {
    at[i] = (int32_t)(n % (size_t)dims[i]);
    n /= (size_t)dims[i];
  }
}

static inline size_t op_offset(int32_t rank, const int32_t *dims, const int32_t *at) {
  size_t n = 0;
  for (int32_t i = 0; i < rank; i++) n = n * (size_t)dims[i] + (size_t)at[i];
  return n;
}

#endif

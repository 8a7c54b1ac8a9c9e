/* move.c: running copy plans on tensors, and what infers of such operators share. Stand-ins are stand_in.c. */
#include "operators/move.h"

#include <string.h>

#include "base/size.h"

enum { TASK_BYTES = 256 * 1024 }; /* less is copied faster than a thread wakes up */

int64_t move_steps(const op_tensor *t, int64_t steps[OP_MAX_RANK]) {
  int64_t bytes = move_element(t->type);
  for (int32_t i = t->rank - 1; i >= 0; i--) {
    steps[i] = bytes;
    bytes *= t->dims[i];
  }
  return bytes;
}

typedef struct job {
  const copy_plan *plan;
  void *to;
  const void *from;
  int64_t tasks;
} job;

static void run_task(void *arg, size_t task, int worker) {
  (void)worker;
  const job *const j = arg;
  const int64_t units = j->plan->units, t = (int64_t)task;
  copy_units(j->plan, j->to, j->from, units * t / j->tasks, units * (t + 1) / j->tasks);
}

void move_run(op_ctx *c, const copy_plan *plan, void *to, const void *from) {
  int64_t tasks = copy_bytes(plan) / TASK_BYTES;
  if (tasks > plan->units) tasks = plan->units;
  if (tasks <= 1) {
    copy_units(plan, to, from, 0, plan->units);
    return;
  }
  job j = {plan, to, from, tasks};
  op_parallel(c, (size_t)tasks, run_task, &j);
}

typedef struct bytes_job {
  char *to;
  const char *from;
  size_t bytes, tasks;
} bytes_job;

static void bytes_task(void *arg, size_t task, int worker) {
  (void)worker;
  const bytes_job *const j = arg;
  const size_t each = j->bytes / j->tasks, begin = each * task;
  memcpy(j->to + begin, j->from + begin, task + 1 == j->tasks ? j->bytes - begin : each);
}

void move_bytes(op_ctx *c, void *to, const void *from, size_t bytes) {
  if (bytes == 0) return;
  bytes_job j = {to, from, bytes, bytes / TASK_BYTES + 1};
  op_parallel(c, j.tasks, bytes_task, &j);
}

void move_rows(op_ctx *c, void *to, int64_t to_step, const void *from, int64_t from_step, int64_t rows, int64_t bytes) {
  if (bytes == 0) return;
  copy_plan plan;
  copy_begin(&plan, (size_t)bytes);
  copy_axis(&plan, rows, to_step, from_step);
  copy_end(&plan);
  move_run(c, &plan, to, from);
}

move_grid move_whole(void) {
  move_grid g;
  for (int32_t i = 0; i < OP_MAX_RANK; i++) g.first[i] = 0, g.step[i] = 1;
  return g;
}

void move_box(op_ctx *c, const op_tensor *to, const move_grid *at, const op_tensor *from, const move_grid *of,
              const int64_t *count) {
  int64_t to_steps[OP_MAX_RANK], from_steps[OP_MAX_RANK], to_start = 0, from_start = 0;
  move_steps(to, to_steps);
  move_steps(from, from_steps);
  copy_plan plan;
  copy_begin(&plan, (size_t)move_element(to->type));
  for (int32_t i = to->rank - 1; i >= 0; i--) {
    if (count[i] <= 0) return;
    copy_axis(&plan, count[i], to_steps[i] * at->step[i], from_steps[i] * of->step[i]);
    to_start += to_steps[i] * at->first[i];
    from_start += from_steps[i] * of->first[i];
  }
  copy_end(&plan);
  move_run(c, &plan, (char *)to->data + to_start, (const char *)from->data + from_start);
}

void move_fill(op_ctx *c, const op_tensor *to, const void *element) {
  const int64_t bytes = move_element(to->type);
  copy_plan plan;
  copy_begin(&plan, (size_t)bytes);
  copy_axis(&plan, (int64_t)op_count(to), bytes, 0);
  copy_end(&plan);
  move_run(c, &plan, to->data, element);
}

void move_zero(const op_tensor *t, int64_t element[2]) {
  const bool quantised = t->type == MOTE_INT8 || t->type == MOTE_UINT8 || t->type == MOTE_INT16;
  element[0] = quantised ? t->zero_point : 0;
  element[1] = 0;
}

mote_status move_same_quant(op_ctx *c, const op_tensor *a, const op_tensor *out) {
  OP_REQUIRE(c, a->scale == out->scale && a->zero_point == out->zero_point, MOTE_ERR_MODEL,
             "an input has scale %g and zero point %d, the output %g and %d; elements are moved as they are, so they "
             "must be equal",
             (double)a->scale, (int)a->zero_point, (double)out->scale, (int)out->zero_point);
  return MOTE_OK;
}

mote_status move_set_dim(op_ctx *c, int32_t i, int64_t n) {
  OP_REQUIRE(c, n >= 0 && n <= INT32_MAX, MOTE_ERR_SHAPE,
             "dimension %d of the result would be %lld; it must lie in "
             "[0, %d]",
             (int)i, (long long)n, INT32_MAX);
  c->out[0]->dims[i] = (int32_t)n;
  return MOTE_OK;
}

mote_status move_check_size(op_ctx *c) {
  const op_tensor *const out = c->out[0];
  size_t elements, bytes;
  OP_REQUIRE(c, !op_shape_known(out) || (size_dims(out->dims, out->rank, &elements) && size_mul(elements, 16, &bytes)),
             MOTE_ERR_SHAPE, "the result has more elements than memory can hold");
  return MOTE_OK;
}

bool move_scalar(const op_ctx *c, int i, int64_t *value) {
  int64_t v[OP_KNOWN_MAX];
  int32_t count;
  if (!op_ints(c, i, v, &count) || count != 1) return false;
  *value = v[0];
  return true;
}

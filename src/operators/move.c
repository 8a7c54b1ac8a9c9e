/* move.c: running copy plans on tensors. */
#include "operators/move.h"

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

void move_rows(op_ctx *c, void *to, int64_t to_step, const void *from, int64_t from_step, int64_t rows, int64_t bytes) {
  if (bytes == 0) return;
  copy_plan plan;
  copy_begin(&plan, (size_t)bytes);
  copy_axis(&plan, rows, to_step, from_step);
  copy_end(&plan);
  move_run(c, &plan, to, from);
}

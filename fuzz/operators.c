/* operators.c: any bytes as a network of a few operators (tests/support/chance.h), through verify, compile, plan and
 * two runs, with budgets of memory, loop rounds and time. */
#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"
#include "mote/mote.h"
#include "support/chance.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 64 << 20, ROUNDS = 100 };

typedef struct watch {
  mote_session *session;
  uint64_t end;
} watch;

static void on_step(void *user, const mote_step *step) {
  (void)step;
  const watch *w = user;
  if (time_ns() > w->end) mote_session_cancel(w->session);
}

static void run_twice(mote_session *s, chance *c) {
  watch w = {s, time_ns() + UINT64_C(500000000)};
  mote_error e;
  mote_session_profile(s, on_step, &w);
  for (int run = 0; run < 2; run++) {
    for (int32_t i = 0; i < mote_session_input_count(s); i++) {
      mote_tensor *t = mote_session_input(s, i);
      if (t->data) chance_fill(c, t->type, t->data, t->size);
    }
    if (mote_session_run(s, &e) != MOTE_OK) return;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const mote_config config = {.memory_limit = MEMORY, .loop_budget = ROUNDS};
  chance c = {.data = data, .size = size};
  static net n;
  chance_net(&n, &c, NULL);
  size_t bytes = 0;
  const uint8_t *file = net_file(&n, &bytes);
  mote_error e;
  mote_model *model = file ? mote_model_from_memory(file, bytes, &config, &e) : NULL;
  mote_program *program = model ? mote_program_new(model, &config, &e) : NULL;
  mote_session *session = program ? mote_session_new(program, NULL, &e) : NULL;
  if (session) run_twice(session, &c);
  mote_session_free(session);
  mote_program_free(program);
  mote_model_free(model);
  net_end(&n);
  return 0;
}

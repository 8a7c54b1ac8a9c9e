/* run.c: any bytes through verify, compile, plan and two runs, with budgets of memory and loop rounds. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mote/mote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 64 << 20, ROUNDS = 1000, STEPS = 200 };

typedef struct watch {
  mote_session *session;
  int steps;
} watch;

/* Time is bounded by steps: a file of a few hundred bytes can ask for a long loop. */
static void on_step(void *user, const mote_step *step) {
  watch *w = user;
  if (step->nanoseconds > UINT64_C(2000000000) || ++w->steps > STEPS) mote_session_cancel(w->session);
}

static void fill(mote_session *s, const uint8_t *data, size_t size) {
  for (int32_t i = 0; i < mote_session_input_count(s); i++) {
    mote_tensor *t = mote_session_input(s, i);
    for (size_t k = 0; t->data && size && k < t->size; k++) ((uint8_t *)t->data)[k] = data[(k * 7 + (size_t)i) % size];
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const mote_config config = {.memory_limit = MEMORY, .loop_budget = ROUNDS};
  mote_error e;
  mote_model *model = mote_model_from_memory(data, size, &config, &e);
  mote_program *program = model ? mote_program_new(model, &config, &e) : NULL;
  mote_session *session = program ? mote_session_new(program, NULL, &e) : NULL;
  if (session) {
    watch w = {session, 0};
    mote_session_profile(session, on_step, &w);
    fill(session, data, size);
    mote_session_run(session, &e);
    w.steps = 0;
    mote_session_run(session, &e);
  }
  mote_session_free(session);
  mote_program_free(program);
  mote_model_free(model);
  return 0;
}

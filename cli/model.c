/* model.c: opening what commands work on. */
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

mote_config config_of(const common *c) {
  mote_config config;
  mote_config_default(&config);
  config.threads = c->threads;
  config.memory_limit = c->limit_memory;
  return config;
}

int model_fault(const char *path, bool named, const mote_config *config, const mote_error *e) {
  char limit[100] = "";
  if (e->code == MOTE_ERR_MEMORY && config->memory_limit)
    snprintf(limit, sizeof limit, "; the limit is %llu bytes (--limit-memory)",
             (unsigned long long)config->memory_limit);
  return fault("%s%s%s%s", named ? "" : strcmp(path, "-") ? path : STDIN_NAME, named ? "" : ": ", e->text, limit);
}

mote_model *open_model(const char *path, const mote_config *config) {
  mote_error e;
  const bool is_stdin = !strcmp(path, "-");
  mote_model *m = is_stdin ? mote_model_from_fd(STDIN_FILENO, 0, 0, config, &e) : mote_model_open(path, config, &e);
  if (!m) model_fault(path, !is_stdin, config, &e);
  return m;
}

bool load(loaded *l, const char *path, const common *c) {
  *l = (loaded){0};
  const mote_config config = config_of(c);
  mote_error e;
  if (!(l->model = open_model(path, &config))) return false;
  if ((l->program = mote_program_new(l->model, &config, &e)) && (l->session = mote_session_new(l->program, NULL, &e)))
    return true;
  model_fault(path, false, &config, &e);
  unload(l);
  return false;
}

void unload(loaded *l) {
  mote_session_free(l->session);
  mote_program_free(l->program);
  mote_model_free(l->model);
}

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

mote_model *open_model(const char *path, const mote_config *config) {
  mote_error e;
  mote_model *m =
      strcmp(path, "-") ? mote_model_open(path, config, &e) : mote_model_from_fd(STDIN_FILENO, 0, 0, config, &e);
  if (!m) fault("%s", e.text);
  return m;
}

bool load(loaded *l, const char *path, const char *signature, const common *c) {
  *l = (loaded){0};
  const mote_config config = config_of(c);
  mote_error e;
  if (!(l->model = open_model(path, &config))) return false;
  if ((l->program = mote_program_new(l->model, &config, &e)) && (l->session = mote_session_new(l->program, NULL, &e)) &&
      (!signature || mote_session_select(l->session, signature, &e) == MOTE_OK))
    return true;
  fault("%s: %s", path, e.text);
  unload(l);
  return false;
}

void unload(loaded *l) {
  mote_session_free(l->session);
  mote_program_free(l->program);
  mote_model_free(l->model);
}

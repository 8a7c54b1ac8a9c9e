/* verify.c: mote verify: every rule of the format, one line for each fault. */
#include <string.h>

#include "cli/cli.h"

typedef struct listing {
  const char *file;
  json_t *faults; /* NULL: print */
  bool quiet;
  int count;
} listing;

static void place_text(char *to, size_t room, const mote_fault *f) {
  size_t used = 0;
  to[0] = 0;
  if (f->subgraph > 0) used += (size_t)snprintf(to + used, room - used, "subgraph %d ", (int)f->subgraph);
  if (f->op >= 0) used += (size_t)snprintf(to + used, room - used, "operator %d ", (int)f->op);
  if (f->tensor >= 0) snprintf(to + used, room - used, "tensor %d ", (int)f->tensor);
}

static void on_fault(void *user, const mote_fault *f) {
  listing *l = user;
  l->count += !f->warning;
  if (l->faults) {
    json_array_append_new(l->faults,
                          json_pack("{s:s, s:b, s:i, s:i, s:i, s:I, s:o}", "rule", f->rule, "warning", (int)f->warning,
                                    "subgraph", (int)f->subgraph, "op", (int)f->op, "tensor", (int)f->tensor, "offset",
                                    (json_int_t)f->offset, "text", json_name(f->text)));
    return;
  }
  if (f->warning && l->quiet) return;
  char place[100];
  place_text(place, sizeof place, f);
  printf("%s: %s%s %s%s%s\n", l->file, f->warning ? "warning " : "", f->rule, place, place[0] ? "- " : "", f->text);
}

/* True when the file is valid. */
static bool verify(const char *path, const common *c, json_t *all) {
  listing l = {.file = path, .faults = all ? json_array() : NULL, .quiet = c->quiet};
  mote_config config = config_of(c);
  config.deep = true;
  config.on_fault = on_fault;
  config.on_fault_user = &l;
  mote_error e = {0};
  mote_model *model = strcmp(path, "-") ? mote_model_open(path, &config, &e) : mote_model_from_fd(0, 0, 0, &config, &e);
  if (all)
    json_array_append_new(
        all, json_pack("{s:o, s:b, s:o}", "file", json_name(path), "valid", model != NULL, "faults", l.faults));
  if (all && !model && !l.count) json_array_append_new(l.faults, json_pack("{s:o}", "text", json_name(e.text)));
  if (!all && model && !c->quiet) printf("%s: ok\n", path);
  if (!all && !model && !l.count) fault("%s%s", strcmp(path, "-") ? "" : STDIN_NAME ": ", e.text);
  const bool valid = model != NULL;
  mote_model_free(model);
  return valid;
}

int cmd_verify(int argc, char **argv) {
  common c = {0};
  const opt opts[] = {COMMON_OPTS(c)};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (!files) return usage_error("verify takes one or more models; mote verify --help shows how");
  json_t *all = c.json ? json_array() : NULL;
  bool valid = true;
  for (int i = 0; i < files; i++) valid &= verify(argv[i], &c, all);
  if (all) print_json(all);
  return valid ? EXIT_DONE : EXIT_FAULT;
}

/* convert.c: mote convert: a model of another kind, or a .tflite once more, as .tflite, JSON or C. */
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "mote/convert.h"

typedef struct convert_options {
  common c;
  const char *out, *runtime;
  bool no_rewrites;
} convert_options;

static uint64_t file_bytes(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0;
}

static void on_note(void *user, const char *sentence) { note(user, "%s", sentence); }

static void print_summary(const convert_options *o, const char *path, const mote_convert_report *r, double ms) {
  char before[32], after[32], parameters[32];
  const uint64_t bytes = file_bytes(o->out);
  if (o->c.json) {
    print_json(json_pack("{s:o, s:o, s:s, s:i, s:i, s:i, s:I, s:I, s:I, s:s, s:f}", "source", json_name(path), "file",
                         json_name(o->out), "kind", r->kind, "layers", (int)r->layers, "operators_before",
                         (int)r->nodes_before, "operators", (int)r->nodes, "parameters", (json_int_t)r->parameters,
                         "source_bytes", (json_int_t)file_bytes(path), "bytes", (json_int_t)bytes, "runtime",
                         r->runtime, "ms", ms));
    return;
  }
  if (o->c.quiet) return;
  printf("%s: %s, %d %s\n", path, r->kind, (int)r->layers, strcmp(r->kind, "TensorFlow Lite") ? "layers" : "operators");
  printf("%s: %d operators (%d before rewrites), %s parameters, %s", o->out, (int)r->nodes, (int)r->nodes_before,
         count_text(parameters, sizeof parameters, r->parameters), bytes_text(after, sizeof after, bytes));
  if (file_bytes(path)) printf(" (%s before)", bytes_text(before, sizeof before, file_bytes(path)));
  printf("\nruns on TensorFlow Lite %s and newer\n", r->runtime);
}

static int convert(const char *path, const convert_options *o) {
  const double begin = now_ms();
  const mote_config memory = config_of(&o->c);
  const mote_convert_config config = {.memory = &memory,
                                      .runtime = o->runtime,
                                      .no_rewrites = o->no_rewrites,
                                      .on_note = on_note,
                                      .on_note_user = (void *)&o->c};
  mote_convert_report report;
  mote_error e;
  mote_graph *const g = mote_convert(path, &config, &report, &e);
  if (!g) return model_fault(path, strstr(e.text, path) != NULL, &memory, &e);
  const mote_status status = mote_graph_save(g, o->out, &e);
  mote_graph_free(g);
  if (status != MOTE_OK) return model_fault(o->out, strstr(e.text, o->out) != NULL, &memory, &e);
  print_summary(o, path, &report, now_ms() - begin);
  return EXIT_DONE;
}

int cmd_convert(int argc, char **argv) {
  convert_options o = {0};
  const opt opts[] = {{"o", OPT_TEXT, &o.out},
                      {"output", OPT_TEXT, &o.out},
                      {"for-runtime", OPT_TEXT, &o.runtime},
                      {"no-rewrites", OPT_FLAG, &o.no_rewrites},
                      COMMON_OPTS(o.c)};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (files != 1 || !o.out) return usage_error("convert takes one source and -o OUT; mote convert --help shows how");
  return convert(argv[0], &o);
}

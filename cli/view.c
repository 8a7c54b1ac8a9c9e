/* view.c: mote view: a model drawn as one HTML page. */
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "mote/convert.h"
#include "mote/view.h"

/* "net.tflite" of a path. */
static const char *file_name(const char *path) {
  const char *const slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

int view_file(const mote_model *model, const char *name, const char *path, const mote_config *config) {
  mote_error e;
  if (mote_view_save(model, file_name(name), path, &e) == MOTE_OK) return EXIT_DONE;
  return model_fault(path, strstr(e.text, path) != NULL, config, &e);
}

/* A model of another kind as the .tflite that it would become. */
static int view_source(const char *path, const char *out, const mote_config *memory) {
  mote_error e;
  const mote_convert_config config = {.memory = memory};
  const void *data;
  size_t size;
  int status = EXIT_FAULT;
  mote_graph *const g = mote_convert(path, &config, NULL, &e);
  mote_model *model = NULL;
  if (g && mote_graph_bytes(g, &data, &size, &e) == MOTE_OK) model = mote_model_from_memory(data, size, memory, &e);
  if (model) status = view_file(model, path, out, memory);
  else model_fault(path, strstr(e.text, path) != NULL, memory, &e);
  mote_model_free(model);
  mote_graph_free(g);
  return status;
}

/* A .tflite file has its identifier at byte 4; standard input has to be one. */
static bool is_tflite(const char *path) {
  char head[8] = "";
  FILE *const f = strcmp(path, "-") ? fopen(path, "rb") : NULL;
  if (!f) return true;
  const bool is = fread(head, 1, sizeof head, f) == sizeof head && !memcmp(head + 4, "TFL", 3);
  fclose(f);
  return is;
}

static void print_summary(const char *source, const char *path, const common *c) {
  struct stat about;
  char size[32];
  const uint64_t bytes = stat(path, &about) == 0 && S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0;
  if (c->json)
    print_json(
        json_pack("{s:o, s:o, s:I}", "source", json_name(source), "file", json_name(path), "bytes", (json_int_t)bytes));
  else if (!c->quiet) printf("%s: %s, to be opened in a browser\n", path, bytes_text(size, sizeof size, bytes));
}

static int view(const char *path, const char *out, const mote_config *config) {
  if (!is_tflite(path)) return view_source(path, out, config);
  mote_model *const model = open_model(path, config);
  if (!model) return EXIT_FAULT;
  const int status = view_file(model, strcmp(path, "-") ? path : STDIN_NAME, out, config);
  mote_model_free(model);
  return status;
}

int cmd_view(int argc, char **argv) {
  common c = {0};
  const char *out = NULL;
  const opt opts[] = {COMMON_OPTS(c), {"o", OPT_TEXT, &out}, {"output", OPT_TEXT, &out}};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (files != 1 || !out) return usage_error("view takes one model and -o FILE.html; mote view --help shows how");
  const mote_config config = config_of(&c);
  const int status = view(argv[0], out, &config);
  if (status == EXIT_DONE) print_summary(argv[0], out, &c);
  return status;
}

/* convert.c: mote convert: a model of another kind, or a .tflite once more, as .tflite, JSON or C. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/check.h"
#include "cli/convert.h"

/* Of --check: a share of an output's range. */
#define TOLERANCE 1e-4

typedef struct convert_options {
  common c;
  const char *out, *html, *runtime, *signature, *without;
  const char *inputs, *outputs; /* names with commas between them */
  opt_list shapes;
  about_options about;
  const char *check; /* a .npz or .npy; NULL: none */
  int batch;
  bool no_rewrites, float16, allow_custom, layers;
} convert_options;

static uint64_t file_bytes(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0;
}

static void on_note(void *user, const char *sentence) { note(user, "%s", sentence); }
static void on_fault(void *user, const char *sentence) {
  (void)user;
  fprintf(stderr, "  %s\n", sentence);
}

/* ---- what is said of inputs and outputs ---- */

enum { ENDS = 64, NAMES = 8192 };

typedef struct ends {
  const char *names[ENDS];
  int count;
  char text[NAMES];
} ends;

/* Names with commas between them. */
static bool split_names(const char *option, const char *from, ends *to) {
  to->count = 0;
  if (!from) return true;
  if (strlen(from) >= NAMES) return usage_error("--%s is too long", option), false;
  strcpy(to->text, from);
  for (char *name = strtok(to->text, ","); name; name = strtok(NULL, ",")) {
    if (to->count == ENDS) return usage_error("--%s names more than %d tensors", option, ENDS), false;
    to->names[to->count++] = name;
  }
  return true;
}

/* "NAME=1x28x28x1", or the shape alone; ? is an open dimension. The name is cut off in place, in `room`. */
static bool read_shape(const char *text, char *room, size_t size, mote_convert_shape *to) {
  const char *equals = strrchr(text, '='), *at = equals ? equals + 1 : text;
  *to = (mote_convert_shape){.name = NULL};
  if (equals) {
    if ((size_t)(equals - text) >= size) return false;
    memcpy(room, text, (size_t)(equals - text));
    room[equals - text] = 0;
    to->name = room;
  }
  while (to->rank < MOTE_MAX_RANK) {
    char *end = (char *)at + 1;
    const long v = *at == '?' ? -1 : strtol(at, &end, 10);
    if (end == at || v < -1 || v > INT32_MAX || (v < 0 && *at != '?')) return false;
    to->dims[to->rank++] = (int32_t)v;
    if (!*end) return true;
    if (*end != 'x') return false;
    at = end + 1;
  }
  return false;
}

static json_t *rewrites_json(const mote_convert_report *r) {
  json_t *const a = json_array();
  for (int32_t i = 0; i < r->num_rewrites; i++)
    json_array_append_new(a, json_pack("{s:s, s:i, s:s}", "name", r->rewrites[i].name, "count",
                                       (int)r->rewrites[i].count, "reason", r->rewrites[i].reason));
  return a;
}

/* What was compared; null without --check. */
static json_t *check_json(const convert_options *o, const check_report *k) {
  if (!o->check) return json_null();
  return json_pack("{s:i, s:i, s:f}", "samples", k->samples, "outputs", k->outputs, "worst", k->worst);
}

static void print_summary(const convert_options *o, const char *path, const mote_convert_report *r,
                          const check_report *k, double ms) {
  char before[32], after[32], parameters[32];
  const uint64_t bytes = file_bytes(o->out);
  if (o->c.json) {
    print_json(json_pack("{s:o, s:o, s:s, s:i, s:i, s:i, s:I, s:I, s:I, s:s, s:o, s:o, s:f}", "source", json_name(path),
                         "file", json_name(o->out), "kind", r->kind, "layers", (int)r->layers, "operators_before",
                         (int)r->nodes_before, "operators", (int)r->nodes, "parameters", (json_int_t)r->parameters,
                         "source_bytes", (json_int_t)file_bytes(path), "bytes", (json_int_t)bytes, "runtime",
                         r->runtime, "rewrites", rewrites_json(r), "check", check_json(o, k), "ms", ms));
    return;
  }
  if (o->c.quiet) return;
  printf("%s: %s, %d %s\n", path, r->kind, (int)r->layers, strcmp(r->kind, "Keras") ? "operators" : "layers");
  printf("%s: %d operators (%d before rewrites), %s parameters, %s", o->out, (int)r->nodes, (int)r->nodes_before,
         count_text(parameters, sizeof parameters, r->parameters), bytes_text(after, sizeof after, bytes));
  if (file_bytes(path)) printf(" (%s before)", bytes_text(before, sizeof before, file_bytes(path)));
  putchar('\n');
  for (int32_t i = 0; i < r->num_rewrites; i++)
    printf("  %4d x %-24s %s\n", (int)r->rewrites[i].count, r->rewrites[i].name, r->rewrites[i].reason);
  printf("runs on TensorFlow Lite %s and newer\n", r->runtime);
  if (o->check)
    printf("%s: %d outputs compared, the largest difference is %.2g of an output's range\n", o->check, k->outputs,
           k->worst);
}

/* All layers and operators that are known, one a line. */
static int print_layers(const convert_options *o) {
  static const char *const kinds[] = {"Keras", "TensorFlow"};
  json_t *all = json_object();
  const char *name;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    json_t *list = json_array();
    for (int32_t i = 0; (name = mote_convert_known(kinds[k], i)); i++) {
      json_array_append_new(list, json_string(name));
      if (!o->c.json) printf("%-12s%s\n", kinds[k], name);
    }
    json_object_set_new(all, kinds[k], list);
  }
  if (o->c.json) print_json(all);
  else json_decref(all);
  return EXIT_DONE;
}

/* The page that shows the result. */
static int draw(mote_graph *g, const convert_options *o, const mote_config *memory) {
  mote_error e;
  const void *data;
  size_t size;
  mote_model *model = NULL;
  if (mote_graph_bytes(g, &data, &size, &e) == MOTE_OK) model = mote_model_from_memory(data, size, memory, &e);
  const int status = model ? view_file(model, o->out, o->html, memory) : model_fault(o->out, false, memory, &e);
  mote_model_free(model);
  return status;
}

/* Converts and saves. */
static int make(const char *path, const convert_options *o, const mote_convert_config *config, double begin) {
  mote_convert_report report;
  mote_error e;
  mote_graph *const g = mote_convert(path, config, &report, &e);
  if (!g) return model_fault(path, strstr(e.text, path) != NULL, config->memory, &e);
  const mote_status status = mote_graph_save(g, o->out, &e);
  const int drawn = status == MOTE_OK && o->html ? draw(g, o, config->memory) : EXIT_DONE;
  mote_graph_free(g);
  if (status != MOTE_OK) return model_fault(o->out, strstr(e.text, o->out) != NULL, config->memory, &e);
  if (drawn != EXIT_DONE) return drawn;
  const double ms = now_ms() - begin;
  check_report checked = {0};
  const int outcome = o->check ? check_model(o->out, o->check, TOLERANCE, &o->c, &checked) : EXIT_DONE;
  if (outcome == EXIT_DONE) print_summary(o, path, &report, &checked, ms);
  return outcome;
}

static int convert(const char *path, convert_options *o) {
  const double begin = now_ms();
  ends inputs, outputs;
  mote_convert_shape shapes[OPT_LIST_MAX];
  char names[OPT_LIST_MAX][256];
  if (!split_names("inputs", o->inputs, &inputs) || !split_names("outputs", o->outputs, &outputs)) return EXIT_USAGE;
  for (int i = 0; i < o->shapes.count; i++)
    if (!read_shape(o->shapes.v[i], names[i], sizeof names[i], &shapes[i]))
      return usage_error("'%s' is no shape; --input-shape takes 1x28x28x1, with ? where a dimension stays open, after "
                         "NAME= when there are several inputs",
                         o->shapes.v[i]);
  const mote_config memory = config_of(&o->c);
  mote_convert_config config = {.memory = &memory,
                                .runtime = o->runtime,
                                .no_rewrites = o->no_rewrites,
                                .float16 = o->float16,
                                .allow_custom = o->allow_custom,
                                .without = o->without,
                                .on_note = on_note,
                                .on_note_user = (void *)&o->c,
                                .on_fault = on_fault,
                                .signature = o->signature,
                                .inputs = o->inputs ? inputs.names : NULL,
                                .num_inputs = inputs.count,
                                .outputs = o->outputs ? outputs.names : NULL,
                                .num_outputs = outputs.count,
                                .shapes = shapes,
                                .num_shapes = o->shapes.count,
                                .batch = o->batch};
  const int outcome = about_load(&o->about, &config) ? make(path, o, &config, begin) : EXIT_FAULT;
  about_free(&o->about);
  return outcome;
}

int cmd_convert(int argc, char **argv) {
  convert_options o = {0};
  const opt opts[] = {{"o", OPT_TEXT, &o.out},
                      {"output", OPT_TEXT, &o.out},
                      {"input-shape", OPT_LIST, &o.shapes},
                      {"batch", OPT_INT, &o.batch},
                      {"signature", OPT_TEXT, &o.signature},
                      {"inputs", OPT_TEXT, &o.inputs},
                      {"outputs", OPT_TEXT, &o.outputs},
                      {"for-runtime", OPT_TEXT, &o.runtime},
                      {"without", OPT_TEXT, &o.without},
                      {"no-rewrites", OPT_FLAG, &o.no_rewrites},
                      {"html", OPT_TEXT, &o.html},
                      {"allow-custom", OPT_FLAG, &o.allow_custom},
                      {"float16", OPT_FLAG, &o.float16},
                      {"labels", OPT_TEXT, &o.about.labels},
                      {"mean", OPT_FLOATS, &o.about.mean},
                      {"std", OPT_FLOATS, &o.about.std},
                      {"check", OPT_TEXT, &o.check},
                      {"layers", OPT_FLAG, &o.layers},
                      COMMON_OPTS(o.c)};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (o.layers && !files) return print_layers(&o);
  if (files != 1 || !o.out) return usage_error("convert takes one source and -o OUT; mote convert --help shows how");
  for (int i = 0; i < o.about.std.count; i++)
    if (!(o.about.std.v[i] > 0)) return usage_error("--std takes numbers greater than 0");
  return convert(argv[0], &o);
}

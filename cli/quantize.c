/* quantize.c: mote quantize: weights and activations as small integers. */
#include <math.h>
#include <string.h>

#include "cli/data.h"
#include "cli/shrink.h"

typedef struct quantize_options {
  shrink s;
  data_options data;
  const char *kind, *io, *calibration, *max_drop;
  int smallest;
  bool weights_only, strict, no_bias_correction, layers;
} quantize_options;

/* The place of a word in a list; -1 after saying what can be said. */
static int place_of(const char *option, const char *word, const char *const *words, int count, const char *all) {
  for (int i = 0; i < count; i++)
    if (!strcmp(word, words[i])) return i;
  usage_error("--%s takes %s, not '%s'", option, all, word);
  return -1;
}

static bool kind_of(const quantize_options *o, mote_quantize_config *to) {
  static const char *const words[] = {"auto", "dynamic", "float16", "int8", "int16x8", "int4", "int2"};
  const int at =
      place_of("kind", o->kind ? o->kind : "auto", words, 7, "auto, dynamic, float16, int8, int16x8, int4 or int2");
  to->kind = (mote_quantize_kind)at;
  return at >= 0;
}

static bool io_of(const quantize_options *o, mote_quantize_config *to) {
  static const char *const words[] = {"float", "int8", "uint8", "int16"};
  static const mote_type types[] = {MOTE_FLOAT32, MOTE_INT8, MOTE_UINT8, MOTE_INT16};
  const int at = place_of("io", o->io ? o->io : "float", words, 4, "float, int8, uint8 or int16");
  if (at >= 0) to->io = types[at];
  return at >= 0;
}

static bool calibration_of(const quantize_options *o, mote_quantize_config *to) {
  static const char *const words[] = {"best", "min-max", "moving-average", "percentile", "mse", "entropy"};
  const int at = place_of("calibration", o->calibration ? o->calibration : "best", words, 6,
                          "best, min-max, moving-average, percentile, mse or entropy");
  to->calibration = (mote_calibration)at;
  return at >= 0;
}

/* "1%", "0.01" */
static bool drop_of(const quantize_options *o, mote_quantize_config *to) {
  if (!o->max_drop) return true;
  char *end;
  to->max_drop = strtod(o->max_drop, &end);
  if (*end == '%') to->max_drop /= 100, end++;
  if (end != o->max_drop && !*end && to->max_drop > 0 && to->max_drop < 1) return true;
  return usage_error("--max-drop takes a share, as 1%% or 0.01, not '%s'", o->max_drop), false;
}

static const char *const kind_names[] = {"auto", "dynamic", "float16", "int8", "int16x8", "int4", "int2"};

static json_t *layers_json(const mote_quantize_report *r) {
  json_t *const list = json_array();
  for (int32_t i = 0; i < r->num_layers; i++) {
    const mote_quantize_layer *const l = &r->layers[i];
    json_array_append_new(list, json_pack("{s:s, s:o, s:s, s:o, s:o}", "op", l->op, "name", json_name(l->name), "type",
                                          l->type, "reason", l->reason ? json_name(l->reason) : json_null(), "sqnr",
                                          json_number(l->sqnr)));
  }
  return list;
}

static void print_layers(const mote_quantize_report *r) {
  printf("  %-26s %-40s %-16s %s\n", "operator", "output", "type", "SQNR");
  for (int32_t i = 0; i < r->num_layers; i++) {
    const mote_quantize_layer *const l = &r->layers[i];
    char name[64], sqnr[24] = "";
    if (isfinite(l->sqnr)) snprintf(sqnr, sizeof sqnr, "%.1f dB", l->sqnr);
    printf("  %-26s %-40.40s %-16s %s\n", l->op, name_text(name, sizeof name, l->name), l->type, sqnr);
  }
}

static void print_weakest(const mote_quantize_report *r) {
  const mote_quantize_layer *weakest = NULL;
  for (int32_t i = 0; i < r->num_layers; i++)
    if (isfinite(r->layers[i].sqnr) && (!weakest || r->layers[i].sqnr < weakest->sqnr)) weakest = &r->layers[i];
  char name[64];
  if (weakest)
    printf("  weakest: %s '%s', %.1f dB\n", weakest->op, name_text(name, sizeof name, weakest->name), weakest->sqnr);
}

/* Operators that stayed float, by reason. */
static void print_floats(const mote_quantize_report *r) {
  for (int32_t i = 0; i < r->num_layers; i++) {
    const mote_quantize_layer *const l = &r->layers[i];
    bool told = !l->reason;
    for (int32_t k = 0; k < i && !told; k++)
      told = r->layers[k].reason && !strcmp(r->layers[k].op, l->op) && !strcmp(r->layers[k].reason, l->reason);
    if (told) continue;
    int32_t count = 0;
    for (int32_t k = i; k < r->num_layers; k++)
      count += r->layers[k].reason && !strcmp(r->layers[k].op, l->op) && !strcmp(r->layers[k].reason, l->reason);
    printf("  %d %s as %s: %.200s\n", (int)count, l->op, l->type, l->reason);
  }
}

static void print_summary(const quantize_options *o, const char *path, const mote_quantize_report *r) {
  char before[80], after[80];
  if (o->s.c.json) {
    print_json(json_pack("{s:o, s:o, s:s, s:o, s:o, s:i, s:i, s:I, s:I, s:o, s:o, s:b, s:o, s:f}", "source",
                         json_name(path), "file", json_name(o->s.out), "kind", kind_names[r->kind], "before",
                         size_json(r->before), "after", size_json(r->after), "operators", (int)r->operators,
                         "quantized", (int)r->quantized, "calibrated", (json_int_t)r->calibrated, "samples",
                         (json_int_t)r->held_back, "sqnr", json_number(r->sqnr), "top1", json_number(r->top1),
                         "promise", (int)r->promise, "layers", layers_json(r), "ms", now_ms() - o->s.begin_ms));
    return;
  }
  if (o->s.c.quiet) return;
  printf("%s: %s\n", path, size_text(before, sizeof before, r->before));
  printf("%s: %s, %s", o->s.out, size_text(after, sizeof after, r->after), kind_names[r->kind]);
  if (r->operators) printf(", %d of %d operators", (int)r->quantized, (int)r->operators);
  printf("\n");
  if (r->calibrated)
    printf("  calibrated on %lld samples in %.1f s\n", (long long)r->calibrated, (now_ms() - o->s.begin_ms) / 1000);
  print_loss(r->held_back, r->sqnr, r->top1);
  print_weakest(r);
  print_floats(r);
  if (!r->promise) printf("  the loss is more than --max-drop allows, even with all layers in float\n");
  if (o->layers) print_layers(r);
}

static int quantize(const char *path, quantize_options *o, mote_quantize_config *config) {
  mote_error e;
  data_samples data;
  const int opened = data_samples_open(&data, &o->data, path, &o->s.c);
  if (opened != EXIT_DONE) return opened;
  mote_graph *const g = shrink_open(&o->s, path);
  if (!g) return data_samples_close(&data), EXIT_FAULT;
  config->keep = o->s.words;
  config->samples = data_samples_of(&data);
  config->threads = o->s.c.threads;
  config->watch = shrink_watch(&o->s);
  mote_quantize_report *const r = mote_quantize(g, config, &e);
  int status = r ? shrink_save(&o->s, g) : shrink_fault(&o->s, path, &e);
  if (status == EXIT_DONE) print_summary(o, path, r);
  if (status == EXIT_DONE && !r->promise) status = EXIT_FAULT;
  mote_quantize_report_free(r);
  mote_graph_free(g);
  data_samples_close(&data);
  return status;
}

int cmd_quantize(int argc, char **argv) {
  quantize_options o = {0};
  const opt opts[] = {{"kind", OPT_TEXT, &o.kind},
                      {"io", OPT_TEXT, &o.io},
                      {"calibration", OPT_TEXT, &o.calibration},
                      {"max-drop", OPT_TEXT, &o.max_drop},
                      {"smallest", OPT_INT, &o.smallest},
                      {"weights-only", OPT_FLAG, &o.weights_only},
                      {"strict", OPT_FLAG, &o.strict},
                      {"no-bias-correction", OPT_FLAG, &o.no_bias_correction},
                      {"layers", OPT_FLAG, &o.layers},
                      DATA_OPTS(o.data),
                      SHRINK_OPTS(o.s)};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (files != 1 || !o.s.out) return usage_error("quantize takes one model and -o OUT; mote quantize --help shows how");
  mote_quantize_config config = {.smallest = o.smallest,
                                 .weights_only = o.weights_only,
                                 .strict = o.strict,
                                 .no_bias_correction = o.no_bias_correction};
  if (!kind_of(&o, &config) || !io_of(&o, &config) || !calibration_of(&o, &config) || !drop_of(&o, &config))
    return EXIT_USAGE;
  return quantize(argv[0], &o, &config);
}

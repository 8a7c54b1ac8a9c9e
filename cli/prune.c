/* prune.c: mote prune: weights that matter least become zero, or whole channels go. */
#include <stdlib.h>
#include <string.h>

#include "cli/data.h"
#include "cli/shrink.h"

typedef struct prune_options {
  shrink s;
  data_options data;
  const char *pattern, *macs;
  opt_floats sparsity;
  uint64_t size;
  int smallest, multiple;
  bool encode, uniform, no_repair, layers;
} prune_options;

static const char *const patterns[] = {"weights", "1x4", "1x16", "2:4", "channels"};

static bool pattern_of(const char *name, mote_prune_pattern *to) {
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
    if (!name || !strcmp(name, patterns[i])) return *to = (mote_prune_pattern)i, true;
  return usage_error("--pattern takes weights, 1x4, 1x16, 2:4 or channels, not '%s'", name), false;
}

/* "20M", "1.5G", "300k": thousands, not 1024. */
static bool macs_of(const char *text, uint64_t *to) {
  char *end;
  if (!text) return *to = 0, true;
  double v = strtod(text, &end);
  if (*end == 'k' || *end == 'K') v *= 1e3, end++;
  else if (*end == 'M') v *= 1e6, end++;
  else if (*end == 'G') v *= 1e9, end++;
  if (end == text || *end || !(v >= 1) || v > 9e18)
    return usage_error("--macs takes a number such as 300k, 20M or 1.5G, not '%s'", text), false;
  return *to = (uint64_t)v, true;
}

/* ---- what came out ---- */

static json_t *layers_json(const mote_prune_report *r) {
  json_t *const list = json_array();
  for (int32_t i = 0; i < r->num_layers; i++) {
    const mote_prune_layer *const l = &r->layers[i];
    json_array_append_new(list,
                          json_pack("{s:s, s:o, s:I, s:I, s:b}", "op", l->op, "name", json_name(l->name), "weights",
                                    (json_int_t)l->weights, "left", (json_int_t)l->left, "encoded", (int)l->encoded));
  }
  return list;
}

static void print_json_summary(const prune_options *o, const char *path, const mote_prune_report *r) {
  print_json(json_pack(
      "{s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:f}", "source", json_name(path),
      "file", json_name(o->s.out), "pattern", o->pattern ? o->pattern : patterns[0], "weights", (json_int_t)r->weights,
      "left", (json_int_t)r->left, "macs_before", (json_int_t)r->macs_before, "macs", (json_int_t)r->macs_after,
      "channels_before", r->channels_before ? json_integer(r->channels_before) : json_null(), "channels",
      r->channels_before ? json_integer(r->channels_after) : json_null(), "before", size_json(r->before), "after",
      size_json(r->after), "samples", (json_int_t)r->samples, "sqnr", json_number(r->sqnr), "top1",
      json_number(r->top1), "layers", layers_json(r), "ms", now_ms() - o->s.begin_ms));
}

static double share(uint64_t part, uint64_t all) { return all ? 100 * (double)part / (double)all : 0; }

static void print_layers(const mote_prune_report *r) {
  printf("  %-26s %-40s %9s %9s\n", "operator", "output", "weights", "zero");
  for (int32_t i = 0; i < r->num_layers; i++) {
    const mote_prune_layer *const l = &r->layers[i];
    char name[64];
    printf("  %-26s %-40.40s %9llu %7.1f %%%s\n", l->op, name_text(name, sizeof name, l->name),
           (unsigned long long)l->weights, share(l->weights - l->left, l->weights), l->encoded ? "  sparse" : "");
  }
}

static void print_summary(const prune_options *o, const char *path, const mote_prune_report *r) {
  char text[80], weights[32], left[32], before[32], after[32];
  printf("%s: %s\n", path, size_text(text, sizeof text, r->before));
  printf("%s: %s\n", o->s.out, size_text(text, sizeof text, r->after));
  if (r->channels_before)
    printf("%d of %d channels that might go are left; ", (int)r->channels_after, (int)r->channels_before);
  printf("%s of %s weights, %s of %s multiply-adds are left\n", count_text(left, sizeof left, r->left),
         count_text(weights, sizeof weights, r->weights), count_text(after, sizeof after, r->macs_after),
         count_text(before, sizeof before, r->macs_before));
  print_loss(r->samples, r->sqnr, r->top1);
  if (o->layers) print_layers(r);
}

static int prune(const char *path, prune_options *o) {
  mote_prune_config config = {.size = o->size,
                              .sparsity = o->sparsity.count ? (double)o->sparsity.v[0] : 0,
                              .uniform = o->uniform,
                              .no_repair = o->no_repair,
                              .encode = o->encode,
                              .smallest = o->smallest,
                              .multiple = o->multiple};
  if (!pattern_of(o->pattern, &config.pattern) || !macs_of(o->macs, &config.macs)) return EXIT_USAGE;
  if (o->sparsity.count && !(config.sparsity > 0 && config.sparsity < 1))
    return usage_error("--sparsity takes a share between 0 and 1, such as 0.7, not %g", config.sparsity);
  mote_error e;
  data_samples data;
  const int opened = data_samples_open(&data, &o->data, path, &o->s.c);
  if (opened != EXIT_DONE) return opened;
  mote_graph *const g = shrink_open(&o->s, path);
  if (!g) return data_samples_close(&data), EXIT_FAULT;
  config.keep = o->s.words;
  config.samples = data_samples_of(&data);
  config.threads = o->s.c.threads;
  config.watch = shrink_watch(&o->s);
  mote_prune_report *const r = mote_prune(g, &config, &e);
  int status = EXIT_DONE;
  if (!r) status = e.code == MOTE_ERR_ARGUMENT ? usage_error("%s", e.text) : shrink_fault(&o->s, path, &e);
  else status = shrink_save(&o->s, g);
  if (status == EXIT_DONE && o->s.c.json) print_json_summary(o, path, r);
  else if (status == EXIT_DONE && !o->s.c.quiet) print_summary(o, path, r);
  mote_prune_report_free(r);
  mote_graph_free(g);
  data_samples_close(&data);
  return status;
}

int cmd_prune(int argc, char **argv) {
  prune_options o = {0};
  const opt opts[] = {{"pattern", OPT_TEXT, &o.pattern},
                      {"sparsity", OPT_FLOATS, &o.sparsity},
                      {"size", OPT_SIZE, &o.size},
                      {"macs", OPT_TEXT, &o.macs},
                      {"encode", OPT_FLAG, &o.encode},
                      {"uniform", OPT_FLAG, &o.uniform},
                      {"no-repair", OPT_FLAG, &o.no_repair},
                      {"smallest", OPT_INT, &o.smallest},
                      {"multiple", OPT_INT, &o.multiple},
                      {"layers", OPT_FLAG, &o.layers},
                      DATA_OPTS(o.data),
                      SHRINK_OPTS(o.s)};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (files != 1 || !o.s.out)
    return usage_error(
        "prune takes one model, how much of it goes (--sparsity, --size or --macs) and -o OUT; mote prune "
        "--help shows how");
  return prune(argv[0], &o);
}

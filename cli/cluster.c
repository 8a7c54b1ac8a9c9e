/* cluster.c: mote cluster: weights that share a few values, so that the file packs well. */
#include <string.h>

#include "cli/data.h"
#include "cli/shrink.h"

typedef struct cluster_options {
  shrink s;
  data_options data;
  int clusters, seed, smallest;
  const char *start;
  bool layers;
} cluster_options;

static bool start_of(const char *name, mote_cluster_start *to) {
  static const char *const names[] = {"best", "linear", "density", "random"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!name || !strcmp(name, names[i])) return *to = (mote_cluster_start)i, true;
  return usage_error("--start takes best, linear, density or random, not '%s'", name), false;
}

static json_t *layers_json(const mote_cluster_report *r) {
  json_t *const list = json_array();
  for (int32_t i = 0; i < r->num_layers; i++) {
    const mote_cluster_layer *const l = &r->layers[i];
    json_array_append_new(list,
                          json_pack("{s:s, s:o, s:I, s:I, s:i, s:i, s:o}", "op", l->op, "name", json_name(l->name),
                                    "weights", (json_int_t)l->weights, "zeros", (json_int_t)l->zeros, "values_before",
                                    (int)l->before, "values", (int)l->after, "sqnr", json_number(l->sqnr)));
  }
  return list;
}

static void print_layers(const mote_cluster_report *r) {
  printf("  %-26s %-40s %9s %7s %6s  %s\n", "operator", "output", "weights", "zeros", "values", "SQNR of weights");
  for (int32_t i = 0; i < r->num_layers; i++) {
    const mote_cluster_layer *const l = &r->layers[i];
    char name[64];
    printf("  %-26s %-40.40s %9llu %5.1f %% %6d  %.1f dB\n", l->op, name_text(name, sizeof name, l->name),
           (unsigned long long)l->weights, l->weights ? 100.0 * (double)l->zeros / (double)l->weights : 0,
           (int)l->after, l->sqnr);
  }
}

static void print_summary(const cluster_options *o, const char *path, const mote_cluster_report *r) {
  char before[80], after[80];
  if (o->s.c.json) {
    print_json(json_pack("{s:o, s:o, s:i, s:o, s:o, s:I, s:o, s:o, s:o, s:f}", "source", json_name(path), "file",
                         json_name(o->s.out), "clusters", o->clusters, "before", size_json(r->before), "after",
                         size_json(r->after), "samples", (json_int_t)r->samples, "sqnr", json_number(r->sqnr), "top1",
                         json_number(r->top1), "layers", layers_json(r), "ms", now_ms() - o->s.begin_ms));
    return;
  }
  if (o->s.c.quiet) return;
  printf("%s: %s\n", path, size_text(before, sizeof before, r->before));
  printf("%s: %s; the weights of %d layers have at most %d values each\n", o->s.out,
         size_text(after, sizeof after, r->after), (int)r->num_layers, o->clusters);
  print_loss(r->samples, r->sqnr, r->top1);
  if (o->layers) print_layers(r);
}

static int cluster(const char *path, cluster_options *o) {
  mote_cluster_config config = {.clusters = o->clusters, .smallest = o->smallest, .seed = (uint64_t)o->seed};
  if (!start_of(o->start, &config.start)) return EXIT_USAGE;
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
  mote_cluster_report *const r = mote_cluster(g, &config, &e);
  const int status = r ? shrink_save(&o->s, g) : shrink_fault(&o->s, path, &e);
  if (status == EXIT_DONE) print_summary(o, path, r);
  mote_cluster_report_free(r);
  mote_graph_free(g);
  data_samples_close(&data);
  return status;
}

int cmd_cluster(int argc, char **argv) {
  cluster_options o = {0};
  const opt opts[] = {{"clusters", OPT_INT, &o.clusters},
                      {"start", OPT_TEXT, &o.start},
                      {"seed", OPT_INT, &o.seed},
                      {"smallest", OPT_INT, &o.smallest},
                      {"layers", OPT_FLAG, &o.layers},
                      DATA_OPTS(o.data),
                      SHRINK_OPTS(o.s)};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (files != 1 || !o.s.out || !o.clusters)
    return usage_error("cluster takes one model, --clusters N and -o OUT; mote cluster --help shows how");
  if (o.clusters < 2 || o.clusters > 65536) return usage_error("--clusters takes 2 to 65536, not %d", o.clusters);
  return cluster(argv[0], &o);
}

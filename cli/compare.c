/* compare.c: mote compare: two networks on the same samples: answers, layers, time, memory, size. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/data.h"
#include "cli/shrink.h"

typedef struct compare_options {
  shrink s;
  data_options data;
  int runs, seed;
} compare_options;

/* What one of the files costs. */
typedef struct cost {
  const char *path;
  mote_size size;
  double ms; /* the median of the runs */
  uint64_t arena;
} cost;

/* ---- samples of chance ---- */

static double chance(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (double)(*state * UINT64_C(0x2545F4914F6CDD1D) >> 11) * 0x1p-52 - 1;
}

/* The same reals in [-1, 1) for both networks, whatever their types; inputs of other kinds stay zero. */
static mote_status read_noise(void *user, int64_t index, mote_session *s, int32_t *label, mote_error *e) {
  uint64_t state = ((uint64_t)index + 1) * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)(int64_t) * (const int *)user;
  (void)label;
  for (int32_t i = 0; i < mote_session_input_count(s); i++) {
    mote_tensor *const t = mote_session_input(s, i);
    const int bits = mote_type_bits(t->type);
    const bool takes = t->type == MOTE_FLOAT32 || t->type == MOTE_FLOAT16 || t->scale > 0;
    if (!takes || bits < 8) continue;
    const size_t count = t->size / ((size_t)bits / 8);
    float *const reals = malloc(count * sizeof *reals + 1);
    mote_array a = {.type = MOTE_FLOAT32, .rank = t->rank, .size = count * sizeof *reals, .data = reals};
    memcpy(a.dims, t->dims, sizeof a.dims);
    for (size_t k = 0; reals && k < count; k++) reals[k] = (float)chance(&state);
    const mote_status status = reals ? mote_array_to_tensor(&a, "noise", true, t, e) : (e->code = MOTE_ERR_MEMORY);
    free(reals);
    if (status != MOTE_OK) return status;
  }
  return MOTE_OK;
}

/* ---- what each costs ---- */

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static bool measure(cost *to, const char *path, const compare_options *o, const mote_samples *samples) {
  enum { MOST_RUNS = 1000 };
  double times[MOST_RUNS];
  loaded l;
  mote_error e;
  mote_memory memory;
  int32_t label;
  if (!load(&l, path, &o->s.c)) return false;
  *to = (cost){.path = path, .size = mote_size_of(mote_model_data(l.model), (size_t)mote_model_size(l.model))};
  bool good = true;
  for (int64_t i = 0; i < samples->count && i < 20; i++) { /* the first that can be read */
    mote_error why;
    if (samples->read(samples->user, i, l.session, &label, &why) == MOTE_OK) break;
  }
  for (int i = -1; good && i < o->runs; i++) {
    const double begin = now_ms();
    good = mote_session_run(l.session, &e) == MOTE_OK;
    if (i >= 0) times[i] = now_ms() - begin;
  }
  if (!good) fault("%s: %s", path, e.text);
  else {
    qsort(times, (size_t)o->runs, sizeof *times, by_size);
    to->ms = times[o->runs / 2];
    mote_session_memory(l.session, &memory);
    to->arena = memory.arena;
  }
  unload(&l);
  return good;
}

/* ---- what is said ---- */

static json_t *cost_json(const cost *c) {
  return json_pack("{s:o, s:o, s:f, s:I}", "file", json_name(c->path), "size", size_json(c->size), "ms", c->ms, "arena",
                   (json_int_t)c->arena);
}

static json_t *values_json(const mote_compare_value *v, int32_t count) {
  json_t *const list = json_array();
  for (int32_t i = 0; i < count; i++)
    json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "op", v[i].op, "name",
                                          json_name(v[i].name), "sqnr", json_number(v[i].sqnr), "cosine",
                                          json_number(v[i].cosine), "max_error", json_number(v[i].max_error), "low",
                                          json_number(v[i].low), "high", json_number(v[i].high), "saturated",
                                          json_number(v[i].saturated)));
  return list;
}

static void print_values(const char *what, const mote_compare_value *v, int32_t count) {
  char name[64];
  if (count) printf("  %-46s %9s %9s %11s %9s\n", what, "SQNR dB", "cosine", "max error", "saturated");
  for (int32_t i = 0; i < count; i++)
    printf("  %-18.18s %-27.27s %9.1f %9.6f %11.4g %7.2f %%\n", v[i].op, name_text(name, sizeof name, v[i].name),
           v[i].sqnr, v[i].cosine, v[i].max_error, 100 * v[i].saturated);
}

static void print_report(const compare_options *o, const cost costs[2], const mote_compare_report *r) {
  if (o->s.c.json) {
    print_json(json_pack("{s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "a", cost_json(&costs[0]), "b",
                         cost_json(&costs[1]), "samples", (json_int_t)r->samples, "labelled", (json_int_t)r->labelled,
                         "top1", json_number(r->top1), "accuracy_a", json_number(r->accuracy_a), "accuracy_b",
                         json_number(r->accuracy_b), "outputs", values_json(r->outputs, r->num_outputs), "layers",
                         values_json(r->layers, r->num_layers)));
    return;
  }
  for (int i = 0; i < 2; i++) {
    char size[80], arena[40];
    printf("%s: %s, %.2f ms, arena %s\n", costs[i].path, size_text(size, sizeof size, costs[i].size), costs[i].ms,
           bytes_text(arena, sizeof arena, costs[i].arena));
  }
  printf("on %lld samples", (long long)r->samples);
  if (!isnan(r->top1)) printf(": the same answer in %.1f %%", 100 * r->top1);
  if (r->labelled)
    printf("; of %lld with labels %.2f %% and %.2f %% are right", (long long)r->labelled, 100 * r->accuracy_a,
           100 * r->accuracy_b);
  putchar('\n');
  print_values("output", r->outputs, r->num_outputs);
  print_values("layer", r->layers, r->num_layers);
}

static int compare_graphs(compare_options *o, char **files, const mote_samples *samples, const cost costs[2]) {
  mote_error e;
  mote_graph *const a = shrink_open(&o->s, files[0]), *const b = a ? shrink_open(&o->s, files[1]) : NULL;
  const mote_compare_config config = {.samples = *samples, .threads = o->s.c.threads, .watch = shrink_watch(&o->s)};
  mote_compare_report *const r = b ? mote_compare(a, b, &config, &e) : NULL;
  if (b && !r) shrink_fault(&o->s, files[1], &e);
  if (r) print_report(o, costs, r);
  if (r && !r->num_layers)
    note(&o->s.c, "no layers were matched: the networks share no names of values and are not of the same operators");
  const int status = r ? EXIT_DONE : EXIT_FAULT;
  mote_compare_report_free(r);
  mote_graph_free(b);
  mote_graph_free(a);
  return status;
}

static int compare(compare_options *o, char **files) {
  data_samples data;
  const int opened = data_samples_open(&data, &o->data, files[0], &o->s.c);
  if (opened != EXIT_DONE) return opened;
  mote_samples samples = data_samples_of(&data);
  if (!o->data.path) {
    enum { NOISE = 16 };
    samples = (mote_samples){.count = NOISE, .read = read_noise, .user = &o->seed};
    note(&o->s.c, "without --data the networks are compared on noise, which says whether they compute alike, and not "
                  "how they do on what they are for");
  }
  cost costs[2];
  const bool measured = measure(&costs[0], files[0], o, &samples) && measure(&costs[1], files[1], o, &samples);
  const int status = measured ? compare_graphs(o, files, &samples, costs) : EXIT_FAULT;
  data_samples_close(&data);
  return status;
}

int cmd_compare(int argc, char **argv) {
  compare_options o = {.s = {.no_rewrites = true}, .runs = 20};
  const opt opts[] = {{"runs", OPT_INT, &o.runs}, {"seed", OPT_INT, &o.seed}, DATA_OPTS(o.data), COMMON_OPTS(o.s.c)};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (files != 2) return usage_error("compare takes two models; mote compare --help shows how");
  if (o.runs < 1 || o.runs > 1000) return usage_error("--runs takes 1 to 1000, not %d", o.runs);
  return compare(&o, argv);
}

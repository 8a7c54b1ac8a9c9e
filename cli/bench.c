/* bench.c: mote bench: where time and memory go. The peak is measured in the same process, so that shares of it hold
 * on a noisy machine. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cpu.h"
#include "cli/cli.h"
#include "kernels/peak.h"

typedef struct op_time {
  char name[48];
  int32_t index, subgraph;
  double ns;
  uint64_t macs, calls;
} op_time;

enum { MAX_STEPS = 100000, WARM_UP = 2 };

typedef struct bench {
  common c;
  int runs;
  bool per_op;
  double open_ms, compile_ms, plan_ms, first_ms;
  double *times; /* [runs], sorted */
  op_time *steps;
  int num_steps, at;
  uint64_t macs;
} bench;

static void on_step(void *user, const mote_step *step) {
  bench *b = user;
  if (b->at >= MAX_STEPS) return;
  op_time *t = &b->steps[b->at++];
  if (b->at > b->num_steps) {
    *t = (op_time){.index = step->index, .subgraph = step->subgraph};
    snprintf(t->name, sizeof t->name, "%s", step->op);
    b->num_steps = b->at;
  }
  t->ns += (double)step->nanoseconds;
  t->macs += step->macs;
  t->calls++;
}

static int by_time(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static int longest_first(const void *a, const void *b) {
  const op_time *x = a, *y = b;
  return x->ns > y->ns ? -1 : x->ns < y->ns;
}

static double quantile(const bench *b, double q) {
  const int i = (int)(q * (b->runs - 1) + 0.5);
  return b->times[i];
}

static bool open_all(bench *b, loaded *l, const char *path) {
  const mote_config config = config_of(&b->c);
  mote_error e;
  *l = (loaded){0};
  double start = now_ms();
  if (!(l->model = open_model(path, &config))) return false;
  b->open_ms = now_ms() - start;
  start = now_ms();
  if ((l->program = mote_program_new(l->model, &config, &e))) {
    b->compile_ms = now_ms() - start;
    start = now_ms();
    l->session = mote_session_new(l->program, NULL, &e);
    b->plan_ms = now_ms() - start;
  }
  if (l->session) return true;
  model_fault(path, false, &config, &e);
  unload(l);
  return false;
}

static bool measure(bench *b, mote_session *s) {
  mote_error e;
  double start = now_ms();
  if (mote_session_run(s, &e) != MOTE_OK) return fault("%s", e.text), false;
  b->first_ms = now_ms() - start;
  const double begin = now_ms();
  for (int i = -WARM_UP; i < b->runs; i++) {
    start = now_ms();
    if (mote_session_run(s, &e) != MOTE_OK) return fault("%s", e.text), false;
    if (i >= 0) b->times[i] = now_ms() - start;
    if (!b->c.quiet) show_progress("run", i + 1, b->runs, begin);
  }
  qsort(b->times, (size_t)b->runs, sizeof *b->times, by_time);
  /* Steps are timed in runs of their own: reading the clock at each costs something. */
  mote_session_profile(s, on_step, b);
  const int profiled = b->runs < 10 ? b->runs : 10;
  for (int i = 0; i < profiled; i++) {
    b->at = 0;
    if (mote_session_run(s, &e) != MOTE_OK) return fault("%s", e.text), false;
  }
  mote_session_profile(s, NULL, NULL);
  for (int i = 0; i < b->num_steps; i++) b->macs += b->steps[i].calls ? b->steps[i].macs / b->steps[i].calls : 0;
  return true;
}

/* Networks of 8-bit weights and activations are held against the integer peak, all others against float32. */
static bool is_integer(mote_session *s) {
  const mote_tensor *in = mote_session_input(s, 0), *out = mote_session_output(s, 0);
  const mote_tensor *t = in && in->type != MOTE_FLOAT32 ? in : out;
  return t && (t->type == MOTE_INT8 || t->type == MOTE_UINT8);
}

static json_t *steps_json(const bench *b) {
  json_t *a = json_array();
  for (int i = 0; i < b->num_steps; i++) {
    const op_time *t = &b->steps[i];
    json_array_append_new(a, json_pack("{s:s, s:i, s:i, s:f, s:I}", "op", t->name, "subgraph", (int)t->subgraph,
                                       "index", (int)t->index, "ms", t->ns / (double)t->calls * 1e-6, "macs",
                                       (json_int_t)(t->macs / t->calls)));
  }
  return a;
}

typedef struct figures {
  int threads;       /* that could run at once */
  double gops, peak; /* peak: of one thread times threads */
  long rss_kb;
  mote_memory memory;
  const char *kind;
} figures;

static void print_bench_json(const bench *b, const char *path, const figures *f) {
  json_t *o =
      json_pack("{s:o, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:s, s:i}",
                "file", json_name(path), "runs", b->runs, "open_ms", b->open_ms, "compile_ms", b->compile_ms, "plan_ms",
                b->plan_ms, "start_ms", b->open_ms + b->compile_ms + b->plan_ms, "first_ms", b->first_ms, "median_ms",
                quantile(b, 0.5), "min_ms", b->times[0], "p90_ms", quantile(b, 0.9), "p99_ms", quantile(b, 0.99),
                "arena_bytes", (json_int_t)f->memory.arena, "packed_bytes", (json_int_t)f->memory.packed, "peak_rss_kb",
                (json_int_t)f->rss_kb, "macs", (json_int_t)b->macs, "gops", f->gops, "peak_gops", f->peak,
                "peak_fraction", f->peak > 0 ? f->gops / f->peak : 0, "peak_kind", f->kind, "threads", f->threads);
  if (b->per_op) json_object_set_new(o, "steps", steps_json(b));
  print_json(o);
}

static void print_steps(bench *b) {
  qsort(b->steps, (size_t)b->num_steps, sizeof *b->steps, longest_first);
  double all = 0;
  for (int i = 0; i < b->num_steps; i++) all += b->steps[i].ns / (double)b->steps[i].calls;
  puts("      ms  share  GOP/s  operator");
  for (int i = 0; i < b->num_steps; i++) {
    const op_time *t = &b->steps[i];
    const double ns = t->ns / (double)t->calls;
    printf("%8.3f %5.1f %% %6.1f  %s [operator %d%s]\n", ns * 1e-6, all > 0 ? 100 * ns / all : 0,
           ns > 0 ? 2 * (double)(t->macs / t->calls) / ns : 0, t->name, (int)t->index,
           t->subgraph ? " of a subgraph" : "");
  }
}

static void print_bench(bench *b, const char *path, const figures *f) {
  char a[40], p[40];
  printf("%s\n", path);
  printf("  start   %.2f ms (open and verify %.2f, compile %.2f, plan %.2f)\n", b->open_ms + b->compile_ms + b->plan_ms,
         b->open_ms, b->compile_ms, b->plan_ms);
  printf("  first   %.3f ms\n", b->first_ms);
  printf("  steady  median %.3f ms, min %.3f, p90 %.3f, p99 %.3f (%d runs)\n", quantile(b, 0.5), b->times[0],
         quantile(b, 0.9), quantile(b, 0.99), b->runs);
  printf("  work    %s multiply-adds, %.1f GOP/s, %.0f %% of the %s peak of %.0f GOP/s measured here (%d thread%s)\n",
         count_text(a, sizeof a, b->macs), f->gops, f->peak > 0 ? 100 * f->gops / f->peak : 0, f->kind, f->peak,
         f->threads, f->threads == 1 ? "" : "s");
  printf("  memory  arena %s, packed weights %s, peak resident %ld kB\n", bytes_text(a, sizeof a, f->memory.arena),
         bytes_text(p, sizeof p, f->memory.packed), f->rss_kb);
  if (b->per_op) print_steps(b);
}

/* More threads than cores do not raise the peak. */
static int threads_at_once(int wanted) {
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  if (wanted < 0 || wanted > cores) return cores > 1 ? (int)cores : 1;
  return wanted > 1 ? wanted : 1;
}

static int bench_model(bench *b, loaded *l, const char *path) {
  if (!measure(b, l->session)) return EXIT_FAULT;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const bool integer = is_integer(l->session);
  figures f = {.rss_kb = usage.ru_maxrss, .kind = integer ? "int8" : "float32"};
  f.gops = 2 * (double)b->macs / (quantile(b, 0.5) * 1e6);
  f.threads = threads_at_once(b->c.threads);
  f.peak = f.threads * (integer ? kern_peak_s8(cpu_best()) : kern_peak_f32(cpu_best()));
  mote_session_memory(l->session, &f.memory);
  if (b->c.json) print_bench_json(b, path, &f);
  else print_bench(b, path, &f);
  return EXIT_DONE;
}

int cmd_bench(int argc, char **argv) {
  bench b = {.runs = 50};
  const opt opts[] = {COMMON_OPTS(b.c), {"runs", OPT_INT, &b.runs}, {"per-op", OPT_FLAG, &b.per_op}};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (files != 1) return usage_error("bench takes one model; mote bench --help shows how");
  if (b.runs < 1 || b.runs > 1000000) return usage_error("--runs takes 1 to 1000000, not %d", b.runs);
  b.times = calloc((size_t)b.runs, sizeof *b.times);
  b.steps = calloc(MAX_STEPS, sizeof *b.steps);
  loaded l;
  int status = EXIT_FAULT;
  if (!b.times || !b.steps) fault("out of memory");
  else if (open_all(&b, &l, argv[0])) {
    status = bench_model(&b, &l, argv[0]);
    unload(&l);
  }
  free(b.times);
  free(b.steps);
  return status;
}

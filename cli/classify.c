/* classify.c: mote classify: a photo goes in, its label comes out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

typedef struct classify_options {
  common c;
  const char *labels;
  int top;
  opt_floats mean, std;
  bool crop;
} classify_options;

typedef struct answer {
  int index;
  float score;
} answer;

enum { TOP_MAX = 100 };

/* ---- is it a classifier? ---- */

static const mote_tensor *scores_of(mote_session *s) {
  const mote_tensor *t = mote_session_output(s, 0);
  return mote_session_output_count(s) == 1 && holds_scores(t) ? t : NULL;
}

static int not_a_classifier(const char *path, mote_session *s) {
  const mote_tensor *in = mote_session_input(s, 0), *out = mote_session_output(s, 0);
  char a[200], b[200];
  return fault("%s is no image classifier: one image-shaped input and one list of scores are needed, but it has %d "
               "input%s (the first %s) and %d output%s (the first %s); 'mote run' runs any model",
               path, (int)mote_session_input_count(s), mote_session_input_count(s) == 1 ? "" : "s",
               in ? tensor_text(a, sizeof a, in) : "none", (int)mote_session_output_count(s),
               mote_session_output_count(s) == 1 ? "" : "s", out ? tensor_text(b, sizeof b, out) : "none");
}

/* ---- preprocessing ---- */

static void spread(float to[4], const opt_floats *from) {
  for (int i = 0; i < 4; i++) to[i] = from->v[from->count == 1 ? 0 : i < from->count ? i : from->count - 1];
}

/* Fills prep and says where the normalisation came from. */
static const char *choose_prep(const classify_options *o, const mote_metadata *about, const mote_tensor *input,
                               mote_image_prep *prep) {
  mote_image_prep_default(prep, input);
  prep->crop = o->crop;
  if (o->mean.count || o->std.count) {
    const opt_floats zero = {{0}, 1}, one = {{1}, 1};
    spread(prep->mean, o->mean.count ? &o->mean : &zero);
    spread(prep->std, o->std.count ? &o->std : &one);
    prep->normalise = true;
    return "--mean and --std";
  }
  if (input->type == MOTE_FLOAT32 && mote_metadata_prep(about, 0, prep)) return "metadata";
  return prep->normalise ? "the default of float networks" : "the default of quantized networks";
}

static void prep_text(char *to, size_t room, const mote_image_prep *prep, const char *source) {
  if (prep->normalise)
    snprintf(to, room, "(x - %g) / %g [from %s]", (double)prep->mean[0], (double)prep->std[0], source);
  else snprintf(to, room, "bytes as they are [from %s]", source);
}

/* ---- answers ---- */

static float score_at(const mote_tensor *t, int i) {
  if (t->type == MOTE_FLOAT32) return ((const float *)t->data)[i];
  const int q = t->type == MOTE_INT8 ? ((const int8_t *)t->data)[i] : ((const uint8_t *)t->data)[i];
  return t->scale != 0 ? t->scale * (float)(q - t->zero_point) : (float)q;
}

static int better(const void *a, const void *b) {
  const answer *x = a, *y = b;
  if (x->score != y->score) return x->score < y->score ? 1 : -1;
  return x->index - y->index;
}

/* Networks that end without softmax give logits: those become probabilities. */
static void to_probabilities(answer *all, int n) {
  double sum = 0, most = -INFINITY;
  bool logits = false;
  for (int i = 0; i < n; i++) {
    sum += (double)all[i].score;
    if ((double)all[i].score > most) most = (double)all[i].score;
    logits |= !(all[i].score >= 0 && all[i].score <= 1.001F);
  }
  if (!logits) return;
  sum = 0;
  for (int i = 0; i < n; i++) sum += exp((double)all[i].score - most);
  for (int i = 0; i < n; i++) all[i].score = (float)(exp((double)all[i].score - most) / sum);
}

static answer *rank_answers(const mote_tensor *t, int *count) {
  const int n = t->dims[t->rank - 1];
  answer *all = malloc((size_t)n * sizeof *all);
  if (!all) return NULL;
  for (int i = 0; i < n; i++) all[i] = (answer){i, score_at(t, i)};
  to_probabilities(all, n);
  qsort(all, (size_t)n, sizeof *all, better);
  *count = n;
  return all;
}

static const char *label_of(const labels *l, int index, char *room, size_t size) {
  if (index >= 0 && (size_t)index < l->count) return l->line[index];
  snprintf(room, size, "class %d", index);
  return room;
}

static void print_answers(const answer *a, int top, const labels *l) {
  for (int i = 0; i < top; i++) {
    char number[40], name[200], bar[100];
    const char *label = label_of(l, a[i].index, number, sizeof number);
    printf("  %-30s %5.1f %%  %s\n", name_text(name, sizeof name, label), 100 * (double)a[i].score,
           bar_text(bar, sizeof bar, (double)a[i].score, 20));
  }
}

static json_t *answers_json(const answer *a, int top, const labels *l) {
  json_t *list = json_array();
  for (int i = 0; i < top; i++) {
    char number[40];
    json_array_append_new(list, json_pack("{s:i, s:o, s:o}", "index", a[i].index, "label",
                                          json_name(label_of(l, a[i].index, number, sizeof number)), "score",
                                          json_number((double)a[i].score)));
  }
  return list;
}

/* ---- one picture ---- */

typedef struct times {
  double decode, resize, run;
} times;

static mote_status look(mote_session *s, const char *path, const common *c, const mote_image_prep *prep, times *t,
                        mote_error *e) {
  data_file file;
  double start = now_ms();
  if (!data_open(&file, path, c, e)) return e->code;
  mote_image *image = data_image(&file, e);
  data_close(&file);
  if (!image) return e->code;
  t->decode = now_ms() - start;
  start = now_ms();
  mote_status status = mote_image_to_tensor(image, prep, mote_session_input(s, 0), e);
  t->resize = now_ms() - start;
  mote_image_free(image);
  if (status != MOTE_OK) return status;
  start = now_ms();
  status = mote_session_run(s, e);
  t->run = now_ms() - start;
  return status;
}

static bool classify(mote_session *s, const char *path, const mote_image_prep *prep, const char *how,
                     const classify_options *o, const labels *l, json_t *all) {
  mote_error e = {0};
  times t = {0};
  if (look(s, path, &o->c, prep, &t, &e) != MOTE_OK) return fault("%s", e.text), false;
  int count = 0;
  answer *a = rank_answers(scores_of(s), &count);
  if (!a) return fault("out of memory"), false;
  const int top = o->top < count ? o->top : count;
  if (all)
    json_array_append_new(all, json_pack("{s:o, s:o, s:s, s:{s:f, s:f, s:f}}", "image", json_name(path), "top",
                                         answers_json(a, top, l), "preprocessing", how, "ms", "decode", t.decode,
                                         "resize", t.resize, "run", t.run));
  else {
    printf("%s\n", path);
    print_answers(a, top, l);
    if (!o->c.quiet) printf("  decoded %.1f ms, resized %.1f ms, run %.2f ms\n", t.decode, t.resize, t.run);
  }
  free(a);
  return true;
}

static int classify_all(loaded *m, int count, char **files, const classify_options *o, const mote_metadata *about,
                        const labels *l) {
  mote_session *s = m->session;
  if (mote_session_input_count(s) != 1 || !mote_tensor_takes_image(mote_session_input(s, 0)) || !scores_of(s))
    return not_a_classifier(files[0], s);
  const int32_t classes = scores_of(s)->dims[scores_of(s)->rank - 1];
  if (l->count && (int32_t)l->count < classes)
    note(&o->c, "%s holds %zu labels, but the network has %d classes", l->source, l->count, (int)classes);
  mote_image_prep prep;
  const char *source = choose_prep(o, about, mote_session_input(s, 0), &prep);
  char how[200];
  prep_text(how, sizeof how, &prep, source);
  json_t *all = o->c.json ? json_array() : NULL;
  bool good = true;
  for (int i = 1; i < count; i++) good &= classify(s, files[i], &prep, how, o, l, all);
  if (all) print_json(all);
  else if (!o->c.quiet && good)
    printf("normalised: %s; labels: %s\n", how, l->count ? l->source : "none, class numbers are shown");
  return good ? EXIT_DONE : EXIT_FAULT;
}

int cmd_classify(int argc, char **argv) {
  classify_options o = {.top = 5};
  const opt opts[] = {COMMON_OPTS(o.c),
                      {"labels", OPT_TEXT, &o.labels},
                      {"top", OPT_INT, &o.top},
                      {"mean", OPT_FLOATS, &o.mean},
                      {"std", OPT_FLOATS, &o.std},
                      {"crop", OPT_FLAG, &o.crop}};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (files < 2) return usage_error("classify takes a model and one or more images; mote classify --help shows how");
  if (o.top < 1 || o.top > TOP_MAX) return usage_error("--top takes 1 to %d, not %d", TOP_MAX, o.top);
  for (int i = 0; i < o.std.count; i++)
    if (o.std.v[i] == 0) return usage_error("--std takes numbers other than 0");
  loaded m;
  if (!load(&m, argv[0], &o.c)) return EXIT_FAULT;
  labels l;
  int status = EXIT_FAULT;
  mote_metadata *about = metadata_of(m.model, argv[0]);
  if (about && labels_load(&l, o.labels, about, 0, &o.c)) {
    status = classify_all(&m, files, argv, &o, about, &l);
    labels_free(&l);
  }
  mote_metadata_free(about);
  unload(&m);
  return status;
}

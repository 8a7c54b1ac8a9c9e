/* check.c: mote convert --check: the result run on inputs whose outputs are known.
 *
 * Arrays are called in_0, in_1, ... and out_0, out_1, ... in the order of the model's inputs and outputs: in a .npz, or
 * as .npy files in one folder. Further samples are s1_in_0, s2_in_0, ...
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check.h"
#include "mote/media.h"

#ifdef MOTE_HAVE_ZIP
#include <zip.h>
#endif

enum { MOST_SAMPLES = 1000, MOST_UNPACKED = 1 << 30, MOST_PATH = 4096 };

typedef struct given {
  const char *path;
  bool packed; /* a .npz; else the folder of a .npy */
#ifdef MOTE_HAVE_ZIP
  zip_t *zip;
#endif
  mote_media_config config;
} given;

/* ---- arrays by name ---- */

#ifdef MOTE_HAVE_ZIP

static bool open_given(given *g, mote_error *e) {
  int code;
  g->zip = g->packed ? zip_open(g->path, ZIP_RDONLY, &code) : NULL;
  if (!g->packed || g->zip) return true;
  snprintf(e->text, sizeof e->text, "it is no .npz, or a damaged one");
  return false;
}

static void close_given(given *g) {
  if (g->zip) zip_discard(g->zip);
}

/* NULL without a sentence: it is not there. */
static mote_array *unpack(const given *g, const char *entry, mote_error *e) {
  zip_stat_t s;
  if (zip_stat(g->zip, entry, 0, &s)) return NULL;
  zip_file_t *f = s.size <= MOST_UNPACKED ? zip_fopen(g->zip, entry, 0) : NULL;
  void *data = f ? malloc((size_t)s.size + 1) : NULL;
  mote_array *a = NULL;
  if (data && zip_fread(f, data, s.size) == (zip_int64_t)s.size)
    a = mote_array_from_memory(data, (size_t)s.size, entry, &g->config, e);
  else snprintf(e->text, sizeof e->text, "'%s' in it is damaged, or larger than 1 GiB", entry);
  free(data);
  if (f) zip_fclose(f);
  return a;
}

#else

static bool open_given(given *g, mote_error *e) {
  if (g->packed) snprintf(e->text, sizeof e->text, "this build of mote was made without libzip; give .npy files");
  return !g->packed;
}
static void close_given(given *g) { (void)g; }
static mote_array *unpack(const given *g, const char *entry, mote_error *e) {
  (void)g, (void)entry, (void)e;
  return NULL;
}

#endif

static mote_array *array_of(const given *g, int sample, const char *kind, int index, mote_error *e) {
  char name[64], path[MOST_PATH];
  e->text[0] = 0;
  if (sample) snprintf(name, sizeof name, "s%d_%s_%d.npy", sample, kind, index);
  else snprintf(name, sizeof name, "%s_%d.npy", kind, index);
  if (g->packed) return unpack(g, name, e);
  const char *slash = strrchr(g->path, '/');
  snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - g->path) + 1 : 0, g->path, name);
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  fclose(f);
  return mote_array_open(path, &g->config, e);
}

/* ---- one sample ---- */

static bool put_inputs(const given *g, int sample, mote_session *s, mote_error *e) {
  const int count = (int)mote_session_input_count(s);
  for (int i = 0; i < count; i++) {
    mote_array *a = array_of(g, sample, "in", i, e);
    if (!a && !e->text[0])
      snprintf(e->text, sizeof e->text, "it holds no in_%d, and the model has %d inputs", i, count);
    const bool good = a && mote_session_resize(s, i, a->dims, a->rank, e) == MOTE_OK;
    mote_array_free(a);
    if (!good) return false;
  }
  if (mote_session_plan(s, e) != MOTE_OK) return false;
  for (int i = 0; i < count; i++) {
    mote_array *a = array_of(g, sample, "in", i, e);
    const bool good = a && mote_array_to_tensor(a, "the input", true, mote_session_input(s, i), e) == MOTE_OK;
    mote_array_free(a);
    if (!good) return false;
  }
  return true;
}

static double number(mote_type type, const void *data, size_t i) {
  switch (type) {
    case MOTE_FLOAT32: return (double)((const float *)data)[i];
    case MOTE_FLOAT64: return ((const double *)data)[i];
    case MOTE_INT32: return ((const int32_t *)data)[i];
    case MOTE_INT64: return (double)((const int64_t *)data)[i];
    case MOTE_INT16: return ((const int16_t *)data)[i];
    case MOTE_INT8: return ((const int8_t *)data)[i];
    case MOTE_UINT8:
    case MOTE_BOOL: return ((const uint8_t *)data)[i];
    default: return NAN;
  }
}

static size_t count_of(const mote_array *a) {
  const int bytes = mote_type_bits(a->type) / 8;
  return bytes ? a->size / (size_t)bytes : 0;
}

/* The largest difference as a share of the range of what is wanted. Not a number: shapes or types differ, or values are
 * none. */
static double difference(const mote_tensor *t, const mote_array *want, double *range) {
  double low = INFINITY, high = -INFINITY, most = 0;
  if (t->rank != want->rank || memcmp(t->dims, want->dims, sizeof *t->dims * (size_t)t->rank)) return NAN;
  const size_t count = count_of(want);
  for (size_t i = 0; i < count; i++) {
    const double w = number(want->type, want->data, i), got = number(t->type, t->data, i);
    const bool same = w == got || (isnan(w) && isnan(got));
    if (!same && !(isfinite(w) && isfinite(got))) return NAN;
    if (isfinite(w)) low = fmin(low, w), high = fmax(high, w);
    if (!same) most = fmax(most, fabs(w - got));
  }
  *range = high > low ? high - low : 0;
  return *range > 0 ? most / *range : most;
}

static int compare(const given *g, int sample, mote_session *s, double tolerance, check_report *r, mote_error *e) {
  const int count = (int)mote_session_output_count(s);
  for (int i = 0; i < count; i++) {
    mote_array *want = array_of(g, sample, "out", i, e);
    if (!want && e->text[0]) return fault("%s: %s", g->path, e->text);
    if (!want) return fault("%s holds no out_%d, and the model has %d outputs", g->path, i, count);
    const mote_tensor *t = mote_session_output(s, i);
    double range = 0;
    const double share = difference(t, want, &range);
    char have[120], wanted[120], name[120];
    dims_text(have, sizeof have, t->rank, t->dims);
    dims_text(wanted, sizeof wanted, want->rank, want->dims);
    mote_array_free(want);
    r->outputs++;
    r->worst = isnan(share) ? INFINITY : fmax(r->worst, share);
    if (share <= tolerance) continue;
    name_text(name, sizeof name, t->name);
    if (isnan(share))
      return fault("sample %d, output %d '%s': it is %s, not %s, or holds what is no number", sample, i, name, have,
                   wanted);
    return fault("sample %d, output %d '%s' differs by %.3g of the range %.3g; %.3g is allowed", sample, i, name, share,
                 range, tolerance);
  }
  return EXIT_DONE;
}

static bool has_sample(const given *g, int sample) {
  mote_error e;
  mote_array *a = array_of(g, sample, "in", 0, &e);
  mote_array_free(a);
  return a || e.text[0];
}

static int check_all(const given *g, const char *model, double tolerance, const common *c, check_report *r) {
  int status = EXIT_DONE;
  for (int sample = 0; status == EXIT_DONE && sample < MOST_SAMPLES; sample++) {
    if (sample && !has_sample(g, sample)) break;
    loaded l;
    mote_error e = {0};
    if (!load(&l, model, c)) return EXIT_FAULT;
    if (!put_inputs(g, sample, l.session, &e)) status = fault("%s: %s", g->path, e.text);
    else if (mote_session_run(l.session, &e) != MOTE_OK) status = fault("%s: %s", model, e.text);
    else status = compare(g, sample, l.session, tolerance, r, &e);
    r->samples++;
    unload(&l);
  }
  return status;
}

int check_model(const char *model, const char *path, double tolerance, const common *c, check_report *report) {
  const char *dot = strrchr(path, '.');
  given g = {.path = path, .packed = !dot || strcmp(dot, ".npy")};
  mote_error e = {0};
  *report = (check_report){0};
  if (!open_given(&g, &e)) return fault("%s: %s", path, e.text);
  const int status = check_all(&g, model, tolerance, c, report);
  close_given(&g);
  return status;
}

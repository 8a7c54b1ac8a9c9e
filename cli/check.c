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
#include "runtime/runtime.h"

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
static mote_array *unpack(const given *g, const char *name, mote_error *e) {
  zip_stat_t s;
  if (zip_stat(g->zip, name, 0, &s)) return NULL;
  zip_file_t *f = s.size <= MOST_UNPACKED ? zip_fopen(g->zip, name, 0) : NULL;
  void *data = f ? malloc((size_t)s.size + 1) : NULL;
  mote_array *a = NULL;
  if (data && zip_fread(f, data, s.size) == (zip_int64_t)s.size)
    a = mote_array_from_memory(data, (size_t)s.size, name, &g->config, e);
  else snprintf(e->text, sizeof e->text, "'%s' in it is damaged, or larger than 1 GiB", name);
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
static mote_array *unpack(const given *g, const char *name, mote_error *e) {
  (void)g, (void)name, (void)e;
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

/* Whole numbers may be given as floats: numpy's files of networks' inputs often hold them so. */
static bool put_input(const mote_array *a, mote_tensor *t, mote_error *e) {
  const size_t count = count_of(a);
  if (t->type != MOTE_INT32 && t->type != MOTE_INT64)
    return mote_array_to_tensor(a, "the input", true, t, e) == MOTE_OK;
  for (size_t i = 0; i < count; i++) {
    const double v = number(a->type, a->data, i);
    if (!(fabs(v) < 0x1p53) || v != floor(v) || (t->type == MOTE_INT32 && !(fabs(v) < 0x1p31))) {
      snprintf(e->text, sizeof e->text, "an input of whole numbers is given %g", v);
      return false;
    }
    if (t->type == MOTE_INT32) ((int32_t *)t->data)[i] = (int32_t)v;
    else ((int64_t *)t->data)[i] = (int64_t)v;
  }
  return true;
}

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
    const bool good = a && put_input(a, mote_session_input(s, i), e);
    mote_array_free(a);
    if (!good) return false;
  }
  return true;
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

static int check_sample(const given *g, int sample, const mote_program *program, const char *model, double tolerance,
                        check_report *r) {
  mote_error e = {0};
  mote_session *s = session_open(program, NULL, SESSION_EMPTY, &e); /* planned for the sample's shapes alone */
  if (!s) return fault("%s: %s", model, e.text);
  int status;
  if (!put_inputs(g, sample, s, &e)) status = fault("%s: %s", g->path, e.text);
  else if (mote_session_run(s, &e) != MOTE_OK) status = fault("%s: %s", model, e.text);
  else status = compare(g, sample, s, tolerance, r, &e);
  r->samples++;
  mote_session_free(s);
  return status;
}

static int check_all(const given *g, const char *path, double tolerance, const common *c, check_report *r) {
  const mote_config config = config_of(c);
  mote_error e = {0};
  mote_model *model = open_model(path, &config);
  mote_program *program = model ? mote_program_new(model, &config, &e) : NULL;
  int status = program ? EXIT_DONE : EXIT_FAULT;
  if (model && !program) model_fault(path, false, &config, &e);
  for (int sample = 0; status == EXIT_DONE && sample < MOST_SAMPLES; sample++) {
    if (sample && !has_sample(g, sample)) break;
    status = check_sample(g, sample, program, path, tolerance, r);
  }
  mote_program_free(program);
  mote_model_free(model);
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

/* run.c: mote run: anything in, .npy out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "runtime/runtime.h"

typedef struct run_options {
  common c;
  opt_list inputs;
  const char *signature, *output_dir;
  bool random, real;
  int seed;
} run_options;

/* ---- inputs ---- */

static bool same_name(const char *have, const char *name, size_t length) {
  return have && strlen(have) == length && !memcmp(have, name, length);
}

/* The tensor that a signature of the selected subgraph calls so; -1: none. */
static int64_t signature_tensor(const mote_session *s, const char *name, size_t length) {
  const sch_Model *m = s->program->model->schema->model;
  for (uint32_t i = 0; i < m->signature_defs.count; i++) {
    const sch_SignatureDef *d = &m->signature_defs.data[i];
    for (uint32_t k = 0; (int64_t)d->subgraph_index == s->current && k < d->inputs.count; k++)
      if (same_name(d->inputs.data[k].name.data, name, length)) return d->inputs.data[k].tensor_index;
  }
  return -1;
}

/* A name of the selected signature, of the file's tensors, or of another signature of the same subgraph; or an index.
 */
static int find_input(mote_session *s, const char *name, size_t length) {
  const int count = (int)mote_session_input_count(s);
  for (int i = 0; i < count; i++)
    if (same_name(mote_session_input(s, i)->name, name, length)) return i;
  const sch_SubGraph *g = &s->program->model->schema->model->subgraphs.data[s->current];
  const int64_t wanted = signature_tensor(s, name, length);
  for (int i = 0; i < count; i++) {
    const int32_t tensor = g->inputs.data[i];
    if (tensor >= 0 && (tensor == wanted || same_name(g->tensors.data[tensor].name.data, name, length))) return i;
  }
  char text[16], *end;
  if (!length || length >= sizeof text) return -1;
  memcpy(text, name, length);
  text[length] = 0;
  const long index = strtol(text, &end, 10);
  return *end || index < 0 || index >= count ? -1 : (int)index;
}

static int no_input(mote_session *s, const char *name, int length) {
  char names[600] = "";
  size_t used = 0;
  for (int i = 0; i < mote_session_input_count(s) && used < sizeof names; i++) {
    char one[120];
    used += (size_t)snprintf(names + used, sizeof names - used, "%s%d '%s'", i ? ", " : "", i,
                             name_text(one, sizeof one, mote_session_input(s, i)->name));
  }
  return usage_error("the network has no input '%.*s'; its inputs are %s", length, name, names);
}

static bool same_dims(const mote_tensor *t, const mote_array *a) {
  if (t->rank != a->rank) return false;
  for (int32_t i = 0; i < t->rank; i++)
    if (t->dims[i] != a->dims[i]) return false;
  return true;
}

static bool write_strings(mote_session *s, int index, const mote_array *a, mote_error *e) {
  const mote_tensor view = {.type = MOTE_STRING, .data = (void *)a->data, .size = a->size};
  const size_t count = mote_tensor_string_count(&view);
  const char **strings = calloc(count + 1, sizeof *strings);
  size_t *lengths = calloc(count + 1, sizeof *lengths);
  for (size_t i = 0; strings && lengths && i < count; i++) mote_tensor_string(&view, i, &strings[i], &lengths[i]);
  const bool good = strings && lengths && mote_session_resize(s, index, a->dims, a->rank, e) == MOTE_OK &&
                    mote_session_plan(s, e) == MOTE_OK && /* strings take the shape that is planned */
                    mote_session_write_strings(s, index, strings, lengths, count, e) == MOTE_OK;
  free(strings);
  free(lengths);
  return good;
}

/* Gives the input the shape of the array, and says which shapes they are when the network cannot have it. */
static bool take_shape(mote_session *s, int index, const mote_array *a, const char *name, mote_error *e) {
  mote_tensor *t = mote_session_input(s, index);
  if (same_dims(t, a)) return true;
  char takes[120], holds[120];
  mote_error why;
  dims_text(takes, sizeof takes, t->rank, t->dims);
  if (mote_session_resize(s, index, a->dims, a->rank, &why) == MOTE_OK && mote_session_plan(s, &why) == MOTE_OK)
    return true;
  snprintf(e->text, sizeof e->text, "it takes %s %s, %s holds %s, and the network does not fit that shape: %s",
           mote_type_name(t->type), takes, name, dims_text(holds, sizeof holds, a->rank, a->dims), why.text);
  return false;
}

static bool read_array(mote_session *s, int index, const data_file *f, bool real, mote_error *e) {
  mote_array *a = data_array(f, e);
  if (!a) return false;
  mote_tensor *t = mote_session_input(s, index);
  const bool strings = a->type == MOTE_STRING && t->type == MOTE_STRING;
  const bool refused = a->type != t->type && !real; /* for its type, whatever its shape */
  bool good = strings ? write_strings(s, index, a, e) : refused || take_shape(s, index, a, f->name, e);
  if (!strings && good) good = mote_array_to_tensor(a, f->name, real, t, e) == MOTE_OK;
  mote_array_free(a);
  return good;
}

static bool read_image(mote_session *s, int index, const data_file *f, mote_error *e) {
  mote_image *image = data_image(f, e);
  const bool good = image && mote_image_to_tensor(image, NULL, mote_session_input(s, index), e) == MOTE_OK;
  mote_image_free(image);
  return good;
}

static bool read_sound(mote_session *s, int index, const data_file *f, mote_error *e) {
  mote_sound *sound = data_sound(f, e);
  const bool good = sound && mote_sound_to_tensor(sound, 0, mote_session_input(s, index), e) == MOTE_OK;
  mote_sound_free(sound);
  return good;
}

static bool read_file(mote_session *s, int index, const data_file *f, bool real, mote_error *e) {
  switch (f->kind) {
    case FILE_RAW: return mote_raw_read(f->path, mote_session_input(s, index), e) == MOTE_OK;
    case FILE_ARRAY: return read_array(s, index, f, real, e);
    case FILE_SOUND: return read_sound(s, index, f, e);
    case FILE_IMAGE: break;
  }
  return read_image(s, index, f, e);
}

/* NAME=FILE, split at the last '='. */
static int read_input(mote_session *s, const char *word, const run_options *o) {
  const char *equals = strrchr(word, '=');
  if (!equals) return usage_error("--input takes NAME=FILE, not '%s'", word);
  const int index = find_input(s, word, (size_t)(equals - word));
  if (index < 0) return no_input(s, word, (int)(equals - word));
  mote_error e = {0};
  data_file f;
  const bool opened = data_open(&f, equals + 1, &o->c, &e), good = opened && read_file(s, index, &f, o->real, &e);
  if (opened) data_close(&f);
  if (good) return EXIT_DONE;
  char name[200];
  return fault("input %d '%s': %s", index, name_text(name, sizeof name, mote_session_input(s, index)->name), e.text);
}

/* xorshift64*: the same numbers on every machine for one seed. */
static uint64_t next_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(0x2545F4914F6CDD1D);
}

/* Floats in [-1, 1), integers over their whole range, int32 and int64 in 0 .. 9 (they are mostly indices), bools. */
static void fill_random(mote_tensor *t, uint64_t *state) {
  if (!t->data || t->type == MOTE_STRING) return;
  const int bytes = mote_type_bits(t->type) / 8;
  uint8_t *to = t->data;
  for (size_t at = 0; bytes && at + (size_t)bytes <= t->size; at += (size_t)bytes) {
    const uint64_t r = next_random(state) >> 11;
    const float f = (float)((double)r * 0x1p-52 - 1.0);
    const int64_t small = (int64_t)(r % 10);
    if (t->type == MOTE_FLOAT32) memcpy(to + at, &f, 4);
    else if (t->type == MOTE_FLOAT64) memcpy(to + at, &(double){(double)f}, 8);
    else if (t->type == MOTE_BOOL) to[at] = (uint8_t)(r & 1);
    else if (t->type == MOTE_INT32 || t->type == MOTE_INT64) memcpy(to + at, &small, (size_t)bytes);
    else if (t->type == MOTE_FLOAT16) memcpy(to + at, &(uint16_t){(uint16_t)(0x3800 | (r & 0x83ff))}, 2);
    else memcpy(to + at, &r, (size_t)(bytes > 8 ? 8 : bytes));
  }
}

/* ---- outputs ---- */

static bool write_output(const mote_tensor *t, int index, const char *folder, bool real, char *path, size_t room) {
  snprintf(path, room, "%s%soutput_%d.npy", folder ? folder : "", folder ? "/" : "", index);
  mote_error e;
  if (mote_array_write(path, t, real, &e) == MOTE_OK) return true;
  fault("output %d: %s", index, e.text);
  return false;
}

static int write_outputs(mote_session *s, const run_options *o, double ms) {
  if (o->output_dir && mkdir(o->output_dir, 0777) && errno != EEXIST)
    return fault("cannot make the folder %s: %s", o->output_dir, strerror(errno));
  json_t *all = json_array();
  for (int i = 0; i < mote_session_output_count(s); i++) {
    const mote_tensor *t = mote_session_output(s, i);
    char path[4200], dims[120], name[200];
    if (!write_output(t, i, o->output_dir, o->real, path, sizeof path)) return json_decref(all), EXIT_FAULT;
    json_t *shape = json_array();
    for (int32_t d = 0; d < t->rank; d++) json_array_append_new(shape, json_integer(t->dims[d]));
    json_array_append_new(all, json_pack("{s:o, s:s, s:o, s:o}", "name", json_name(t->name), "type",
                                         mote_type_name(t->type), "shape", shape, "file", json_name(path)));
    if (!o->c.json && !o->c.quiet)
      printf("%s  %s %s  %s\n", path, mote_type_name(t->type), dims_text(dims, sizeof dims, t->rank, t->dims),
             name_text(name, sizeof name, t->name));
  }
  if (o->c.json) print_json(json_pack("{s:o, s:f}", "outputs", all, "ms", ms));
  else json_decref(all);
  return EXIT_DONE;
}

static int run_model(mote_session *s, const run_options *o) {
  mote_error e = {0};
  if (mote_session_plan(s, &e) != MOTE_OK) return fault("%s", e.text);
  uint64_t state = (uint64_t)o->seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
  for (int i = 0; o->random && i < mote_session_input_count(s); i++) fill_random(mote_session_input(s, i), &state);
  for (int i = 0; i < o->inputs.count; i++) {
    const int status = read_input(s, o->inputs.v[i], o);
    if (status != EXIT_DONE) return status;
  }
  if (!o->random && o->inputs.count < mote_session_input_count(s))
    note(&o->c, "%d of %d inputs were given; the others are zero (--random fills them)", o->inputs.count,
         (int)mote_session_input_count(s));
  const double start = now_ms();
  if (mote_session_run(s, &e) != MOTE_OK) return fault("%s", e.text);
  return write_outputs(s, o, now_ms() - start);
}

/* Selects the signature; a key that the model does not have is a mistake of the command line. */
static int select_signature(mote_session *s, const char *key) {
  mote_error e;
  if (!key || mote_session_select(s, key, &e) == MOTE_OK) return EXIT_DONE;
  return e.code == MOTE_ERR_ARGUMENT ? usage_error("%s", e.text) : fault("%s", e.text);
}

int cmd_run(int argc, char **argv) {
  run_options o = {0};
  const opt opts[] = {COMMON_OPTS(o.c),
                      {"input", OPT_LIST, &o.inputs},
                      {"signature", OPT_TEXT, &o.signature},
                      {"output-dir", OPT_TEXT, &o.output_dir},
                      {"random", OPT_FLAG, &o.random},
                      {"seed", OPT_INT, &o.seed},
                      {"float", OPT_FLAG, &o.real}};
  int files;
  if (!take_options(argc, argv, opts, sizeof opts / sizeof *opts, &files)) return EXIT_USAGE;
  if (files != 1) return usage_error("run takes one model; mote run --help shows how");
  loaded l;
  if (!load(&l, argv[0], &o.c)) return EXIT_FAULT;
  int status = select_signature(l.session, o.signature);
  if (status == EXIT_DONE) status = run_model(l.session, &o);
  unload(&l);
  return status;
}

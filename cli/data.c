/* data.c: see data.h. */
#include "cli/data.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- how numbers become inputs ---- */

static void spread(float to[4], const opt_floats *from, float otherwise) {
  for (int i = 0; i < 4; i++)
    to[i] = from->count ? from->v[from->count == 1 ? 0 : i < from->count ? i : from->count - 1] : otherwise;
}

/* What a network expects of pictures, as real numbers, so that float and quantized networks of one kind are fed the
 * same: an integer input takes bytes as they are, which its scale and zero point give a meaning. */
static void expect(data_samples *d, const mote_model *model) {
  mote_program *const program = mote_program_new((mote_model *)model, NULL, NULL);
  mote_session *const s = program ? mote_session_new(program, NULL, NULL) : NULL;
  const mote_tensor *const t = s && mote_session_input_count(s) ? mote_session_input(s, 0) : NULL;
  if (t) {
    mote_image_prep_default(&d->prep, t);
    d->prepares = d->prep.normalise;
    if (!d->prepares && (t->type == MOTE_INT8 || t->type == MOTE_UINT8) && t->scale > 0) {
      const int32_t shift = t->type == MOTE_INT8 ? 128 : 0;
      for (int i = 0; i < 4; i++) {
        d->prep.mean[i] = (float)(t->zero_point + shift);
        d->prep.std[i] = 1 / t->scale;
      }
      d->prepares = d->prep.normalise = true;
    }
  }
  mote_session_free(s);
  mote_program_free(program);
}

static void choose_prep(data_samples *d, const data_options *o, const mote_model *model, const mote_metadata *about) {
  if (o->mean.count || o->std.count) {
    spread(d->prep.mean, &o->mean, 0);
    spread(d->prep.std, &o->std, 1);
    d->prepares = d->prep.normalise = true;
  } else if (about && mote_metadata_prep(about, 0, &d->prep)) d->prepares = true;
  else if (model) expect(d, model);
  d->prep.crop = o->crop;
}

static mote_image_prep prep_for(const data_samples *d, const mote_tensor *t) {
  mote_image_prep prep;
  const bool whole = t->type != MOTE_FLOAT32 && t->type != MOTE_FLOAT16 && !(t->scale > 0);
  mote_image_prep_default(&prep, t);
  if (d->prepares && !whole) prep = d->prep;
  prep.crop = d->prep.crop;
  return prep;
}

static bool take_raw(data_samples *d, const char *text) {
  static const mote_type types[] = {MOTE_INT8,  MOTE_UINT8,   MOTE_INT16,   MOTE_UINT16, MOTE_INT32,
                                    MOTE_INT64, MOTE_FLOAT16, MOTE_FLOAT32, MOTE_FLOAT64};
  char name[16];
  d->raw_scale = 1;
  const int got = sscanf(text, "%15[^,],%lf,%lf", name, &d->raw_scale, &d->raw_zero);
  for (size_t i = 0; got >= 1 && i < sizeof types / sizeof *types; i++)
    if (!strcmp(mote_type_name(types[i]), name)) {
      d->raw_type = types[i];
      d->has_raw = true;
    }
  return d->has_raw;
}

/* ---- what the options name ---- */

/* The first axis counts samples in all arrays that are inputs. */
static bool open_arrays(data_samples *d, const char *path) {
  for (int32_t i = 0; i < d->arrays->count; i++) {
    const mote_array *const a = &d->arrays->arrays[i];
    const size_t count = a->rank > 0 ? (size_t)a->dims[0] : 0;
    if (!count) return fault("%s holds no samples: its first dimension counts them", path), false;
    if (i && count != d->count)
      return fault("%s holds %zu samples of '%s', but %zu of '%s'", path, d->count, d->arrays->names[0], count,
                   d->arrays->names[i]),
             false;
    d->count = count;
  }
  return true;
}

static bool open_table(data_samples *d, const char *path) {
  const int32_t columns = d->table->columns;
  char text[2];
  d->count = (size_t)d->table->rows;
  d->row = calloc((size_t)columns, sizeof *d->row);
  d->text = calloc((size_t)columns, sizeof *d->text);
  mote_error e;
  if (!d->row || !d->text) return fault("out of memory"), false;
  if (!d->count || mote_table_numbers(d->table, 0, d->row, &e) != MOTE_OK)
    return fault("%s", d->count ? e.text : "the table holds no samples"), false;
  (void)path;
  for (int32_t i = 0; i < columns; i++)
    d->text[i] = isnan(d->row[i]) && mote_table_text(d->table, 0, i, text, sizeof text) > 0;
  return true;
}

static bool open_file(data_samples *d, const char *path) {
  const mote_media_config config = {.memory_limit = d->c->limit_memory};
  char first[512];
  mote_error e, no_table;
  FILE *const f = fopen(path, "rb");
  const size_t size = f ? fread(first, 1, sizeof first, f) : 0;
  if (f) fclose(f);
  if (media_kind_of(first, size) == KIND_TAR) return data_list_tar(d, path);
  d->arrays = mote_arrays_open(path, &config, &e);
  if (d->arrays) return open_arrays(d, path);
  if (e.code == MOTE_ERR_FORMAT && strstr(e.text, "no arrays")) {
    d->table = mote_table_open(path, &config, &no_table);
    if (d->table) return open_table(d, path);
    if (!strcmp(mote_media_kind(first, size), "text")) e = no_table;
  }
  return fault("%s%s%s", strstr(e.text, path) ? "" : path, strstr(e.text, path) ? "" : ": ", e.text), false;
}

/* Fisher and Yates, by an xorshift64* from the seed. */
static bool shuffle(data_samples *d, int seed) {
  uint64_t state = (uint64_t)(int64_t)seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
  d->order = malloc((d->count + 1) * sizeof *d->order);
  if (!d->order) return fault("out of memory"), false;
  for (size_t i = 0; i < d->count; i++) d->order[i] = (int64_t)i;
  for (size_t i = d->count; i > 1; i--) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    const size_t k = (size_t)((state * UINT64_C(0x2545F4914F6CDD1D) >> 11) % i);
    const int64_t swap = d->order[i - 1];
    d->order[i - 1] = d->order[k];
    d->order[k] = swap;
  }
  return true;
}

static bool open_all(data_samples *d, const data_options *o, const char *network, bool folder) {
  mote_model *const model = mote_model_open(network, NULL, NULL); /* another kind of source says nothing */
  mote_metadata *const about = model ? metadata_of(model, network) : NULL;
  choose_prep(d, o, model, about);
  const bool good = (folder ? data_list_folder(d, o->path) : open_file(d, o->path)) && data_labels(d, o, about) &&
                    (!o->shuffle || shuffle(d, o->shuffle));
  mote_metadata_free(about);
  mote_model_free(model);
  return good;
}

int data_samples_open(data_samples *d, const data_options *o, const char *network, const common *c) {
  struct stat about;
  *d = (data_samples){.c = c, .label_array = -1};
  if (!o->path) return EXIT_DONE;
  for (int i = 0; i < o->std.count; i++)
    if (o->std.v[i] == 0) return usage_error("--std takes numbers other than 0");
  if (o->raw && !take_raw(d, o->raw))
    return usage_error("--raw takes a type, a scale and a zero point, such as int8,0.5,-128; not '%s'", o->raw);
  if (stat(o->path, &about)) return fault("cannot open %s: %s", o->path, strerror(errno));
  if (open_all(d, o, network, S_ISDIR(about.st_mode))) return EXIT_DONE;
  data_samples_close(d);
  return EXIT_FAULT;
}

void data_samples_close(data_samples *d) {
  for (size_t i = 0; d->items && i < d->count; i++) free(d->items[i].name);
  free(d->items);
  mote_arrays_free(d->arrays);
  mote_table_free(d->table);
  if (d->tar.mem) media_close(&d->tar);
  free(d->order);
  free(d->labels);
  free(d->row);
  free(d->text);
  *d = (data_samples){0};
}

/* ---- into the network ---- */

static size_t elements(const mote_array *a) {
  const int bits = mote_type_bits(a->type);
  return bits >= 8 ? a->size / ((size_t)bits / 8) : 0;
}

static mote_status put_image(const data_samples *d, mote_image *image, mote_tensor *t, mote_error *e) {
  const mote_image_prep prep = prep_for(d, t);
  const mote_status status = image ? mote_image_to_tensor(image, &prep, t, e) : e->code;
  mote_image_free(image);
  return status;
}

/* Bytes in the shape of a picture are one. */
static bool is_picture(const mote_array *a, const mote_tensor *t) {
  const int32_t first = a->rank > 3 && a->dims[0] == 1, rank = a->rank - first;
  const int32_t channels = rank == 3 ? a->dims[first + 2] : 1;
  return a->type == MOTE_UINT8 && (rank == 2 || rank == 3) && channels >= 1 && channels <= 4 && a->size > 0 &&
         mote_tensor_takes_image(t);
}

static mote_status put_whole(const double *real, size_t count, mote_tensor *t, mote_error *e) {
  for (size_t i = 0; i < count; i++) {
    const double v = real[i];
    const bool fits = t->type == MOTE_BOOL ? v == 0 || v == 1 : fabs(v) < (t->type == MOTE_INT32 ? 0x1p31 : 0x1p53);
    if (!fits || v != floor(v)) {
      snprintf(e->text, sizeof e->text, "an input of type %s is given %g", mote_type_name(t->type), v);
      return e->code = MOTE_ERR_FORMAT;
    }
    if (t->type == MOTE_INT32) ((int32_t *)t->data)[i] = (int32_t)v;
    else if (t->type == MOTE_INT64) ((int64_t *)t->data)[i] = (int64_t)v;
    else ((uint8_t *)t->data)[i] = (uint8_t)v;
  }
  return MOTE_OK;
}

/* Real numbers into whatever the input takes. */
static mote_status put_reals(double *real, size_t count, const char *name, mote_tensor *t, mote_error *e) {
  if ((t->type == MOTE_INT32 && !(t->scale > 0)) || t->type == MOTE_INT64 || t->type == MOTE_BOOL)
    return put_whole(real, count, t, e);
  mote_array a = {.type = MOTE_FLOAT64, .rank = t->rank, .size = count * sizeof *real, .data = real};
  memcpy(a.dims, t->dims, sizeof a.dims);
  return mote_array_to_tensor(&a, name, true, t, e);
}

/* An array of as many elements as the input has: bytes are normalised as those of pictures are, `scaled` ones by --raw;
 * equal types are copied. */
static mote_status put_array(const data_samples *d, mote_array a, const char *name, bool scaled, mote_tensor *t,
                             mote_error *e) {
  const size_t count = elements(&a);
  mote_array all = {.type = t->type, .size = t->size};
  if (is_picture(&a, t) && !scaled) {
    const int32_t first = a.rank > 3;
    return put_image(d,
                     mote_image_from_pixels(a.data, a.dims[first + 1], a.dims[first],
                                            a.rank - first == 3 ? a.dims[first + 2] : 1, NULL, e),
                     t, e);
  }
  if (count && count == elements(&all)) {
    a.rank = t->rank;
    memcpy(a.dims, t->dims, sizeof a.dims);
  }
  const bool bytes = a.type == MOTE_UINT8 && !scaled;
  if (!count || a.rank != t->rank || (a.type == t->type && !scaled && !bytes))
    return mote_array_to_tensor(&a, name, true, t, e);
  double *const real = malloc(count * sizeof *real);
  mote_tensor wide = {.type = MOTE_FLOAT64, .rank = a.rank, .data = real, .size = count * sizeof *real};
  memcpy(wide.dims, a.dims, sizeof wide.dims);
  mote_status status = real ? mote_array_to_tensor(&a, name, true, &wide, e) : (e->code = MOTE_ERR_MEMORY);
  const mote_image_prep prep = prep_for(d, t);
  for (size_t i = 0; status == MOTE_OK && i < count; i++) {
    if (scaled) real[i] = (real[i] - d->raw_zero) * d->raw_scale;
    else if (bytes && prep.normalise) real[i] = (real[i] - (double)prep.mean[0]) / (double)prep.std[0];
  }
  if (status == MOTE_OK && bytes && a.type == t->type && !prep.normalise) memcpy(t->data, a.data, a.size);
  else if (status == MOTE_OK) status = put_reals(real, count, name, t, e);
  free(real);
  return status;
}

static mote_status put_raw(const data_samples *d, const data_item *item, mote_tensor *t, mote_error *e) {
  const mote_media_config config = {.memory_limit = d->c->limit_memory};
  media_source s;
  if (item->data) {
    const mote_status opened = media_from_memory(&s, item->data, item->size, item->name, &config, e);
    if (opened != MOTE_OK) return opened;
  } else {
    const mote_status opened = media_open(&s, item->name, &config, e);
    if (opened != MOTE_OK) return opened;
  }
  const mote_array a = {.type = d->has_raw ? d->raw_type : t->type, .rank = 1, .size = s.size, .data = s.data};
  const int bits = mote_type_bits(a.type);
  mote_status status = MOTE_OK;
  if (bits < 8 || s.size * (size_t)mote_type_bits(t->type) != t->size * (size_t)bits) {
    snprintf(e->text, sizeof e->text, "%s holds %zu bytes, but '%s' takes %zu of type %s; --raw says what they are",
             s.name, s.size, t->name ? t->name : "", t->size, mote_type_name(t->type));
    status = e->code = MOTE_ERR_FORMAT;
  } else if (d->has_raw) status = put_array(d, a, s.name, true, t, e);
  else memcpy(t->data, s.data, s.size);
  media_close(&s);
  return status;
}

static mote_status put_item(const data_samples *d, const data_item *item, mote_tensor *t, mote_error *e) {
  data_file f;
  mote_status status;
  if (item->data) data_memory(&f, item->name, item->data, item->size, d->c);
  else if (!data_open(&f, item->name, d->c, e)) return e->code;
  if (f.kind == FILE_IMAGE) status = put_image(d, data_image(&f, e), t, e);
  else if (f.kind == FILE_SOUND) {
    mote_sound *const sound = data_sound(&f, e);
    status = sound ? mote_sound_to_tensor(sound, 0, t, e) : e->code;
    mote_sound_free(sound);
  } else if (f.kind == FILE_ARRAY) {
    mote_array *const array = data_array(&f, e);
    status = array ? put_array(d, *array, item->name, d->has_raw, t, e) : e->code;
    mote_array_free(array);
  } else status = put_raw(d, item, t, e);
  if (!item->data) data_close(&f);
  return status;
}

static mote_status put_row(const data_samples *d, int64_t row, mote_tensor *t, mote_error *e) {
  const mote_status status = mote_table_numbers(d->table, row, d->row, e);
  if (status != MOTE_OK) return status;
  const mote_array all = {.type = t->type, .size = t->size};
  size_t used = 0;
  for (int32_t i = 0; i < d->table->columns; i++) {
    if (i == d->label_array || d->text[i]) continue;
    if (isnan(d->row[i])) {
      snprintf(e->text, sizeof e->text, "row %lld of the table has no number in column %d", (long long)row, (int)i);
      return e->code = MOTE_ERR_FORMAT;
    }
    d->row[used++] = d->row[i];
  }
  if (used == elements(&all)) return put_reals(d->row, used, "the table", t, e);
  snprintf(e->text, sizeof e->text,
           "a row of the table has %zu numbers, but '%s' takes %zu; --label-column says which one is the label", used,
           t->name ? t->name : "", elements(&all));
  return e->code = MOTE_ERR_SHAPE;
}

/* The array of an input: by its name, by in_<i>, or as the only one there is. -1: none. */
static int32_t array_for(const data_samples *d, const mote_session *s, int32_t input) {
  char name[32];
  int32_t only = -1, others = 0;
  const mote_tensor *const t = mote_session_input((mote_session *)s, input);
  snprintf(name, sizeof name, "in_%d", (int)input);
  for (int32_t i = 0; i < d->arrays->count; i++) {
    if (i == d->label_array) continue;
    if (!strcmp(d->arrays->names[i], name) || (t->name && !strcmp(d->arrays->names[i], t->name))) return i;
    only = i;
    others++;
  }
  return others == 1 && mote_session_input_count(s) == 1 ? only : -1;
}

static mote_status put_slices(const data_samples *d, int64_t index, mote_session *s, mote_error *e) {
  for (int32_t i = 0; i < mote_session_input_count(s); i++) {
    const int32_t at = array_for(d, s, i);
    mote_tensor *const t = mote_session_input(s, i);
    if (at < 0) {
      snprintf(e->text, sizeof e->text, "no array of the samples is called '%s' or in_%d, for input %d of the network",
               t->name ? t->name : "", (int)i, (int)i);
      return e->code = MOTE_ERR_ARGUMENT;
    }
    mote_array one;
    mote_status status = mote_array_slice(&d->arrays->arrays[at], index, &one, e);
    if (status == MOTE_OK) status = put_array(d, one, "a sample of the array", d->has_raw, t, e);
    if (status != MOTE_OK) return status;
  }
  return MOTE_OK;
}

static mote_status read_sample(void *user, int64_t index, mote_session *s, int32_t *label, mote_error *e) {
  const data_samples *const d = user;
  if (d->order) index = d->order[index];
  if (d->labels) *label = d->labels[index];
  if (d->arrays) return put_slices(d, index, s, e);
  if (mote_session_input_count(s) != 1) {
    snprintf(e->text, sizeof e->text,
             "the network has %d inputs; their samples are taken from a .npz, with an array for each",
             (int)mote_session_input_count(s));
    return e->code = MOTE_ERR_UNSUPPORTED;
  }
  mote_tensor *const t = mote_session_input(s, 0);
  return d->table ? put_row(d, index, t, e) : put_item(d, &d->items[index], t, e);
}

mote_samples data_samples_of(data_samples *d) {
  return (mote_samples){.count = (int64_t)d->count, .read = d->count ? read_sample : NULL, .user = d};
}

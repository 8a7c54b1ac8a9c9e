/* data.c: see data.h. */
#include "cli/data.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- where they are ---- */

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Names that begin with a dot are no samples. */
static bool list_folder(data_samples *d, const char *path) {
  DIR *const folder = opendir(path);
  size_t room = 0;
  bool good = folder != NULL;
  for (struct dirent *entry; good && (entry = readdir(folder));) {
    if (entry->d_name[0] == '.') continue;
    if (d->count == room) {
      char **const more = realloc(d->files, (room = room * 2 + 64) * sizeof *more);
      if (!more) good = false;
      else d->files = more;
    }
    const size_t size = strlen(path) + strlen(entry->d_name) + 2;
    char *const name = good ? malloc(size) : NULL;
    if (!name) good = false;
    else {
      snprintf(name, size, "%s/%s", path, entry->d_name);
      d->files[d->count++] = name;
    }
  }
  if (folder) closedir(folder);
  if (!good) return fault("cannot list %s: %s", path, strerror(folder ? ENOMEM : errno)), false;
  if (!d->count) return fault("the folder %s is empty; it should hold pictures, sounds or .npy arrays", path), false;
  qsort(d->files, d->count, sizeof *d->files, by_name);
  return true;
}

static bool open_array(data_samples *d, const char *path) {
  mote_error e;
  const mote_media_config config = {.memory_limit = d->c->limit_memory};
  d->array = mote_array_open(path, &config, &e);
  if (!d->array)
    return fault("%s%s%s", strstr(e.text, path) ? "" : path, strstr(e.text, path) ? "" : ": ", e.text), false;
  d->count = d->array->rank > 0 ? (size_t)d->array->dims[0] : 0;
  if (!d->count) return fault("%s holds no samples: its first dimension counts them", path), false;
  return true;
}

static void spread(float to[4], const opt_floats *from, float otherwise) {
  for (int i = 0; i < 4; i++)
    to[i] = from->count ? from->v[from->count == 1 ? 0 : i < from->count ? i : from->count - 1] : otherwise;
}

static void choose_prep(data_samples *d, const data_options *o, const char *network) {
  mote_error e;
  if (o->mean.count || o->std.count) {
    spread(d->prep.mean, &o->mean, 0);
    spread(d->prep.std, &o->std, 1);
    d->prepares = d->prep.normalise = true;
    return;
  }
  mote_model *const model = mote_model_open(network, NULL, &e); /* another kind of source says nothing */
  mote_metadata *const about = model ? metadata_of(model, network) : NULL;
  d->prepares = about && mote_metadata_prep(about, 0, &d->prep);
  mote_metadata_free(about);
  mote_model_free(model);
}

int data_samples_open(data_samples *d, const data_options *o, const char *network, const common *c) {
  struct stat about;
  *d = (data_samples){.c = c};
  if (!o->path) return EXIT_DONE;
  for (int i = 0; i < o->std.count; i++)
    if (o->std.v[i] == 0) return usage_error("--std takes numbers other than 0");
  if (stat(o->path, &about)) return fault("cannot open %s: %s", o->path, strerror(errno));
  choose_prep(d, o, network);
  if (S_ISDIR(about.st_mode) ? list_folder(d, o->path) : open_array(d, o->path)) return EXIT_DONE;
  data_samples_close(d);
  return EXIT_FAULT;
}

void data_samples_close(data_samples *d) {
  for (size_t i = 0; d->files && i < d->count; i++) free(d->files[i]);
  free(d->files);
  mote_array_free(d->array);
  *d = (data_samples){0};
}

/* ---- into the network ---- */

/* One sample of an array whose first dimension counts them. */
static mote_status take_element(const data_samples *d, int64_t index, mote_tensor *t, mote_error *e) {
  mote_array one = *d->array;
  one.size /= d->count;
  one.data = (const char *)one.data + (size_t)index * one.size;
  if (one.rank == t->rank) one.dims[0] = 1;
  else if (one.rank == t->rank + 1) memmove(one.dims, one.dims + 1, (size_t)--one.rank * sizeof *one.dims);
  return mote_array_to_tensor(&one, "a sample of the array", true, t, e);
}

static mote_status take_image(const data_samples *d, const data_file *f, mote_tensor *t, mote_error *e) {
  mote_image_prep prep;
  mote_image *const image = data_image(f, e);
  if (!image) return e->code;
  mote_image_prep_default(&prep, t);
  const mote_status status = mote_image_to_tensor(image, d->prepares ? &d->prep : &prep, t, e);
  mote_image_free(image);
  return status;
}

static mote_status take_file(const data_samples *d, const char *path, mote_tensor *t, mote_error *e) {
  data_file f;
  mote_status status;
  if (!data_open(&f, path, d->c, e)) return e->code;
  if (f.kind == FILE_IMAGE) status = take_image(d, &f, t, e);
  else if (f.kind == FILE_SOUND) {
    mote_sound *const sound = data_sound(&f, e);
    status = sound ? mote_sound_to_tensor(sound, 0, t, e) : e->code;
    mote_sound_free(sound);
  } else if (f.kind == FILE_ARRAY) {
    mote_array *const array = data_array(&f, e);
    status = array ? mote_array_to_tensor(array, path, true, t, e) : e->code;
    mote_array_free(array);
  } else status = mote_raw_read(path, t, e);
  data_close(&f);
  return status;
}

static mote_status read_sample(void *user, int64_t index, mote_session *s, int32_t *label, mote_error *e) {
  const data_samples *const d = user;
  (void)label;
  if (mote_session_input_count(s) != 1) {
    snprintf(e->text, sizeof e->text, "the network has %d inputs; samples are taken for networks with one",
             (int)mote_session_input_count(s));
    return e->code = MOTE_ERR_UNSUPPORTED;
  }
  mote_tensor *const t = mote_session_input(s, 0);
  return d->array ? take_element(d, index, t, e) : take_file(d, d->files[index], t, e);
}

mote_samples data_samples_of(data_samples *d) {
  return (mote_samples){.count = (int64_t)d->count, .read = d->count ? read_sample : NULL, .user = d};
}

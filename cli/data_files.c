/* data_files.c: the files of a folder, with all folders in it, or of a tar archive. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/data.h"
#include "media/tar.h"

enum { MOST_PATH = 4096, MOST_DEPTH = 16 };

typedef struct listing {
  data_samples *d;
  size_t room;
  size_t others; /* files that are no samples */
} listing;

static int by_name(const void *a, const void *b) {
  return strcmp(((const data_item *)a)->name, ((const data_item *)b)->name);
}

static bool ends(const char *name, const char *ending) {
  const size_t n = strlen(name), m = strlen(ending);
  return n >= m && !strcasecmp(name + n - m, ending);
}

/* What its first bytes or its name say is a sample: a broken picture should be told of, a README should not. */
static bool is_sample(const char *name, const void *data, size_t size) {
  static const char *const endings[] = {".jpg", ".jpeg", ".png", ".bmp", ".pgm", ".ppm",
                                        ".pnm", ".wav",  ".npy", ".bin", ".raw"};
  const media_kind kind = media_kind_of(data, size);
  if (kind >= KIND_JPEG && kind <= KIND_NPY) return true;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (ends(name, endings[i])) return true;
  return false;
}

static bool add(listing *l, const char *name, const uint8_t *data, size_t size) {
  data_samples *const d = l->d;
  if (d->count == l->room) {
    data_item *const more = realloc(d->items, (l->room = l->room * 2 + 64) * sizeof *more);
    if (!more) return false;
    d->items = more;
  }
  char *const copy = strdup(name);
  if (copy) d->items[d->count++] = (data_item){copy, data, size};
  return copy != NULL;
}

static bool add_file(listing *l, const char *path) {
  char first[512];
  FILE *const f = fopen(path, "rb");
  const size_t size = f ? fread(first, 1, sizeof first, f) : 0;
  if (f) fclose(f);
  if (is_sample(path, first, size)) return add(l, path, NULL, 0);
  l->others++;
  return true;
}

/* Folders wait in a queue; names that begin with a dot are passed over. */
static bool list_one(listing *l, const char *path, char ***queue, size_t *waiting) {
  DIR *const folder = opendir(path);
  bool good = folder != NULL;
  for (struct dirent *entry; good && (entry = readdir(folder));) {
    char name[MOST_PATH];
    struct stat about;
    if (entry->d_name[0] == '.') continue;
    if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) >= MOST_PATH || stat(name, &about)) continue;
    if (S_ISREG(about.st_mode)) good = add_file(l, name);
    else if (S_ISDIR(about.st_mode)) {
      char **const more = realloc(*queue, (*waiting + 1) * sizeof *more);
      if (more) *queue = more;
      char *const copy = more ? strdup(name) : NULL;
      if (copy) (*queue)[(*waiting)++] = copy;
      good = copy != NULL;
    }
  }
  if (folder) closedir(folder);
  return good;
}

static size_t depth(const char *path) {
  size_t n = 0;
  for (; *path; path++) n += *path == '/';
  return n;
}

static bool listed(listing *l, const char *path, const char *what) {
  data_samples *const d = l->d;
  if (!d->count) return fault("the %s %s is empty, or holds no picture, sound, .npy, .bin or .raw", what, path), false;
  if (l->others)
    note(d->c, "%zu file%s of %s %s neither picture, sound, .npy, .bin nor .raw, and left out", l->others,
         l->others == 1 ? "" : "s", path, l->others == 1 ? "is" : "are");
  qsort(d->items, d->count, sizeof *d->items, by_name);
  return true;
}

bool data_list_folder(data_samples *d, const char *path) {
  listing l = {.d = d};
  char **queue = NULL;
  size_t waiting = 0;
  const size_t top = depth(path);
  d->folder = strlen(path) + 1;
  bool good = list_one(&l, path, &queue, &waiting);
  if (!good) fault("cannot list %s: %s", path, strerror(errno));
  for (size_t i = 0; i < waiting; i++) {
    if (good && depth(queue[i]) - top <= MOST_DEPTH) list_one(&l, queue[i], &queue, &waiting);
    free(queue[i]);
  }
  free(queue);
  return good && listed(&l, path, "folder");
}

bool data_list_tar(data_samples *d, const char *path) {
  listing l = {.d = d};
  mote_error e;
  const mote_media_config config = {.memory_limit = d->c->limit_memory};
  if (media_open(&d->tar, path, &config, &e)) return fault("%s", e.text), false;
  tar_file f;
  bool good = true;
  for (size_t at = 0; good && tar_next(&d->tar, &at, &f, &e);) {
    if (is_sample(f.name, f.data, f.size)) good = add(&l, f.name, f.data, f.size);
    else l.others++;
  }
  if (!good) return fault("cannot list %s: %s", path, strerror(ENOMEM)), false;
  if (e.code != MOTE_OK) return fault("%s", e.text), false;
  return listed(&l, path, "archive");
}

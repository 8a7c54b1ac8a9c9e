/* corpus.c: no real file suffers: every shared model, and every model of a recorded case that runs, is accepted with
 * all its contents. */
#include "schema/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"

typedef struct tally {
  mem *m;
  int models, cases;
} tally;

static void must_be_accepted(tally *t, const void *data, size_t size, const char *name) {
  const sch_read_options deep = {.deep = true};
  file_view v;
  mote_error e;
  sch_file *file;
  assert_int_equal(file_from_memory(&v, t->m, data, size, false, &e), MOTE_OK);
  if (sch_read(&v, t->m, &deep, &file, &e)) fail_msg("%s is refused: %s", name, e.text);
  sch_close(file);
}

/* ---- recorded cases ---- */

typedef struct cursor {
  const uint8_t *at, *end;
} cursor;

static const uint8_t *take(cursor *c, size_t n) {
  assert_true(n <= (size_t)(c->end - c->at));
  c->at += n;
  return c->at - n;
}

static uint32_t number(cursor *c, size_t bytes) {
  uint32_t v = 0;
  memcpy(&v, take(c, bytes), bytes);
  return v;
}

static void skip_values(cursor *c) {
  for (uint32_t n = number(c, 2); n; n--) {
    take(c, 5);
    take(c, 4 * number(c, 1));
    take(c, number(c, 4));
  }
}

/* "MVEC", version, count; each case: name, what is expected (0: it runs), model, steps of inputs and outputs. */
static void check_cases(tally *t, const uint8_t *data, size_t size, const char *path) {
  cursor c = {data + 8, data + size};
  for (uint32_t n = number(&c, 4); n; n--) {
    char name[400];
    const uint32_t length = number(&c, 2);
    snprintf(name, sizeof name, "%s: %.*s", path, (int)length, (const char *)take(&c, length));
    const uint32_t expected = number(&c, 1), model_size = number(&c, 4);
    const uint8_t *model = take(&c, model_size);
    if (model_size && !expected) {
      void *copy = malloc(model_size); /* aligned, and of its own size */
      memcpy(copy, model, model_size);
      must_be_accepted(t, copy, model_size, name);
      free(copy);
      t->cases++;
    }
    for (uint32_t steps = number(&c, 2); steps; steps--) {
      skip_values(&c);
      skip_values(&c);
    }
  }
}

static void check_file(tally *t, const char *path) {
  file_view v;
  mote_error e;
  if (file_open(&v, t->m, path, false, &e)) fail_msg("%s", e.text);
  if (strstr(path, ".mvec")) {
    check_cases(t, v.data, (size_t)v.size, path);
  } else {
    must_be_accepted(t, v.data, (size_t)v.size, path);
    t->models++;
  }
  file_close(&v);
}

static void walk(tally *t, const char *folder) {
  DIR *dir = opendir(folder);
  assert_non_null(dir);
  for (struct dirent *d; (d = readdir(dir));) {
    char path[1000];
    struct stat st;
    if (d->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) walk(t, path);
    else if (strstr(d->d_name, ".tflite") || strstr(d->d_name, ".mvec")) check_file(t, path);
  }
  closedir(dir);
}

static void no_real_file_suffers(void **state) {
  (void)state;
  static const char *const folders[] = {"models", "convert", "convert_layers", "vectors"};
  tally t = {.m = mem_new(NULL, 0)};
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    char path[500];
    if (shared_path(path, sizeof path, folders[i])) walk(&t, path);
  }
  assert_int_equal(atomic_load(&t.m->used), 0);
  mem_release(t.m);
  if (!t.models && !t.cases) skip();
  print_message("%d models and %d recorded cases are accepted\n", t.models, t.cases);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(no_real_file_suffers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

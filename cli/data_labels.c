/* data_labels.c: which class a sample belongs to: by its folder, a table of names, an array, or a column of its table.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/data.h"

enum { NAME = 96 };

typedef char class_name[NAME];

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

static bool to_number(const char *text, int32_t *value) {
  char *end;
  const double v = strtod(text, &end);
  if (end == text || *end || v != floor(v) || v < 0 || v > 1e9) return false;
  *value = (int32_t)v;
  return true;
}

static int32_t label_called(const labels *l, const char *name) {
  for (size_t i = 0; i < l->count; i++)
    if (!strcmp(l->line[i], name)) return (int32_t)i;
  return MOTE_NO_LABEL;
}

/* Names of all samples ("" is none) into numbers: they are numbers, or labels of the model, or they are numbered in the
 * order of the alphabet. */
static bool number_names(data_samples *d, class_name *names, const labels *l) {
  bool numbers = true, known = l->count > 0;
  int32_t value;
  for (size_t i = 0; i < d->count; i++) {
    if (!names[i][0]) continue;
    numbers &= to_number(names[i], &value);
    known &= label_called(l, names[i]) >= 0;
  }
  class_name *const sorted = malloc(d->count * sizeof *sorted);
  if (!sorted) return false;
  size_t distinct = 0;
  for (size_t i = 0; i < d->count; i++)
    if (names[i][0]) memcpy(sorted[distinct++], names[i], NAME);
  qsort(sorted, distinct, sizeof *sorted, by_text);
  size_t kept = 0;
  for (size_t i = 0; i < distinct; i++)
    if (!kept || strcmp(sorted[kept - 1], sorted[i]) != 0) memmove(sorted[kept++], sorted[i], NAME);
  for (size_t i = 0; i < d->count; i++) {
    d->labels[i] = MOTE_NO_LABEL;
    if (!names[i][0]) continue;
    if (numbers) to_number(names[i], &d->labels[i]);
    else if (known) d->labels[i] = label_called(l, names[i]);
    else
      d->labels[i] = (int32_t)((const class_name *)bsearch(names[i], sorted, kept, sizeof *sorted, by_text) -
                               (const class_name *)sorted);
  }
  free(sorted);
  return true;
}

/* ---- where names come from ---- */

/* The first folder below the one that was named; false when a sample lies in none. */
static bool names_of_folders(const data_samples *d, class_name *names) {
  for (size_t i = 0; i < d->count; i++) {
    const char *const start = d->items[i].name + d->folder, *const slash = strchr(start, '/');
    if (!slash) return false;
    snprintf(names[i], NAME, "%.*s", (int)(slash - start), start);
  }
  return true;
}

static int32_t column_of(const mote_table *t, const char *asked, int32_t otherwise) {
  static const char *const usual[] = {"label", "labels", "class", "target", "species"};
  char *end;
  const long number = asked ? strtol(asked, &end, 10) : -1;
  if (asked && end != asked && !*end) return number >= 0 && number < t->columns ? (int32_t)number : -1;
  for (int32_t i = 0; t->names && i < t->columns; i++) {
    if (asked && !strcmp(t->names[i], asked)) return i;
    for (size_t k = 0; !asked && k < sizeof usual / sizeof *usual; k++)
      if (!strcasecmp(t->names[i], usual[k])) return i;
  }
  return asked ? -1 : otherwise;
}

static int compare_base(const void *key, const void *item) { return strcmp(key, ((const class_name *)item)[0]); }

static const char *base_name(const char *path) {
  const char *const slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* A table of one column has the labels in the order of the samples; others name files in their first column. */
static bool names_of_table(const data_samples *d, const mote_table *t, const char *asked, class_name *names) {
  const int32_t column = column_of(t, asked, t->columns - 1);
  if (column < 0) return fault("the table of labels has no column '%s'", asked), false;
  if (t->columns == 1 || !d->items) {
    if (t->rows != (int64_t)d->count)
      return fault("there are %lld labels for %zu samples", (long long)t->rows, d->count), false;
    for (size_t i = 0; i < d->count; i++) mote_table_text(t, (int64_t)i, column, names[i], NAME);
    return true;
  }
  class_name(*pairs)[2] = malloc((size_t)t->rows * sizeof *pairs);
  if (!pairs) return fault("out of memory"), false;
  for (int64_t i = 0; i < t->rows; i++) {
    class_name path;
    mote_table_text(t, i, 0, path, NAME);
    snprintf(pairs[i][0], NAME, "%s", base_name(path));
    mote_table_text(t, i, column, pairs[i][1], NAME);
  }
  qsort(pairs, (size_t)t->rows, sizeof *pairs, by_text);
  size_t found = 0;
  for (size_t i = 0; i < d->count; i++) {
    const class_name *const pair =
        bsearch(base_name(d->items[i].name), pairs, (size_t)t->rows, sizeof *pairs, compare_base);
    snprintf(names[i], NAME, "%s", pair ? pair[1] : "");
    found += pair != NULL;
  }
  free(pairs);
  if (!found) return fault("the table of labels names none of the %zu samples in its first column", d->count), false;
  if (found < d->count) note(d->c, "%zu of %zu samples have no label", d->count - found, d->count);
  return true;
}

static bool from_array(data_samples *d, const mote_array *a) {
  const int bits = mote_type_bits(a->type);
  const size_t count = bits >= 8 ? a->size / ((size_t)bits / 8) : 0;
  if (count != d->count) return fault("there are %zu labels for %zu samples", count, d->count), false;
  double *const real = malloc((count + 1) * sizeof *real);
  mote_tensor t = {.type = MOTE_FLOAT64, .rank = a->rank, .data = real, .size = count * sizeof *real};
  memcpy(t.dims, a->dims, sizeof t.dims);
  mote_error e;
  const bool good = real && mote_array_to_tensor(a, "the labels", true, &t, &e) == MOTE_OK;
  for (size_t i = 0; good && i < count; i++)
    d->labels[i] = real[i] >= 0 && real[i] < 1e9 ? (int32_t)real[i] : MOTE_NO_LABEL;
  free(real);
  return good ? true : (fault("%s", real ? e.text : "out of memory"), false);
}

/* ---- the whole ---- */

static bool from_file(data_samples *d, const data_options *o, class_name *names, bool *named) {
  mote_error e, no_table;
  mote_arrays *const arrays = mote_arrays_open(o->labels_from, NULL, &e);
  if (arrays) {
    *named = false;
    const bool good = from_array(d, &arrays->arrays[0]);
    mote_arrays_free(arrays);
    return good;
  }
  mote_table *const t = mote_table_open(o->labels_from, NULL, &no_table);
  if (!t) return fault("%s", e.code == MOTE_ERR_FORMAT ? no_table.text : e.text), false;
  const bool good = names_of_table(d, t, d->table ? NULL : o->label_column, names);
  mote_table_free(t);
  return good;
}

static bool find_names(data_samples *d, const data_options *o, class_name *names, bool *named) {
  const bool folders = o->labels_from && !strcmp(o->labels_from, "folders");
  if (o->labels_from && !folders) return from_file(d, o, names, named);
  if (d->table) {
    *named = d->label_array >= 0;
    for (size_t i = 0; *named && i < d->count; i++)
      mote_table_text(d->table, (int64_t)i, d->label_array, names[i], NAME);
    return true;
  }
  if (d->arrays) {
    *named = false;
    return d->label_array < 0 || from_array(d, &d->arrays->arrays[d->label_array]);
  }
  *named = names_of_folders(d, names);
  if (folders && !*named) return fault("--labels-from folders needs every sample in a folder that is its class"), false;
  return true;
}

/* Finds what is no input but a label, before the samples are counted. */
static void find_own(data_samples *d, const data_options *o) {
  d->label_array = -1;
  if (d->table) d->label_array = column_of(d->table, o->label_column, -1);
  for (int32_t i = 0; d->arrays && d->arrays->count > 1 && i < d->arrays->count; i++) {
    static const char *const usual[] = {"label", "labels", "y", "y_test", "y_train", "targets"};
    for (size_t k = 0; k < sizeof usual / sizeof *usual; k++)
      if (!strcmp(d->arrays->names[i], usual[k])) d->label_array = i;
  }
}

bool data_labels(data_samples *d, const data_options *o, const mote_metadata *about) {
  find_own(d, o);
  if (d->table && o->label_column && d->label_array < 0)
    return fault("the table has no column '%s'", o->label_column), false;
  class_name *const names = calloc(d->count + 1, sizeof *names);
  d->labels = malloc((d->count + 1) * sizeof *d->labels);
  labels l = {0};
  bool named = true, good = names && d->labels;
  if (!good) fault("out of memory");
  for (size_t i = 0; good && i < d->count; i++) d->labels[i] = MOTE_NO_LABEL;
  if (good) good = find_names(d, o, names, &named);
  if (good && named) {
    if (about && !labels_load(&l, NULL, about, 0, d->c)) good = false;
    if (good && !number_names(d, names, &l)) good = (fault("out of memory"), false);
    if (about) labels_free(&l);
  }
  free(names);
  return good;
}

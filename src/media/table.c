/* table.c: tables of text: CSV and its relatives. Where each row begins is kept; cells are read when they are asked
 * for. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/size.h"
#include "media/unpack.h"

enum { MOST_COLUMNS = 1 << 20, CELL = 256 };

typedef struct table_object {
  mote_table table; /* first: the pointer a caller holds */
  media_source source;
  char separator;
  size_t *rows; /* where each begins; one more: where the last ends */
  size_t count, room;
  char **names;
} table_object;

/* A cell in the file; quotes are still around it. */
typedef struct cell {
  const char *at;
  size_t length;
} cell;

/* ---- cells ---- */

/* The end of a cell: at a separator or the end of its line that is in no quotes. */
static size_t cell_end(const char *text, size_t at, size_t end, char separator) {
  bool quoted = false;
  for (; at < end; at++) {
    if (text[at] == '"') quoted = !quoted;
    else if (!quoted && (text[at] == separator || text[at] == '\n')) break;
  }
  return at;
}

static cell trimmed(const char *at, size_t length) {
  while (length && (*at == ' ' || *at == '\r' || *at == '\t')) at++, length--;
  while (length && (at[length - 1] == ' ' || at[length - 1] == '\r' || at[length - 1] == '\t')) length--;
  return (cell){at, length};
}

/* The cell at *at of a row, and *at behind its separator; false when the row has no more. */
static bool next_cell(const table_object *t, size_t row, size_t *at, cell *c) {
  const char *text = (const char *)t->source.data;
  size_t end = t->rows[row + 1];
  while (end > t->rows[row] && (text[end - 1] == '\n' || text[end - 1] == '\r')) end--;
  if (*at > end) return false;
  const size_t stop = cell_end(text, *at, end, t->separator);
  *c = trimmed(text + *at, stop - *at);
  *at = stop + 1;
  return true;
}

static size_t copy_text(cell c, char *to, size_t room) {
  size_t used = 0;
  const bool quoted = c.length >= 2 && c.at[0] == '"' && c.at[c.length - 1] == '"';
  for (size_t i = quoted; i < c.length - quoted; i++) {
    if (quoted && c.at[i] == '"' && i + 1 < c.length - 1 && c.at[i + 1] == '"') i++;
    if (used + 1 < room) to[used] = c.at[i];
    used++;
  }
  if (room) to[used < room ? used : room - 1] = 0;
  return used;
}

/* Decimal numbers, whatever the locale: 17 digits decide, further ones count as zeros. */
static bool to_number(cell c, double *value) {
  char text[CELL];
  if (copy_text(c, text, sizeof text) >= sizeof text) return false;
  const char *p = text;
  const bool negative = *p == '-';
  if (*p == '-' || *p == '+') p++;
  uint64_t digits = 0;
  int used = 0, seen = 0, exponent = 0;
  for (bool point = false; (*p >= '0' && *p <= '9') || (*p == '.' && !point); p++) {
    if (*p == '.') {
      point = true;
      continue;
    }
    seen++;
    if (used < 17) digits = digits * 10 + (uint64_t)(*p - '0'), used += digits != 0, exponent -= point;
    else exponent += !point;
  }
  if (!seen) return false;
  if (*p == 'e' || *p == 'E') {
    int power = 0;
    const bool down = *++p == '-';
    if (*p == '-' || *p == '+') p++;
    if (*p < '0' || *p > '9') return false;
    for (; *p >= '0' && *p <= '9'; p++)
      if (power < 10000) power = power * 10 + (*p - '0');
    exponent += down ? -power : power;
  }
  if (*p) return false;
  const double magnitude = exponent < 0 ? (double)digits / pow(10, -exponent) : (double)digits * pow(10, exponent);
  *value = negative ? -magnitude : magnitude;
  return digits || seen;
}

/* ---- the whole ---- */

static mote_status note_row(table_object *t, size_t at, mote_error *e) {
  if (t->count == t->room) {
    const size_t room = t->room ? 2 * t->room : 64;
    size_t bytes;
    size_t *rows = size_mul(room, sizeof *rows, &bytes) ? mem_resize(t->source.mem, t->rows, bytes) : NULL;
    if (!rows) return err_memory(e, "the list of rows", (uint64_t)room * sizeof *rows);
    t->rows = rows;
    t->room = room;
  }
  t->rows[t->count++] = at;
  return MOTE_OK;
}

/* Empty lines are no rows. */
static mote_status find_rows(table_object *t, size_t at, mote_error *e) {
  const char *text = (const char *)t->source.data;
  const size_t size = t->source.size;
  while (at < size) {
    const size_t stop = cell_end(text, at, size, '\n');
    if (trimmed(text + at, stop - at).length) MOTE_TRY(note_row(t, at, e));
    at = stop + 1;
  }
  if (!t->count) return err_set(e, MOTE_ERR_FORMAT, "%s is a table without a row", t->source.name);
  MOTE_TRY(note_row(t, size, e));
  t->count--;
  return MOTE_OK;
}

/* The first of these that the first line has outside quotes. */
static char find_separator(const char *text, size_t at, size_t size) {
  static const char candidates[] = {'\t', ';', ',', ' '};
  const size_t line = cell_end(text, at, size, '\n');
  const cell c = trimmed(text + at, line - at);
  for (size_t i = 0; i < sizeof candidates; i++)
    if (cell_end(c.at, 0, c.length, candidates[i]) < c.length) return candidates[i];
  return ',';
}

static int32_t count_cells(const table_object *t, size_t row, int32_t *numbers) {
  int32_t count = 0;
  double value;
  cell c;
  *numbers = 0;
  for (size_t at = t->rows[row]; count <= MOST_COLUMNS && next_cell(t, row, &at, &c); count++)
    *numbers += to_number(c, &value);
  return count;
}

static bool names_a_column(cell c) {
  static const char *const known[] = {"label", "labels", "class", "name", "file", "filename", "path"};
  char text[CELL];
  copy_text(c, text, sizeof text);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (!strcasecmp(text, known[i])) return true;
  return false;
}

/* A first row without a number above one with numbers, or one that says what a label is. */
static bool is_header(const table_object *t, int32_t numbers) {
  int32_t below = 0;
  if (numbers) return false;
  if (t->count > 1) count_cells(t, 1, &below);
  if (below) return true;
  cell c;
  for (size_t at = t->rows[0]; next_cell(t, 0, &at, &c);)
    if (names_a_column(c)) return true;
  return false;
}

static mote_status read_header(table_object *t, mote_error *e) {
  mem *m = t->source.mem;
  t->names = MEM_ARRAY(m, char *, (size_t)t->table.columns);
  if (!t->names) return err_memory(e, "the names of columns", (uint64_t)t->table.columns * sizeof *t->names);
  size_t at = t->rows[0];
  cell c;
  for (int32_t i = 0; i < t->table.columns && next_cell(t, 0, &at, &c); i++) {
    const size_t length = copy_text(c, NULL, 0);
    t->names[i] = mem_alloc(m, length + 1);
    if (!t->names[i]) return err_memory(e, "the name of a column", length + 1);
    copy_text(c, t->names[i], length + 1);
  }
  t->table.names = (const char *const *)t->names;
  memmove(t->rows, t->rows + 1, t->count * sizeof *t->rows);
  t->count--;
  return MOTE_OK;
}

static mote_status find_all(table_object *t, mote_error *e) {
  media_source *s = &t->source;
  MOTE_TRY(unpack_gzip(s, e));
  const char *kind = mote_media_kind(s->data, s->size);
  if (strcmp(kind, "text") != 0)
    return err_set(e, MOTE_ERR_FORMAT, "%s is no table of text: it looks like %s", s->name, kind);
  const size_t start = s->size >= 3 && !memcmp(s->data, "\xef\xbb\xbf", 3) ? 3 : 0; /* UTF-8's byte order mark */
  t->separator = find_separator((const char *)s->data, start, s->size);
  MOTE_TRY(find_rows(t, start, e));
  int32_t numbers;
  t->table.columns = count_cells(t, 0, &numbers);
  if (t->table.columns > MOST_COLUMNS)
    return err_set(e, MOTE_ERR_LIMIT, "%s has more than %d columns", s->name, (int)MOST_COLUMNS);
  if (is_header(t, numbers)) MOTE_TRY(read_header(t, e));
  t->table.rows = (int64_t)t->count;
  return MOTE_OK;
}

/* Takes over the source, also on failure. */
static mote_table *read(media_source *s, mote_error *e) {
  table_object *t = MEM_NEW(s->mem, table_object);
  if (!t) {
    err_memory(e, "a table's record", sizeof *t);
    media_close(s);
    return NULL;
  }
  t->source = *s;
  t->rows = MEM_ARRAY(s->mem, size_t, 1);
  t->room = 1;
  const bool good = t->rows ? find_all(t, e) == MOTE_OK : (err_memory(e, "the list of rows", sizeof *t->rows), false);
  if (good) return &t->table;
  mote_table_free(&t->table);
  return NULL;
}

mote_table *mote_table_open(const char *path, const mote_media_config *config, mote_error *e) {
  media_source s;
  return media_open(&s, path, config, e) ? NULL : read(&s, e);
}

mote_table *mote_table_from_memory(const void *data, size_t size, const char *name, const mote_media_config *config,
                                   mote_error *e) {
  media_source s;
  return media_from_memory(&s, data, size, name, config, e) ? NULL : read(&s, e);
}

void mote_table_free(mote_table *table) {
  if (!table) return;
  table_object *t = (table_object *)table;
  media_source s = t->source;
  for (int32_t i = 0; t->names && i < table->columns; i++) mem_free(s.mem, t->names[i]);
  mem_free(s.mem, t->names);
  mem_free(s.mem, t->rows);
  mem_free(s.mem, t);
  media_close(&s);
}

mote_status mote_table_numbers(const mote_table *table, int64_t row, double *to, mote_error *e) {
  const table_object *t = (const table_object *)table;
  if (!t || !to || row < 0 || row >= table->rows)
    return err_set(e, MOTE_ERR_ARGUMENT, "a row of the table is needed, and there is no row %lld", (long long)row);
  size_t at = t->rows[row];
  int32_t count = 0;
  for (cell c; next_cell(t, (size_t)row, &at, &c); count++)
    if (count < table->columns && !to_number(c, &to[count])) to[count] = NAN;
  return count == table->columns ? MOTE_OK
                                 : err_set(e, MOTE_ERR_FORMAT, "row %lld of %s has %d cells, and the first has %d",
                                           (long long)row, t->source.name, (int)count, (int)table->columns);
}

size_t mote_table_text(const mote_table *table, int64_t row, int32_t column, char *to, size_t room) {
  const table_object *t = (const table_object *)table;
  if (room) *to = 0;
  if (!t || row < 0 || row >= table->rows) return 0;
  size_t at = t->rows[row];
  for (cell c; next_cell(t, (size_t)row, &at, &c); column--)
    if (!column) return copy_text(c, to, room);
  return 0;
}

/* decode.c: FlatBuffer bytes to records, driven by the tables of schema.h; rules F1 to F14 and F20.
 *
 * Every value is loaded once, checked, and kept: nothing is read again from a file that may change meanwhile. Calls
 * nest as deep as tables of the schema do, whatever the file says.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "schema/rules.h"

enum {
  MAX_DEPTH = 16,          /* the schema itself nests 5 deep */
  MAX_TABLES = 1000000,    /* as FlatBuffers' own verifier */
  VISITS = 4,              /* bytes visited, in file sizes: honest files share little */
  SLACK = 1 << 16,         /* ... and small files share more */
  MAX_SIZE = INT32_MAX - 1 /* of the part that offsets reach (F20) */
};

typedef struct reader {
  checker *c;
  const uint8_t *data;
  uint64_t size; /* of the part that offsets reach */
  uint64_t end;  /* of the last thing met */
  uint64_t visited, visit_budget;
  uint64_t tables, table_budget;
  const char *root; /* name of the root table */
  int depth;        /* the way from it to here, for messages */
  struct {
    const char *field;
    int64_t index; /* -1: no list */
  } path[MAX_DEPTH];
} reader;

static mote_status read_table(reader *r, const sch_table *table, uint64_t at, void *record);

/* ---- messages ---- */

static place path_place(const reader *r, uint64_t offset) {
  place where = at_byte(offset);
  for (int i = 0; i < r->depth; i++) {
    const int32_t index = (int32_t)r->path[i].index;
    if (!strcmp(r->path[i].field, "subgraphs")) where.subgraph = index;
    if (where.subgraph < 0) continue;
    if (!strcmp(r->path[i].field, "tensors")) where.tensor = index;
    if (!strcmp(r->path[i].field, "operators")) where.op = index;
  }
  return where;
}

static void path_text(const reader *r, const char *field, char *to, size_t room) {
  size_t used = (size_t)snprintf(to, room, "%s", r->root);
  for (int i = 0; i < r->depth && used < room; i++) {
    used += (size_t)snprintf(to + used, room - used, ".%s", r->path[i].field);
    if (r->path[i].index >= 0 && used < room)
      used += (size_t)snprintf(to + used, room - used, "[%lld]", (long long)r->path[i].index);
  }
  if (field && used < room) snprintf(to + used, room - used, ".%s", field);
}

__attribute__((format(printf, 5, 6))) static mote_status bad(reader *r, const char *rule, const char *field,
                                                             uint64_t offset, const char *format, ...) {
  char path[200], text[400];
  path_text(r, field, path, sizeof path);
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return rule_fault(r->c, path_place(r, offset), MOTE_ERR_FORMAT, rule, "%s %s: the file is damaged", path, text);
}

/* Something reaches past the end: of the file, or of what offsets of the format can reach. */
static mote_status cut_off(reader *r, const char *rule, const char *field, uint64_t offset, uint64_t need) {
  char path[200];
  path_text(r, field, path, sizeof path);
  if (r->c->file->size > r->size)
    return rule_fault(
        r->c, path_place(r, offset), MOTE_ERR_LIMIT, "F20",
        "%s reaches to byte %llu, past the 2 GiB that tables and the data among them may take: larger data "
        "must follow the tables",
        path, (unsigned long long)need);
  return rule_fault(
      r->c, path_place(r, offset), MOTE_ERR_FORMAT, rule,
      "the file is shorter than its tables: %s needs %llu bytes, and there are %llu; it was cut off while "
      "it was copied or downloaded, or is damaged",
      path, (unsigned long long)need, (unsigned long long)r->size);
}

/* ---- loads ---- */

/* Values pass through a volatile: the compiler may not fetch them from the map a second time after the check. */
static uint16_t load16(const reader *r, uint64_t at) {
  uint16_t v;
  memcpy(&v, r->data + at, sizeof v);
  volatile uint16_t once = v;
  return once;
}

static uint32_t load32(const reader *r, uint64_t at) {
  uint32_t v;
  memcpy(&v, r->data + at, sizeof v);
  volatile uint32_t once = v;
  return once;
}

static uint8_t load8(const reader *r, uint64_t at) {
  volatile uint8_t once = r->data[at];
  return once;
}

static mote_status visit(reader *r, const char *field, uint64_t at, uint64_t bytes) {
  if (at + bytes > r->end) r->end = at + bytes;
  r->visited += bytes;
  if (r->visited <= r->visit_budget) return MOTE_OK;
  return bad(r, "F14", field, at, "makes more than %llu bytes to read from a file of %llu, by sharing",
             (unsigned long long)r->visit_budget, (unsigned long long)r->size);
}

/* Follows the offset stored at `at`. */
static mote_status follow(reader *r, const char *field, uint64_t at, uint64_t *target) {
  const uint32_t offset = load32(r, at);
  if (offset == 0 || offset > INT32_MAX)
    return bad(r, "F4", field, at, "has an offset of %u at byte %llu", offset, (unsigned long long)at);
  if (at + offset + 4 > r->size) return cut_off(r, "F4", field, at, at + offset + 4);
  *target = at + offset;
  return MOTE_OK;
}

/* The vector at `at`: number of elements and where they begin. */
static mote_status vector_at(reader *r, const char *field, uint64_t at, uint64_t width, uint32_t *count,
                             uint64_t *begin) {
  if (at % 4) return bad(r, "F9", field, at, "is a list at byte %llu, no multiple of 4", (unsigned long long)at);
  *count = load32(r, at);
  *begin = at + 4;
  if (*count > (r->size - *begin) / width) return cut_off(r, "F9", field, at, *begin + *count * width);
  if (*begin % width && *count)
    return bad(r, "F9", field, at, "has elements of %u bytes at byte %llu, no multiple of that", (unsigned)width,
               (unsigned long long)*begin);
  return MOTE_OK;
}

/* ---- fields ---- */

static void read_scalar(const reader *r, sch_scalar scalar, uint64_t at, void *to) {
  int32_t v = 0;
  switch (scalar) {
    case SCH_bool: *(bool *)to = load8(r, at) != 0; return;
    case SCH_byte: v = (int8_t)load8(r, at); break;
    case SCH_ubyte: v = load8(r, at); break;
    case SCH_ushort: v = load16(r, at); break;
    default: memcpy(to, r->data + at, sch_scalar_size(scalar)); return;
  }
  memcpy(to, &v, sizeof v);
}

static mote_status read_string(reader *r, const sch_field *f, uint64_t at, sch_string *to) {
  uint32_t size;
  uint64_t begin;
  MOTE_TRY(vector_at(r, f->name, at, 1, &size, &begin));
  if (begin + size >= r->size) return cut_off(r, "F10", f->name, at, begin + size + 1);
  if (load8(r, begin + size)) return bad(r, "F10", f->name, at, "is a string that no 0 ends");
  MOTE_TRY(visit(r, f->name, at, 5 + (uint64_t)size));
  to->data = arena_string(&r->c->file->arena, r->data + begin, size);
  to->size = size;
  return to->data ? MOTE_OK : rule_no_memory(r->c, size);
}

static mote_status read_vector(reader *r, const sch_field *f, uint64_t at, sch_u8s *to) {
  const size_t width = sch_scalar_size(f->scalar);
  uint32_t count;
  uint64_t begin;
  MOTE_TRY(vector_at(r, f->name, at, width, &count, &begin));
  const uint64_t bytes = (uint64_t)count * width;
  MOTE_TRY(visit(r, f->name, at, 4 + bytes));
  uint8_t *copy = arena_alloc(&r->c->file->arena, (size_t)bytes);
  if (!copy) return rule_no_memory(r->c, bytes);
  if (count) memcpy(copy, r->data + begin, (size_t)bytes);
  if (f->scalar == SCH_bool)
    for (uint32_t i = 0; i < count; i++) copy[i] = copy[i] != 0;
  to->data = copy;
  to->count = count;
  return MOTE_OK;
}

static mote_status read_range(reader *r, const sch_field *f, uint64_t at, sch_range *to) {
  uint32_t count;
  uint64_t begin;
  MOTE_TRY(vector_at(r, f->name, at, sch_scalar_size(f->scalar), &count, &begin));
  MOTE_TRY(visit(r, f->name, at, 4));
  *to = (sch_range){.offset = begin, .size = (uint64_t)count * sch_scalar_size(f->scalar), .present = true};
  if (to->offset + to->size > r->end) r->end = to->offset + to->size;
  return MOTE_OK;
}

static mote_status enter(reader *r, const char *field, uint64_t at, int64_t index) {
  if (r->depth == MAX_DEPTH) return bad(r, "F13", field, at, "is nested more than %d deep", MAX_DEPTH);
  r->path[r->depth].field = field;
  r->path[r->depth++].index = index;
  return MOTE_OK;
}

static mote_status count_tables(reader *r, const char *field, uint64_t at, uint64_t count) {
  r->tables += count;
  if (r->tables <= r->table_budget) return MOTE_OK;
  return bad(r, "F13", field, at, "makes more than the %llu tables that a file of %llu bytes can hold",
             (unsigned long long)r->table_budget, (unsigned long long)r->size);
}

static mote_status read_record(reader *r, const char *field, const sch_table *table, uint64_t at, void **to) {
  MOTE_TRY(count_tables(r, field, at, 1));
  void *record = arena_alloc(&r->c->file->arena, table->size);
  if (!record) return rule_no_memory(r->c, table->size);
  MOTE_TRY(enter(r, field, at, -1));
  const mote_status status = read_table(r, table, at, record);
  r->depth--;
  *to = record;
  return status;
}

static mote_status read_records(reader *r, const sch_field *f, uint64_t at, sch_list *to) {
  uint32_t count;
  uint64_t begin;
  MOTE_TRY(vector_at(r, f->name, at, 4, &count, &begin));
  MOTE_TRY(visit(r, f->name, at, 4 + 4 * (uint64_t)count));
  MOTE_TRY(count_tables(r, f->name, at, count));
  uint8_t *records = arena_array(&r->c->file->arena, count, f->table->size);
  if (!records) return rule_no_memory(r->c, (uint64_t)count * f->table->size);
  for (uint32_t i = 0; i < count; i++) {
    uint64_t target;
    MOTE_TRY(enter(r, f->name, at, i));
    mote_status status = follow(r, NULL, begin + 4 * (uint64_t)i, &target);
    if (!status) status = read_table(r, f->table, target, records + i * f->table->size);
    r->depth--;
    if (status) return status;
  }
  to->data = records;
  to->count = count;
  return MOTE_OK;
}

/* ---- tables ---- */

/* A table's frame: where its fields are. */
typedef struct frame {
  uint64_t at, vtable;
  uint32_t vtable_size, size;
} frame;

static mote_status read_frame(reader *r, uint64_t at, frame *t) {
  if (at % 4) return bad(r, "F5", NULL, at, "is a table at byte %llu, no multiple of 4", (unsigned long long)at);
  if (at + 4 > r->size) return cut_off(r, "F5", NULL, at, at + 4);
  const int64_t vtable = (int64_t)at - (int32_t)load32(r, at);
  if (vtable < 0 || vtable % 2) return bad(r, "F5", NULL, at, "has its list of fields at byte %lld", (long long)vtable);
  if ((uint64_t)vtable + 4 > r->size) return cut_off(r, "F5", NULL, at, (uint64_t)vtable + 4);
  *t = (frame){at, (uint64_t)vtable, load16(r, (uint64_t)vtable), load16(r, (uint64_t)vtable + 2)};
  if (t->vtable_size < 4 || t->vtable_size % 2 || t->size < 4)
    return bad(r, "F6", NULL, at, "has a list of fields of %u bytes for a table of %u", t->vtable_size, t->size);
  if (t->vtable + t->vtable_size > r->size) return cut_off(r, "F6", NULL, at, t->vtable + t->vtable_size);
  if (at + t->size > r->size) return cut_off(r, "F6", NULL, at, at + t->size);
  if (t->vtable + t->vtable_size > r->end) r->end = t->vtable + t->vtable_size;
  return visit(r, NULL, at, t->size);
}

/* Position of the field in `slot`, `width` bytes wide; 0 when it is absent. */
static mote_status field_at(reader *r, const frame *t, const char *name, unsigned slot, size_t width, uint64_t *at) {
  *at = 0;
  if (4 + 2 * slot + 2 > t->vtable_size) return MOTE_OK;
  const uint32_t in_table = load16(r, t->vtable + 4 + 2 * slot);
  if (!in_table) return MOTE_OK;
  if (in_table < 4 || in_table + width > t->size || (t->at + in_table) % width)
    return bad(r, "F7", name, t->at, "lies at byte %u of a table of %u bytes", in_table, t->size);
  *at = t->at + in_table;
  return MOTE_OK;
}

static mote_status read_one_of(reader *r, const sch_field *f, const frame *t, uint8_t *record) {
  uint64_t type_at, at;
  MOTE_TRY(field_at(r, t, f->name, f->slot, 1, &type_at));
  MOTE_TRY(field_at(r, t, f->name, f->slot + 1u, 4, &at));
  const uint8_t code = type_at ? load8(r, type_at) : 0;
  /* Options may be left out: all of them then have their defaults. So may the content of metadata, where real files
   * give a kind alone. What these two hold, nothing can stand for. */
  const bool needed = f->members == &sch_union_QuantizationDetails || f->members == &sch_union_SparseIndexVector;
  if (at && !code) return bad(r, "F12", f->name, t->at, "has a table but no kind");
  if (code && !at && needed) return bad(r, "F12", f->name, t->at, "has a kind but no table");
  if (code && !at) {
    char path[200];
    path_text(r, f->name, path, sizeof path);
    rule_warn(r->c, path_place(r, t->at), "F12", "%s has a kind but no table: all its fields have their defaults",
              path);
  }
  record[f->type_offset] = code;
  const sch_table *table = sch_union_table(f->members, code);
  if (!at || !table) return MOTE_OK;
  uint64_t target;
  MOTE_TRY(follow(r, f->name, at, &target));
  return read_record(r, f->name, table, target, (void **)(void *)(record + f->offset));
}

static mote_status read_field(reader *r, const sch_field *f, const frame *t, uint8_t *record) {
  if (f->kind == SCH_ONE_OF) return read_one_of(r, f, t, record);
  uint64_t at, target;
  MOTE_TRY(field_at(r, t, f->name, f->slot, f->kind == SCH_SCALAR ? sch_scalar_size(f->scalar) : 4, &at));
  if (!at) return MOTE_OK;
  void *to = record + f->offset;
  if (f->kind == SCH_SCALAR) {
    read_scalar(r, f->scalar, at, to);
    return MOTE_OK;
  }
  MOTE_TRY(follow(r, f->name, at, &target));
  switch (f->kind) {
    case SCH_STRING: return read_string(r, f, target, to);
    case SCH_VECTOR: return read_vector(r, f, target, to);
    case SCH_RANGE: return read_range(r, f, target, to);
    case SCH_RECORD: return read_record(r, f->name, f->table, target, to);
    default: return read_records(r, f, target, to);
  }
}

static mote_status read_table(reader *r, const sch_table *table, uint64_t at, void *record) {
  frame t;
  MOTE_TRY(read_frame(r, at, &t));
  memcpy(record, table->defaults, table->size);
  *(uint32_t *)record = (uint32_t)at;
  for (uint32_t i = 0; i < table->count; i++) MOTE_TRY(read_field(r, &table->fields[i], &t, record));
  return MOTE_OK;
}

static mote_status read_root(checker *c, const uint8_t *data, uint64_t size, const sch_table *table, void **record,
                             uint64_t *end) {
  reader r = {.c = c, .data = data, .size = size < MAX_SIZE ? size : MAX_SIZE, .root = table->name};
  r.visit_budget = VISITS * r.size + SLACK;
  r.table_budget = r.size / 8 + 1000 < MAX_TABLES ? r.size / 8 + 1000 : MAX_TABLES;
  const uint32_t root = load32(&r, 0);
  if (root == 0 || root > INT32_MAX || root % 4)
    return bad(&r, "F3", NULL, 0, "begins at byte %u, which no table can", root);
  if ((uint64_t)root + 4 > r.size) return cut_off(&r, "F3", NULL, 0, (uint64_t)root + 4);
  *record = arena_alloc(&c->file->arena, table->size);
  if (!*record) return rule_no_memory(c, table->size);
  MOTE_TRY(read_table(&r, table, root, *record));
  *end = r.end;
  return MOTE_OK;
}

mote_status sch_decode(checker *c, const uint8_t *data, uint64_t size, sch_Model **model, uint64_t *end) {
  const char *foreign = sch_foreign(data, size);
  if (foreign) return rule_fault(c, at_byte(0), MOTE_ERR_FORMAT, size < 8 ? "F1" : "F2", "%s", foreign);
  return read_root(c, data, size, &sch_table_Model, (void **)(void *)model, end);
}

mote_status sch_read_tables(const void *data, uint64_t size, const sch_table *root, arena *records, void **record,
                            mote_error *e) {
  static const sch_read_options plain = {0};
  *record = NULL;
  if (size < 8)
    return err_set(e, MOTE_ERR_FORMAT, "%s takes more than the %u bytes there are", root->name, (unsigned)size);
  sch_file file = {.arena = *records, .data = data, .size = size};
  checker c = {.options = &plain, .file = &file, .error = e};
  uint64_t end;
  const mote_status status = read_root(&c, data, size, root, record, &end);
  *records = file.arena;
  return status;
}

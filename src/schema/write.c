/* write.c: the layout of a FlatBuffer, driven by the tables of schema.h. See write.h.
 *
 * Written front to back: a table, then what its fields point at, so that every offset is positive; offsets are patched
 * when their target's place is known. Big vectors (RANGE) are noted and laid out behind all tables. Zips and other
 * bytes behind the model: appended.c.
 */
#include "schema/write.h"

#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "schema/appended.h"

enum {
  DATA_ALIGN = 16,
  VTABLE_SLOTS = 256, /* cached vtables, found by hash */
  MAX_SLOTS = 32,     /* fields of the largest table, unions twice */
  MOST_TABLES = INT32_MAX - 64
};

/* A vector that goes behind the tables. */
typedef struct pending {
  uint64_t patch; /* where its place is written: a 32-bit offset, or with `outside` a 64-bit position in the file */
  sch_range range;
  uint32_t width, align;
  bool outside;
} pending;

typedef struct writer {
  const sch_file *source;
  mem *mem;
  bool outside; /* all buffers */
  uint8_t *data;
  size_t size, room;
  pending *pending;
  size_t pending_count, pending_room;
  uint32_t vtables[VTABLE_SLOTS];
  mote_status status; /* first failure; writing goes on without effect */
  mote_error *error;
} writer;

/* ---- bytes ---- */

static bool fail_memory(writer *w, uint64_t bytes) {
  if (!w->status) w->status = err_memory(w->error, "writing the model", bytes);
  return false;
}

/* Room for n more bytes, zeroed and counted; their position. Position 0 after a failure. */
static size_t grow(writer *w, size_t n) {
  size_t need;
  if (w->status) return 0;
  if (!size_add(w->size, n, &need) || need > MOST_TABLES) {
    w->status = err_set(w->error, MOTE_ERR_LIMIT, "the model's tables take more than the 2 GiB that the format allows");
    return 0;
  }
  if (need > w->room) {
    const size_t room = need + need / 2 + 1024;
    uint8_t *larger = mem_resize(w->mem, w->data, room);
    if (!larger) {
      fail_memory(w, room);
      return 0;
    }
    w->data = larger;
    w->room = room;
  }
  const size_t at = w->size;
  memset(w->data + at, 0, n);
  w->size = need;
  return at;
}

/* Makes the next position equal `residue` modulo `align`. */
static void align_to(writer *w, size_t align, size_t residue) {
  const size_t over = (w->size + align - residue) % align;
  if (over) grow(w, align - over);
}

static void put(writer *w, size_t at, const void *bytes, size_t n) {
  if (!w->status && n) memcpy(w->data + at, bytes, n);
}

static void put32(writer *w, size_t at, uint32_t v) { put(w, at, &v, sizeof v); }

/* The offset at `from` leads to `to`. */
static void point(writer *w, size_t from, size_t to) { put32(w, from, (uint32_t)(to - from)); }

/* ---- vectors ---- */

static void write_vector(writer *w, size_t from, const void *bytes, uint32_t count, size_t width, size_t align,
                         bool string) {
  size_t total;
  if (!size_mul(count, width, &total)) {
    fail_memory(w, UINT64_MAX);
    return;
  }
  const size_t a = align > 4 ? align : 4;
  align_to(w, a, a - 4);
  const size_t at = grow(w, 4 + total + (string ? 1 : 0));
  point(w, from, at);
  put32(w, at, count);
  put(w, at + 4, bytes, total);
}

static void postpone(writer *w, size_t from, const sch_range *range, uint32_t width, uint32_t align, bool outside) {
  if (w->status) return;
  if (w->pending_count == w->pending_room) {
    const size_t room = w->pending_room ? 2 * w->pending_room : 64;
    size_t bytes;
    pending *larger = size_mul(room, sizeof *larger, &bytes) ? mem_resize(w->mem, w->pending, bytes) : NULL;
    if (!larger) {
      fail_memory(w, room * sizeof *larger);
      return;
    }
    w->pending = larger;
    w->pending_room = room;
  }
  w->pending[w->pending_count++] = (pending){from, *range, width, align, outside};
}

/* ---- tables ---- */

/* What a table will hold: one entry for each slot in use. */
typedef struct slot {
  uint16_t slot;
  uint16_t width; /* 1, 2, 4 or 8 */
  uint32_t at;    /* in the table */
} slot;

typedef struct layout {
  slot slots[MAX_SLOTS];
  uint32_t count, size;
  bool wide; /* has a field of 8 bytes */
} layout;

static void write_table(writer *w, size_t from, const sch_table *table, const void *record);

static bool vector_present(const sch_field *f, const void *value) {
  switch (f->kind) {
    case SCH_STRING: return ((const sch_string *)value)->data != NULL;
    case SCH_RANGE: return ((const sch_range *)value)->present;
    case SCH_RECORD: return *(void *const *)value != NULL;
    case SCH_VECTOR:
    case SCH_RECORDS: return ((const sch_list *)value)->data != NULL;
    default: return false;
  }
}

static void add_slot(layout *l, unsigned number, size_t width) {
  if (l->count < MAX_SLOTS) l->slots[l->count++] = (slot){(uint16_t)number, (uint16_t)width, 0};
  if (width == 8) l->wide = true;
}

/* Slots of the fields that differ from their defaults. */
static void choose_slots(layout *l, const sch_table *table, const uint8_t *record) {
  for (uint32_t i = 0; i < table->count; i++) {
    const sch_field *f = &table->fields[i];
    const uint8_t *value = record + f->offset, *normal = (const uint8_t *)table->defaults + f->offset;
    if (f->kind == SCH_SCALAR) {
      if (memcmp(value, normal, sch_record_scalar_size(f->scalar)) != 0)
        add_slot(l, f->slot, sch_scalar_size(f->scalar));
    } else if (f->kind == SCH_ONE_OF) {
      if (record[f->type_offset]) add_slot(l, f->slot, 1);
      if (*(void *const *)value) add_slot(l, f->slot + 1u, 4);
    } else if (vector_present(f, value)) {
      add_slot(l, f->slot, 4);
    }
  }
}

/* Wide fields first: no gaps. */
static void place_slots(layout *l) {
  l->size = 4;
  for (unsigned width = 8; width; width /= 2)
    for (uint32_t i = 0; i < l->count; i++)
      if (l->slots[i].width == width) {
        l->slots[i].at = l->size;
        l->size += width;
      }
}

/* Position of a vtable for the layout: one written before, or a new one. */
static size_t write_vtable(writer *w, const layout *l) {
  uint16_t v[2 + MAX_SLOTS] = {0};
  uint32_t last = 0;
  for (uint32_t i = 0; i < l->count; i++) {
    v[2 + l->slots[i].slot] = (uint16_t)l->slots[i].at;
    if (l->slots[i].slot + 1u > last) last = l->slots[i].slot + 1u;
  }
  v[0] = (uint16_t)(4 + 2 * last);
  v[1] = (uint16_t)l->size;
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (uint32_t i = 0; i < 2 + last; i++) hash = (hash ^ v[i]) * 16777619u;
  uint32_t *cached = &w->vtables[(hash ^ hash >> 16) % VTABLE_SLOTS];
  if (!w->status && *cached && w->size - *cached >= v[0] && memcmp(w->data + *cached, v, v[0]) == 0) return *cached;
  align_to(w, 2, 0);
  const size_t at = grow(w, v[0]);
  put(w, at, v, v[0]);
  *cached = (uint32_t)at;
  return at;
}

static size_t place_of(const layout *l, size_t table, unsigned number) {
  for (uint32_t i = 0; i < l->count; i++)
    if (l->slots[i].slot == number) return table + l->slots[i].at;
  return 0;
}

static void write_scalar(writer *w, size_t at, sch_scalar scalar, const void *value) {
  int32_t v;
  if (scalar == SCH_bool) {
    const uint8_t b = *(const bool *)value;
    put(w, at, &b, 1);
    return;
  }
  const size_t width = sch_scalar_size(scalar);
  if (width >= 4) {
    put(w, at, value, width);
    return;
  }
  memcpy(&v, value, sizeof v);
  put(w, at, &v, width); /* the low bytes of a little-endian integer */
}

static void write_records(writer *w, size_t from, const sch_table *table, const sch_list *list) {
  align_to(w, 4, 0);
  const size_t at = grow(w, 4 + 4 * (size_t)list->count);
  point(w, from, at);
  put32(w, at, list->count);
  for (uint32_t i = 0; i < list->count && !w->status; i++)
    write_table(w, at + 4 + 4 * (size_t)i, table, (const uint8_t *)list->data + i * table->size);
}

static void write_pointed(writer *w, size_t from, const sch_field *f, const void *value) {
  const sch_u8s *list = value;
  const sch_string *string = value;
  switch (f->kind) {
    case SCH_STRING: write_vector(w, from, string->data, string->size, 1, 1, true); break;
    case SCH_VECTOR: write_vector(w, from, list->data, list->count, sch_scalar_size(f->scalar), f->align, false); break;
    case SCH_RANGE: postpone(w, from, value, (uint32_t)sch_scalar_size(f->scalar), f->align, false); break;
    case SCH_RECORD: write_table(w, from, f->table, *(void *const *)value); break;
    default: write_records(w, from, f->table, value); break;
  }
}

static void write_one_of(writer *w, size_t from, const sch_field *f, const uint8_t *record, size_t type_at) {
  const uint8_t code = record[f->type_offset];
  const void *value = *(void *const *)(const void *)(record + f->offset);
  const sch_table *table = sch_union_table(f->members, code);
  if (type_at) put(w, type_at, &code, 1);
  if (code && !table && !w->status)
    w->status = err_set(w->error, MOTE_ERR_UNSUPPORTED,
                        "field %s is of kind %u, which this version of the format does not have: it cannot be written",
                        f->name, code);
  if (value && table) write_table(w, from, table, value);
}

/* Buffers and custom options whose data goes outside: the record as it is written, and what to place. */
typedef union outsider {
  sch_Buffer buffer;
  sch_Operator op;
} outsider;

static const void *put_outside(const writer *w, const sch_table *table, const void *record, outsider *copy,
                               sch_range *data, unsigned *slot_number) {
  if (table == &sch_table_Buffer) {
    const sch_Buffer *b = record;
    *data = b->data;
    if (b->offset > 1) *data = (sch_range){.offset = b->offset, .size = b->size, .present = true};
    if (b->offset <= 1 && (!w->outside || !data->size)) return record;
    copy->buffer = *b;
    copy->buffer.data = (sch_range){0};
    copy->buffer.offset = UINT64_MAX; /* patched */
    copy->buffer.size = data->size;
    *slot_number = 1;
    return copy;
  }
  if (table == &sch_table_Operator && ((const sch_Operator *)record)->large_custom_options_offset > 1) {
    copy->op = *(const sch_Operator *)record;
    *data = (sch_range){
        .offset = copy->op.large_custom_options_offset, .size = copy->op.large_custom_options_size, .present = true};
    *slot_number = 9;
    return copy;
  }
  return record;
}

static void write_table(writer *w, size_t from, const sch_table *table, const void *given) {
  outsider copy;
  sch_range data;
  unsigned outside_slot = 0;
  const uint8_t *record = put_outside(w, table, given, &copy, &data, &outside_slot);
  layout l = {.count = 0};
  choose_slots(&l, table, record);
  place_slots(&l);
  const size_t vtable = write_vtable(w, &l);
  align_to(w, l.wide ? 8 : 4, l.wide ? 4 : 0);
  const size_t at = grow(w, l.size);
  point(w, from, at);
  put32(w, at, (uint32_t)(at - vtable));
  if (outside_slot) postpone(w, place_of(&l, at, outside_slot), &data, 1, DATA_ALIGN, true);
  for (uint32_t i = 0; i < table->count && !w->status; i++) {
    const sch_field *f = &table->fields[i];
    const size_t place = place_of(&l, at, f->kind == SCH_ONE_OF ? f->slot + 1u : f->slot);
    if (f->kind == SCH_ONE_OF) write_one_of(w, place, f, record, place_of(&l, at, f->slot));
    else if (f->kind == SCH_SCALAR && place) write_scalar(w, place, f->scalar, record + f->offset);
    else if (place) write_pointed(w, place, f, record + f->offset);
  }
}

/* ---- the whole ---- */

static void start(writer *w, const sch_table *root, const char *identifier, const void *record) {
  w->size = w->pending_count = 0;
  memset(w->vtables, 0, sizeof w->vtables);
  const size_t head = grow(w, 8);
  put(w, head + 4, identifier, 4);
  write_table(w, head, root, record);
}

static void start_model(writer *w) { start(w, &sch_table_Model, "TFL3", w->source->model); }

/* Bytes of the FlatBuffer: tables and the vectors inside. */
static uint64_t inside_size(const writer *w) {
  uint64_t total = w->size;
  for (size_t i = 0; i < w->pending_count; i++)
    if (!w->pending[i].outside) total += w->pending[i].range.size + 2 * DATA_ALIGN;
  return total;
}

static void add_part(sch_image *image, const void *data, uint64_t size) {
  if (!size) return;
  image->parts[image->count++] = (file_part){data, (size_t)size};
  image->size += size;
}

/* Zeros up to the next multiple of `align`, less `before`, then the `before` bytes of the length word. */
static mote_status add_gap(sch_image *image, uint64_t align, const uint32_t *length, mote_error *e) {
  const size_t before = length ? sizeof *length : 0;
  const size_t gap = (size_t)((align - (image->size + before) % align) % align);
  uint8_t *bytes = arena_alloc(&image->arena, gap + before);
  if (!bytes) return err_memory(e, "writing the model", gap + before);
  if (length) memcpy(bytes + gap, length, before);
  add_part(image, bytes, gap + before);
  return MOTE_OK;
}

static mote_status place_pending(writer *w, sch_image *image, bool outside, mote_error *e) {
  for (size_t i = 0; i < w->pending_count; i++) {
    const pending *p = &w->pending[i];
    if (p->outside != outside) continue;
    const uint32_t length = (uint32_t)(p->range.size / p->width);
    MOTE_TRY(add_gap(image, p->align > 4 ? p->align : 4, outside ? NULL : &length, e));
    if (outside) memcpy(w->data + p->patch, &image->size, sizeof image->size);
    else point(w, (size_t)p->patch, (size_t)(image->size - 4));
    add_part(image, sch_bytes(w->source, &p->range), p->range.size);
  }
  return MOTE_OK;
}

static mote_status assemble(writer *w, const sch_write_options *o, sch_image *image, mote_error *e) {
  size_t most;
  if (!size_mul(w->pending_count, 2, &most) || !size_add(most, 8, &most)) return err_memory(e, "parts", UINT64_MAX);
  image->parts = ARENA_ARRAY(&image->arena, file_part, most);
  if (!image->parts) return err_memory(e, "writing the model", most * sizeof(file_part));
  add_part(image, w->data, w->size);
  MOTE_TRY(place_pending(w, image, false, e));
  MOTE_TRY(place_pending(w, image, true, e));
  if (o->drop_appended) return MOTE_OK;
  const void *appended;
  size_t size;
  if (o->archive.size) MOTE_TRY(appended_archive(&o->archive, image->size, &image->arena, &appended, &size, e));
  else MOTE_TRY(appended_moved(w->source, image->size, &image->arena, &appended, &size, e));
  add_part(image, appended, size);
  return MOTE_OK;
}

mote_status sch_write(const sch_file *source, mem *m, const sch_write_options *options, sch_image *out, mote_error *e) {
  static const sch_write_options plain = {0};
  const sch_write_options *o = options ? options : &plain;
  const uint64_t most = o->inside_most && o->inside_most < MOST_TABLES ? o->inside_most : MOST_TABLES;
  writer w = {.source = source, .mem = m, .outside = o->outside, .error = e};
  *out = (sch_image){.mem = m};
  arena_init(&out->arena, m);
  start_model(&w);
  if (!w.status && !w.outside && inside_size(&w) > most) {
    w.outside = true;
    start_model(&w);
  }
  if (!w.status && inside_size(&w) > MOST_TABLES)
    w.status = err_set(e, MOTE_ERR_LIMIT, "the model's tables take more than the 2 GiB that the format allows");
  if (!w.status) w.status = assemble(&w, o, out, e);
  mem_free(m, w.pending);
  out->tables = w.data;
  if (w.status) sch_image_free(out);
  return w.status;
}

mote_status sch_write_tables(const void *record, const sch_table *root, const char *identifier, mem *m, uint8_t **data,
                             size_t *size, mote_error *e) {
  writer w = {.mem = m, .error = e};
  start(&w, root, identifier, record);
  if (w.status) mem_free(m, w.data);
  else *data = w.data, *size = w.size;
  return w.status;
}

void sch_image_free(sch_image *image) {
  if (!image->mem) return;
  mem_free(image->mem, image->tables);
  arena_free(&image->arena);
  *image = (sch_image){0};
}

mote_status sch_image_join(const sch_image *image, mem *m, uint8_t **data, size_t *size, mote_error *e) {
  size_t total;
  uint8_t *to = size_from_u64(image->size, &total) ? mem_alloc(m, total) : NULL;
  if (!to) return err_memory(e, "the model as one block", image->size);
  size_t at = 0;
  for (size_t i = 0; i < image->count; i++) {
    memcpy(to + at, image->parts[i].data, image->parts[i].size);
    at += image->parts[i].size;
  }
  *data = to;
  *size = total;
  return MOTE_OK;
}

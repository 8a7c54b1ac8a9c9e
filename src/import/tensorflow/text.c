/* text.c: messages in protobuf's text form, for which protobuf-c has no reader: fields by the descriptors that it
 * makes, into records like those it makes.
 *
 *     node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
 *
 * Messages of messages.proto do not nest in themselves, so the depth of calls is that of the definitions.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "import/tensorflow/source.h"

enum { MAX_SKIP = 1000 }; /* how deep a field that is passed over may nest */

typedef struct reader {
  const char *start, *at, *end;
  arena *arena;
  mote_error *error;
} reader;

__attribute__((format(printf, 2, 3))) static mote_status wrong(reader *r, const char *format, ...) {
  char text[300];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  int line = 1, column = 1;
  for (const char *c = r->start; c < r->at; c++) {
    if (*c == '\n') line++, column = 1;
    else column++;
  }
  return err_set(r->error, MOTE_ERR_FORMAT, "line %d, column %d of the text: %s", line, column, text);
}

static mote_status no_memory(reader *r) { return err_memory(r->error, "the messages of a graph", 0); }

/* ---- tokens ---- */

static void skip_space(reader *r) {
  while (r->at < r->end) {
    if (*r->at == '#') {
      while (r->at < r->end && *r->at != '\n') r->at++;
    } else if (isspace((unsigned char)*r->at)) {
      r->at++;
    } else {
      return;
    }
  }
}

static bool at_end(reader *r) { return skip_space(r), r->at == r->end; }

static bool accept(reader *r, char c) {
  if (at_end(r) || *r->at != c) return false;
  r->at++;
  return true;
}

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-' || c == '+'; }

typedef struct word {
  const char *text;
  size_t size;
} word;

/* A name or a number; size 0 when something else stands here. */
static word read_word(reader *r) {
  skip_space(r);
  word w = {r->at, 0};
  while (r->at < r->end && is_word(*r->at)) r->at++;
  w.size = (size_t)(r->at - w.text);
  return w;
}

static bool is(word w, const char *text) { return w.size == strlen(text) && !memcmp(w.text, text, w.size); }

/* ---- strings ---- */

static int digit(char c, int base) {
  const int v = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : 16;
  return v < base ? v : -1;
}

/* Up to `most` digits of a base. */
static unsigned read_digits(reader *r, int base, int most) {
  unsigned v = 0;
  for (int i = 0; i < most && r->at < r->end && digit(*r->at, base) >= 0; i++)
    v = v * (unsigned)base + (unsigned)digit(*r->at++, base);
  return v;
}

static char read_escape(reader *r) {
  static const char names[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
  const char c = r->at < r->end ? *r->at++ : 0;
  const char *found = c ? strchr(names, c) : NULL;
  if (found) return values[found - names];
  if (c == 'x') return (char)read_digits(r, 16, 2);
  if (c < '0' || c > '7') return c; /* a quote or a backslash: itself */
  r->at--;
  return (char)read_digits(r, 8, 3);
}

/* One or more strings that stand side by side. */
static mote_status read_string(reader *r, ProtobufCBinaryData *out) {
  skip_space(r);
  if (r->at == r->end || (*r->at != '"' && *r->at != '\'')) return wrong(r, "a string in quotes is missing");
  out->len = 0;
  out->data = NULL;
  while (!at_end(r) && (*r->at == '"' || *r->at == '\'')) {
    const char quote = *r->at++;
    const char *close = r->at;
    while (close < r->end && *close != quote) close += *close == '\\' && close + 1 < r->end ? 2 : 1;
    if (close >= r->end) return wrong(r, "a string has no end");
    uint8_t *more = arena_alloc(r->arena, out->len + (size_t)(close - r->at) + 1);
    if (!more) return no_memory(r);
    if (out->len) memcpy(more, out->data, out->len);
    out->data = more;
    while (r->at < close) {
      const char c = *r->at++;
      more[out->len++] = (uint8_t)(c == '\\' ? read_escape(r) : c);
    }
    r->at = close + 1;
  }
  return MOTE_OK;
}

/* ---- scalars ---- */

/* DataType's names, which stand where a type's number is stored. */
static bool type_number(word w, int64_t *out) {
  static const struct {
    const char *name;
    int number;
  } types[] = {{"DT_INVALID", 0},
               {"DT_FLOAT", TF_FLOAT},
               {"DT_DOUBLE", TF_DOUBLE},
               {"DT_INT32", TF_INT32},
               {"DT_UINT8", TF_UINT8},
               {"DT_INT16", TF_INT16},
               {"DT_INT8", TF_INT8},
               {"DT_STRING", TF_STRING},
               {"DT_COMPLEX64", TF_COMPLEX64},
               {"DT_INT64", TF_INT64},
               {"DT_BOOL", TF_BOOL},
               {"DT_QINT8", 11},
               {"DT_QUINT8", 12},
               {"DT_QINT32", 13},
               {"DT_BFLOAT16", TF_BFLOAT16},
               {"DT_QINT16", 15},
               {"DT_QUINT16", 16},
               {"DT_UINT16", TF_UINT16},
               {"DT_COMPLEX128", TF_COMPLEX128},
               {"DT_HALF", TF_HALF},
               {"DT_RESOURCE", TF_RESOURCE},
               {"DT_VARIANT", TF_VARIANT},
               {"DT_UINT32", TF_UINT32},
               {"DT_UINT64", TF_UINT64}};
  const size_t ref = w.size > 4 && !memcmp(w.text + w.size - 4, "_REF", 4) ? 4 : 0;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (is((word){w.text, w.size - ref}, types[i].name)) return *out = types[i].number + (ref ? 100 : 0), true;
  return false;
}

static mote_status read_integer(reader *r, int64_t *out) {
  const word w = read_word(r);
  char text[40], *end;
  if (is(w, "true") || is(w, "false")) return *out = is(w, "true"), MOTE_OK;
  if (type_number(w, out)) return MOTE_OK;
  if (!w.size || w.size >= sizeof text) return wrong(r, "a whole number is missing");
  memcpy(text, w.text, w.size);
  text[w.size] = 0;
  *out = *text == '-' ? strtoll(text, &end, 0) : (int64_t)strtoull(text, &end, 0);
  return *end ? wrong(r, "'%s' is no whole number and no type that TensorFlow has", text) : MOTE_OK;
}

static mote_status read_real(reader *r, double *out) {
  const word w = read_word(r);
  char text[80], *end;
  if (!w.size || w.size >= sizeof text) return wrong(r, "a number is missing");
  memcpy(text, w.text, w.size);
  text[w.size] = 0;
  *out = strtod(text, &end); /* knows inf and nan as well */
  if (*end == 'f' || *end == 'F') end++;
  return *end ? wrong(r, "'%s' is no number", text) : MOTE_OK;
}

/* ---- fields ---- */

static size_t size_of(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT: return 4;
    case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    default: return 8;
  }
}

static mote_status read_message(reader *r, ProtobufCMessage *m, char close);

static mote_status read_nested(reader *r, const ProtobufCFieldDescriptor *f, void *to) {
  const ProtobufCMessageDescriptor *kind = f->descriptor;
  const char close = accept(r, '{') ? '}' : accept(r, '<') ? '>' : 0;
  if (!close) return wrong(r, "'{' is missing after %s", f->name);
  ProtobufCMessage *m = arena_alloc(r->arena, kind->sizeof_message);
  if (!m) return no_memory(r);
  kind->message_init(m);
  *(ProtobufCMessage **)to = m;
  return read_message(r, m, close);
}

/* One value of field f into *to. */
static mote_status read_value(reader *r, const ProtobufCFieldDescriptor *f, void *to) {
  int64_t i;
  double d;
  ProtobufCBinaryData s;
  switch (f->type) {
    case PROTOBUF_C_TYPE_MESSAGE: return read_nested(r, f, to);
    case PROTOBUF_C_TYPE_FLOAT: MOTE_TRY(read_real(r, &d)); return *(float *)to = (float)d, MOTE_OK;
    case PROTOBUF_C_TYPE_DOUBLE: return read_real(r, to);
    case PROTOBUF_C_TYPE_STRING: MOTE_TRY(read_string(r, &s)); return *(char **)to = (char *)s.data, MOTE_OK;
    case PROTOBUF_C_TYPE_BYTES: return read_string(r, to);
    case PROTOBUF_C_TYPE_BOOL: MOTE_TRY(read_integer(r, &i)); return *(protobuf_c_boolean *)to = i != 0, MOTE_OK;
    default: break;
  }
  MOTE_TRY(read_integer(r, &i));
  if (size_of(f->type) == 4) *(uint32_t *)to = (uint32_t)i;
  else *(int64_t *)to = i;
  return MOTE_OK;
}

/* A list has room for a power of two elements, or the 4 of the beginning. */
static mote_status append_value(reader *r, const ProtobufCFieldDescriptor *f, ProtobufCMessage *m) {
  size_t *count = (size_t *)(void *)((char *)m + f->quantifier_offset);
  void **list = (void **)(void *)((char *)m + f->offset);
  const size_t size = size_of(f->type);
  if (*count == 0 || (*count >= 4 && (*count & (*count - 1)) == 0)) {
    void *more = arena_array(r->arena, *count ? 2 * *count : 4, size);
    if (!more) return no_memory(r);
    if (*count) memcpy(more, *list, *count * size);
    *list = more;
  }
  MOTE_TRY(read_value(r, f, (char *)*list + *count * size));
  ++*count;
  return MOTE_OK;
}

static mote_status read_list(reader *r, const ProtobufCFieldDescriptor *f, ProtobufCMessage *m) {
  if (!accept(r, '[')) return append_value(r, f, m);
  if (accept(r, ']')) return MOTE_OK;
  do MOTE_TRY(append_value(r, f, m));
  while (accept(r, ','));
  return accept(r, ']') ? MOTE_OK : wrong(r, "']' is missing after the values of %s", f->name);
}

/* Passes over the value of a field that no message here has. */
static mote_status skip_value(reader *r) {
  ProtobufCBinaryData unused;
  char closers[MAX_SKIP];
  int depth = 0;
  do {
    if (at_end(r)) return wrong(r, "the text ends in the middle of a message");
    const char c = *r->at;
    if (c == '"' || c == '\'') {
      MOTE_TRY(read_string(r, &unused));
    } else if (c == '{' || c == '<' || c == '[') {
      if (depth == MAX_SKIP) return wrong(r, "messages are nested more than %d deep", MAX_SKIP);
      closers[depth++] = c == '{' ? '}' : c == '<' ? '>' : ']';
      r->at++;
    } else if (depth && c == closers[depth - 1]) {
      depth--;
      r->at++;
    } else if (is_word(c)) {
      read_word(r);
    } else if (depth && (c == ':' || c == ',' || c == ';')) {
      r->at++;
    } else {
      return wrong(r, "'%c' does not belong here", isprint((unsigned char)c) ? c : '?');
    }
  } while (depth);
  return MOTE_OK;
}

static mote_status read_field(reader *r, ProtobufCMessage *m) {
  const word w = read_word(r);
  char name[100];
  if (!w.size || w.size >= sizeof name) return wrong(r, "the name of a field is missing");
  memcpy(name, w.text, w.size);
  name[w.size] = 0;
  const bool colon = accept(r, ':');
  const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);
  if (!f) return skip_value(r);
  if (!colon && f->type != PROTOBUF_C_TYPE_MESSAGE) return wrong(r, "':' is missing after %s", name);
  if (f->label == PROTOBUF_C_LABEL_REPEATED) return read_list(r, f, m);
  if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) *(uint32_t *)(void *)((char *)m + f->quantifier_offset) = f->id;
  return read_value(r, f, (char *)m + f->offset);
}

/* Fields up to `close`; 0: to the end of the text. */
static mote_status read_message(reader *r, ProtobufCMessage *m, char close) {
  for (;;) {
    if (at_end(r)) return close ? wrong(r, "'%c' is missing at the end", close) : MOTE_OK;
    if (close && accept(r, close)) return MOTE_OK;
    MOTE_TRY(read_field(r, m));
    if (!accept(r, ',')) accept(r, ';');
  }
}

mote_status tf_text_parse(const char *text, size_t size, const ProtobufCMessageDescriptor *kind, arena *a,
                          ProtobufCMessage **out, mote_error *e) {
  reader r = {text, text, text + size, a, e};
  *out = arena_alloc(a, kind->sizeof_message);
  if (!*out) return no_memory(&r);
  kind->message_init(*out);
  return read_message(&r, *out, 0);
}

/* npy.c: see npy.h. The header is a Python dictionary; of that language just what NumPy writes is understood. */
#include "media/npy.h"

#include <stdio.h>
#include <string.h>

#include "base/size.h"

typedef struct code {
  const char *text; /* kind and width; the byte order stands before it */
  mote_type type;
} code;

static const code codes[] = {
    {"f4", MOTE_FLOAT32}, {"f2", MOTE_FLOAT16}, {"f8", MOTE_FLOAT64},   {"i1", MOTE_INT8},        {"i2", MOTE_INT16},
    {"i4", MOTE_INT32},   {"i8", MOTE_INT64},   {"u1", MOTE_UINT8},     {"u2", MOTE_UINT16},      {"u4", MOTE_UINT32},
    {"u8", MOTE_UINT64},  {"b1", MOTE_BOOL},    {"c8", MOTE_COMPLEX64}, {"c16", MOTE_COMPLEX128},
};
enum { CODE_COUNT = sizeof codes / sizeof *codes };

/* A place in the header's text. Every function passes over white space first. */
typedef struct scanner {
  const media_source *source;
  const char *at, *end;
} scanner;

static mote_status bad_header(const scanner *s, mote_error *e) {
  return err_set(e, MOTE_ERR_FORMAT, "%s is a damaged NumPy array: its header makes no sense at byte %zu",
                 s->source->name, (size_t)((const uint8_t *)s->at - s->source->data));
}

static char peek(scanner *s) {
  while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r')) s->at++;
  return s->at < s->end ? *s->at : 0;
}

static bool accept(scanner *s, char c) {
  if (peek(s) != c) return false;
  s->at++;
  return true;
}

static bool accept_word(scanner *s, const char *word) {
  const size_t n = strlen(word);
  if (!peek(s) || (size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0) return false;
  s->at += n;
  return true;
}

/* A quoted string without escapes, at most room - 1 characters. */
static bool string(scanner *s, char *to, size_t room) {
  const char quote = peek(s);
  if (quote != '\'' && quote != '"') return false;
  const char *start = ++s->at;
  while (s->at < s->end && *s->at != quote) s->at++;
  const size_t n = (size_t)(s->at - start);
  if (s->at == s->end || n >= room) return false;
  memcpy(to, start, n);
  to[n] = 0;
  s->at++;
  return true;
}

static bool number(scanner *s, uint64_t *value) {
  const char first = peek(s);
  if (first < '0' || first > '9') return false;
  for (*value = 0; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++) {
    if (*value > UINT64_MAX / 10 - 1) return false;
    *value = *value * 10 + (uint64_t)(*s->at - '0');
  }
  if (s->at < s->end && *s->at == 'L') s->at++; /* Python 2 wrote long integers so */
  return true;
}

static mote_status unsupported(const scanner *s, const char *text, mote_error *e) {
  char shown[64];
  err_name(shown, sizeof shown, text, strlen(text));
  return err_set(e, MOTE_ERR_UNSUPPORTED,
                 "%s holds elements of NumPy type '%s', which are not read; astype('float32') makes others of them",
                 s->source->name, shown);
}

static mote_status read_type(scanner *s, npy *n, mote_error *e) {
  char text[16];
  if (peek(s) == '[') return unsupported(s, "structured", e);
  if (!string(s, text, sizeof text)) return bad_header(s, e);
  const char order = text[0];
  if (order != '<' && order != '|' && order != '=') return unsupported(s, text, e);
  for (size_t i = 0; i < CODE_COUNT; i++)
    if (!strcmp(text + 1, codes[i].text)) {
      n->type = codes[i].type;
      n->item = (size_t)mote_type_bits(n->type) / 8;
      return MOTE_OK;
    }
  n->unicode = text[1] == 'U';
  if (!n->unicode && text[1] != 'S') return unsupported(s, text, e);
  scanner width = {s->source, text + 2, text + strlen(text)};
  uint64_t characters;
  if (!number(&width, &characters) || width.at != width.end || characters > INT32_MAX / 4)
    return unsupported(s, text, e);
  n->type = MOTE_STRING;
  n->item = (size_t)characters * (n->unicode ? 4 : 1);
  return MOTE_OK;
}

static mote_status read_shape(scanner *s, npy *n, mote_error *e) {
  if (!accept(s, '(')) return bad_header(s, e);
  for (n->rank = 0; !accept(s, ')');) {
    uint64_t dim;
    if (!number(s, &dim)) return bad_header(s, e);
    if (n->rank == MOTE_MAX_RANK || dim > INT32_MAX)
      return err_set(e, MOTE_ERR_UNSUPPORTED, "%s has more than %d dimensions, or one above 2^31 - 1", s->source->name,
                     (int)MOTE_MAX_RANK);
    n->dims[n->rank++] = (int32_t)dim;
    if (!accept(s, ',') && peek(s) != ')') return bad_header(s, e);
  }
  return MOTE_OK;
}

static mote_status read_dictionary(scanner *s, npy *n, mote_error *e) {
  enum { TYPE = 1, ORDER = 2, SHAPE = 4, ALL = 7 };
  int seen = 0;
  if (!accept(s, '{')) return bad_header(s, e);
  while (!accept(s, '}')) {
    char key[20];
    if (!string(s, key, sizeof key) || !accept(s, ':')) return bad_header(s, e);
    if (!strcmp(key, "descr")) {
      MOTE_TRY(read_type(s, n, e));
      seen |= TYPE;
    } else if (!strcmp(key, "shape")) {
      MOTE_TRY(read_shape(s, n, e));
      seen |= SHAPE;
    } else if (!strcmp(key, "fortran_order")) {
      n->fortran = accept_word(s, "True");
      if (!n->fortran && !accept_word(s, "False")) return bad_header(s, e);
      seen |= ORDER;
    } else return bad_header(s, e);
    if (!accept(s, ',') && peek(s) != '}') return bad_header(s, e);
  }
  return seen == ALL && !peek(s) ? MOTE_OK : bad_header(s, e);
}

mote_status npy_find(npy *n, const media_source *s, mote_error *e) {
  enum { MAGIC = 6, MOST_HEADER = 1 << 16 };
  *n = (npy){0};
  if (s->size < 12) return media_truncated(s, "the header", e);
  const uint8_t version = s->data[MAGIC];
  if (version < 1 || version > 3)
    return err_set(e, MOTE_ERR_UNSUPPORTED, "%s has version %u of the .npy format; 1 to 3 are read", s->name, version);
  const size_t start = version == 1 ? 10 : 12;
  const uint32_t length = version == 1 ? get_u16le(s->data + 8) : get_u32le(s->data + 8);
  if (length > MOST_HEADER)
    return err_set(e, MOTE_ERR_FORMAT, "%s has a header of %u bytes, more than any array needs", s->name,
                   (unsigned)length);
  if (length > s->size - start) return media_truncated(s, "the header", e);
  scanner text = {s, (const char *)s->data + start, (const char *)s->data + start + length};
  MOTE_TRY(read_dictionary(&text, n, e));
  size_t bytes;
  if (!size_dims(n->dims, n->rank, &n->count) || !size_mul(n->count, n->item, &bytes))
    return err_set(e, MOTE_ERR_LIMIT, "%s says it holds more elements than this machine can address", s->name);
  n->data = s->data + start + length;
  return bytes > s->size - start - length ? media_truncated(s, "the elements", e) : MOTE_OK;
}

const char *npy_code(mote_type type) {
  static const char *const names[MOTE_TYPE_COUNT] = {
      [MOTE_FLOAT32] = "<f4",   [MOTE_FLOAT16] = "<f2",    [MOTE_FLOAT64] = "<f8", [MOTE_INT8] = "|i1",
      [MOTE_INT16] = "<i2",     [MOTE_INT32] = "<i4",      [MOTE_INT64] = "<i8",   [MOTE_UINT8] = "|u1",
      [MOTE_UINT16] = "<u2",    [MOTE_UINT32] = "<u4",     [MOTE_UINT64] = "<u8",  [MOTE_BOOL] = "|b1",
      [MOTE_COMPLEX64] = "<c8", [MOTE_COMPLEX128] = "<c16"};
  return (unsigned)type < MOTE_TYPE_COUNT ? names[type] : NULL;
}

size_t npy_header(char to[NPY_HEADER_ROOM], const char *type, const int32_t *dims, int32_t rank) {
  enum { FRONT = 10, ALIGN = 64 };
  char shape[MEDIA_DIMS_TEXT + 2 * MOTE_MAX_RANK] = "";
  size_t used = 0;
  for (int32_t i = 0; i < rank; i++)
    used += (size_t)snprintf(shape + used, sizeof shape - used, i ? " %d," : "%d,", (int)dims[i]);
  if (rank > 1) shape[used - 1] = 0; /* only a tuple of one keeps its comma */
  size_t length = FRONT + (size_t)snprintf(to + FRONT, NPY_HEADER_ROOM - FRONT,
                                           "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
  while ((length + 1) % ALIGN) to[length++] = ' ';
  to[length++] = '\n';
  memcpy(to, "\x93NUMPY\1\0", 8);
  to[8] = (char)((length - FRONT) & 255);
  to[9] = (char)((length - FRONT) >> 8);
  return length;
}

/* text.c: see text.h. */
#include "view/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/size.h"

void text_add(text *t, const char *bytes, size_t size) {
  size_t need;
  if (t->failed || !size) return;
  if (!size_add(t->size, size, &need)) {
    t->failed = true;
    return;
  }
  if (need > t->room) {
    const size_t room = need + need / 2 + 4096;
    char *const more = mem_resize(t->mem, t->data, room);
    if (!more) {
      t->failed = true;
      return;
    }
    t->data = more;
    t->room = room;
  }
  memcpy(t->data + t->size, bytes, size);
  t->size = need;
}

void text_put(text *t, const char *s) { text_add(t, s, strlen(s)); }

void text_format(text *t, const char *format, ...) {
  char line[1024];
  va_list args;
  va_start(args, format);
  const int n = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (n > 0) text_add(t, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

void text_coordinate(text *t, double v) {
  char s[40];
  int n = snprintf(s, sizeof s, "%.1f", v);
  if (n > 2 && !strcmp(s + n - 2, ".0")) n -= 2;
  text_add(t, s, (size_t)n);
}

void text_number(text *t, double v) {
  if (isfinite(v)) text_format(t, "%.6g", v);
  else text_put(t, "null");
}

/* Bytes of the UTF-8 character at p, as Unicode has them (no surrogates, nothing longer than needed); 0: it is none. */
static size_t utf8_length(const unsigned char *p, size_t left) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const size_t n = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
  if (n <= 1 || n > left) return n <= left ? n : 0;
  uint32_t c = *p & (0xffU >> (n + 1));
  for (size_t i = 1; i < n; i++) {
    if (p[i] >> 6 != 2) return 0;
    c = c << 6 | (p[i] & 63U);
  }
  return c >= least[n] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) ? n : 0;
}

static bool needs_escape(unsigned char c) {
  return c < 0x20 || c == 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == '\'';
}

void text_json(text *t, const char *bytes, size_t size) {
  const unsigned char *const p = (const unsigned char *)bytes;
  text_put(t, "\"");
  for (size_t i = 0, n; i < size; i += n ? n : 1) {
    n = utf8_length(p + i, size - i);
    if (!n) text_put(t, "\xef\xbf\xbd");
    else if (needs_escape(p[i])) text_format(t, "\\u%04x", (unsigned)p[i]);
    else text_add(t, bytes + i, n);
  }
  text_put(t, "\"");
}

void text_html(text *t, const char *bytes, size_t size) {
  const unsigned char *const p = (const unsigned char *)bytes;
  for (size_t i = 0, n; i < size; i += n ? n : 1) {
    n = utf8_length(p + i, size - i);
    if (!n || p[i] < 0x20 || p[i] == 0x7f) text_put(t, "\xef\xbf\xbd");
    else if (needs_escape(p[i])) text_format(t, "&#%u;", (unsigned)p[i]);
    else text_add(t, bytes + i, n);
  }
}

void text_free(text *t) { mem_free(t->mem, t->data); }

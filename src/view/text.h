/* text.h: text that grows in memory, and strings of files in it as JSON that may stand in an HTML page. */
#ifndef VIEW_TEXT_H
#define VIEW_TEXT_H

#include "base/alloc.h"

typedef struct text {
  mem *mem;
  char *data;
  size_t size, room;
  bool failed; /* memory ran out: what follows has no effect */
} text;

void text_add(text *t, const char *bytes, size_t size);
void text_put(text *t, const char *s);
__attribute__((format(printf, 2, 3))) void text_format(text *t, const char *format, ...);
/* A number with at most two decimals, or six digits. */
void text_coordinate(text *t, double v);
void text_number(text *t, double v);
/* A JSON string of any bytes: what is no UTF-8 becomes U+FFFD, and <, > and & are escaped, so that nothing in it ends a
 * script or begins a tag. */
void text_json(text *t, const char *bytes, size_t size);
/* The same as text of an HTML element. */
void text_html(text *t, const char *bytes, size_t size);
void text_free(text *t);

#endif

/* flex.h: options of custom operators: a FlexBuffer map from names to numbers and texts. */
#ifndef IMPORT_FLEX_H
#define IMPORT_FLEX_H

#include "base/arena.h"

typedef enum flex_kind { FLEX_INT = 1, FLEX_FLOAT = 3, FLEX_TEXT = 5, FLEX_BOOL = 26 } flex_kind;

/* One entry; names in alphabetical order, as the format wants them. */
typedef struct flex_entry {
  const char *key;
  flex_kind kind;
  double value;
  const char *text; /* FLEX_TEXT; else NULL */
} flex_entry;

/* The bytes, in the arena; NULL when memory ran out. */
const uint8_t *flex_map(arena *a, const flex_entry *entries, uint32_t count, size_t *size);

#endif

/* json.h: a model as JSON, both ways.
 *
 * The object is the Model table; keys are the format's field names, in the order of schema.def. What stands at its
 * default is left out, and an absent list is told from an empty one by its key.
 *
 *   enum            its name: "CONV_2D"; a number when the name is not known
 *   float           the shortest decimal that gives the same float32. What JSON cannot say is a string: "Infinity",
 *                   "-Infinity", "NaN", and "0x7fc00001" for other NaNs, by their bits
 *   64-bit integer  a number; over 2^63 - 1 a string of digits
 *   name            a string; {"base64": "..."} when its bytes are no UTF-8
 *   bytes           ([ubyte]: data of buffers, custom options) a string in base64; a list of numbers is read too
 *   union           two keys, as in the format: "builtin_options_type": "Conv2DOptions", "builtin_options": {...}
 *
 * Data of buffers and custom options that the file keeps outside the FlatBuffer is given as `data` and
 * `custom_options`, without positions: the writer finds new ones.
 */
#ifndef SCHEMA_JSON_H
#define SCHEMA_JSON_H

#include "schema/read.h"

typedef struct json_t json_t;

/* The model as a tree of jansson; the caller owns one reference. NULL on failure. */
json_t *sch_json_from(const sch_file *file, mote_error *e);

/* The text of the model, in pieces; `write` returns 0 to go on. indent: spaces a level, 0: all in one line. */
mote_status sch_json_print(const sch_file *file, int indent, int (*write)(const char *piece, size_t size, void *user),
                           void *user, mote_error *e);

/* Records from text. They are not verified: write them (write.h) and read that. An error names the place in the text,
 * or the value by its path, "$.subgraphs[0].tensors[3].type". On success the caller owns *out. */
mote_status sch_json_parse(const char *text, size_t size, mem *m, sch_file **out, mote_error *e);

#endif

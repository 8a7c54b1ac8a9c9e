/* options.c: the grammar of the command line: --name VALUE, --name=VALUE or -o VALUE anywhere, files last, "--" ends
 * options. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static void say(const char *format, va_list args) {
  fputs("mote: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
}

int usage_error(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(format, args);
  va_end(args);
  return EXIT_USAGE;
}

int fault(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(format, args);
  va_end(args);
  return EXIT_FAULT;
}

void note(const common *c, const char *format, ...) {
  if (c->quiet) return;
  va_list args;
  va_start(args, format);
  say(format, args);
  va_end(args);
}

static bool number(const char *text, double *value) {
  char *end;
  errno = 0;
  *value = strtod(text, &end);
  return end != text && !*end && !errno;
}

static bool take_int(const char *name, const char *text, int *to) {
  char *end;
  errno = 0;
  const long v = strtol(text, &end, 10);
  if (end == text || *end || errno || v < -1 || v > 1000000000)
    return usage_error("--%s takes a whole number, not '%s'", name, text), false;
  *to = (int)v;
  return true;
}

static bool take_size(const char *name, const char *text, uint64_t *to) {
  char *end;
  errno = 0;
  const double v = strtod(text, &end);
  double unit = 1;
  if (*end == 'k' || *end == 'K') unit = 1024, end++;
  else if (*end == 'M') unit = 1048576, end++;
  else if (*end == 'G') unit = 1073741824, end++;
  if (*end == 'B') end++;
  if (end == text || *end || errno || !(v >= 0) || v * unit > 9e18)
    return usage_error("--%s takes a size such as 500k, 64M or 2G, not '%s'", name, text), false;
  *to = (uint64_t)(v * unit);
  return true;
}

static bool take_floats(const char *name, const char *text, opt_floats *to) {
  char copy[200];
  snprintf(copy, sizeof copy, "%s", text);
  to->count = 0;
  for (char *at = copy, *next; at; at = next) {
    next = strchr(at, ',');
    if (next) *next++ = 0;
    double v;
    if (to->count == 4 || !number(at, &v))
      return usage_error("--%s takes 1 to 4 numbers separated by commas, not '%s'", name, text), false;
    to->v[to->count++] = (float)v;
  }
  return true;
}

static bool take_value(const opt *o, const char *text) {
  switch (o->kind) {
    case OPT_FLAG: *(bool *)o->to = true; return true;
    case OPT_TEXT: *(const char **)o->to = text; return true;
    case OPT_INT: return take_int(o->name, text, o->to);
    case OPT_SIZE: return take_size(o->name, text, o->to);
    case OPT_FLOATS: return take_floats(o->name, text, o->to);
    case OPT_LIST: {
      opt_list *list = o->to;
      if (list->count == OPT_LIST_MAX)
        return usage_error("--%s was given more than %d times", o->name, OPT_LIST_MAX), false;
      list->v[list->count++] = text;
      return true;
    }
  }
  return false;
}

static const opt *find_option(const opt *opts, size_t count, const char *name, size_t length) {
  for (size_t i = 0; i < count; i++)
    if (strlen(opts[i].name) == length && !memcmp(opts[i].name, name, length)) return &opts[i];
  return NULL;
}

bool take_options(int argc, char **argv, const opt *opts, size_t num_opts, int *count) {
  *count = 0;
  for (int i = 0; i < argc; i++) {
    char *word = argv[i];
    if (!strcmp(word, "--")) {
      for (i++; i < argc; i++) argv[(*count)++] = argv[i];
      break;
    }
    if (word[0] != '-' || !word[1]) {
      argv[(*count)++] = word;
      continue;
    }
    const char *name = word + (word[1] == '-' ? 2 : 1), *equals = strchr(name, '=');
    const size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const opt *o = (word[1] == '-') == (length > 1) ? find_option(opts, num_opts, name, length) : NULL;
    if (!o) return usage_error("unknown option '%s'; --help lists those there are", word), false;
    const char *value = equals ? equals + 1 : NULL;
    if (o->kind == OPT_FLAG && value) return usage_error("--%s takes no value", o->name), false;
    if (o->kind != OPT_FLAG && !value) {
      if (i + 1 == argc) return usage_error("%s needs a value", word), false;
      value = argv[++i];
    }
    if (!take_value(o, value)) return false;
  }
  return true;
}

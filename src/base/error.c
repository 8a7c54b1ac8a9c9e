/* error.c: see error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *mote_status_name(mote_status status) {
  switch (status) {
    case MOTE_OK: return "ok";
    case MOTE_ERR_ARGUMENT: return "wrong argument";
    case MOTE_ERR_MEMORY: return "out of memory";
    case MOTE_ERR_LIMIT: return "limit exceeded";
    case MOTE_ERR_IO: return "input or output failed";
    case MOTE_ERR_FORMAT: return "damaged or foreign file";
    case MOTE_ERR_MODEL: return "invalid model";
    case MOTE_ERR_UNSUPPORTED: return "not supported";
    case MOTE_ERR_SHAPE: return "shapes do not fit";
    case MOTE_ERR_TYPE: return "types do not fit";
    case MOTE_ERR_RUN: return "run failed";
    case MOTE_ERR_CANCELLED: return "cancelled";
    case MOTE_ERR_BUSY: return "session is busy";
  }
  return "unknown status";
}

mote_status err_set(mote_error *e, mote_status code, const char *format, ...) {
  if (!e) return code;
  e->code = code;
  e->subgraph = e->op = e->tensor = -1;
  e->offset = -1;
  va_list args;
  va_start(args, format);
  vsnprintf(e->text, sizeof e->text, format, args);
  va_end(args);
  return code;
}

void err_prefix(mote_error *e, const char *format, ...) {
  if (!e) return;
  char old[MOTE_ERROR_TEXT];
  memcpy(old, e->text, sizeof old);
  va_list args;
  va_start(args, format);
  int used = vsnprintf(e->text, sizeof e->text, format, args);
  va_end(args);
  if (used < 0) used = 0;
  if ((size_t)used < sizeof e->text) snprintf(e->text + used, sizeof e->text - (size_t)used, ": %s", old);
}

mote_status err_memory(mote_error *e, const char *what, uint64_t bytes) {
  return err_set(e, MOTE_ERR_MEMORY, "out of memory: %s needs %llu bytes", what, (unsigned long long)bytes);
}

char *err_name(char *to, size_t room, const char *name, size_t length) {
  size_t used = 0;
  for (size_t i = 0; i < length; i++) {
    const unsigned char c = (unsigned char)name[i];
    const int plain = c >= 0x20 && c < 0x7f;
    if (used + (plain ? 1 : 4) + 4 > room) {
      if (room >= 4) memcpy(to + used, "...", 3), used += 3;
      break;
    }
    if (plain) to[used++] = (char)c;
    else used += (size_t)snprintf(to + used, room - used, "\\x%02x", c);
  }
  if (room) to[used < room ? used : room - 1] = 0;
  return to;
}

/* text.c: numbers, names and bars as people read them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

char *bytes_text(char *to, size_t room, uint64_t bytes) {
  static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
  double v = (double)bytes;
  int unit = 0;
  while (v >= 1000 && unit < 4) v /= 1000, unit++;
  snprintf(to, room, unit && v < 100 ? "%.1f %s" : "%.0f %s", v, units[unit]);
  return to;
}

char *count_text(char *to, size_t room, uint64_t count) {
  static const char *const units[] = {"", " k", " M", " G", " T"};
  double v = (double)count;
  int unit = 0;
  while (v >= 1000 && unit < 4) v /= 1000, unit++;
  snprintf(to, room, unit && v < 100 ? "%.1f%s" : "%.0f%s", v, units[unit]);
  return to;
}

char *dims_text(char *to, size_t room, int32_t rank, const int32_t *dims) {
  size_t used = 0;
  to[0] = 0;
  if (rank == 0) snprintf(to, room, "scalar");
  for (int32_t i = 0; i < rank && used < room; i++)
    used += (size_t)(dims[i] < 0 ? snprintf(to + used, room - used, "%s?", i ? "x" : "")
                                 : snprintf(to + used, room - used, "%s%d", i ? "x" : "", (int)dims[i]));
  return to;
}

char *tensor_text(char *to, size_t room, const mote_tensor *t) {
  char dims[120];
  snprintf(to, room, "%s %s", mote_type_name(t->type), dims_text(dims, sizeof dims, t->rank, t->signature));
  return to;
}

char *name_text(char *to, size_t room, const char *name) {
  size_t used = 0;
  for (; *name && used + 8 < room; name++) {
    const unsigned char c = (unsigned char)*name;
    if (c >= 0x20 && c != 0x7f) to[used++] = (char)c;
    else used += (size_t)snprintf(to + used, room - used, "\\x%02x", c);
  }
  if (*name) used += (size_t)snprintf(to + used, room - used, "...");
  to[used] = 0;
  return to;
}

char *bar_text(char *to, size_t room, double share, int width) {
  static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int filled = !(share > 0) ? 0 : (int)((share < 1 ? share : 1) * width * 8 + 0.5);
  size_t used = 0;
  to[0] = 0;
  for (int i = 0; i < filled / 8 && used + 4 < room; i++) used += (size_t)snprintf(to + used, room - used, "█");
  if (used + 4 < room) snprintf(to + used, room - used, "%s", eighths[filled % 8]);
  return to;
}

double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

void show_progress(const char *what, int done, int count, double begin_ms) {
  const double ms = now_ms() - begin_ms;
  if (done < 1 || ms < 1000 || !isatty(STDERR_FILENO)) return;
  if (done < count)
    fprintf(stderr, "\r%s %d of %d, %.0f s left   ", what, done, count, ms / done * (count - done) * 1e-3);
  else fprintf(stderr, "\r%40s\r", "");
}

json_t *json_name(const char *name) {
  json_t *plain = json_string(name);
  if (plain) return plain;
  char escaped[1024]; /* not UTF-8 */
  size_t used = 0;
  for (; *name && used + 8 < sizeof escaped; name++) {
    const unsigned char c = (unsigned char)*name;
    used += (size_t)(c >= 0x20 && c < 0x7f ? snprintf(escaped + used, sizeof escaped - used, "%c", c)
                                           : snprintf(escaped + used, sizeof escaped - used, "\\x%02x", c));
  }
  return json_string(escaped);
}

json_t *json_number(double v) { return isfinite(v) ? json_real(v) : json_null(); }

void print_json(json_t *value) {
  char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9));
  puts(text ? text : "null");
  free(text);
  json_decref(value);
}

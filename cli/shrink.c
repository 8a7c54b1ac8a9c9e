/* shrink.c: see shrink.h. */
#include "cli/shrink.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "mote/convert.h"

static void on_note(void *user, const char *sentence) { note(&((const shrink *)user)->c, "%s", sentence); }

static void on_fault(void *user, const char *sentence) {
  (void)user;
  fprintf(stderr, "  %s\n", sentence);
}

/* On a terminal, once it takes over a second. */
static bool on_progress(void *user, const char *what, double done) {
  const shrink *const s = user;
  const double ms = now_ms() - s->begin_ms;
  if (s->c.quiet || ms < 1000 || !isatty(STDERR_FILENO)) return true;
  if (done < 1) fprintf(stderr, "\r%s: %.0f %%   ", what, 100 * done);
  else fprintf(stderr, "\r%60s\r", "");
  return true;
}

mote_watch shrink_watch(shrink *s) { return (mote_watch){.on_progress = on_progress, .on_note = on_note, .user = s}; }

int shrink_fault(const shrink *s, const char *path, const mote_error *e) {
  const mote_config config = config_of(&s->c);
  return model_fault(path, strstr(e->text, path) != NULL, &config, e);
}

mote_graph *shrink_open(shrink *s, const char *path) {
  const mote_config memory = config_of(&s->c);
  const mote_convert_config config = {
      .memory = &memory, .no_rewrites = s->no_rewrites, .on_note = on_note, .on_note_user = s, .on_fault = on_fault};
  mote_error e;
  s->begin_ms = now_ms();
  snprintf(s->words, sizeof s->words, "%s", s->keep ? s->keep : "");
  for (char *p = s->words; *p; p++)
    if (*p == ',') *p = ' ';
  mote_graph *const g = mote_convert(path, &config, NULL, &e);
  if (!g) shrink_fault(s, path, &e);
  return g;
}

int shrink_save(const shrink *s, mote_graph *g) {
  mote_error e;
  return mote_graph_save(g, s->out, &e) == MOTE_OK ? EXIT_DONE : shrink_fault(s, s->out, &e);
}

char *size_text(char *to, size_t room, mote_size size) {
  char plain[32], zipped[32];
  bytes_text(plain, sizeof plain, size.bytes);
  if (size.zipped) snprintf(to, room, "%s (%s zipped)", plain, bytes_text(zipped, sizeof zipped, size.zipped));
  else snprintf(to, room, "%s", plain);
  return to;
}

json_t *size_json(mote_size size) {
  return json_pack("{s:I, s:o}", "bytes", (json_int_t)size.bytes, "zipped",
                   size.zipped ? json_integer((json_int_t)size.zipped) : json_null());
}

void print_loss(int64_t samples, double sqnr, double top1) {
  if (!samples) return;
  printf("on %lld sample%s held back the outputs are %s", (long long)samples, samples == 1 ? "" : "s",
         isinf(sqnr) ? "the same" : "within ");
  if (!isinf(sqnr)) printf("%.1f dB", sqnr);
  if (!isnan(top1)) printf(", the largest is the same in %.1f %%", 100 * top1);
  putchar('\n');
}

/* seeds.c: the first inputs of the fuzz targets: a network around every operator, by the dice of
 * tests/support/chance.h, as a file and as JSON; a file of every kind of media; models with metadata and labels.
 *
 *   fuzz_seeds FOLDER     writes FOLDER/TARGET/NAME
 *
 * Fuzzing goes on from these; `tools/fuzz.sh --keep` makes the committed corpus of what it found. */
#include <stdio.h>
#include <sys/stat.h>

#include "metadata/make.h"
#include "schema/json.h"
#include "support/chance.h"

enum { NETS = 6, DICE = 160 }; /* networks an operator, bytes that decide */

static const char *folder;

static void save(const char *target, const char *name, const void *data, size_t size) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, target);
  mkdir(path, 0777);
  snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
  FILE *f = fopen(path, "wb");
  if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
    fprintf(stderr, "fuzz_seeds: '%s' cannot be written\n", path);
    exit(1);
  }
}

static int append(const char *piece, size_t size, void *user) {
  put(user, piece, size);
  return 0;
}

static void save_json(const char *name, const uint8_t *file, size_t size) {
  mem *m = mem_new(NULL, 0);
  file_view view;
  sch_file *records;
  bytes text = {0};
  if (file_from_memory(&view, m, file, size, false, NULL) == MOTE_OK &&
      sch_read(&view, m, NULL, &records, NULL) == MOTE_OK) {
    if (sch_json_print(records, 0, append, &text, NULL) == MOTE_OK) save("json", name, text.data, text.size);
    sch_close(records);
    file_close(&view);
  }
  done(&text);
  mem_release(m);
}

static void save_networks(void) {
  static net n;
  uint32_t random = 1;
  for (const mote_op *const *op = op_list; *op; op++)
    for (int k = 0; k < NETS; k++) {
      uint8_t dice[DICE];
      for (int i = 0; i < DICE; i++) dice[i] = (uint8_t)((random = random * 1664525u + 1013904223u) >> 24);
      chance c = {.data = dice, .size = DICE};
      chance_net(&n, &c, *op);
      size_t size = 0;
      const uint8_t *file = net_file(&n, &size);
      char name[100];
      snprintf(name, sizeof name, "%s_%d", (*op)->name, k);
      save("operators", name, dice, DICE);
      for (int t = 0; file && t < 4; t++)
        save((const char *const[]){"verify", "run", "rewrite", "passes"}[t], name, file, size);
      if (file) save_json(name, file, size);
      net_end(&n);
    }
}

static void save_media(void) {
  bytes files[MAKE_ALL];
  const size_t count = make_all(files);
  for (size_t i = 0; i < count; i++) {
    char name[20];
    snprintf(name, sizeof name, "media_%zu", i);
    save("decode", name, files[i].data, files[i].size);
    done(&files[i]);
  }
}

static void save_metadata(void) {
  const about a = {.name = "digits",
                   .means = 1,
                   .stds = 3,
                   .files = {"labels_de.txt", "labels.txt", "x.txt"},
                   .types = {2, 2, 3},
                   .locales = {"de"},
                   .threshold = 0.25f};
  bytes metadata = make_metadata(&a);
  for (int deflated = 0; deflated < 2; deflated++) {
    bytes model = make_model(&metadata);
    append_zip(&model, "labels.txt", "one\ntwo\nthree\n", 14, deflated, !deflated);
    save("metadata", deflated ? "deflated" : "stored", model.data, model.size);
    done(&model);
  }
  done(&metadata);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  folder = argv[1];
  mkdir(folder, 0777);
  save_networks();
  save_media();
  save_metadata();
  return 0;
}

/* tensorflow.c: any bytes as a TensorFlow graph, binary or text, through to a network; and as the index of a
 * checkpoint, whose values are all looked up. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "import/tensorflow/source.h"
#include "mote/convert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/mote-fuzz-XXXXXX", graph[64], index_path[64], values[64], prefix[64];

static void clean(void) {
  unlink(graph);
  unlink(index_path);
  unlink(values);
  rmdir(folder);
}

static void prepare(void) {
  if (*graph) return;
  if (!mkdtemp(folder)) abort();
  snprintf(graph, sizeof graph, "%s/net.pb", folder);
  snprintf(prefix, sizeof prefix, "%s/variables", folder);
  snprintf(index_path, sizeof index_path, "%s.index", prefix);
  snprintf(values, sizeof values, "%s.data-00000-of-00001", prefix);
  atexit(clean);
}

static void save(const char *path, const uint8_t *data, size_t size) {
  FILE *f = fopen(path, "wb");
  if (!f || fwrite(data, 1, size, f) != size || fclose(f)) abort();
}

static void read_checkpoint(const uint8_t *data, size_t size) {
  mem *m = mem_new(NULL, 256 << 20);
  arena a;
  tf_bundle *b;
  tf_saved value;
  mote_error e;
  arena_init(&a, m);
  save(index_path, data, size);
  save(values, data, size);
  if (tf_bundle_open(&b, prefix, &a, &e) == MOTE_OK) {
    for (size_t i = 0; i < tf_bundle_count(b); i++) tf_bundle_get(b, tf_bundle_key(b, i), &value, &e);
    tf_bundle_close(b);
  }
  arena_free(&a);
  mem_release(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const mote_config memory = {.memory_limit = 256 << 20};
  const mote_convert_config config = {.memory = &memory};
  mote_error e;
  prepare();
  save(graph, data, size);
  mote_graph_free(mote_convert(graph, &config, NULL, &e));
  read_checkpoint(data, size);
  return 0;
}

/* keras.c: any bytes as an HDF5 file of Keras, and as a .keras archive, through to a network. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mote/convert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);
const char *__asan_default_options(void);
const char *__asan_default_suppressions(void);

/* libhdf5 does not free all it took when it refuses a file. */
const char *__lsan_default_suppressions(void) { return "leak:libhdf5"; }

/* It asks for as much memory as a header claims, before it finds that the file is shorter: it is told no, as elsewhere.
 */
const char *__asan_default_options(void) { return "allocator_may_return_null=1:max_allocation_size_mb=2048"; }

/* Version 1.10 reads on behind names that lack their end, in damaged headers (SECURITY.md). Told once, that hides no
 * fault of this project: its own reads and writes are still watched. */
const char *__asan_default_suppressions(void) { return "interceptor_via_lib:libhdf5"; }

static char folder[] = "/tmp/mote-fuzz-XXXXXX", file[64];

static void clean(void) {
  unlink(file);
  rmdir(folder);
}

static void prepare(void) {
  if (*file) return;
  if (!mkdtemp(folder)) abort();
  snprintf(file, sizeof file, "%s/net.keras", folder);
  atexit(clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const mote_config memory = {.memory_limit = 256 << 20};
  const mote_convert_config config = {.memory = &memory};
  mote_error e;
  prepare();
  FILE *f = fopen(file, "wb");
  if (!f || fwrite(data, 1, size, f) != size || fclose(f)) abort();
  mote_graph_free(mote_convert(file, &config, NULL, &e));
  return 0;
}

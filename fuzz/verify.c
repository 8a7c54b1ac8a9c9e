/* verify.c: any bytes through the verifier, contents included. */
#include <stddef.h>
#include <stdint.h>

#include "mote/mote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_fault(void *user, const mote_fault *fault) { *(size_t *)user += fault->text[0] != 0; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t faults = 0;
  const mote_config config = {.deep = true, .on_fault = on_fault, .on_fault_user = &faults, .memory_limit = 256 << 20};
  mote_error e;
  mote_model *model = mote_model_from_memory(data, size, &config, &e);
  mote_model_free(model);
  return 0;
}

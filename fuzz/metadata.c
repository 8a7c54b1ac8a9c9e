/* metadata.c: any bytes as the metadata of a model, and as a model with an archive behind it. Every label file that
 * they name is unpacked. */
#include <stddef.h>
#include <stdint.h>

#include "mote/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const mote_media_config limits = {.memory_limit = 32 << 20};

static void visit(mote_metadata *m) {
  if (!m) return;
  mote_image_prep prep;
  for (size_t i = 0; i < m->input_count; i++) mote_metadata_prep(m, i, &prep);
  for (size_t i = 0; i <= m->output_count && i < 4; i++) {
    const mote_meta_file *file = mote_metadata_label_file(m, i);
    if (file) mote_lines_free(mote_metadata_lines(m, file, NULL));
  }
  mote_metadata_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  visit(mote_metadata_from_memory(data, size, "fuzz", &limits, NULL));
  /* Alone the FlatBuffer is found much sooner; the archive is what follows the first half. */
  visit(mote_metadata_new(data, size / 2, data + size / 2, size - size / 2, "fuzz", &limits, NULL));
  return 0;
}

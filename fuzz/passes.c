/* passes.c: any bytes that the verifier accepts go through all rewrites, with the checker behind each; what comes out
 * is a file that verifies. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/eval.h"
#include "graph/passes.h"
#include "lower/lower.h"
#include "runtime/runtime.h"
#include "schema/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(mote_status status, const mote_error *e) {
  if (status == MOTE_OK || status == MOTE_ERR_MEMORY) return;
  fprintf(stderr, "%s\n", e->text);
  abort();
}

/* The file of the rewritten graphs verifies. */
static void write_out(const graph_set *set, const mote_model *model, arena *a) {
  sch_Model *records;
  sch_image image;
  uint8_t *copy;
  size_t size;
  mote_error e;
  mote_status status = lower_graphs(set, NULL, a, &records, &e);
  must(status, &e);
  if (status != MOTE_OK) return;
  const sch_file file = {.model = records, .data = model->file.data, .size = model->file.size};
  if (sch_write(&file, a->mem, &(sch_write_options){.drop_appended = true}, &image, &e) != MOTE_OK) return;
  if (sch_image_join(&image, a->mem, &copy, &size, &e) == MOTE_OK) {
    mote_model *again = mote_model_from_memory(copy, size, &(mote_config){.memory_limit = 256 << 20}, &e);
    /* What follows from inputs may be another shape than the file told of a condition, which then is none. */
    if (!again && !strstr(e.text, "(rule M28)")) must(e.code, &e);
    mote_model_free(again);
    mem_free(a->mem, copy);
  }
  sch_image_free(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mote_error e;
  mote_model *model = mote_model_from_memory(data, size, &(mote_config){.memory_limit = 256 << 20}, &e);
  if (!model) return 0;
  arena a;
  graph_set set;
  const passes_options options = {.list = rewrites_for_files, .check = graph_check};
  arena_init(&a, model->mem);
  if (graph_lift(model->schema, NULL, &a, &set, &e) == MOTE_OK && graph_infer(&set, &a, &e) == MOTE_OK &&
      graph_check(&set, false, model->mem, &e) == MOTE_OK) {
    const mote_status status = passes_run(&set, &a, &options, NULL, &e);
    must(status, &e);
    for (int32_t i = 0; status == MOTE_OK && i < set.count; i++) must(graph_name(&set.graphs[i], &a, &e), &e);
    if (status == MOTE_OK && graph_check(&set, true, model->mem, &e) == MOTE_OK) write_out(&set, model, &a);
  }
  arena_free(&a);
  mote_model_free(model);
  return 0;
}

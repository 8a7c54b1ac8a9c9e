/* metadata_none.c: builds without libzip read no labels from models. */
#include "cli/cli.h"
char *labels_of(const mote_model *model, int32_t output, size_t *size) {
  (void)model;
  (void)output;
  *size = 0;
  return NULL;
}
bool normalisation_of(const mote_model *model, int32_t input, opt_floats *mean, opt_floats *std) {
  (void)model;
  (void)input;
  (void)mean;
  (void)std;
  return false;
}

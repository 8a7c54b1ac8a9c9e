/* convert.h: what the files of mote convert share. */
#ifndef CLI_CONVERT_H
#define CLI_CONVERT_H

#include "cli/cli.h"
#include "mote/convert.h"

/* convert_about.c: --labels, --mean, --std. */
typedef struct about_options {
  const char *labels;
  opt_floats mean, std;
  mote_lines *lines;
} about_options;

/* Sets what config says of them; false after saying what is wrong. about_free after the conversion, in any case. */
bool about_load(about_options *o, mote_convert_config *config);
void about_free(about_options *o);

#endif

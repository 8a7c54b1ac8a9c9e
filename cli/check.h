/* check.h: a model run on inputs whose outputs are known. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/cli.h"

/* What was compared. */
typedef struct check_report {
  int samples, outputs;
  double worst; /* the largest difference, as a share of an output's range */
} check_report;

/* Returns the exit status, after saying what differs. */
int check_model(const char *model, const char *path, double tolerance, const common *c, check_report *report);

#endif

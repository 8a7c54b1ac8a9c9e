/* variables.h: which value of a checkpoint each variable of a graph has. */
#ifndef IMPORT_TENSORFLOW_VARIABLES_H
#define IMPORT_TENSORFLOW_VARIABLES_H

#include "import/tensorflow/flat.h"

typedef struct tf_variables tf_variables;

/* Reads what the model says: the function that restores it, and the objects of the checkpoint. */
mote_status tf_variables_new(tf_variables **out, tf_source *source, tf_program *p, mote_error *e);
/* The value of the variable that node `node` (with that shared name, or "") makes. */
mote_status tf_variable(const tf_variables *v, const char *node, const char *shared, tf_saved *out, mote_error *e);

#endif

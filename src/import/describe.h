/* describe.h: labels and normalisation that the configuration gives, at the ends of the network that they fit. */
#ifndef IMPORT_DESCRIBE_H
#define IMPORT_DESCRIBE_H

#include "import/import.h"

/* Says of the network what config says; notes what does not fit. */
mote_status import_describe(mote_graph *g, const mote_convert_config *config, mote_error *e);

#endif

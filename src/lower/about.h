/* about.h: what the file of a network says beside its graphs: metadata, and the archive behind it. */
#ifndef LOWER_ABOUT_H
#define LOWER_ABOUT_H

#include "lower/lower.h"
#include "lower/network.h"

/* Metadata of the file it came from, with what mote_graph_labels and mote_graph_normalise added and the oldest runtime
 * as it is now. *archive is present when it takes the place of what followed the model. Records go to `a`. */
mote_status network_about(const mote_graph *g, arena *a, lower_about *about, sch_range *archive, mote_error *e);

#endif

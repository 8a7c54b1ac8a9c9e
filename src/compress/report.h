/* report.h: what the calls of this room share: progress, names that outlive the network, sizes of files. */
#ifndef COMPRESS_REPORT_H
#define COMPRESS_REPORT_H

#include "compress/weights.h"
#include "mote/compress.h"

/* Tells how far it is; MOTE_ERR_CANCELLED when the callback says so. */
mote_status report_progress(const mote_watch *watch, const char *what, double done, mote_error *e);
__attribute__((format(printf, 2, 3))) void report_note(const mote_watch *watch, const char *format, ...);

/* The file that the network makes now. */
mote_status report_size(mote_graph *g, mote_size *out, mote_error *e);

/* A copy of the name of the layer's first output. NULL: no memory. */
const char *report_name(const graph_set *set, const layer *l, arena *a);

#endif

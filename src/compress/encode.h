/* encode.h: constants with many zeros as sparse tensors of the format, where they are smaller so.
 *
 * FULLY_CONNECTED reads them as they are: float weights in single elements or blocks of 4, int8 ones (of one scale) in
 * blocks of 16. All others read what DENSIFY makes of them.
 */
#ifndef COMPRESS_ENCODE_H
#define COMPRESS_ENCODE_H

#include "compress/weights.h"

/* Bytes that the weights of a layer, in w, would take in the file, sparse; zeros are what is not stored. */
double encode_bytes(const graph_set *set, const layer *l, const float *w);

/* Encodes the weights of a layer when that makes them smaller; *done says whether it did. Appends nodes, so that those
 * there are keep their numbers until the graph is put in order. */
mote_status encode_layer(mote_graph *g, const layer *l, bool *done, mote_error *e);

#endif

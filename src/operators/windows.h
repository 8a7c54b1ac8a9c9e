/* windows.h: the input elements under the windows of a convolution, gathered as rows of a matrix ("im2col"), or pointed
 * to. */
#ifndef OPERATORS_WINDOWS_H
#define OPERATORS_WINDOWS_H

#include "operators/conv.h"

/* Copies `count` elements, possibly into another form. */
typedef void windows_put(void *to, const void *from, size_t count, bool is_signed);

typedef struct windows {
  const conv_shape *shape;
  const void *images;     /* batches of in_h x in_w x in_c elements */
  size_t element;         /* bytes of one */
  size_t first, channels; /* those that are gathered: a group's */
  const void *outside;    /* filter_w * channels elements that stand for positions outside an image */
  windows_put *put;
  size_t put_element; /* bytes of what put writes for one */
  bool is_signed;     /* for put */
} windows;

/* Rows for output pixels [pixel, pixel + count), counted over all images; each row is the window's elements in the
 * order of the filter's: [filter_h][filter_w][channels]. */
void windows_gather(const windows *w, size_t pixel, size_t count, void *to, size_t row_bytes);

/* The same rows as pieces of `channels` elements: to[t * count + i] is where tap t of row i lies. */
void windows_point(const windows *w, size_t pixel, size_t count, const void **to);

/* The same rows as pieces of filter_w * channels elements, where taps that lie side by side are one piece (no dilation
 * sideways, all channels): to[f * count + i] is line f of row i. Lines that reach beyond the image are put together in
 * `copies`, which has room for all of them. */
void windows_point_lines(const windows *w, size_t pixel, size_t count, const void **to, uint8_t *copies);

/* True when rows need no gathering, since they lie in the input already: row i at element i * stride. */
bool windows_in_place(const conv_shape *s, size_t *stride);

windows_put windows_copy_1, windows_copy_2, windows_copy_4; /* elements of 1, 2 and 4 bytes as they are */

#endif

/* dwconv_f32.c: depthwise convolution of floats with NEON.
 *
 * A tile is 4 pixels by two vectors of channels:
 *   v0..7    sums, two a pixel
 *   v8, 9    weights of a tap
 *   v10..    inputs
 */
#include "kernels/dwconv_f32.h"

#include "kernels/neon/vec_f32.h"

#define TABLE dwconv_f32_neon

#include "kernels/body/dwconv_f32.inc.h"

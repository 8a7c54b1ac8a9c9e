/* dwconv_f32.c: depthwise convolution of floats with AVX2.
 *
 * A tile is 4 pixels by two vectors of channels:
 *   ymm0..7    sums, two a pixel
 *   ymm8, 9    weights of a tap
 *   ymm10..    inputs
 */
#include "kernels/dwconv_f32.h"

#include "kernels/avx2/vec_f32.h"

#define TABLE dwconv_f32_avx2

#include "kernels/body/dwconv_f32.inc.h"

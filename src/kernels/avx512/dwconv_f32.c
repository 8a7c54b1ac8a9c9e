/* dwconv_f32.c: depthwise convolution of floats with AVX-512.
 *
 * A tile is 4 pixels by two vectors of channels:
 *   zmm0..7    sums, two a pixel
 *   zmm8, 9    weights of a tap
 *   zmm10..    inputs
 */
#include "kernels/dwconv_f32.h"

#include "kernels/avx512/vec_f32.h"

#define TABLE dwconv_f32_avx512

#include "kernels/body/dwconv_f32.inc.h"

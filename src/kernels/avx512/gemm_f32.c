/* gemm_f32.c: the product of float matrices with AVX-512.
 *
 * A tile is 14 rows by 32 columns:
 *   zmm0..27   sums, two a row
 *   zmm28, 29  a row of the panel of B
 *   zmm30      an element of A in all lanes
 * Images are often a multiple of 7 wide: 14 divides their pixels, or 7 does.
 */
#include "kernels/gemm_f32.h"

#include "kernels/avx512/vec_f32.h"

enum { MR = 14 };
#define FOR_EACH_TILE(X) X(14) X(7) X(2) X(1)
#define FOR_EACH_NARROW(X) X(7) X(2) X(1)
#define TABLE gemm_f32_avx512

#include "kernels/body/gemm_f32.inc.h"

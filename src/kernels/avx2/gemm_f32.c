/* gemm_f32.c: the product of float matrices with AVX2 and FMA.
 *
 * A tile is 6 rows by 16 columns:
 *   ymm0..11   sums, two a row
 *   ymm12, 13  a row of the panel of B
 *   ymm14      an element of A in all lanes
 */
#include "kernels/gemm_f32.h"

#include "kernels/avx2/vec_f32.h"

enum { MR = 6 };
#define FOR_EACH_TILE(X) X(6) X(3) X(1)
#define FOR_EACH_NARROW FOR_EACH_TILE
#define TABLE gemm_f32_avx2

#include "kernels/body/gemm_f32.inc.h"

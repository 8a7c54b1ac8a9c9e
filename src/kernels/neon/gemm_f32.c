/* gemm_f32.c: the product of float matrices with NEON.
 *
 * A tile is 8 rows by 8 columns:
 *   v0..15   sums, two a row
 *   v16, 17  a row of the panel of B
 *   v18..    elements of A in all lanes
 */
#include "kernels/gemm_f32.h"

#include "kernels/neon/vec_f32.h"

enum { MR = 8 };
#define FOR_EACH_TILE(X) X(8) X(4) X(1)
#define FOR_EACH_NARROW FOR_EACH_TILE
#define TABLE gemm_f32_neon

#include "kernels/body/gemm_f32.inc.h"

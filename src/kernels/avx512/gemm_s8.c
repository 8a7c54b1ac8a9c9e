/* gemm_s8.c: the exact product of 8-bit matrices with AVX-512 VNNI.
 *
 * vpdpbusd multiplies four unsigned bytes by four signed ones in each lane and adds the products to an int32, exactly.
 * So activations are staged as uint8 (int8 ones as a ^ 0x80, which is a + 128).
 *
 * A tile is 14 rows by 32 columns:
 *   zmm0..27   sums, two a row
 *   zmm28, 29  four rows of the panel of weights
 *   zmm30      four elements of A in all lanes
 */
#include "kernels/gemm_s8.h"

#include <immintrin.h>
#include <string.h>

enum { MR = 14, LANES = 16, STEP = 4, SIGNED_OFFSET = 128 };
#define DIRECT GEMM_S8_UNSIGNED
#define FOR_EACH_TILE(X) X(14) X(7) X(2) X(1)
#define FOR_EACH_NARROW(X) X(7) X(2) X(1)
#define TABLE gemm_s8_avx512

typedef uint8_t staged;
typedef __m512i act, wgt;
typedef int32_t vec __attribute__((vector_size(64))); /* gcc keeps arrays of __m512i in memory here */

static inline vec load(const int32_t *p) { return (vec)_mm512_loadu_si512(p); }
static inline void store_part(int32_t *p, vec x, size_t count) {
  _mm512_mask_storeu_epi32(p, (__mmask16)(0xFFFFu >> (LANES - count)), (__m512i)x);
}
static inline vec subtract(vec x, int32_t y) { return (vec)_mm512_sub_epi32((__m512i)x, _mm512_set1_epi32(y)); }
static inline act load_act(const char *p) {
  int32_t four;
  memcpy(&four, p, sizeof four);
  return _mm512_set1_epi32(four);
}
static inline wgt load_wgt(const char *p) { return _mm512_loadu_si512(p); }
static inline vec dot(vec sum, act a, wgt w) { return (vec)_mm512_dpbusd_epi32((__m512i)sum, a, w); }
static inline size_t place(size_t lane, size_t step) { return lane * STEP + step; }

static void stage(void *to, const void *from, size_t count, bool is_signed) {
  const __m512i flip = _mm512_set1_epi8(is_signed ? (char)0x80 : 0);
  const char *in = from;
  char *out = to;
  for (; count >= 64; count -= 64, in += 64, out += 64)
    _mm512_storeu_si512(out, _mm512_xor_si512(_mm512_loadu_si512(in), flip));
  const __mmask64 rest = ((__mmask64)1 << count) - 1;
  _mm512_mask_storeu_epi8(out, rest, _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, in), flip));
}

#include "kernels/body/gemm_s8.inc.h"

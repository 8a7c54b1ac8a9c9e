/* part.h: masks for the first few lanes of a vector of 32-bit elements. */
#ifndef KERNELS_AVX2_PART_H
#define KERNELS_AVX2_PART_H

#include <immintrin.h>
#include <stddef.h>

/* All ones in the first `count` (0 to 8) of 8 lanes. */
static inline __m256i part_mask(size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

#endif

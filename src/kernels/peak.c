/* peak.c: see peak.h. Ten independent chains of multiply-adds keep both pipes busy; an empty asm statement that claims
 * to change each chain keeps the compiler from folding them. */
#include "kernels/peak.h"

#include <stdint.h>

#include "base/thread.h"

enum { ROUNDS = 100000, BURSTS = 15 };

#define CHAINS(type, first, constraint, step)                                                                          \
  type a0 = first, a1 = first, a2 = first, a3 = first, a4 = first, a5 = first, a6 = first, a7 = first, a8 = first,     \
       a9 = first;                                                                                                     \
  for (int i = 0; i < ROUNDS; i++) {                                                                                   \
    a0 = step(a0), a1 = step(a1), a2 = step(a2), a3 = step(a3), a4 = step(a4);                                         \
    a5 = step(a5), a6 = step(a6), a7 = step(a7), a8 = step(a8), a9 = step(a9);                                         \
    __asm__ volatile(""                                                                                                \
                     : "+" constraint(a0), "+" constraint(a1), "+" constraint(a2), "+" constraint(a3),                 \
                       "+" constraint(a4));                                                                            \
    __asm__ volatile(""                                                                                                \
                     : "+" constraint(a5), "+" constraint(a6), "+" constraint(a7), "+" constraint(a8),                 \
                       "+" constraint(a9));                                                                            \
  }

/* Each returns the operations of one burst. */
#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static double f32_avx512(void) {
  const __m512 x = _mm512_set1_ps(1.0F), y = _mm512_set1_ps(1e-9F);
#define STEP(a) _mm512_fmadd_ps(x, y, a)
  CHAINS(__m512, x, "v", STEP)
#undef STEP
  return 2.0 * 10 * 16 * ROUNDS;
}

__attribute__((target("avx512f,avx512vnni"))) static double s8_avx512(void) {
  const __m512i x = _mm512_set1_epi8(1), y = _mm512_set1_epi8(2);
#define STEP(a) _mm512_dpbusd_epi32(a, x, y)
  CHAINS(__m512i, x, "v", STEP)
#undef STEP
  return 2.0 * 10 * 64 * ROUNDS;
}

__attribute__((target("avx2,fma"))) static double f32_avx2(void) {
  const __m256 x = _mm256_set1_ps(1.0F), y = _mm256_set1_ps(1e-9F);
#define STEP(a) _mm256_fmadd_ps(x, y, a)
  CHAINS(__m256, x, "x", STEP)
#undef STEP
  return 2.0 * 10 * 8 * ROUNDS;
}

__attribute__((target("avx2"))) static double s8_avx2(void) {
  const __m256i x = _mm256_set1_epi16(1), y = _mm256_set1_epi16(2);
#define STEP(a) _mm256_add_epi32(a, _mm256_madd_epi16(_mm256_xor_si256(x, a), y))
  CHAINS(__m256i, x, "x", STEP)
#undef STEP
  return 2.0 * 10 * 16 * ROUNDS;
}
#elif defined(__aarch64__)
#include <arm_neon.h>

static double f32_neon(void) {
  const float32x4_t x = vdupq_n_f32(1.0F), y = vdupq_n_f32(1e-9F);
#define STEP(a) vfmaq_f32(a, x, y)
  CHAINS(float32x4_t, x, "w", STEP)
#undef STEP
  return 2.0 * 10 * 4 * ROUNDS;
}

static double s8_neon(void) {
  const int16x4_t x = vdup_n_s16(1), y = vdup_n_s16(2);
#define STEP(a) vmlal_s16(a, x, y)
  CHAINS(int32x4_t, vdupq_n_s32(1), "w", STEP)
#undef STEP
  return 2.0 * 10 * 4 * ROUNDS;
}
#endif

static double f32_scalar(void) {
  const float x = 1.0F, y = 1e-9F;
#define STEP(a) ((a) + x * y)
#if defined(__SSE2__)
  CHAINS(float, x, "x", STEP)
#elif defined(__aarch64__) || defined(__arm__)
  CHAINS(float, x, "w", STEP)
#else
  CHAINS(float, x, "f", STEP)
#endif
#undef STEP
  return 2.0 * 10 * ROUNDS;
}

static double s8_scalar(void) {
#define STEP(a) ((a)*3 + 1)
  CHAINS(int32_t, 1, "r", STEP)
#undef STEP
  return 2.0 * 10 * ROUNDS;
}

static double best_of(double (*burst)(void)) {
  double best = 0;
  for (int i = 0; i < BURSTS; i++) {
    const uint64_t start = time_ns();
    const double operations = burst();
    const double rate = operations / (double)(time_ns() - start);
    if (rate > best) best = rate;
  }
  return best;
}

double kern_peak_f32(cpu_level level) {
#if defined(__x86_64__)
  if (level == CPU_AVX512) return best_of(f32_avx512);
  if (level == CPU_AVX2) return best_of(f32_avx2);
#elif defined(__aarch64__)
  if (level == CPU_NEON) return best_of(f32_neon);
#endif
  (void)level;
  return best_of(f32_scalar);
}

double kern_peak_s8(cpu_level level) {
#if defined(__x86_64__)
  if (level == CPU_AVX512) return best_of(s8_avx512);
  if (level == CPU_AVX2) return best_of(s8_avx2);
#elif defined(__aarch64__)
  if (level == CPU_NEON) return best_of(s8_neon);
#endif
  (void)level;
  return best_of(s8_scalar);
}

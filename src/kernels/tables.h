/* tables.h: the function tables of the levels, for the files that choose among them. */
#ifndef KERNELS_TABLES_H
#define KERNELS_TABLES_H

#include "kernels/dwconv_f32.h"
#include "kernels/dwconv_s8.h"
#include "kernels/gemm_f32.h"
#include "kernels/gemm_s8.h"
#include "kernels/lstm_f32.h"
#include "kernels/lstm_s16.h"
#include "kernels/requant.h"
#include "kernels/softmax_f32.h"

#define KERN_TABLES(level)                                                                                             \
  extern const gemm_f32 gemm_f32_##level;                                                                              \
  extern const gemm_s8 gemm_s8_##level;                                                                                \
  extern const requant requant_##level;                                                                                \
  extern const dwconv_f32 dwconv_f32_##level;                                                                          \
  extern const dwconv_s8 dwconv_s8_##level;                                                                            \
  extern const softmax_f32 softmax_f32_##level;                                                                        \
  extern const lstm_f32 lstm_f32_##level;                                                                              \
  extern const lstm_s16 lstm_s16_##level;

KERN_TABLES(scalar)
KERN_TABLES(avx2)
KERN_TABLES(avx512)
KERN_TABLES(neon)

/* The body of a family's chooser. cpu_levels names no level that this build does not have. */
#if defined(__x86_64__)
#define KERN_CHOOSE(family, level)                                                                                     \
  ((level) == CPU_AVX512 ? &family##_avx512 : (level) == CPU_AVX2 ? &family##_avx2 : &family##_scalar)
/* For families that wider vectors make no operator faster by: they wait for memory or for chains of products, or are
 * little beside the products around them. */
#define KERN_CHOOSE_256(family, level) ((level) >= CPU_AVX2 ? &family##_avx2 : &family##_scalar)
#elif defined(__aarch64__)
#define KERN_CHOOSE_256(family, level) KERN_CHOOSE(family, level)
#define KERN_CHOOSE(family, level) ((level) == CPU_NEON ? &family##_neon : &family##_scalar)
#else
#define KERN_CHOOSE_256(family, level) KERN_CHOOSE(family, level)
#define KERN_CHOOSE(family, level) ((void)(level), &family##_scalar)
#endif

#endif

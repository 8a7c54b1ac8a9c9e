/* unroll.h: a loop of constant length that must disappear, so that the arrays it runs over become registers. */
#ifndef KERNELS_UNROLL_H
#define KERNELS_UNROLL_H

#if defined(__clang__)
#define KERN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define KERN_UNROLL _Pragma("GCC unroll 32")
#endif
#define KERN_INLINE static inline __attribute__((always_inline))

#endif

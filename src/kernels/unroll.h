/* unroll.h: what compilers are told about loops. */
#ifndef KERNELS_UNROLL_H
#define KERNELS_UNROLL_H

/* A loop of constant length that must disappear, so that the arrays it runs over become registers. */
#if defined(__clang__)
#define KERN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define KERN_UNROLL _Pragma("GCC unroll 32")
#endif
#define KERN_INLINE static inline __attribute__((always_inline))

/* Before a loop over elements: each iteration reads element i and then writes element i, so results may lie where an
 * operand lies, and the loop needs no test for overlap. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* a loop that an instruction set cannot vectorise is no fault */
#define KERN_ELEMENTWISE _Pragma("clang loop vectorize(assume_safety)")
#else
#define KERN_ELEMENTWISE _Pragma("GCC ivdep")
#endif

/* A pass over a block: worth a call, and not worth a copy at each of its uses. */
#define KERN_PASS static __attribute__((noinline)) void

/* For small work that is done once a program. */
#define KERN_ONCE static __attribute__((cold))

#endif

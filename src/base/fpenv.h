/* fpenv.h: the floating-point mode of a run: to nearest, denormals flushed (as TensorFlow Lite runs), restored after.
 */
#ifndef BASE_FPENV_H
#define BASE_FPENV_H

#include <stdint.h>

typedef struct fp_state {
  uint64_t bits;
} fp_state;

#if defined(__x86_64__)
#include <xmmintrin.h>
static inline fp_state fp_enter(void) {
  const fp_state before = {_mm_getcsr()};
  _mm_setcsr(0x9fc0); /* all exceptions masked, flush to zero, denormals are zero, nearest */
  return before;
}
static inline void fp_leave(fp_state s) { _mm_setcsr((unsigned)s.bits); }
#elif defined(__aarch64__)
static inline fp_state fp_enter(void) {
  fp_state before;
  const uint64_t flush = UINT64_C(1) << 24; /* FPCR.FZ; the rest 0: nearest, no traps */
  __asm__ volatile("mrs %0, fpcr" : "=r"(before.bits));
  __asm__ volatile("msr fpcr, %0" : : "r"(flush));
  return before;
}
static inline void fp_leave(fp_state s) { __asm__ volatile("msr fpcr, %0" : : "r"(s.bits)); }
#else
static inline fp_state fp_enter(void) { return (fp_state){0}; }
static inline void fp_leave(fp_state s) { (void)s; }
#endif

#endif

/* cpu.c: see cpu.h. */
#include "base/cpu.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#if defined(__aarch64__)
static const char *const names[] = {"scalar", "neon"};
#else
static const char *const names[] = {"scalar", "avx2", "avx512"};
#endif

#if defined(__x86_64__)
/* Asked of the processor itself: the compilers' feature tests bring 5 kB of tables along. Intel's manual, volume
 * 1, 13.3 and 14.3 to 15.2: the operating system must save the registers too. */
enum {
  YMM_STATE = 0x06, /* XCR0: SSE and AVX state */
  ZMM_STATE = 0xe6  /* and the three parts of AVX-512 */
};

static uint32_t saved_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static cpu_level x86_level(void) {
  uint32_t a, b, c, d;
  const uint32_t first = bit_OSXSAVE | bit_FMA | bit_F16C;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & first) != first) return CPU_SCALAR;
  const uint32_t state = saved_state();
  if ((state & YMM_STATE) != YMM_STATE || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2))
    return CPU_SCALAR;
  const uint32_t wide = bit_AVX512F | bit_AVX512BW | bit_AVX512VL | bit_AVX512DQ;
  const bool avx512 = (state & ZMM_STATE) == ZMM_STATE && (b & wide) == wide && (c & bit_AVX512VNNI);
  return avx512 ? CPU_AVX512 : CPU_AVX2;
}
#endif

int cpu_levels(cpu_level levels[4]) {
  int n = 0;
  levels[n++] = CPU_SCALAR;
#if defined(__x86_64__)
  const cpu_level best = x86_level();
  if (best >= CPU_AVX2) levels[n++] = CPU_AVX2;
  if (best >= CPU_AVX512) levels[n++] = CPU_AVX512;
#elif defined(__aarch64__)
  levels[n++] = CPU_NEON;
#endif
  return n;
}

const char *cpu_name(cpu_level level) { return names[level]; }

bool cpu_named(const char *name, cpu_level *level) {
  cpu_level have[4];
  const int n = cpu_levels(have);
  for (int i = 0; i < n; i++)
    if (!strcmp(name, names[have[i]])) {
      *level = have[i];
      return true;
    }
  return false;
}

cpu_level cpu_best(void) {
  cpu_level have[4], level;
  const int n = cpu_levels(have);
  const char *wanted = getenv("MOTE_ISA");
  return wanted && cpu_named(wanted, &level) ? level : have[n - 1];
}

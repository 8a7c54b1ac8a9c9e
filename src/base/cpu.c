/* cpu.c: see cpu.h. Linux and the compilers' own feature tests; no assembly. */
#include "base/cpu.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

static const char *const names[] = {"scalar", "avx2", "avx512", "neon"};

#if defined(__x86_64__)
/* Older clangs have no has_f16c(). */
static bool has_f16c(void) {
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}
#endif

int cpu_levels(cpu_level levels[4]) {
  int n = 0;
  levels[n++] = CPU_SCALAR;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
  if (avx2) levels[n++] = CPU_AVX2;
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni"))
    levels[n++] = CPU_AVX512;
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

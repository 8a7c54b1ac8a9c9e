/* cpu.h: what this machine can do, and what kernels may use of it. */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include <stdbool.h>

/* Levels of one architecture are ordered: each has all of the one before. Numbers index lists of kernels. */
typedef enum cpu_level {
  CPU_SCALAR = 0,
  CPU_AVX2 = 1,   /* x86-64: AVX2, FMA, F16C */
  CPU_AVX512 = 2, /* x86-64: AVX-512 F, BW, VL, DQ and VNNI */
  CPU_NEON = 1    /* aarch64 */
} cpu_level;

cpu_level cpu_best(void); /* the machine's, lowered by MOTE_ISA when that is set to a known name */
/* The level named, if the machine has it; false when the name is unknown or the machine lacks it. */
bool cpu_named(const char *name, cpu_level *level);
const char *cpu_name(cpu_level level);
/* Every level this machine has, scalar first; returns how many were written (at most 4). */
int cpu_levels(cpu_level levels[4]);

#endif

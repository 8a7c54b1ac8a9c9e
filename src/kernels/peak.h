/* peak.h: what one thread of this machine can do at most, measured in a few milliseconds, so that speeds can be told as
 * shares of it. For benchmarks alone; nothing that runs networks calls it. */
#ifndef KERNELS_PEAK_H
#define KERNELS_PEAK_H

#include "base/cpu.h"

/* Billions of operations a second (a multiply-add is two), operands in registers, at this level: float32 by fused
 * multiply-adds; int8 by the widest exact multiply-add there is (VNNI, or pairs of 16 bits). */
double kern_peak_f32(cpu_level level);
double kern_peak_s8(cpu_level level);

#endif

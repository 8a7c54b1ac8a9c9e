/* level.h: what the bodies of this folder share. A body is C that compilers vectorise; one short file for each
 * instruction set defines KERN_LEVEL and includes it.
 */
#ifndef KERNELS_BODY_LEVEL_H
#define KERNELS_BODY_LEVEL_H

#include "kernels/unroll.h"

#define KERN_JOIN_(a, b) a##_##b
#define KERN_JOIN(a, b) KERN_JOIN_(a, b)
/* A function of this level: KERN_FN(map_clamp_f32) is map_clamp_f32_avx2; and the table of a family. */
#define KERN_FN(name) KERN_JOIN(name, KERN_LEVEL)
#define KERN_TABLE(family) KERN_JOIN(family, KERN_LEVEL)

#endif

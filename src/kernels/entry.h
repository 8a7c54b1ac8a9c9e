/* entry.h: entries: functions of which each level has one, and the lists by which operators reach them.
 *
 * map_clamp_f32[level] is the function of a level. Each entry has a list of its own, so that the linker keeps just
 * those that the operators of a build name.
 */
#ifndef KERNELS_ENTRY_H
#define KERNELS_ENTRY_H

/* For the lists of entries that families have, X(function type, name). KERN_DECLARE says what there is; loops.c makes
 * the lists with KERN_DEFINE. Wider vectors than 256 bits make no entry faster: they wait for memory, or for chains of
 * products. */
#define KERN_DECLARE(function, name)                                                                                   \
  extern function *const name[];                                                                                       \
  function name##_scalar, name##_avx2, name##_neon;

#if defined(__x86_64__)
#define KERN_DEFINE(function, name) function *const name[] = {name##_scalar, name##_avx2, name##_avx2};
#elif defined(__aarch64__)
#define KERN_DEFINE(function, name) function *const name[] = {name##_scalar, name##_neon};
#else
#define KERN_DEFINE(function, name) function *const name[] = {name##_scalar};
#endif

#endif

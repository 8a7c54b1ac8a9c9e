/* loops.c: the kernels of a level for the families that are loops over elements: binary.h, map.h, pool.h, reduce.h,
 * resize.h. */
#include "kernels/binary.h"
#include "kernels/map.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "kernels/resize.h"
#include "kernels/tables.h"

#define LOOPS_TABLES(level)                                                                                            \
  extern const binary_kernels binary_kernels_##level;                                                                  \
  extern const map_kernels map_kernels_##level;                                                                        \
  extern const pool_kernels pool_kernels_##level;                                                                      \
  extern const reduce_kernels reduce_kernels_##level;                                                                  \
  extern const resize_kernels resize_kernels_##level;

LOOPS_TABLES(scalar)
LOOPS_TABLES(avx2)
LOOPS_TABLES(neon)

const binary_kernels *kern_binary(cpu_level level) { return KERN_CHOOSE_256(binary_kernels, level); }
const map_kernels *kern_map(cpu_level level) { return KERN_CHOOSE_256(map_kernels, level); }
const pool_kernels *kern_pool(cpu_level level) { return KERN_CHOOSE_256(pool_kernels, level); }
const reduce_kernels *kern_reduce(cpu_level level) { return KERN_CHOOSE_256(reduce_kernels, level); }
const resize_kernels *kern_resize(cpu_level level) { return KERN_CHOOSE_256(resize_kernels, level); }

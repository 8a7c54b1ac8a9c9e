/* loops.c: the lists of the families that are loops over elements: binary.h, map.h, pool.h, reduce.h, resize.h. */
#include "kernels/binary.h"
#include "kernels/map.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "kernels/resize.h"

BINARY_ENTRIES(KERN_DEFINE)
MAP_ENTRIES(KERN_DEFINE)
POOL_ENTRIES(KERN_DEFINE)
REDUCE_ENTRIES(KERN_DEFINE)
RESIZE_ENTRIES(KERN_DEFINE)

/* loops.c: the families that are loops over elements, for this folder's instruction set. */
#define KERN_LEVEL avx2
#include "kernels/body/binary.inc.h"
#include "kernels/body/map.inc.h"
#include "kernels/body/pool.inc.h"
#include "kernels/body/reduce.inc.h"
#include "kernels/body/resize.inc.h"

/* expand.c: see expand.h. */
#include "kernels/expand.h"

#include <stdint.h>

#define NAME expand_1
#define TYPE uint8_t
#include "kernels/body/expand.inc.h"

#define NAME expand_2
#define TYPE uint16_t
#include "kernels/body/expand.inc.h"

#define NAME expand_4
#define TYPE uint32_t
#include "kernels/body/expand.inc.h"

#define NAME expand_8
#define TYPE uint64_t
#include "kernels/body/expand.inc.h"

void kern_expand(void *to, const void *from, size_t rows, size_t row_step, size_t n, bool repeat, size_t bytes) {
  switch (bytes) {
    case 1: expand_1(to, from, rows, row_step, n, repeat); return;
    case 2: expand_2(to, from, rows, row_step, n, repeat); return;
    case 4: expand_4(to, from, rows, row_step, n, repeat); return;
    case 8: expand_8(to, from, rows, row_step, n, repeat); return;
  }
}

/* repeat.h: each element repeated, so that depthwise convolutions with a depth multiplier become ones without. */
#ifndef KERNELS_REPEAT_H
#define KERNELS_REPEAT_H

#include <stddef.h>

/* to[i * times + r] = from[i] for r in [0, times): elements of 1, 2 or 4 bytes. */
void kern_repeat_8(void *to, const void *from, size_t count, size_t times);
void kern_repeat_16(void *to, const void *from, size_t count, size_t times);
void kern_repeat_32(void *to, const void *from, size_t count, size_t times);

#endif

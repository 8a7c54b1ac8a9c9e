/* repeat.c: see repeat.h. */
#include "kernels/repeat.h"

#include <stdint.h>
#include <string.h>

void kern_repeat_8(void *to, const void *from, size_t count, size_t times) {
  uint8_t *out = to;
  const uint8_t *in = from;
  for (size_t i = 0; i < count; i++, out += times) memset(out, in[i], times);
}

void kern_repeat_32(void *to, const void *from, size_t count, size_t times) {
  uint32_t *out = to;
  const uint32_t *in = from;
  for (size_t i = 0; i < count; i++)
    for (size_t r = 0; r < times; r++) *out++ = in[i];
}

void kern_repeat_16(void *to, const void *from, size_t count, size_t times) {
  uint16_t *out = to;
  const uint16_t *in = from;
  for (size_t i = 0; i < count; i++)
    for (size_t r = 0; r < times; r++) *out++ = in[i];
}

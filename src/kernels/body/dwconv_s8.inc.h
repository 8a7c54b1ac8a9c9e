/* dwconv_s8.inc.h: depthwise convolution of 8-bit numbers with vectors; the body that each instruction set's
 * dwconv_s8.c includes.
 *
 * The including file says above the include:
 *   fixed_vec.h         of its folder
 *   VECTORS, BLOCK      vectors of sums, and the channels in them
 *   GROUP               taps that one `add_group` takes
 *   weight              of a pack: int8_t (uint8 as w ^ 0x80), with a zero point; or int16_t, less the zero point
 *   SIGNED_OFFSET       what add_group adds to int8 inputs
 *   place(c)            where in the BLOCK lanes of all vectors channel c of a block stands
 *   weight_place(c, t)  where in BLOCK * GROUP weights the one of this channel and tap stands
 *   add_group           sums += products of GROUP taps; totals += their inputs, if weights have a zero point
 *   narrow              clamps a block of int32 and stores it as bytes
 *   TABLE               the name of the function table
 *
 * A pack is a header, then blocks: an int32 start a channel (the bias and what corrects for x_zero), its multiplier and
 * its shift, each in the order of `place`, then the weights of each group of taps, columns of the window first, filled
 * up with zeros.
 */
#include <string.h>

#include "base/size.h"
#include "kernels/tables.h"
#include "kernels/unroll.h"

enum { HEADER = 64, LANES = BLOCK / VECTORS };

/* Zero point of the weights as they are packed. */
static int32_t packed_zero(const dwconv_s8_weights *b) {
  if (sizeof(weight) > 1) return 0;
  return b->w_signed ? b->w_zero : b->w_zero - 128;
}

static size_t groups_of(size_t taps) { return (taps + GROUP - 1) / GROUP; }
static size_t block_bytes(size_t taps) {
  return BLOCK * (3 * sizeof(int32_t) + groups_of(taps) * GROUP * sizeof(weight));
}

static bool packed_bytes(size_t kh, size_t kw, size_t channels, size_t *bytes) {
  size_t lanes, taps, size;
  return size_align(channels, BLOCK, &lanes) && size_mul(kh, kw, &taps) && size_align(taps, GROUP, &taps) &&
         size_mul(taps, sizeof(weight), &size) && size_add(size, 3 * sizeof(int32_t), &size) &&
         size_mul(size, lanes, &size) && size_add(size, HEADER, bytes);
}

static weight packed_weight(const dwconv_s8_weights *b, size_t i) {
  const uint8_t w = ((const uint8_t *)b->w)[i];
  if (sizeof(weight) > 1) return (weight)((b->w_signed ? (int8_t)w : w) - b->w_zero);
  return (weight)(int8_t)(b->w_signed ? w : w ^ 0x80);
}

/* Channel c + l of the weights into lane l of a block. */
KERN_ONCE void pack_channel(const dwconv_s8_weights *b, size_t c, size_t l, int32_t *start, int32_t *m, int32_t *shift,
                            weight *w) {
  const uint32_t x_zero = (uint32_t)(b->x_zero + (b->x_signed ? SIGNED_OFFSET : 0)), w_zero = (uint32_t)packed_zero(b);
  uint32_t sum = 0;
  for (size_t x = 0; x < b->kw; x++)
    for (size_t y = 0; y < b->kh; y++) {
      const size_t t = x * b->kh + y;
      const weight v = packed_weight(b, (y * b->kw + x) * b->channels + c + l);
      w[t / GROUP * GROUP * BLOCK + weight_place(l, t % GROUP)] = v;
      sum += (uint32_t)v - w_zero;
    }
  start[place(l)] = (int32_t)((b->bias ? (uint32_t)b->bias[c + l] : 0) - x_zero * sum);
  m[place(l)] = b->mult[c + l].m;
  shift[place(l)] = b->mult[c + l].shift;
}

KERN_ONCE void pack(void *to, const dwconv_s8_weights *b) {
  const size_t size = block_bytes(b->kh * b->kw);
  const int32_t w_zero = packed_zero(b);
  memset(to, 0, HEADER);
  memcpy(to, &w_zero, sizeof w_zero);
  char *block = (char *)to + HEADER;
  for (size_t c = 0; c < b->channels; c += BLOCK, block += size) {
    memset(block, 0, size);
    int32_t *start = (int32_t *)block;
    for (size_t l = 0; l < BLOCK; l++) start[2 * BLOCK + l] = -1; /* short shifts, also of lanes that have no channel */
    for (size_t l = 0; l < BLOCK && c + l < b->channels; l++)
      pack_channel(b, c, l, start, start + BLOCK, start + 2 * BLOCK, (weight *)(start + 3 * BLOCK));
  }
}

/* Multipliers of a block; returns whether all shifts are short. */
KERN_INLINE bool block_mults(const int32_t *m, const int32_t *shift, mults q[VECTORS]) {
  bool is_short = true;
  KERN_UNROLL
  for (int v = 0; v < VECTORS; v++) is_short &= shifts_are_short(load(shift + v * LANES));
  KERN_UNROLL
  for (int v = 0; v < VECTORS; v++) q[v] = mults_of(load(m + v * LANES), load(shift + v * LANES), is_short);
  return is_short;
}

/* `count` channels from c on, for all pixels. zero: the packed weights' zero point may not be 0. */
KERN_INLINE void run_pixels(const dwconv_s8_job *job, const int32_t *start, const mults q[VECTORS], size_t c,
                            size_t count, int32_t w_zero, const bool zero, const bool is_short) {
  const size_t taps = job->kh * job->kw;
  for (size_t p = 0; p < job->pixels; p++) {
    const void *const *window = job->pointers + p * job->step;
    const weight *w = (const weight *)(start + 3 * BLOCK);
    vec sum[VECTORS], total[VECTORS];
    KERN_UNROLL
    for (int v = 0; v < VECTORS; v++) {
      sum[v] = load(start + v * LANES);
      total[v] = vec_zero();
    }
    for (size_t t = 0; t < taps; t += GROUP, window += GROUP, w += GROUP * BLOCK)
      if (taps - t >= GROUP) add_group(sum, total, window, GROUP, c, count, w, job->x_signed, zero);
      else add_group(sum, total, window, taps - t, c, count, w, job->x_signed, zero);
    KERN_UNROLL
    for (int v = 0; v < VECTORS; v++) {
      if (zero) sum[v] = vec_subtract_product(sum[v], total[v], w_zero);
      sum[v] = is_short ? mbqm_short(sum[v], &q[v]) : mbqm_long(sum[v], &q[v]);
    }
    narrow((uint8_t *)job->out + p * job->out_stride + c, sum, count, job->lo, job->hi, job->zero_point);
  }
}

static void run(const dwconv_s8_job *job) {
  const size_t size = block_bytes(job->kh * job->kw);
  const char *block = (const char *)job->packed + HEADER;
  int32_t w_zero;
  memcpy(&w_zero, job->packed, sizeof w_zero);
  for (size_t c = 0; c < job->channels; c += BLOCK, block += size) {
    const size_t count = job->channels - c < BLOCK ? job->channels - c : BLOCK;
    const int32_t *start = (const int32_t *)block;
    mults q[VECTORS];
    const bool is_short = block_mults(start + BLOCK, start + 2 * BLOCK, q);
    if (!is_short || (sizeof(weight) == 1 && w_zero)) run_pixels(job, start, q, c, count, w_zero, true, is_short);
    else run_pixels(job, start, q, c, count, 0, false, true);
  }
}

const dwconv_s8 TABLE = {.packed_bytes = packed_bytes, .pack = pack, .run = run};

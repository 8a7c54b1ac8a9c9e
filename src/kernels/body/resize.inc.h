/* resize.inc.h: body of resize.h. */
#include "kernels/body/level.h"
#include "kernels/resize.h"

/* A sum with 20 bits behind the point. */
static inline int32_t resize_round_s8(int32_t v) { return (v + (v > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20); }

#define NAME resize_f32
#define TYPE float
#define WEIGHT float
#define WEIGHT_OF(tap) ((tap).weight)
#define ONE 1
#define PIXEL(a, b, c, d) ((a)*y0 * x0 + (c)*y1 * x0 + (b)*y0 * x1 + (d)*y1 * x1)
#include "kernels/body/resize_row.inc.h"

#define NAME resize_u8
#define TYPE uint8_t
#define WEIGHT float
#define WEIGHT_OF(tap) ((tap).weight)
#define ONE 1
#define PIXEL(a, b, c, d)                                                                                              \
  (uint8_t)(int32_t)((float)(a)*y0 * x0 + (float)(c)*y1 * x0 + (float)(b)*y0 * x1 + (float)(d)*y1 * x1 + 0.5f)
#include "kernels/body/resize_row.inc.h"

/* int32 holds four products of int8: the weights of a pixel lie within 1536 * 1536 and sum up to 2^20. */
#define NAME resize_s8
#define TYPE int8_t
#define WEIGHT int32_t
#define WEIGHT_OF(tap) ((tap).fixed)
#define ONE 1024
#define PIXEL(a, b, c, d)                                                                                              \
  (int8_t) resize_round_s8((a) * (y0 * x0) + (c) * (y1 * x0) + (b) * (y0 * x1) + (d) * (y1 * x1))
#include "kernels/body/resize_row.inc.h"

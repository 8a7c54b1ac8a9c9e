/* windows.c: gathering the windows of a convolution as rows, and pointing to them. */
#include "operators/windows.h"

#include <string.h>

void windows_copy_1(void *to, const void *from, size_t count, bool is_signed) {
  (void)is_signed;
  memcpy(to, from, count);
}

void windows_copy_2(void *to, const void *from, size_t count, bool is_signed) {
  (void)is_signed;
  memcpy(to, from, count * 2);
}

void windows_copy_4(void *to, const void *from, size_t count, bool is_signed) {
  (void)is_signed;
  memcpy(to, from, count * 4);
}

bool windows_in_place(const conv_shape *s, size_t *stride) {
  const bool pointwise = s->filter_h == 1 && s->filter_w == 1 && s->stride_h == 1 && s->stride_w == 1;
  /* One window that is the image. */
  const bool whole = s->filter_h == s->in_h && s->filter_w == s->in_w && s->out_h == 1 && s->out_w == 1 &&
                     s->before_h == 0 && s->before_w == 0 && s->dilation_h == 1 && s->dilation_w == 1 &&
                     s->filter_c == s->in_c;
  if (pointwise) *stride = (size_t)s->in_c;
  else if (whole) *stride = (size_t)s->in_h * (size_t)s->in_w * (size_t)s->in_c;
  return pointwise || whole;
}

/* Where a row of a window meets the image. */
typedef struct place {
  const uint8_t *line; /* of the image; NULL: outside */
  int32_t x;           /* of the first tap */
} place;

/* Taps that lie side by side, all channels of them: one piece before the image, one in it, one behind. */
static void put_run(const windows *w, place p, uint8_t *to) {
  const conv_shape *const s = w->shape;
  const int32_t before = p.x < 0 ? (-p.x < s->filter_w ? -p.x : s->filter_w) : 0;
  int32_t end = s->in_w - p.x < s->filter_w ? s->in_w - p.x : s->filter_w;
  if (end < before || !p.line) end = before;
  const size_t c = w->channels, inside = (size_t)(end - before) * c, behind = (size_t)(s->filter_w - end) * c;
  if (before) w->put(to, w->outside, (size_t)before * c, w->is_signed);
  if (inside)
    w->put(to + (size_t)before * c * w->put_element, p.line + (size_t)(p.x + before) * c * w->element, inside,
           w->is_signed);
  if (behind) w->put(to + (size_t)end * c * w->put_element, w->outside, behind, w->is_signed);
}

static void put_taps(const windows *w, place p, uint8_t *to) {
  const conv_shape *const s = w->shape;
  const size_t step = w->channels * w->put_element;
  for (int32_t f = 0; f < s->filter_w; f++, to += step) {
    const int32_t x = p.x + f * s->dilation_w;
    const void *from = w->outside;
    if (p.line && x >= 0 && x < s->in_w) from = p.line + ((size_t)x * (size_t)s->in_c + w->first) * w->element;
    w->put(to, from, w->channels, w->is_signed);
  }
}

static void put_window(const windows *w, size_t image, int32_t y, int32_t x, uint8_t *to) {
  const conv_shape *const s = w->shape;
  const size_t line_bytes = (size_t)s->in_w * (size_t)s->in_c * w->element;
  const uint8_t *const base = (const uint8_t *)w->images + image * (size_t)s->in_h * line_bytes;
  const bool run = s->dilation_w == 1 && w->channels == (size_t)s->in_c;
  place p = {.x = x * s->stride_w - s->before_w};
  for (int32_t f = 0; f < s->filter_h; f++) {
    const int32_t line = y * s->stride_h - s->before_h + f * s->dilation_h;
    p.line = line >= 0 && line < s->in_h ? base + (size_t)line * line_bytes : NULL;
    if (run) put_run(w, p, to);
    else put_taps(w, p, to);
    to += (size_t)s->filter_w * w->channels * w->put_element;
  }
}

void windows_gather(const windows *w, size_t pixel, size_t count, void *to, size_t row_bytes) {
  const size_t out_w = (size_t)w->shape->out_w, out_h = (size_t)w->shape->out_h;
  size_t stride;
  if (windows_in_place(w->shape, &stride) && stride == w->channels && row_bytes == stride * w->put_element) {
    w->put(to, (const uint8_t *)w->images + pixel * stride * w->element, count * stride, w->is_signed);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    const size_t at = pixel + i;
    put_window(w, at / out_w / out_h, (int32_t)(at / out_w % out_h), (int32_t)(at % out_w),
               (uint8_t *)to + i * row_bytes);
  }
}

void windows_point(const windows *w, size_t pixel, size_t count, const void **to) {
  const conv_shape *const s = w->shape;
  const size_t out_w = (size_t)s->out_w, out_h = (size_t)s->out_h, tap_bytes = (size_t)s->in_c * w->element;
  const size_t line_bytes = (size_t)s->in_w * tap_bytes;
  for (size_t i = 0; i < count; i++) {
    const size_t at = pixel + i;
    const uint8_t *const image = (const uint8_t *)w->images + at / out_w / out_h * (size_t)s->in_h * line_bytes;
    const int32_t top = (int32_t)(at / out_w % out_h) * s->stride_h - s->before_h;
    const int32_t left = (int32_t)(at % out_w) * s->stride_w - s->before_w;
    const void **tap = to + i;
    for (int32_t f = 0; f < s->filter_h; f++) {
      const int32_t y = top + f * s->dilation_h;
      for (int32_t g = 0; g < s->filter_w; g++, tap += count) {
        const int32_t x = left + g * s->dilation_w;
        const bool inside = y >= 0 && y < s->in_h && x >= 0 && x < s->in_w;
        *tap = inside ? image + (size_t)y * line_bytes + (size_t)x * tap_bytes + w->first * w->element : w->outside;
      }
    }
  }
}

void windows_point_lines(const windows *w, size_t pixel, size_t count, const void **to, uint8_t *copies) {
  const conv_shape *const s = w->shape;
  const size_t out_w = (size_t)s->out_w, out_h = (size_t)s->out_h, tap_bytes = (size_t)s->in_c * w->element;
  const size_t line_bytes = (size_t)s->in_w * tap_bytes;
  for (size_t i = 0; i < count; i++) {
    const size_t at = pixel + i;
    const uint8_t *const image = (const uint8_t *)w->images + at / out_w / out_h * (size_t)s->in_h * line_bytes;
    const int32_t top = (int32_t)(at / out_w % out_h) * s->stride_h - s->before_h;
    place p = {.x = (int32_t)(at % out_w) * s->stride_w - s->before_w};
    const bool inside = p.x >= 0 && p.x <= s->in_w - s->filter_w;
    for (int32_t f = 0; f < s->filter_h; f++) {
      const int32_t y = top + f * s->dilation_h;
      const void **const line = to + (size_t)f * count + i;
      if (y < 0 || y >= s->in_h) {
        *line = w->outside;
        continue;
      }
      p.line = image + (size_t)y * line_bytes;
      if (inside) *line = p.line + (size_t)p.x * tap_bytes;
      else {
        put_run(w, p, copies);
        *line = copies;
        copies += (size_t)s->filter_w * tap_bytes;
      }
    }
  }
}

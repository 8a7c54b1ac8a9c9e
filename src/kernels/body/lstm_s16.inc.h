/* lstm_s16.inc.h: the element-wise part of an integer LSTM cell. */
#include "kernels/lstm_s16.h"

#include "base/fixed16.h"
#include "kernels/body/level.h"
#include "kernels/tables.h"

static inline int16_t saturate(int32_t x) {
  x = x < INT16_MIN ? INT16_MIN : x;
  return (int16_t)(x > INT16_MAX ? INT16_MAX : x);
}

/* x + y saturated to int16, y being one: held to [-2^16, 2^16) x does the same and cannot overflow. */
static inline int16_t add_saturated(int32_t x, int32_t y) {
  x = x < -(1 << 16) ? -(1 << 16) : x;
  x = x > (1 << 16) - 1 ? (1 << 16) - 1 : x;
  return saturate(x + y);
}

static void begin(int16_t *gate, const int32_t *acc, size_t n, fx_mult q) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) gate[i] = saturate(fx_mbqm(acc[i], q));
}

static void add(int16_t *gate, const int32_t *acc, size_t n, fx_mult q) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) gate[i] = add_saturated(fx_mbqm(acc[i], q), gate[i]);
}

static void add_product(int16_t *gate, const int16_t *w, const int16_t *cell, size_t n, fx_mult q) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) gate[i] = add_saturated(fx_mbqm(w[i] * cell[i], q), gate[i]);
}

static void logistic(int16_t *x, size_t n) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) x[i] = (int16_t)fx16_logistic(x[i], 3);
}

static void tanh_all(int16_t *y, const int16_t *x, size_t n, int bits) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) y[i] = (int16_t)fx16_tanh(x[i], bits);
}

static void update(int16_t *cell, const int16_t *input, const int16_t *forget, const int16_t *change, size_t n,
                   int shift, int16_t clip) {
  const int32_t lo = clip > 0 ? -clip : INT16_MIN, hi = clip > 0 ? clip : INT16_MAX;
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) {
    const int32_t share = input ? input[i] : INT16_MAX - forget[i];
    const int16_t added = (int16_t)fx16_rdbp(share * change[i], shift);
    int32_t c = fx16_rdbp(forget[i] * cell[i], 15) + added;
    c = c < lo ? lo : c;
    cell[i] = (int16_t)(c > hi ? hi : c);
  }
}

static void hide(int8_t *to, const int16_t *a, const int16_t *b, size_t n, fx_mult q, int32_t zero) {
  KERN_ELEMENTWISE
  for (size_t i = 0; i < n; i++) {
    int32_t x = saturate(fx_mbqm(a[i] * b[i], q)) + zero;
    x = x < INT8_MIN ? INT8_MIN : x;
    to[i] = (int8_t)(x > INT8_MAX ? INT8_MAX : x);
  }
}

const lstm_s16 KERN_TABLE(lstm_s16) = {.begin = begin,
                                       .add = add,
                                       .add_product = add_product,
                                       .logistic = logistic,
                                       .tanh = tanh_all,
                                       .update = update,
                                       .hide = hide};

/* operands.h: operands of one operator with random contents and real values, for tests of the recurrent operators.
 * Those take up to 48 inputs of a few types, some of them left out and some variables.
 *
 *     used = 0;
 *     add(&r, MOTE_FLOAT32, 0.01f, 2, batch, input, 0);        numbers from -1 to 1
 *     leave_out();
 *     variable(add(&r, MOTE_INT8, 0.05f, 2, batch, units, 0));
 *     begin(&k, &op_..., &options, 1, NULL);
 *
 * Include cmocka.h before it.
 */
#ifndef SUPPORT_OPERANDS_H
#define SUPPORT_OPERANDS_H

#include <math.h>

#include "support/op_case.h"

enum { LIMIT = 4000, MOST = 48 };

typedef struct operand {
  int32_t rank, dims[3]; /* rank -1: left out */
  mote_type type;
  float scale;
  int32_t zero;
  uint32_t flags;
  op_quant quant;
  union {
    float f32[LIMIT];
    int8_t i8[LIMIT];
    uint8_t u8[LIMIT];
    int16_t i16[LIMIT];
    int32_t i32[LIMIT];
  } data;
} operand;

static operand operands[MOST];
static int used; /* of them */

/* Whole numbers from -100 to 100 times the scale, floats too; int16 in steps of 50, uint8 with zero point 128. */
static inline operand *add(op_random *r, mote_type type, float scale, int32_t rank, int32_t d0, int32_t d1,
                           int32_t d2) {
  operand *const o = &operands[used++];
  *o =
      (operand){.rank = rank, .dims = {d0, d1, d2}, .type = type, .scale = scale, .zero = type == MOTE_UINT8 ? 128 : 0};
  int32_t count = 1;
  for (int32_t i = 0; i < rank; i++) count *= o->dims[i];
  assert_true(count <= LIMIT);
  for (int32_t i = 0; i < count; i++) {
    const int32_t n = op_random_in(r, -100, 100);
    if (type == MOTE_FLOAT32) o->data.f32[i] = (float)n * scale;
    else if (type == MOTE_INT8) o->data.i8[i] = (int8_t)n;
    else if (type == MOTE_UINT8) o->data.u8[i] = (uint8_t)(128 + n);
    else if (type == MOTE_INT16) o->data.i16[i] = (int16_t)(n * 50);
    else o->data.i32[i] = n;
  }
  return o;
}

static inline operand *variable(operand *o) {
  o->flags = OP_VARIABLE;
  return o;
}

static inline void leave_out(void) { operands[used++] = (operand){.rank = -1}; }

/* The number that element i stands for. */
static inline double real(const operand *o, int32_t i) {
  switch (o->type) {
    case MOTE_FLOAT32: return (double)o->data.f32[i];
    case MOTE_INT8: return (double)o->scale * (o->data.i8[i] - o->zero);
    case MOTE_UINT8: return (double)o->scale * (o->data.u8[i] - o->zero);
    case MOTE_INT16: return (double)o->scale * o->data.i16[i];
    default: return (double)o->scale * o->data.i32[i];
  }
}

/* All operands in use, and as many outputs: float32, or as `out` says. */
static inline void begin(op_case *k, const mote_op *op, const void *options, int outputs, const operand *out) {
  op_case_begin(k, op, options);
  k->c.isa = cpu_best();
  for (int i = 0; i < used; i++) {
    operand *const o = &operands[i];
    if (o->rank < 0) {
      k->inputs[k->c.num_inputs++] = NULL;
      continue;
    }
    op_tensor *const t = op_case_input(k, o->type, o->rank, o->dims, &o->data, o->flags);
    o->quant = (op_quant){.count = 1, .scale = &o->scale, .zero_point = &o->zero};
    if (o->type != MOTE_FLOAT32) t->quant = &o->quant, t->scale = o->scale, t->zero_point = o->zero;
  }
  for (int i = 0; i < outputs; i++) {
    op_tensor *const t = op_case_output(k, out ? out->type : MOTE_FLOAT32);
    if (out) t->quant = &out->quant, t->scale = out->scale, t->zero_point = out->zero;
  }
}

static inline void close_to(const op_tensor *t, const double *expected, size_t count, double bound) {
  assert_int_equal(op_count(t), count);
  for (size_t i = 0; i < count; i++)
    if (!(fabs((double)((const float *)t->data)[i] - expected[i]) <= bound))
      fail_msg("element %zu is %g, not %g", i, (double)((const float *)t->data)[i], expected[i]);
}

#endif

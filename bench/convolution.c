/* convolution.c: CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED as whole operators against plain loops of their
 * definition, in the shapes and types that kernels are not made for as well: groups, few channels, 16 bits, filters
 * that are computed in the run.
 *
 *   bench_convolution [TEXT]      only cases whose line contains TEXT
 *
 * Multiply-adds in millions a second, one thread, filters constant and not. A level slower than the plain loop is
 * pointed out, and the exit status is then 1.
 */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "base/fixed.h"
#include "support/op_case.h"

extern const mote_op op_conv_2d, op_depthwise_conv_2d, op_fully_connected;

typedef enum kind { F32, S8, U8, S16, HYBRID, KINDS } kind;

static const mote_type types[KINDS][3] = {
    [F32] = {MOTE_FLOAT32, MOTE_FLOAT32, MOTE_FLOAT32}, [S8] = {MOTE_INT8, MOTE_INT8, MOTE_INT32},
    [U8] = {MOTE_UINT8, MOTE_UINT8, MOTE_INT32},        [S16] = {MOTE_INT16, MOTE_INT8, MOTE_INT64},
    [HYBRID] = {MOTE_FLOAT32, MOTE_INT8, MOTE_FLOAT32},
};
static const char *const kind_names[KINDS] = {"f32", "s8", "u8", "16x8", "hybrid"};

typedef struct shape {
  const char *name;
  const mote_op *op;
  int32_t size, in_c, filter, out_c, groups, stride; /* depthwise: groups = in_c; fully connected: size 1 */
} shape;

static const shape shapes[] = {
    {"conv 3x3 of 3", &op_conv_2d, 64, 3, 3, 32, 1, 2},
    {"conv 3x3", &op_conv_2d, 28, 64, 3, 64, 1, 1},
    {"conv 1x1", &op_conv_2d, 28, 64, 1, 128, 1, 1},
    {"conv 1x1 stride 2", &op_conv_2d, 28, 64, 1, 128, 1, 2},
    {"conv 5x5 of 1", &op_conv_2d, 28, 1, 5, 8, 1, 1},
    {"conv 3x3 to 1", &op_conv_2d, 28, 16, 3, 1, 1, 1},
    {"conv groups 4", &op_conv_2d, 28, 64, 3, 64, 4, 1},
    {"conv groups 32", &op_conv_2d, 28, 64, 3, 64, 32, 1},
    {"conv groups of 1", &op_conv_2d, 28, 64, 3, 64, 64, 1},
    {"depthwise 3x3", &op_depthwise_conv_2d, 28, 64, 3, 64, 64, 1},
    {"depthwise 5x5 stride 2", &op_depthwise_conv_2d, 28, 64, 5, 64, 64, 2},
    {"depthwise of 3, times 8", &op_depthwise_conv_2d, 64, 3, 3, 24, 3, 1},
    {"depthwise of 1", &op_depthwise_conv_2d, 28, 1, 3, 1, 1, 1},
    {"connected 1024 to 512", &op_fully_connected, 1, 1024, 1, 512, 1, 1},
    {"connected 20 to 10", &op_fully_connected, 1, 20, 1, 10, 1, 1},
    {"connected 37 to 1", &op_fully_connected, 1, 37, 1, 1, 1, 1},
};

enum { MOST = 1 << 20 };

static uint64_t input[MOST / 2], filter[MOST], bias[4096], plain_output[MOST];
static float scales[4096];
static int32_t zeros[4096];

static bool is_depthwise(const shape *s) { return s->op == &op_depthwise_conv_2d; }
static int32_t out_size(const shape *s) { return (s->size + s->stride - 1) / s->stride; }

/* ---- the definition ---- */

/* Where the tap (y, x) of the output pixel (oy, ox) lies; false when that is outside. */
static inline bool tap(const shape *s, int32_t oy, int32_t ox, int32_t y, int32_t x, int32_t *at) {
  const int32_t total = (out_size(s) - 1) * s->stride + s->filter - s->size, before = total > 0 ? total / 2 : 0;
  const int32_t in_y = oy * s->stride - before + y, in_x = ox * s->stride - before + x;
  *at = (in_y * s->size + in_x) * s->in_c;
  return in_y >= 0 && in_y < s->size && in_x >= 0 && in_x < s->size;
}

#define PLAIN(name, X, W, B, SUM, Y, finish)                                                                           \
  static void name(const shape *s) {                                                                                   \
    const X *in = (const X *)input;                                                                                    \
    const W *w = (const W *)filter;                                                                                    \
    const B *b = (const B *)bias;                                                                                      \
    Y *out = (Y *)plain_output;                                                                                        \
    const fx_mult mult = fx_quantize_multiplier(0.001);                                                                \
    (void)mult;                                                                                                        \
    const int32_t each = s->in_c / s->groups, outputs = s->out_c / s->groups;                                          \
    for (int32_t oy = 0; oy < out_size(s); oy++)                                                                       \
      for (int32_t ox = 0; ox < out_size(s); ox++)                                                                     \
        for (int32_t o = 0; o < s->out_c; o++) {                                                                       \
          SUM sum = (SUM)b[o];                                                                                         \
          for (int32_t y = 0; y < s->filter; y++)                                                                      \
            for (int32_t x = 0; x < s->filter; x++) {                                                                  \
              int32_t at;                                                                                              \
              if (!tap(s, oy, ox, y, x, &at)) continue;                                                                \
              const X *from = in + at + o / outputs * each;                                                            \
              if (is_depthwise(s)) sum += (SUM)*from * (SUM)w[(y * s->filter + x) * s->out_c + o];                     \
              else                                                                                                     \
                for (int32_t c = 0; c < each; c++)                                                                     \
                  sum += (SUM)from[c] * (SUM)w[((o * s->filter + y) * s->filter + x) * each + c];                      \
            }                                                                                                          \
          *out++ = (Y)(finish);                                                                                        \
        }                                                                                                              \
  }

PLAIN(plain_f32, float, float, float, float, float, sum < 0 ? 0 : sum)
PLAIN(plain_s8, int8_t, int8_t, int32_t, int32_t, int8_t, fx_clamp(fx_mbqm(sum, mult), -128, 127))
PLAIN(plain_u8, uint8_t, uint8_t, int32_t, int32_t, uint8_t, fx_clamp(fx_mbqm(sum, mult), 0, 255))
PLAIN(plain_s16, int16_t, int8_t, int64_t, int64_t, int16_t, fx_clamp(fx_mbqm64(sum, mult), -32768, 32767))

PLAIN(plain_quantized, int8_t, int8_t, float, int32_t, float, (float)sum * 0.001f)

/* The same on the input quantized to int8, as the operators do. */
static void plain_hybrid(const shape *s) {
  static float kept[MOST];
  const size_t n = (size_t)s->size * (size_t)s->size * (size_t)s->in_c;
  float most = 0;
  memcpy(kept, input, n * sizeof *kept);
  for (size_t i = 0; i < n; i++) most = fabsf(kept[i]) > most ? fabsf(kept[i]) : most;
  for (size_t i = 0; i < n; i++) ((int8_t *)input)[i] = (int8_t)roundf(kept[i] * (127 / most));
  plain_quantized(s);
  memcpy(input, kept, n * sizeof *kept);
}

static void (*const plain[KINDS])(const shape *s) = {plain_f32, plain_s8, plain_u8, plain_s16, plain_hybrid};

/* ---- measuring ---- */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of one call: the least over a fifth of a second or so. */
static double seconds_of(void (*call)(const void *arg), const void *arg) {
  double best = 1e9, begin = now();
  do {
    int calls = 0;
    const double from = now();
    do call(arg), calls++;
    while (now() - from < 2e-4);
    const double each = (now() - from) / calls;
    best = each < best ? each : best;
  } while (now() - begin < 0.06);
  return best;
}

typedef struct plain_call {
  const shape *s;
  kind k;
} plain_call;

static void call_plain(const void *arg) {
  const plain_call *p = arg;
  plain[p->k](p->s);
}

static void call_op(const void *arg) {
  op_case *c = *(op_case *const *)arg;
  (void)c->c.op->run(&c->c);
}

static const void *options_of(const shape *s) {
  static sch_Conv2DOptions conv;
  static sch_DepthwiseConv2DOptions depthwise;
  static const sch_FullyConnectedOptions connected;
  conv =
      (sch_Conv2DOptions){.stride_h = s->stride, .stride_w = s->stride, .dilation_h_factor = 1, .dilation_w_factor = 1};
  depthwise = (sch_DepthwiseConv2DOptions){
      .stride_h = s->stride, .stride_w = s->stride, .dilation_h_factor = 1, .dilation_w_factor = 1};
  return s->op == &op_conv_2d ? (const void *)&conv : is_depthwise(s) ? (const void *)&depthwise : &connected;
}

/* Seconds of a run, negative when it fails. */
static double measure(const shape *s, kind k, cpu_level level, bool constant) {
  const bool connected = s->op == &op_fully_connected;
  const int32_t each = s->in_c / s->groups, in[] = {1, s->size, s->size, s->in_c}, flat[] = {1, s->in_c};
  const int32_t dims[] = {is_depthwise(s) ? 1 : s->out_c, s->filter, s->filter, is_depthwise(s) ? s->out_c : each};
  const int32_t matrix[] = {s->out_c, s->in_c};
  const op_quant q = {
      .count = k == U8 ? 1 : s->out_c, .axis = is_depthwise(s) ? 3 : 0, .scale = scales, .zero_point = zeros};
  op_case c, *at = &c;
  op_case_begin(&c, s->op, options_of(s));
  c.c.isa = level;
  op_tensor *x = op_case_input(&c, types[k][0], connected ? 2 : 4, connected ? flat : in, input, 0);
  op_tensor *w =
      op_case_input(&c, types[k][1], connected ? 2 : 4, connected ? matrix : dims, filter, constant ? OP_CONST : 0);
  op_case_input(&c, types[k][2], 1, &s->out_c, bias, constant ? OP_CONST : 0);
  op_tensor *y = op_case_output(&c, types[k][0]);
  x->scale = y->scale = 1;
  if (k != F32) w->quant = &q;
  if (q.count == 1) w->scale = scales[0];
  double seconds = -1;
  if (op_case_run(&c) == MOTE_OK) seconds = seconds_of(call_op, &at);
  else fprintf(stderr, "%s\n", c.error.text);
  op_case_end(&c);
  return seconds;
}

/* One line; returns how many levels are slower than the plain loop. */
static int compare(const shape *s, kind k, const char *only) {
  char line[100];
  snprintf(line, sizeof line, "%-24s %-7s", s->name, kind_names[k]);
  if (only && !strstr(line, only)) return 0;
  const plain_call p = {s, k};
  const double macs =
      (double)out_size(s) * out_size(s) * s->out_c * s->filter * s->filter * (s->in_c / s->groups) * 1e-6;
  const double plain_seconds = seconds_of(call_plain, &p);
  printf("%s %8.0f", line, macs / plain_seconds);
  int slower = 0;
  cpu_level levels[4];
  const int count = cpu_levels(levels);
  for (int i = 0; i < 2 * count; i++) {
    const double seconds = measure(s, k, levels[i / 2], i % 2 == 0);
    /* A twentieth is noise, and a tenth of a microsecond what calling an operator costs. */
    const bool slow = seconds < 0 || seconds > 1.05 * plain_seconds + 1e-7;
    printf(" %8.0f%s", macs / seconds, slow ? "!" : " ");
    slower += slow;
  }
  printf("\n");
  return slower;
}

int main(int argc, char **argv) {
  for (size_t i = 0; i < sizeof input; i++) ((uint8_t *)input)[i] = (uint8_t)(i * 37 % 251);
  for (size_t i = 0; i < sizeof filter; i++) ((uint8_t *)filter)[i] = (uint8_t)(i * 73 % 253);
  for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) scales[i] = 0.001f + 1e-6f * (float)i;
  cpu_level levels[4];
  const int count = cpu_levels(levels);
  printf("%-32s %8s", "", "plain");
  for (int i = 0; i < count; i++) printf(" %8s  computed", cpu_name(levels[i]));
  printf("\n");
  int slower = 0;
  for (int k = 0; k < KINDS; k++) {
    if (k == F32 || k == HYBRID) /* sane floats */
      for (size_t i = 0; i < sizeof input / (sizeof(float)); i++) {
        ((float *)input)[i] = (float)(i % 100) / 64 - 0.5f;
        if (k == F32) ((float *)filter)[i] = (float)(i % 70) / 64 - 0.5f;
      }
    if (k == S8)
      for (size_t i = 0; i < sizeof filter; i++) ((uint8_t *)filter)[i] = (uint8_t)(i * 73 % 253);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
      slower += compare(&shapes[i], (kind)k, argc > 1 ? argv[1] : NULL);
  }
  if (slower) printf("%d are slower than the plain loop (!)\n", slower);
  return slower != 0;
}

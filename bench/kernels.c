/* kernels.c: how fast the heavy kernels are, as shares of what this machine can do.
 *
 *   bench_kernels [FAMILY...]
 *
 * For shapes of MobileNet v2 and ResNet-50: operations a second (a multiply-add is two) of the plain loop of the
 * definition and of every level, and the share of the best level's peak, measured in the same run. One thread. A level
 * slower than the plain loop is pointed out, and the exit status is then 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "kernels/dwconv_f32.h"
#include "kernels/dwconv_s8.h"
#include "kernels/gemm_f32.h"
#include "kernels/gemm_s8.h"
#include "kernels/peak.h"
#include "kernels/requant.h"

/* A product of m x k by k x n, or a depthwise convolution: m = output width and height, n = channels, k = window. */
typedef struct shape {
  size_t m, n, k, stride;
} shape;

enum { PLAIN = -1, ROWS = 112 };

typedef struct place {
  shape s;
  int level; /* or PLAIN */
  const uint8_t *a, *b;
  uint8_t *c;
  int32_t *acc;
  void *packed, *staged;
  const void **pointers;
  fx_mult *mult;
  double *scale;
} place;

static void *room(size_t bytes) {
  void *p = calloc(bytes / 64 + 2, 64);
  if (!p) {
    fprintf(stderr, "out of memory for %zu bytes\n", bytes);
    exit(2);
  }
  return memset(p, 0x3c, bytes);
}

static size_t pack_room(const place *p, bool (*bytes_of)(size_t, size_t, size_t *)) {
  size_t bytes = 0;
  return bytes_of(p->s.n, p->s.k, &bytes) ? bytes : 0;
}

/* ---- products of matrices ---- */

static void gemm_f32_prepare(place *p) {
  if (p->level == PLAIN) return;
  const gemm_f32 *g = kern_gemm_f32((cpu_level)p->level);
  p->packed = room(pack_room(p, g->packed_bytes));
  g->pack(p->packed, (const float *)p->b, p->s.n, p->s.k, NULL);
}

static void gemm_f32_run(const place *p) {
  const size_t m = p->s.m, n = p->s.n, k = p->s.k;
  const float *a = (const float *)p->a, *b = (const float *)p->b;
  float *c = (float *)p->c;
  for (size_t i = 0; p->level == PLAIN && i < m; i++)
    for (size_t j = 0; j < n; j++) {
      float sum = 0;
      for (size_t e = 0; e < k; e++) sum += a[i * k + e] * b[j * k + e];
      c[i * n + j] = sum < 0 ? 0 : sum > 6 ? 6 : sum;
    }
  for (size_t i = 0; p->level != PLAIN && i < m; i += ROWS)
    kern_gemm_f32((cpu_level)p->level)
        ->run(&(gemm_f32_job){.m = m - i < ROWS ? m - i : ROWS,
                              .k = k,
                              .n_end = n,
                              .a = a + i * k,
                              .a_stride = k,
                              .packed = p->packed,
                              .c = c + i * n,
                              .c_stride = n,
                              .hi = 6});
}

static void gemm_s8_prepare(place *p) {
  if (p->level == PLAIN) return;
  const gemm_s8 *g = kern_gemm_s8((cpu_level)p->level);
  p->packed = room(pack_room(p, g->packed_bytes));
  p->staged = room(ROWS * gemm_s8_staged(g, p->s.k));
  g->pack(p->packed, &(gemm_s8_weights){.n = p->s.n, .k = p->s.k, .w = p->b, .w_signed = true, .a_signed = true});
}

/* With staging and requantization, as a convolution of 1 x 1 does it. */
static void gemm_s8_run(const place *p) {
  const size_t m = p->s.m, n = p->s.n, k = p->s.k;
  const int8_t *a = (const int8_t *)p->a, *b = (const int8_t *)p->b;
  for (size_t i = 0; p->level == PLAIN && i < m; i++)
    for (size_t j = 0; j < n; j++) {
      int32_t sum = 0;
      for (size_t e = 0; e < k; e++) sum += a[i * k + e] * b[j * k + e];
      p->c[i * n + j] = (uint8_t)fx_clamp(fx_mbqm(sum, p->mult[j]) + 3, -128, 127);
    }
  if (p->level == PLAIN) return;
  const gemm_s8 *g = kern_gemm_s8((cpu_level)p->level);
  const size_t stride = gemm_s8_staged(g, k), columns = n < 128 ? n : 128;
  for (size_t i = 0; i < m; i += ROWS) {
    const size_t rows = m - i < ROWS ? m - i : ROWS;
    for (size_t r = 0; r < rows; r++) g->stage((char *)p->staged + r * stride, a + (i + r) * k, k, true);
    for (size_t j = 0; j < n; j += columns) {
      const size_t end = n - j < columns ? n : j + columns;
      g->run(&(gemm_s8_job){.m = rows,
                            .k = k,
                            .n_begin = j,
                            .n_end = end,
                            .a = p->staged,
                            .a_stride = stride,
                            .packed = p->packed,
                            .c = p->acc,
                            .c_stride = columns});
      kern_requant((cpu_level)p->level)
          ->fixed(&(requant_job){.m = rows,
                                 .n = end - j,
                                 .acc = p->acc,
                                 .acc_stride = columns,
                                 .mult = p->mult + j,
                                 .zero_point = 3,
                                 .lo = -128,
                                 .hi = 127,
                                 .out = p->c + i * n + j,
                                 .out_stride = n});
    }
  }
}

static const shape products[] = {
    {12544, 32, 27, 0},  {12544, 16, 32, 0}, {12544, 96, 16, 0}, {3136, 24, 96, 0},  {3136, 144, 24, 0},
    {784, 192, 32, 0},   {196, 96, 576, 0},  {49, 320, 960, 0},  {49, 1280, 320, 0}, {1, 1000, 1280, 0},
    {12544, 64, 147, 0}, {3136, 64, 64, 0},  {3136, 256, 64, 0}, {3136, 64, 576, 0}, {784, 128, 1152, 0},
    {196, 256, 1024, 0}, {49, 512, 2048, 0}, {49, 512, 4608, 0}, {49, 2048, 512, 0}, {1, 1000, 2048, 0},
};

/* ---- requantization: an operation is one element ---- */

static void nothing(place *p) { (void)p; }

static void requant_run(const place *p, bool real) {
  requant_job job = {.m = p->s.m,
                     .n = p->s.n,
                     .acc = p->acc,
                     .acc_stride = p->s.n,
                     .mult = p->mult,
                     .scale = p->scale,
                     .zero_point = 3,
                     .lo = -128,
                     .hi = 127,
                     .out = p->c,
                     .out_stride = p->s.n};
  const requant *g = kern_requant(p->level == PLAIN ? CPU_SCALAR : (cpu_level)p->level);
  (real ? g->real : g->fixed)(&job);
}
static void fixed_run(const place *p) { requant_run(p, false); }
static void real_run(const place *p) { requant_run(p, true); }

static const shape blocks[] = {{112, 32, 0, 0}, {112, 96, 0, 0}, {112, 128, 0, 0}};

/* ---- depthwise convolutions ---- */

static size_t input_width(const place *p) { return (p->s.m - 1) * p->s.stride + p->s.k; }

static void dwconv_f32_prepare(place *p) {
  if (p->level == PLAIN) return;
  const dwconv_f32 *g = kern_dwconv_f32((cpu_level)p->level);
  size_t bytes = 0;
  if (g->packed_bytes(p->s.k, p->s.k, p->s.n, &bytes)) p->packed = room(bytes);
  g->pack(p->packed, (const float *)p->b, p->s.k, p->s.k, p->s.n, NULL);
}

static void dwconv_s8_prepare(place *p) {
  if (p->level == PLAIN) return;
  const dwconv_s8 *g = kern_dwconv_s8((cpu_level)p->level);
  size_t bytes = 0;
  if (g->packed_bytes(p->s.k, p->s.k, p->s.n, &bytes)) p->packed = room(bytes);
  g->pack(p->packed, &(dwconv_s8_weights){.kh = p->s.k,
                                          .kw = p->s.k,
                                          .channels = p->s.n,
                                          .w = p->b,
                                          .w_signed = true,
                                          .x_signed = true,
                                          .mult = p->mult});
}

/* Pointers to the columns of output row y. */
static void point(const place *p, size_t y, size_t element) {
  const size_t width = input_width(p);
  for (size_t x = 0; x < width; x++)
    for (size_t f = 0; f < p->s.k; f++)
      p->pointers[x * p->s.k + f] = p->a + ((y * p->s.stride + f) * width + x) * p->s.n * element;
}

static void dwconv_f32_plain(const place *p) {
  const size_t m = p->s.m, n = p->s.n, k = p->s.k, width = input_width(p);
  const float *a = (const float *)p->a, *b = (const float *)p->b;
  for (size_t o = 0; o < m * m; o++)
    for (size_t c = 0; c < n; c++) {
      float sum = 0;
      for (size_t f = 0; f < k * k; f++)
        sum += a[((o / m * p->s.stride + f / k) * width + o % m * p->s.stride + f % k) * n + c] * b[f * n + c];
      ((float *)p->c)[o * n + c] = sum < 0 ? 0 : sum > 6 ? 6 : sum;
    }
}

static void dwconv_s8_plain(const place *p) {
  const size_t m = p->s.m, n = p->s.n, k = p->s.k, width = input_width(p);
  const int8_t *a = (const int8_t *)p->a, *b = (const int8_t *)p->b;
  for (size_t o = 0; o < m * m; o++)
    for (size_t c = 0; c < n; c++) {
      int32_t sum = 0;
      for (size_t f = 0; f < k * k; f++)
        sum += a[((o / m * p->s.stride + f / k) * width + o % m * p->s.stride + f % k) * n + c] * b[f * n + c];
      p->c[o * n + c] = (uint8_t)fx_clamp(fx_mbqm(sum, p->mult[c]) + 3, -128, 127);
    }
}

static void dwconv_f32_run(const place *p) {
  if (p->level == PLAIN) {
    dwconv_f32_plain(p);
    return;
  }
  for (size_t y = 0; y < p->s.m; y++) {
    point(p, y, sizeof(float));
    kern_dwconv_f32((cpu_level)p->level)
        ->run(&(dwconv_f32_job){.pixels = p->s.m,
                                .kh = p->s.k,
                                .kw = p->s.k,
                                .channels = p->s.n,
                                .pointers = (const float *const *)p->pointers,
                                .step = p->s.stride * p->s.k,
                                .packed = p->packed,
                                .out = (float *)p->c + y * p->s.m * p->s.n,
                                .out_stride = p->s.n,
                                .hi = 6});
  }
}

static void dwconv_s8_run(const place *p) {
  if (p->level == PLAIN) {
    dwconv_s8_plain(p);
    return;
  }
  for (size_t y = 0; y < p->s.m; y++) {
    point(p, y, 1);
    kern_dwconv_s8((cpu_level)p->level)
        ->run(&(dwconv_s8_job){.pixels = p->s.m,
                               .kh = p->s.k,
                               .kw = p->s.k,
                               .channels = p->s.n,
                               .pointers = p->pointers,
                               .step = p->s.stride * p->s.k,
                               .x_signed = true,
                               .packed = p->packed,
                               .zero_point = 3,
                               .lo = -128,
                               .hi = 127,
                               .out = p->c + y * p->s.m * p->s.n,
                               .out_stride = p->s.n});
  }
}

static const shape depthwise[] = {{112, 32, 3, 1}, {56, 96, 3, 2},  {56, 144, 3, 1}, {28, 192, 3, 1},
                                  {14, 384, 3, 1}, {14, 576, 3, 1}, {7, 960, 3, 1},  {14, 480, 5, 1}};

/* ---- the table ---- */

typedef enum kind { PRODUCT, ELEMENTS, DEPTHWISE } kind;

static const struct {
  const char *name;
  kind kind;
  bool integer;
  void (*prepare)(place *p);
  void (*run)(const place *p);
  const shape *shapes;
  size_t count;
} families[] = {
#define SHAPES(x) x, sizeof x / sizeof *x
    {"gemm_f32", PRODUCT, false, gemm_f32_prepare, gemm_f32_run, SHAPES(products)},
    {"gemm_s8", PRODUCT, true, gemm_s8_prepare, gemm_s8_run, SHAPES(products)},
    {"dwconv_f32", DEPTHWISE, false, dwconv_f32_prepare, dwconv_f32_run, SHAPES(depthwise)},
    {"dwconv_s8", DEPTHWISE, true, dwconv_s8_prepare, dwconv_s8_run, SHAPES(depthwise)},
    {"requant_fixed", ELEMENTS, true, nothing, fixed_run, SHAPES(blocks)},
    {"requant_real", ELEMENTS, true, nothing, real_run, SHAPES(blocks)},
};
enum { FAMILIES = sizeof families / sizeof *families };

static double operations(kind what, shape s) {
  if (what == ELEMENTS) return (double)(s.m * s.n);
  return 2.0 * (double)s.m * (double)s.n * (double)s.k * (what == DEPTHWISE ? (double)(s.m * s.k) : 1);
}

/* Billions of operations a second: the best of a tenth of a second. The plain loop gets a part of a large product. */
static double speed(size_t f, place p) {
  if (p.level == PLAIN && families[f].kind == PRODUCT)
    while (p.s.m > 1 && operations(PRODUCT, p.s) > 2e7) p.s.m /= 2;
  families[f].prepare(&p);
  double best = 0;
  const uint64_t begin = time_ns();
  do {
    const uint64_t start = time_ns();
    families[f].run(&p);
    const double rate = operations(families[f].kind, p.s) / (double)(time_ns() - start + 1);
    if (rate > best) best = rate;
  } while (time_ns() - begin < 100000000);
  free(p.packed);
  free(p.staged);
  return best;
}

/* One line; returns how many levels are slower than the plain loop. */
static int measure(size_t f, shape s, const cpu_level *levels, int count, double peak) {
  const size_t width = (s.m - 1) * s.stride + s.k;
  const size_t inputs = families[f].kind == DEPTHWISE ? width * width * s.n : s.m * s.k;
  const size_t weights = (families[f].kind == DEPTHWISE ? s.k : 1) * s.n * s.k;
  const size_t outputs = (families[f].kind == DEPTHWISE ? s.m : 1) * s.m * s.n;
  place p = {.s = s, .a = room(inputs * 4), .b = room(weights * 4), .c = room(outputs * 4)};
  p.acc = room(ROWS * (s.n < 128 ? 128 : s.n) * 4);
  p.pointers = room(width * s.k * sizeof *p.pointers);
  p.mult = room(s.n * sizeof *p.mult);
  p.scale = room(s.n * sizeof *p.scale);
  for (size_t i = 0; i < s.n; i++) p.mult[i] = (fx_mult){1518500250, -8}, p.scale[i] = 0.003;
  printf("%-14s%6zu x%5zu x%5zu", families[f].name, s.m, s.n, s.k);
  if (s.stride > 1) printf(" /%zu", s.stride);
  else printf("   ");
  p.level = PLAIN;
  const double plain = speed(f, p);
  printf("%8.2f", plain);
  int slower = 0;
  for (int l = 0; l < count; l++) {
    p.level = (int)levels[l];
    const double rate = speed(f, p);
    printf("%9.2f", rate);
    if (families[f].kind != ELEMENTS) printf(" %3.0f %%", 100 * rate / peak);
    if (rate < plain * 0.9) {
      printf("!");
      slower++;
    }
  }
  printf("\n");
  fflush(stdout);
  free((void *)(uintptr_t)p.a);
  free((void *)(uintptr_t)p.b);
  free(p.c);
  free(p.acc);
  free(p.pointers);
  free(p.mult);
  free(p.scale);
  return slower;
}

int main(int argc, char **argv) {
  cpu_level levels[4];
  const int count = cpu_levels(levels);
  const double peak_f32 = kern_peak_f32(cpu_best()), peak_s8 = kern_peak_s8(cpu_best());
  int slower = 0;
  printf("peak of one core: %.0f GFLOP/s float32, %.0f GOP/s int8 (%s)\n", peak_f32, peak_s8, cpu_name(cpu_best()));
  printf("GOP/s and share of the peak\n%-37s%8s", "family, shape", "plain");
  for (int l = 0; l < count; l++) printf("%9s      ", cpu_name(levels[l]));
  printf("\n");
  for (size_t f = 0; f < FAMILIES; f++) {
    bool wanted = argc == 1;
    for (int i = 1; i < argc; i++) wanted |= !strcmp(argv[i], families[f].name);
    for (size_t i = 0; wanted && i < families[f].count; i++)
      slower += measure(f, families[f].shapes[i], levels, count, families[f].integer ? peak_s8 : peak_f32);
  }
  if (slower) printf("! slower than the plain loop: %d\n", slower);
  return slower ? 1 : 0;
}

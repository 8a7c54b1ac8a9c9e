/* net.c: forward and backward pass of the network, one image at a time. Images are [row][column][channel]. */
#include "net.h"

#include <math.h>
#include <string.h>

enum { SIDE_1 = NET_SIDE, SIDE_2 = SIDE_1 / 2, SIDE_3 = SIDE_2 / 2, MOST_KERNELS = 64 };

/* What the forward pass leaves behind for the backward pass. */
typedef struct trace {
  float conv_1[SIDE_1 * SIDE_1 * NET_KERNELS_1], pool_1[SIDE_2 * SIDE_2 * NET_KERNELS_1];
  float conv_2[SIDE_2 * SIDE_2 * NET_KERNELS_2], pool_2[SIDE_3 * SIDE_3 * NET_KERNELS_2];
  float conv_3[SIDE_3 * SIDE_3 * NET_KERNELS_3], pool_3[NET_FEATURES];
  float probability[NET_CLASSES];
} trace;

/* ---- layers ------------------------------------------------------------------------------------------------- */

/* The inner loops of these functions go over the channels of the result, so that they can be vectorised without
 * changing the order of any sum: a seed gives the same network however the compiler does it. */

#define INLINE static inline __attribute__((always_inline))

/* y[r][c][o] = bias[o] + sum over the 3x3 window and i of x[r + dr][c + dc][i] * w[dr][dc][i][o]; x is 0 outside. */
INLINE void conv(const float *restrict x, const float *restrict w, const float *bias, float *restrict y, int side,
                 int in, int out) {
  for (int row = 0; row < side; row++) {
    float *line = y + row * side * out;
    for (int column = 0; column < side; column++) memcpy(line + column * out, bias, (size_t)out * sizeof *bias);
    for (int k = 0; k < 9; k++) {
      const int from = row + k / 3 - 1, shift = k % 3 - 1;
      if (from < 0 || from >= side) continue;
      const int begin = shift < 0 ? 1 : 0, end = shift > 0 ? side - 1 : side;
      for (int i = 0; i < in; i++)
        for (int column = begin; column < end; column++)
          for (int o = 0; o < out; o++)
            line[column * out + o] += x[(from * side + column + shift) * in + i] * w[(k * in + i) * out + o];
    }
  }
}

/* Adds the gradients of a convolution's weights and bias, from those of its result. */
INLINE void conv_learn(const float *x, const float *dy, float *dw, float *dbias, int side, int in, int out) {
  for (int at = 0; at < side * side; at++) {
    const float *d = dy + at * out;
    for (int o = 0; o < out; o++) dbias[o] += d[o];
    for (int k = 0; k < 9; k++) {
      const int row = at / side + k / 3 - 1, column = at % side + k % 3 - 1;
      if (row < 0 || row >= side || column < 0 || column >= side) continue;
      const float *pixel = x + (row * side + column) * in;
      for (int i = 0; i < in; i++)
        for (int o = 0; o < out; o++) dw[(k * in + i) * out + o] += pixel[i] * d[o];
    }
  }
}

/* The gradient of a convolution's input: a convolution with the kernel turned by half a turn, inputs and outputs
 * exchanged. */
INLINE void conv_back(const float *dy, const float *w, float *dx, int side, int in, int out) {
  static const float no_bias[MOST_KERNELS];
  float turned[9 * MOST_KERNELS * MOST_KERNELS];
  for (int k = 0; k < 9; k++)
    for (int i = 0; i < in; i++)
      for (int o = 0; o < out; o++) turned[((8 - k) * out + o) * in + i] = w[(k * in + i) * out + o];
  conv(dy, turned, no_bias, dx, side, out, in);
}

/* Unlike fmaxf, one instruction for a vector: nothing here is a NaN. */
static inline float larger(float a, float b) { return a > b ? a : b; }

/* ReLU, then the maximum over 2x2; `side` is that of x. The same as the maximum of what is then rectified. */
INLINE void pool(const float *x, float *y, int side, int channels) {
  const int half = side / 2, down = side * channels;
  for (int at = 0; at < half * half; at++) {
    const float *corner = x + (at / half * 2 * side + at % half * 2) * channels;
    for (int c = 0; c < channels; c++) {
      const float upper = larger(corner[c], corner[c + channels]);
      const float lower = larger(corner[c + down], corner[c + channels + down]);
      y[at * channels + c] = larger(larger(upper, lower), 0);
    }
  }
}

/* Hands each gradient to the first input that was the maximum, and to none where ReLU cut it off. */
INLINE void pool_back(const float *x, const float *y, const float *dy, float *dx, int side, int channels) {
  const int half = side / 2;
  memset(dx, 0, (size_t)(side * side * channels) * sizeof *dx);
  for (int i = 0; i < half * half * channels; i++) {
    if (y[i] <= 0) continue;
    const int at = i / channels, corner = (at / half * 2 * side + at % half * 2) * channels + i % channels;
    const int window[4] = {corner, corner + channels, corner + side * channels, corner + (side + 1) * channels};
    int k = 0;
    while (k < 3 && x[window[k]] != y[i]) k++;
    dx[window[k]] = dy[i];
  }
}

static void softmax(float *x, int count) {
  float most = x[0], sum = 0;
  for (int i = 1; i < count; i++) most = fmaxf(most, x[i]);
  for (int i = 0; i < count; i++) sum += x[i] = expf(x[i] - most);
  for (int i = 0; i < count; i++) x[i] /= sum;
}

/* ---- the network -------------------------------------------------------------------------------------------- */

static void forward(const net_weights *w, const float *image, trace *t) {
  conv(image, w->conv_1, w->bias_1, t->conv_1, SIDE_1, 1, NET_KERNELS_1);
  pool(t->conv_1, t->pool_1, SIDE_1, NET_KERNELS_1);
  conv(t->pool_1, w->conv_2, w->bias_2, t->conv_2, SIDE_2, NET_KERNELS_1, NET_KERNELS_2);
  pool(t->conv_2, t->pool_2, SIDE_2, NET_KERNELS_2);
  conv(t->pool_2, w->conv_3, w->bias_3, t->conv_3, SIDE_3, NET_KERNELS_2, NET_KERNELS_3);
  pool(t->conv_3, t->pool_3, SIDE_3, NET_KERNELS_3);
  memcpy(t->probability, w->bias_4, sizeof t->probability);
  for (int i = 0; i < NET_FEATURES; i++)
    for (int o = 0; o < NET_CLASSES; o++) t->probability[o] += t->pool_3[i] * w->dense[i * NET_CLASSES + o];
  softmax(t->probability, NET_CLASSES);
}

/* The last layer's gradients and, in `dfeature`, that of its input. */
static void dense_back(const float *feature, const float *dense, const float *dscore, net_weights *g, float *dfeature) {
  for (int o = 0; o < NET_CLASSES; o++) g->bias_4[o] += dscore[o];
  for (int i = 0; i < NET_FEATURES; i++) {
    dfeature[i] = 0;
    for (int o = 0; o < NET_CLASSES; o++) {
      g->dense[i * NET_CLASSES + o] += feature[i] * dscore[o];
      dfeature[i] += dense[i * NET_CLASSES + o] * dscore[o];
    }
  }
}

/* From the gradient of the class scores back to the first layer. The members of `d` are the gradients of those of
 * `t`. */
static void backward(const net_weights *w, const float *image, const trace *t, const float *dscore, net_weights *g) {
  trace d;
  dense_back(t->pool_3, w->dense, dscore, g, d.pool_3);
  pool_back(t->conv_3, t->pool_3, d.pool_3, d.conv_3, SIDE_3, NET_KERNELS_3);
  conv_learn(t->pool_2, d.conv_3, g->conv_3, g->bias_3, SIDE_3, NET_KERNELS_2, NET_KERNELS_3);
  conv_back(d.conv_3, w->conv_3, d.pool_2, SIDE_3, NET_KERNELS_2, NET_KERNELS_3);
  pool_back(t->conv_2, t->pool_2, d.pool_2, d.conv_2, SIDE_2, NET_KERNELS_2);
  conv_learn(t->pool_1, d.conv_2, g->conv_2, g->bias_2, SIDE_2, NET_KERNELS_1, NET_KERNELS_2);
  conv_back(d.conv_2, w->conv_2, d.pool_1, SIDE_2, NET_KERNELS_1, NET_KERNELS_2);
  pool_back(t->conv_1, t->pool_1, d.pool_1, d.conv_1, SIDE_1, NET_KERNELS_1);
  conv_learn(image, d.conv_1, g->conv_1, g->bias_1, SIDE_1, 1, NET_KERNELS_1);
}

void net_run(const net_weights *w, const float image[NET_PIXELS], float probability[NET_CLASSES]) {
  trace t;
  forward(w, image, &t);
  memcpy(probability, t.probability, sizeof t.probability);
}

float net_learn(const net_weights *w, const float image[NET_PIXELS], const float target[NET_CLASSES],
                net_weights *gradient) {
  trace t;
  float dscore[NET_CLASSES], loss = 0;
  forward(w, image, &t);
  for (int o = 0; o < NET_CLASSES; o++) {
    dscore[o] = t.probability[o] - target[o];
    loss -= target[o] * logf(fmaxf(t.probability[o], 1e-12F));
  }
  backward(w, image, &t, dscore, gradient);
  return loss;
}

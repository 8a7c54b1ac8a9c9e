/* net.h: a small convolutional network and its gradient.
 *
 *     image [28,28,1] in -1..1
 *       -> convolution 3x3, ReLU -> maximum over 2x2     [14,14,NET_KERNELS_1]
 *       -> convolution 3x3, ReLU -> maximum over 2x2     [7,7,NET_KERNELS_2]
 *       -> convolution 3x3, ReLU -> maximum over 2x2     [3,3,NET_KERNELS_3]
 *       -> fully connected, 10 outputs -> softmax
 *
 * Training is in train.c; drawing digits is in draw.h.
 */
#ifndef DIGITS_NET_H
#define DIGITS_NET_H

enum {
  NET_SIDE = 28,
  NET_PIXELS = NET_SIDE * NET_SIDE,
  NET_CLASSES = 10,
  NET_KERNELS_1 = 12,
  NET_KERNELS_2 = 24,
  NET_KERNELS_3 = 32,
  NET_FEATURES = NET_SIDE / 8 * (NET_SIDE / 8) * NET_KERNELS_3,
};

/* Everything that is learned, and equally a gradient of it. Floats only, so it can be treated as one vector.
 * A convolution's weights are [row][column][input][output], those of the last layer [input][output]. */
typedef struct net_weights {
  float conv_1[9 * 1 * NET_KERNELS_1], bias_1[NET_KERNELS_1];
  float conv_2[9 * NET_KERNELS_1 * NET_KERNELS_2], bias_2[NET_KERNELS_2];
  float conv_3[9 * NET_KERNELS_2 * NET_KERNELS_3], bias_3[NET_KERNELS_3];
  float dense[NET_FEATURES * NET_CLASSES], bias_4[NET_CLASSES];
} net_weights;

enum { NET_WEIGHTS = sizeof(net_weights) / sizeof(float) };

/* The image's classes with their probabilities. */
void net_run(const net_weights *w, const float image[NET_PIXELS], float probability[NET_CLASSES]);

/* Adds to `gradient` that of the loss -sum(target * log(probability)) for one image, and returns the loss. */
float net_learn(const net_weights *w, const float image[NET_PIXELS], const float target[NET_CLASSES],
                net_weights *gradient);

#endif

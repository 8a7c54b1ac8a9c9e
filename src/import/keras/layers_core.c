/* layers_core.c: Dense, Embedding, and layers that do nothing at inference. */
#include <string.h>

#include "import/keras/emit.h"

#define OP(name) sch_BuiltinOperator_##name

static void nothing(k_ctx *c) { c->out[0] = c->in[0]; }

static void dense(k_ctx *c) {
  const int32_t x = k_cast(c, c->in[0].value, MOTE_FLOAT32), units = k_int(c, "units|output_dim", -1);
  const k_array *kernel = k_take(c, "kernel", 0, 2, (int32_t[]){build_dim(c->b, x, -1), units});
  const k_array *bias = kernel && k_flag(c, "use_bias|bias", true) ? k_take(c, "bias", 1, 1, &kernel->dims[1]) : NULL;
  c->out[0].value = k_activate(c, k_dense(c, x, kernel, bias), k_get(c->config, "activation"));
}

static void embedding(k_ctx *c) {
  const int32_t x = c->in[0].value;
  const k_array *table = k_take(c, "table", 0, 2, (int32_t[]){-1, k_int(c, "output_dim", -1)});
  const int32_t index = k_cast(c, x, MOTE_INT32);
  sch_GatherOptions o = BUILD_OPTIONS(GatherOptions);
  c->out[0].value = k_op2(c, OP(GATHER), &o, k_const_array(c, "embeddings", table), index);
  if (k_flag(c, "mask_zero", false)) c->out[0].mask = k_op2(c, OP(NOT_EQUAL), NULL, index, build_int(c->b, "zero", 0));
}

static void masking(k_ctx *c) {
  const int32_t x = c->in[0].value, axis = -1;
  const int32_t differs = k_op2(c, OP(NOT_EQUAL), NULL, x, k_float(c, (float)k_real(c, "mask_value", 0)));
  c->out[0].mask = k_reduce(c, OP(REDUCE_ANY), differs, &axis, 1, false);
  c->out[0].value = k_mul(c, x, k_cast(c, k_expand(c, c->out[0].mask, -1), MOTE_FLOAT32));
}

/* An input within a model: what is given to it. */
static void input(k_ctx *c) { c->out[0] = c->in[0]; }

const k_row k_rows_core[] = {
    {"InputLayer", input, 0, true},
    {"Dense", dense, 0, true},
    {"Embedding", embedding, 0, false},
    {"Masking", masking, 0, false},
    {"Dropout", nothing, 0, true},
    {"SpatialDropout1D", nothing, 0, true},
    {"SpatialDropout2D", nothing, 0, true},
    {"SpatialDropout3D", nothing, 0, true},
    {"GaussianDropout", nothing, 0, true},
    {"GaussianNoise", nothing, 0, true},
    {"AlphaDropout", nothing, 0, true},
    {"ActivityRegularization", nothing, 0, true},
    {"RandomFlip", nothing, 0, true},
    {"RandomRotation", nothing, 0, true},
    {"RandomZoom", nothing, 0, true},
    {"RandomTranslation", nothing, 0, true},
    {"RandomContrast", nothing, 0, true},
    {"RandomBrightness", nothing, 0, true},
    {"RandomHeight", nothing, 0, true},
    {"RandomWidth", nothing, 0, true},
    {"RandomShear", nothing, 0, true},
    {"RandomHue", nothing, 0, true},
    {"RandomSaturation", nothing, 0, true},
    {"RandomSharpness", nothing, 0, true},
    {"RandomColorDegeneration", nothing, 0, true},
    {"RandomColorJitter", nothing, 0, true},
    {"RandomErasing", nothing, 0, true},
    {"RandomGaussianBlur", nothing, 0, true},
    {"RandomGrayscale", nothing, 0, true},
    {"RandomInvert", nothing, 0, true},
    {"RandomPerspective", nothing, 0, true},
    {"RandomPosterization", nothing, 0, true},
    {"RandomElasticTransform", nothing, 0, true},
    {"Identity", nothing, 0, true},
    {NULL, NULL, 0, false},
};

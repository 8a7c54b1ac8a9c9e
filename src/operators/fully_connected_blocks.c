/* fully_connected_blocks.c: FULLY_CONNECTED with weights that have a scale for each block of a row.
 *
 * Rows of input are quantized in the run, with a zero point. The weights stay packed as in the file: each row of them
 * is widened once and multiplied by all rows of input. With block sums a and scales s of one output, in block order:
 *
 *   y = (sum(a * s) - input zero point * sum(s * sum of the block's weights)) * input scale + bias
 */
#include "base/error.h"
#include "base/f16.h"
#include "base/size.h"
#include "kernels/dots.h"
#include "operators/fully_connected.h"

static const op_tensor *tensor_at(op_ctx *c, int32_t index) {
  return c->host->tensor && index >= 0 ? c->host->tensor(c, index) : NULL;
}

mote_status fc_blocks_check(op_ctx *c) {
  const op_quant *const q = c->in[FC_WEIGHTS]->quant;
  fc_params *const p = c->params;
  const op_tensor *const scales = tensor_at(c, q->scales), *const zeros = tensor_at(c, q->zero_points);
  OP_REQUIRE(c, c->in[FC_INPUT]->type == MOTE_FLOAT32, MOTE_ERR_TYPE,
             "weights with a scale for each block take float32 inputs, not %s", mote_type_name(c->in[FC_INPUT]->type));
  OP_REQUIRE(c, scales && op_is_const(scales) && scales->type == MOTE_FLOAT16, MOTE_ERR_MODEL,
             "the scales of the weights' blocks, tensor %d, must be a constant of float16", (int)q->scales);
  for (size_t i = 0; zeros && op_is_const(zeros) && i < zeros->bytes; i++)
    OP_REQUIRE(c, !((const uint8_t *)zeros->data)[i], MOTE_ERR_UNSUPPORTED,
               "the weights' blocks have zero points, tensor %d, which are not all 0", (int)q->zero_points);
  p->block_scales = scales->data;
  p->num_scales = scales->bytes / sizeof *p->block_scales;
  return MOTE_OK;
}

mote_status fc_blocks_infer(op_ctx *c, int32_t n, int32_t k) {
  const fc_params *const p = c->params;
  const int32_t block = c->in[FC_WEIGHTS]->quant->block_size;
  size_t wanted;
  if (n < 0 || k < 0) return MOTE_OK;
  OP_REQUIRE(c, k % block == 0, MOTE_ERR_SHAPE, "rows of %d weights do not consist of blocks of %d", (int)k,
             (int)block);
  OP_REQUIRE(c, size_mul((size_t)n, (size_t)(k / block), &wanted) && p->num_scales >= wanted, MOTE_ERR_MODEL,
             "there are %zu scales, but %d outputs of %d blocks need one each", p->num_scales, (int)n,
             (int)(k / block));
  return MOTE_OK;
}

static float clamp(const fc_params *p, float y) {
  y = y < p->lo ? p->lo : y;
  return p->hi < y ? p->hi : y;
}

/* One output of all rows: w is its row of weights, s the scales of its blocks. */
static void column(const fc_job *j, size_t col, const int8_t *w, const uint16_t *s) {
  const fc_plan *const p = j->plan;
  const op_tensor *const bias = fc_bias(j->c);
  const size_t block = (size_t)j->c->in[FC_WEIGHTS]->quant->block_size, blocks = p->k / block;
  float weight_sum = 0;
  for (size_t b = 0; b < blocks; b++) weight_sum += f16_to_f32(s[b]) * (float)sum_s8(w + b * block, block);
  for (size_t i = 0; i < p->m; i++) {
    const int8_t *const x = (const int8_t *)j->input + i * j->input_row;
    float sum = 0;
    for (size_t b = 0; b < blocks; b++)
      sum += (float)dot_s8(x + b * block, 0, w + b * block, 0, block) * f16_to_f32(s[b]);
    const float y = (sum - (float)j->heads[i].offset * weight_sum) * j->heads[i].scale;
    ((float *)j->c->out[0]->data)[i * p->n + col] = clamp(j->params, y + (bias ? ((const float *)bias->data)[col] : 0));
  }
}

void fc_blocks_tile(void *arg, size_t task, int worker) {
  const fc_job *const j = arg;
  const fc_plan *const p = j->plan;
  const op_tensor *const weights = j->c->in[FC_WEIGHTS];
  const size_t blocks = p->k / (size_t)weights->quant->block_size, first = task * p->tiles.cols;
  const size_t last = p->n - first < p->tiles.cols ? p->n : first + p->tiles.cols;
  int8_t *const room = (int8_t *)(j->workers + (size_t)worker * p->worker_bytes + p->rows_at);
  if (j->c->host->cancelled(j->c)) return;
  for (size_t col = first; col < last; col++) {
    const int8_t *w = (const int8_t *)weights->data + col * p->k;
    if (weights->type != MOTE_INT8) {
      low_bits_widen(weights->type, weights->data, col * p->k, p->k, room);
      w = room;
    }
    column(j, col, w, j->params->block_scales + col * blocks);
  }
}

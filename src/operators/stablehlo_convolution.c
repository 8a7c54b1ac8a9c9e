/* stablehlo_convolution.c: STABLEHLO_CONVOLUTION: windows of any number of dimensions, in any layout, in groups of
 * channels or of images, with holes between the elements of the input, of the filter, or of both. The arithmetic is in
 * volume.c.
 */
#include "base/error.h"
#include "kernels/number.h"
#include "operators/move.h"
#include "operators/products.h"
#include "operators/volume.h"

enum { INPUT, FILTER, OUTPUT, OPERANDS };

typedef struct conv_params {
  matmul_numbers numbers;
  const void *block; /* NULL: the filter is packed in each run */
} conv_params;

/* Dimensions of the operands in the order that is computed with: images, space, channels of the input and the output;
 * outputs, space, channels of the filter, or space, channels, outputs. */
typedef struct layout {
  int32_t spatial;
  int32_t order[OPERANDS][OP_MAX_RANK];
  bool filter_turned; /* outputs come first */
} layout;

typedef struct conv_plan {
  volume_plan volume;
  products_side side[2];
  copy_plan out;  /* products of a group into the output */
  bool direct;    /* they are the output */
  bool converted; /* and are of another type */
  size_t groups;
  size_t input_step, filter_step, out_step; /* from group to group: elements, elements, bytes */
  size_t products_at, converted_at, room_at;
} conv_plan;

static const sch_StablehloConvolutionOptions *options_of(const op_ctx *c) { return c->options; }

/* ---- options ---- */

static mote_status check_lists(op_ctx *c) {
  const sch_StablehloConvolutionOptions *const o = options_of(c);
  const uint32_t spatial = o->input_spatial_dimensions.count;
  const struct {
    const char *name;
    uint32_t count, each;
    bool may_be_absent;
  } lists[] = {{"kernel_spatial_dimensions", o->kernel_spatial_dimensions.count, 1, false},
               {"output_spatial_dimensions", o->output_spatial_dimensions.count, 1, false},
               {"window_strides", o->window_strides.count, 1, true},
               {"padding", o->padding.count, 2, true},
               {"lhs_dilation", o->lhs_dilation.count, 1, true},
               {"rhs_dilation", o->rhs_dilation.count, 1, true},
               {"window_reversal", o->window_reversal.count, 1, true}};
  OP_REQUIRE(c, spatial <= VOLUME_DIMS, MOTE_ERR_MODEL, "there are %u spatial dimensions; at most %d are supported",
             (unsigned)spatial, VOLUME_DIMS);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    OP_REQUIRE(c, lists[i].count == spatial * lists[i].each || (lists[i].may_be_absent && lists[i].count == 0),
               MOTE_ERR_MODEL, "%s has %u entries for %u spatial dimensions", lists[i].name, (unsigned)lists[i].count,
               (unsigned)spatial);
  return MOTE_OK;
}

static mote_status check(op_ctx *c) {
  const sch_StablehloConvolutionOptions *const o = options_of(c);
  MOTE_TRY(check_lists(c));
  OP_REQUIRE(c,
             o->feature_group_count >= 1 && o->batch_group_count >= 1 &&
                 (o->feature_group_count == 1 || o->batch_group_count == 1),
             MOTE_ERR_MODEL, "there are %lld groups of channels and %lld of images; both are at least 1, and one is 1",
             (long long)o->feature_group_count, (long long)o->batch_group_count);
  return products_check(c, false, &((conv_params *)c->params)->numbers);
}

/* Writes `first`, `last` and the spatial dimensions between them as an order; each dimension has one role. */
static mote_status order_of(op_ctx *c, const char *name, int64_t first, sch_i64s spatial, int64_t last,
                            int32_t order[OP_MAX_RANK]) {
  const int64_t ends[] = {first, last};
  const int32_t rank = (int32_t)spatial.count + 2;
  uint32_t mask = 0;
  MOTE_TRY(products_dims(c, name, (sch_i64s){ends, 2}, rank, &mask));
  MOTE_TRY(products_dims(c, name, spatial, rank, &mask));
  order[0] = (int32_t)first, order[rank - 1] = (int32_t)last;
  for (uint32_t i = 0; i < spatial.count; i++) order[1 + i] = (int32_t)spatial.data[i];
  return MOTE_OK;
}

static mote_status layout_of(op_ctx *c, layout *l) {
  const sch_StablehloConvolutionOptions *const o = options_of(c);
  *l = (layout){.spatial = (int32_t)o->input_spatial_dimensions.count, .filter_turned = true};
  for (int i = INPUT; i <= FILTER; i++)
    OP_REQUIRE(c, c->in[i]->rank < 0 || c->in[i]->rank == l->spatial + 2, MOTE_ERR_SHAPE,
               "input %d has rank %d; with %d spatial dimensions it must be %d", i, (int)c->in[i]->rank,
               (int)l->spatial, (int)l->spatial + 2);
  MOTE_TRY(order_of(c, "the input's list", o->input_batch_dimension, o->input_spatial_dimensions,
                    o->input_feature_dimension, l->order[INPUT]));
  MOTE_TRY(order_of(c, "the filter's list", o->kernel_output_feature_dimension, o->kernel_spatial_dimensions,
                    o->kernel_input_feature_dimension, l->order[FILTER]));
  MOTE_TRY(order_of(c, "the output's list", o->output_batch_dimension, o->output_spatial_dimensions,
                    o->output_feature_dimension, l->order[OUTPUT]));
  return MOTE_OK;
}

/* Outputs last is what products read too, when there is one group. */
static void choose_filter(const op_ctx *c, layout *l) {
  const sch_StablehloConvolutionOptions *const o = options_of(c);
  int32_t order[OP_MAX_RANK];
  if (o->feature_group_count > 1 || o->batch_group_count > 1 || products_ordered(c->in[FILTER], l->order[FILTER]))
    return;
  for (int32_t i = 0; i <= l->spatial; i++) order[i] = l->order[FILTER][i + 1];
  order[l->spatial + 1] = l->order[FILTER][0];
  if (!products_ordered(c->in[FILTER], order)) return;
  for (int32_t i = 0; i < l->spatial + 2; i++) l->order[FILTER][i] = order[i];
  l->filter_turned = false;
}

/* ---- shapes ---- */

/* Dimension `place` in the order of an operand, -1 while it is unknown. */
static int32_t dim_at(const op_ctx *c, const layout *l, int operand, int32_t place) {
  const op_tensor *const t = c->in[operand];
  return t->rank < 0 ? -1 : t->dims[l->order[operand][place]];
}

static int64_t entry(sch_i64s list, int32_t i, int64_t otherwise) { return list.count ? list.data[i] : otherwise; }

/* Spatial dimension i, without its step; .out is -1 while it is unknown. Sizes are below 2^31, so products of two fit.
 */
static mote_status window_of(op_ctx *c, const layout *l, int32_t i, volume_dim *d) {
  const sch_StablehloConvolutionOptions *const o = options_of(c);
  const int64_t after = entry(o->padding, 2 * i + 1, 0);
  *d = (volume_dim){.in = dim_at(c, l, INPUT, 1 + i),
                    .filter = dim_at(c, l, FILTER, 1 + i),
                    .stride = entry(o->window_strides, i, 1),
                    .dilation = entry(o->rhs_dilation, i, 1),
                    .base = entry(o->lhs_dilation, i, 1),
                    .before = entry(o->padding, 2 * i, 0),
                    .reversed = o->window_reversal.count && o->window_reversal.data[i],
                    .out = -1};
  const int64_t at_least_1[] = {d->stride, d->dilation, d->base};
  for (int k = 0; k < 3; k++)
    OP_REQUIRE(c, at_least_1[k] >= 1 && at_least_1[k] <= INT32_MAX, MOTE_ERR_MODEL,
               "strides and dilations must lie in [1, %d], and one of spatial dimension %d is %lld", INT32_MAX, (int)i,
               (long long)at_least_1[k]);
  OP_REQUIRE(c, d->before >= -INT32_MAX && d->before <= INT32_MAX && after >= -INT32_MAX && after <= INT32_MAX,
             MOTE_ERR_MODEL, "the padding of spatial dimension %d is %lld and %lld, which is too much", (int)i,
             (long long)d->before, (long long)after);
  if (d->in < 0 || d->filter < 0) return MOTE_OK;
  const int64_t spread = d->in ? (d->in - 1) * d->base + 1 : 0, room = spread + d->before + after;
  const int64_t span = d->filter ? (d->filter - 1) * d->dilation + 1 : 0;
  d->out = room <= 0 || span > room ? 0 : (room - span) / d->stride + 1;
  OP_REQUIRE(c, d->out <= INT32_MAX, MOTE_ERR_SHAPE, "spatial dimension %d of the result would be %lld", (int)i,
             (long long)d->out);
  return MOTE_OK;
}

static mote_status check_groups(op_ctx *c, const layout *l) {
  const sch_StablehloConvolutionOptions *const o = options_of(c);
  const int64_t features = o->feature_group_count, images = o->batch_group_count;
  const int32_t batch = dim_at(c, l, INPUT, 0), in_c = dim_at(c, l, INPUT, l->spatial + 1);
  const int32_t out_c = dim_at(c, l, FILTER, 0), filter_c = dim_at(c, l, FILTER, l->spatial + 1);
  OP_REQUIRE(c, batch < 0 || batch % images == 0, MOTE_ERR_SHAPE, "%d images do not divide into %lld groups",
             (int)batch, (long long)images);
  OP_REQUIRE(c, in_c < 0 || (in_c % features == 0 && (filter_c < 0 || in_c / features == filter_c)), MOTE_ERR_SHAPE,
             "the input's %d channels do not divide into %lld groups of the filter's %d", (int)in_c,
             (long long)features, (int)filter_c);
  OP_REQUIRE(c, out_c < 0 || (out_c % features == 0 && out_c % images == 0), MOTE_ERR_SHAPE,
             "%d output channels do not divide into %lld groups", (int)out_c,
             (long long)(features > 1 ? features : images));
  return MOTE_OK;
}

static mote_status infer(op_ctx *c) {
  op_tensor *const out = c->out[0];
  layout l;
  MOTE_TRY(layout_of(c, &l));
  MOTE_TRY(check_groups(c, &l));
  out->rank = l.spatial + 2;
  const int32_t batch = dim_at(c, &l, INPUT, 0);
  out->dims[l.order[OUTPUT][0]] = batch < 0 ? -1 : (int32_t)(batch / options_of(c)->batch_group_count);
  out->dims[l.order[OUTPUT][l.spatial + 1]] = dim_at(c, &l, FILTER, 0);
  for (int32_t i = 0; i < l.spatial; i++) {
    volume_dim d;
    MOTE_TRY(window_of(c, &l, i, &d));
    out->dims[l.order[OUTPUT][1 + i]] = (int32_t)d.out;
  }
  return MOTE_OK;
}

/* ---- prepare, plan ---- */

static mote_status prepare(op_ctx *c) {
  conv_params *const p = c->params;
  const op_tensor *const filter = c->in[FILTER];
  const sch_StablehloConvolutionOptions *const o = options_of(c);
  layout l;
  if (!op_is_const(filter) || !op_shape_known(filter) || filter->type != products_type(&p->numbers)) return MOTE_OK;
  if (o->feature_group_count > 1 || o->batch_group_count > 1) return MOTE_OK;
  MOTE_TRY(layout_of(c, &l));
  const size_t n = (size_t)dim_at(c, &l, FILTER, 0), count = op_count(filter);
  choose_filter(c, &l);
  if (!count || !products_ordered(filter, l.order[FILTER])) return MOTE_OK;
  const matmul_shape s = {.n = n, .k = count / n, .a_count = 1, .b_count = 1, .b_turned = l.filter_turned};
  MOTE_TRY(matmul_prepare(c, &p->numbers, &s, filter->data, &p->block));
  if (p->block) c->consumed |= 1u << FILTER;
  return MOTE_OK;
}

static mote_status volume_of(op_ctx *c, const layout *l, volume *v) {
  const sch_StablehloConvolutionOptions *const o = options_of(c);
  const int64_t channels = dim_at(c, l, INPUT, l->spatial + 1);
  int64_t step = channels;
  *v = (volume){.rank = l->spatial,
                .batches = dim_at(c, l, INPUT, 0) / o->batch_group_count,
                .channels = channels / o->feature_group_count};
  for (int32_t i = l->spatial - 1; i >= 0; i--) {
    MOTE_TRY(window_of(c, l, i, &v->dim[i]));
    v->dim[i].step = step;
    step *= v->dim[i].in;
  }
  v->batch_step = step;
  return MOTE_OK;
}

/* Rows of n products of a group into the output, or into numbers of their type that are converted then. */
static void lay_output(const op_tensor *out, const layout *l, size_t n, int64_t element, conv_plan *p) {
  const int32_t *const order = l->order[OUTPUT], last = l->spatial + 1;
  int64_t steps[OP_MAX_RANK], step = element, from = element * (int64_t)n;
  for (int32_t i = last; i >= 0; i--) steps[i] = step, step *= out->dims[i];
  copy_begin(&p->out, (size_t)element);
  copy_axis(&p->out, (int64_t)n, steps[order[last]], element);
  for (int32_t i = last - 1; i >= 0; i--) {
    copy_axis(&p->out, out->dims[order[i]], steps[order[i]], from);
    from *= out->dims[order[i]];
  }
  copy_end(&p->out);
  p->out_step = n * (size_t)steps[order[last]];
}

static mote_status plan(op_ctx *c) {
  const conv_params *const p = c->params;
  conv_plan *const r = c->record;
  const sch_StablehloConvolutionOptions *const o = options_of(c);
  const op_tensor *const out = c->out[0];
  const mote_type type = products_type(&p->numbers);
  const size_t element = (size_t)move_element(type), outputs = op_count(out);
  layout l;
  volume v;
  scratch_layout s = {0};
  size_t room;
  MOTE_TRY(layout_of(c, &l));
  MOTE_TRY(volume_of(c, &l, &v));
  r->groups = (size_t)(o->feature_group_count * o->batch_group_count);
  const size_t n = (size_t)dim_at(c, &l, FILTER, 0) / r->groups;
  r->input_step = (size_t)(o->feature_group_count > 1 ? v.channels : v.batches * v.batch_step);
  r->filter_step = r->groups > 1 ? op_count(c->in[FILTER]) / r->groups : 0;
  choose_filter(c, &l);
  for (int i = INPUT; i <= FILTER; i++) products_lay(c->in[i], l.order[i], type, &s, &r->side[i]);
  MOTE_TRY(volume_lay(c, &p->numbers, &v, n, l.filter_turned, p->block != NULL, &r->volume, &room));
  c->macs *= r->groups;
  lay_output(out, &l, n, (int64_t)element, r);
  r->direct = r->groups == 1 && products_ordered(out, l.order[OUTPUT]);
  r->converted = out->type != type;
  r->products_at = scratch_part(&s, r->direct ? 0 : outputs / r->groups, element);
  r->converted_at = scratch_part(&s, r->converted ? outputs : 0, element);
  r->room_at = scratch_part(&s, 1, room);
  return scratch_done(c, &s);
}

/* ---- run ---- */

static mote_status run(op_ctx *c) {
  const conv_params *const p = c->params;
  const conv_plan *const r = c->record;
  const op_tensor *const out = c->out[0];
  const mote_type type = products_type(&p->numbers);
  const size_t element = (size_t)move_element(type);
  uint8_t *const scratch = c->scratch, *const sums = r->converted ? scratch + r->converted_at : out->data;
  if (op_count(out) == 0) return MOTE_OK;
  const uint8_t *const in = products_bring(c, c->in[INPUT], type, &r->side[INPUT], scratch);
  const uint8_t *const filter = p->block ? NULL : products_bring(c, c->in[FILTER], type, &r->side[FILTER], scratch);
  for (size_t g = 0; g < r->groups; g++) {
    const matmul_operands o = {.a = in + g * r->input_step * element,
                               .b = filter ? filter + g * r->filter_step * element : NULL,
                               .out = r->direct ? sums : scratch + r->products_at,
                               .block = p->block};
    MOTE_TRY(volume_run(c, &p->numbers, &r->volume, &o, scratch + r->room_at));
    if (!r->direct) move_run(c, &r->out, sums + g * r->out_step, o.out);
  }
  if (r->converted) products_give(c, type, sums);
  return MOTE_OK;
}

const mote_op op_stablehlo_convolution = {
    .name = "STABLEHLO_CONVOLUTION",
    .code = sch_BuiltinOperator_STABLEHLO_CONVOLUTION,
    .versions = 1,
    .options_2 = sch_BuiltinOptions2_StablehloConvolutionOptions,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = PRODUCTS_TYPES,
    .params_size = sizeof(conv_params),
    .record_size = sizeof(conv_plan),
    .check = check,
    .prepare = prepare,
    .infer = infer,
    .plan = plan,
    .run = run,
    .notes = "Integers wrap, float16 and bfloat16 are added up in float32; bool is whether any pair is true; quantized "
             "operands "
             "are computed as the reals they stand for.",
};

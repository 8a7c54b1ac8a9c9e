/* model.c: what follows from the records of a model: codes, names, data of buffers, sizes of tensors. */
#include <stdio.h>

#include "base/error.h"
#include "schema/read.h"

int32_t sch_op_code(const sch_OperatorCode *code) {
  return code->deprecated_builtin_code > code->builtin_code ? code->deprecated_builtin_code : code->builtin_code;
}

const sch_OperatorCode *sch_code_of(const sch_Model *model, const sch_Operator *op) {
  return op->opcode_index < model->operator_codes.count ? &model->operator_codes.data[op->opcode_index] : NULL;
}

char *sch_op_name(char *to, size_t room, const sch_OperatorCode *code) {
  const int32_t number = code ? sch_op_code(code) : -1;
  const char *name = sch_enum_name(&sch_enum_BuiltinOperator, number);
  if (number == sch_BuiltinOperator_CUSTOM && code->custom_code.size)
    return err_name(to, room, code->custom_code.data, code->custom_code.size);
  if (name) snprintf(to, room, "%s", name);
  else snprintf(to, room, "operator code %d", number);
  return to;
}

sch_range sch_buffer_range(const sch_Model *model, uint32_t index) {
  if (index == 0 || index >= model->buffers.count) return (sch_range){0};
  const sch_Buffer *b = &model->buffers.data[index];
  if (b->offset > 1) return (sch_range){.offset = b->offset, .size = b->size, .present = true};
  return b->data;
}

const void *sch_bytes(const sch_file *file, const sch_range *range) {
  if (!range->size) return NULL;
  return range->memory ? range->memory : file->data + range->offset;
}

bool sch_buffer(const sch_file *file, uint32_t index, const void **data, uint64_t *size) {
  const sch_range range = sch_buffer_range(file->model, index);
  *data = sch_bytes(file, &range);
  *size = range.size;
  return *data != NULL;
}

const void *sch_custom_options(const sch_file *file, const sch_Operator *op, uint64_t *size) {
  const bool outside = op->large_custom_options_offset > 1;
  *size = outside ? op->large_custom_options_size : op->custom_options.count;
  if (!*size) return NULL;
  return outside ? file->data + op->large_custom_options_offset : op->custom_options.data;
}

bool sch_is_constant(const sch_Model *model, const sch_Tensor *tensor) {
  return tensor->external_buffer != 0 || sch_buffer_range(model, tensor->buffer).size != 0;
}

bool sch_is_empty(const sch_Tensor *tensor) {
  for (uint32_t i = 0; i < tensor->shape.count; i++)
    if (tensor->shape.data[i] == 0) return true;
  return false;
}

bool sch_rank_unknown(const sch_Model *model, const sch_Tensor *tensor) {
  return tensor->shape.count == 0 && (!tensor->has_rank || tensor->shape_signature.count) &&
         !sch_is_constant(model, tensor);
}

bool sch_tensor_bytes(const sch_Tensor *tensor, uint64_t *bytes) {
  const uint64_t bits = (uint64_t)mote_type_bits((mote_type)tensor->type);
  uint64_t count = bits;
  bool empty = false;
  if (!bits) return false;
  for (uint32_t i = 0; i < tensor->shape.count; i++) {
    const int32_t dim = tensor->shape.data[i];
    if (dim < 0) return false;
    if (dim == 0) empty = true;
    else if (__builtin_mul_overflow(count, (uint64_t)dim, &count)) return false;
  }
  if (count > INT64_MAX - 7) return false;
  *bytes = empty ? 0 : (count + 7) / 8;
  return true;
}

int32_t sch_quant_axis(const sch_Tensor *tensor) {
  const int32_t axis = tensor->quantization ? tensor->quantization->quantized_dimension : -1;
  const uint32_t rank = tensor->shape.count ? tensor->shape.count : MOTE_MAX_RANK;
  if (axis >= 0 && (uint32_t)axis < rank) return axis;
  return tensor->shape.count == 1 ? 0 : -1;
}

int32_t sch_zero_points(const sch_Model *model, const sch_SubGraph *graph, int32_t index) {
  if (index < 0 || (uint32_t)index >= graph->tensors.count) return -1;
  return index > 0 || sch_is_constant(model, &graph->tensors.data[0]) ? index : -1;
}

const void *sch_operator_options(const sch_Operator *op, int which, uint8_t wanted) {
  const uint8_t type = which == 2 ? op->builtin_options_2_type : op->builtin_options_type;
  const void *record = which == 2 ? op->builtin_options_2 : op->builtin_options;
  return record && type == wanted ? record : sch_options_default(which, wanted);
}

/* rules_contents.c: contents of constants, which are checked when they are used, and all at once on demand (M23, S7,
 * S8, M37). They read the data of buffers, so they are no part of opening a model. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/f16.h"
#include "schema/rules.h"

/* What is wrong. */
typedef struct finding {
  const char *rule;
  char text[300];
} finding;

__attribute__((format(printf, 3, 4))) static bool found(finding *f, const char *rule, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(f->text, sizeof f->text, format, args);
  va_end(args);
  f->rule = rule;
  return false;
}

/* ---- strings and scales ---- */

static int64_t word(const uint8_t *data, uint64_t i) {
  int32_t v;
  memcpy(&v, data + 4 * i, sizeof v);
  return v;
}

static bool check_strings(const void *data, uint64_t size, uint64_t count, finding *f) {
  const int64_t n = size >= 4 ? word(data, 0) : -1;
  if (n < 0 || (uint64_t)n != count)
    return found(f, "M23", "it holds %lld strings, but its shape has %llu elements", (long long)n,
                 (unsigned long long)count);
  if (count > (UINT64_MAX / 4) - 2 || (count + 2) * 4 > size)
    return found(f, "M23", "a list of %llu strings takes more than its %llu bytes", (unsigned long long)count,
                 (unsigned long long)size);
  int64_t before = word(data, 1);
  if (before != (int64_t)(count + 2) * 4)
    return found(f, "M23", "its first string begins at byte %lld instead of %llu", (long long)before,
                 (unsigned long long)(count + 2) * 4);
  for (uint64_t i = 1; i <= count; i++) {
    const int64_t end = word(data, 1 + i);
    if (end < before || (uint64_t)end > size)
      return found(f, "M23", "string %llu goes from byte %lld to %lld of %llu", (unsigned long long)i - 1,
                   (long long)before, (long long)end, (unsigned long long)size);
    before = end;
  }
  if ((uint64_t)before != size)
    return found(f, "M23", "its last string ends at byte %lld of %llu", (long long)before, (unsigned long long)size);
  return true;
}

static bool check_scales(const void *data, uint64_t size, mote_type type, finding *f) {
  const bool half = type == MOTE_FLOAT16;
  for (uint64_t i = 0; i < size / (half ? 2 : 4); i++) {
    float v;
    uint16_t h;
    if (half) {
      memcpy(&h, (const uint8_t *)data + 2 * i, sizeof h);
      v = f16_to_f32(h);
    } else {
      memcpy(&v, (const uint8_t *)data + 4 * i, sizeof v);
    }
    if (!isfinite(v) || v < 0)
      return found(f, "M37", "scale %llu is %g; scales are finite and not negative", (unsigned long long)i, (double)v);
  }
  return true;
}

/* The scales that t names, when they are a tensor. */
static bool check_scale_tensor(const sch_file *file, const sch_SubGraph *g, const sch_Tensor *t, finding *f) {
  const sch_QuantizationParameters *q = t->quantization;
  int32_t index = -1;
  if (q && q->details_type == sch_QuantizationDetails_BlockwiseQuantization)
    index = ((const sch_BlockwiseQuantization *)q->details)->scales;
  if (q && q->details_type == sch_QuantizationDetails_MultiAxisQuantization)
    index = ((const sch_MultiAxisQuantization *)q->details)->scales;
  const void *data;
  uint64_t size;
  if (index < 0 || !sch_buffer(file, g->tensors.data[index].buffer, &data, &size)) return true;
  return check_scales(data, size, (mote_type)g->tensors.data[index].type, f);
}

/* ---- sparse arrays: S7, S8 ---- */

static bool check_level(const sch_file *file, const sch_DimensionMetadata *d, uint32_t level, int32_t size,
                        finding *f) {
  const uint64_t segments = rule_index_count(d->array_segments_type, d->array_segments);
  const uint64_t indices = rule_index_count(d->array_indices_type, d->array_indices);
  int64_t begin = rule_index_at(file, d->array_segments_type, d->array_segments, 0);
  if (begin != 0)
    return found(f, "S7", "its first segment of level %u begins at %lld instead of 0", level, (long long)begin);
  for (uint64_t i = 1; i < segments; i++) {
    const int64_t end = rule_index_at(file, d->array_segments_type, d->array_segments, i);
    if (end < begin || (uint64_t)end > indices || (i + 1 == segments && (uint64_t)end != indices))
      return found(f, "S7", "its segment %llu of level %u goes from %lld to %lld of %llu indices",
                   (unsigned long long)i - 1, level, (long long)begin, (long long)end, (unsigned long long)indices);
    int64_t before = -1;
    for (int64_t j = begin; j < end; j++) {
      const int64_t index = rule_index_at(file, d->array_indices_type, d->array_indices, (uint64_t)j);
      if (index <= before || index >= size)
        return found(f, "S8", "its index %lld of level %u is %lld, after %lld and of %d", (long long)j, level,
                     (long long)index, (long long)before, size);
      before = index;
    }
    begin = end;
  }
  return true;
}

static bool check_sparse_contents(const sch_file *file, const sch_Tensor *t, finding *f) {
  rule_levels l;
  const char *rule;
  const char *fault = rule_sparse(file->model, t, &l, &rule);
  if (fault) return found(f, rule, "it is sparse, but %s", fault);
  for (uint32_t i = 0; i < l.count; i++) {
    const sch_DimensionMetadata *d = &t->sparsity->dim_metadata.data[i];
    if (d->format == sch_DimensionType_SPARSE_CSR && !check_level(file, d, i, l.size[i], f)) return false;
  }
  return true;
}

/* ---- all ---- */

static bool check_contents(const sch_file *file, const sch_SubGraph *g, const sch_Tensor *t, finding *f) {
  const void *data;
  uint64_t size, count = 1;
  if (t->external_buffer || !sch_buffer(file, t->buffer, &data, &size)) return true;
  if (t->sparsity) return check_sparse_contents(file, t, f);
  if (t->type != sch_TensorType_STRING) return check_scale_tensor(file, g, t, f);
  for (uint32_t i = 0; i < t->shape.count; i++) count *= (uint64_t)t->shape.data[i];
  return check_strings(data, size, count, f);
}

void rules_contents(checker *c) {
  for (uint32_t g = 0; g < c->model->subgraphs.count; g++)
    for (uint32_t i = 0; i < c->model->subgraphs.data[g].tensors.count && !rule_stop(c); i++) {
      const sch_SubGraph *graph = &c->model->subgraphs.data[g];
      finding f;
      if (!check_contents(c->file, graph, &graph->tensors.data[i], &f))
        rule_fault(c, at_tensor(c, g, i), MOTE_ERR_MODEL, f.rule, "%s", f.text);
    }
}

/* ---- for those who use the contents ---- */

mote_status sch_check_strings(const void *data, uint64_t size, uint64_t count, mote_error *e) {
  finding f;
  return check_strings(data, size, count, &f) ? MOTE_OK : err_set(e, MOTE_ERR_MODEL, "%s (rule %s)", f.text, f.rule);
}

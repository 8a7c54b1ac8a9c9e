/* tensor_data.c: what a TfLiteTensor owns: its data when that comes from malloc, shape, quantization, sparsity.
 *
 * The objects of C++ clients that kTfLiteVariantObject stands for are not freed here: only their class knows how. */
#include <stdlib.h>
#include <string.h>

#include "bindings/tflite_c/tflite_c.h"

const char tensor_borrowed = 0;

enum { DATA_ALIGNMENT = 64 };

/* ---- data ---- */

void TfLiteTensorDataFreeWithAllocator(TfLiteTensor *t, TfLiteAllocator *allocator) {
  if (!t) return;
  if (tensor_owns_data(t)) {
    if (allocator && allocator->deallocate)
      allocator->deallocate(allocator->data, t->data.data, t->bytes, DATA_ALIGNMENT);
    else free(t->data.data);
  }
  if (t->allocation == &tensor_borrowed) t->allocation = NULL;
  t->data.data = NULL;
}

void TfLiteTensorDataFree(TfLiteTensor *t) { TfLiteTensorDataFreeWithAllocator(t, NULL); }

static void *grow(TfLiteTensor *t, size_t bytes, bool keep, TfLiteAllocator *a) {
  void *before = tensor_owns_data(t) ? t->data.data : NULL;
  const size_t room = bytes ? bytes : 1;
  if (a && a->reallocate && before) return a->reallocate(a->data, before, t->bytes, room, DATA_ALIGNMENT);
  if (a && a->allocate && !before) return a->allocate(a->data, room, DATA_ALIGNMENT);
  if (keep || !before) return realloc(before, room);
  void *fresh = malloc(room);
  if (fresh) free(before);
  return fresh;
}

TfLiteStatus TfLiteTensorResizeMaybeCopyWithAllocator(size_t bytes, TfLiteTensor *t, bool keep, TfLiteAllocator *a) {
  if (!t) return kTfLiteError;
  if (t->allocation_type != kTfLiteDynamic && t->allocation_type != kTfLitePersistentRo) return kTfLiteOk;
  if (tensor_owns_data(t) && bytes <= t->bytes) {
    t->bytes = bytes;
    return kTfLiteOk;
  }
  const bool borrowed = t->allocation == &tensor_borrowed;
  void *data = grow(t, bytes, keep, a);
  if (!data) return kTfLiteError;
  if (borrowed && keep && t->data.data) memcpy(data, t->data.data, t->bytes < bytes ? t->bytes : bytes);
  if (borrowed) t->allocation = NULL;
  t->data.data = data;
  t->bytes = bytes;
  return kTfLiteOk;
}

TfLiteStatus TfLiteTensorResizeMaybeCopy(size_t bytes, TfLiteTensor *t, bool keep) {
  return TfLiteTensorResizeMaybeCopyWithAllocator(bytes, t, keep, NULL);
}

TfLiteStatus TfLiteTensorRealloc(size_t bytes, TfLiteTensor *t) { return TfLiteTensorResizeMaybeCopy(bytes, t, true); }

TfLiteStatus TfLiteTensorReallocWithAllocator(size_t bytes, TfLiteTensor *t, TfLiteAllocator *a) {
  return TfLiteTensorResizeMaybeCopyWithAllocator(bytes, t, true, a);
}

void tensor_borrow(TfLiteTensor *t, void *data, size_t bytes) {
  TfLiteTensorDataFree(t);
  t->allocation_type = kTfLiteDynamic;
  t->allocation = &tensor_borrowed;
  t->data.data = data;
  t->bytes = bytes;
}

bool tensor_set_dims(TfLiteTensor *t, int32_t rank, const int32_t *dims) {
  if (t->dims && TfLiteIntArrayEqualsArray(t->dims, rank, dims)) return true;
  TfLiteIntArray *a = TfLiteIntArrayCreate(rank);
  if (!a) return false;
  for (int32_t i = 0; i < rank; i++) a->data[i] = dims[i];
  TfLiteIntArrayFree(t->dims);
  t->dims = a;
  return true;
}

/* ---- quantization and sparsity ---- */

void TfLiteQuantizationFree(TfLiteQuantization *q) {
  if (!q) return;
  if (q->type == kTfLiteAffineQuantization && q->params) {
    TfLiteAffineQuantization *a = q->params;
    TfLiteFloatArrayFree(a->scale);
    TfLiteIntArrayFree(a->zero_point);
  }
  if (q->type == kTfLiteMultiAxisQuantization && q->params)
    TfLiteIntArrayFree(((TfLiteMultiAxisQuantization *)q->params)->quantized_dimensions);
  if (q->type != kTfLiteNoQuantization) free(q->params);
  *q = (TfLiteQuantization){kTfLiteNoQuantization, NULL};
}

static void *copy_of(const void *from, size_t size) {
  void *to = malloc(size);
  if (to) memcpy(to, from, size);
  return to;
}

static TfLiteQuantization quantization_clone(const TfLiteQuantization *from) {
  static const size_t sizes[] = {0, sizeof(TfLiteAffineQuantization), sizeof(TfLiteBlockwiseQuantization),
                                 sizeof(TfLiteMultiAxisQuantization)};
  if (!from->params || (unsigned)from->type >= sizeof sizes / sizeof *sizes || !sizes[from->type])
    return (TfLiteQuantization){kTfLiteNoQuantization, NULL};
  TfLiteQuantization q = {from->type, copy_of(from->params, sizes[from->type])};
  if (!q.params) return (TfLiteQuantization){kTfLiteNoQuantization, NULL};
  if (q.type == kTfLiteAffineQuantization) {
    TfLiteAffineQuantization *a = q.params;
    a->scale = TfLiteFloatArrayCopy(a->scale);
    a->zero_point = TfLiteIntArrayCopy(a->zero_point);
  } else if (q.type == kTfLiteMultiAxisQuantization) {
    TfLiteMultiAxisQuantization *m = q.params;
    m->quantized_dimensions = TfLiteIntArrayCopy(m->quantized_dimensions);
  }
  return q;
}

void TfLiteSparsityFree(TfLiteSparsity *s) {
  if (!s) return;
  TfLiteIntArrayFree(s->traversal_order);
  TfLiteIntArrayFree(s->block_map);
  for (int i = 0; s->dim_metadata && i < s->dim_metadata_size; i++) {
    TfLiteIntArrayFree(s->dim_metadata[i].array_segments);
    TfLiteIntArrayFree(s->dim_metadata[i].array_indices);
  }
  free(s->dim_metadata);
  free(s);
}

static TfLiteSparsity *sparsity_clone(const TfLiteSparsity *from) {
  TfLiteSparsity *s = from ? calloc(1, sizeof *s) : NULL;
  if (!s) return NULL;
  s->traversal_order = TfLiteIntArrayCopy(from->traversal_order);
  s->block_map = TfLiteIntArrayCopy(from->block_map);
  s->dim_metadata = calloc((size_t)from->dim_metadata_size + 1, sizeof *s->dim_metadata);
  if (s->dim_metadata) s->dim_metadata_size = from->dim_metadata_size;
  for (int i = 0; i < s->dim_metadata_size; i++) {
    const TfLiteDimensionMetadata *d = &from->dim_metadata[i];
    s->dim_metadata[i] = (TfLiteDimensionMetadata){d->format, d->dense_size, TfLiteIntArrayCopy(d->array_segments),
                                                   TfLiteIntArrayCopy(d->array_indices)};
  }
  return s;
}

/* ---- whole tensors ---- */

void TfLiteTensorFree(TfLiteTensor *t) {
  if (!t) return;
  TfLiteTensorDataFree(t);
  TfLiteIntArrayFree(t->dims);
  TfLiteIntArrayFree((TfLiteIntArray *)t->dims_signature);
  TfLiteQuantizationFree(&t->quantization);
  TfLiteSparsityFree(t->sparsity);
  t->dims = NULL;
  t->dims_signature = NULL;
  t->sparsity = NULL;
}

void TfLiteTensorReset(TfLiteType type, const char *name, TfLiteIntArray *dims, TfLiteQuantizationParams quantization,
                       char *buffer, size_t size, TfLiteAllocationType allocation_type, const void *allocation,
                       bool is_variable, TfLiteTensor *t) {
  if (!t) return;
  TfLiteTensorFree(t);
  t->type = type;
  t->name = name;
  t->dims = dims;
  t->params = quantization;
  t->data.raw = buffer;
  t->bytes = size;
  t->allocation_type = allocation_type;
  /* A caller that hands on what it read from the tensor gives data of its own all the same. */
  t->allocation = allocation == &tensor_borrowed ? NULL : allocation;
  t->is_variable = is_variable;
}

TfLiteStatus TfLiteTensorCopy(const TfLiteTensor *from, TfLiteTensor *to) {
  if (!from || !to) return kTfLiteOk;
  if (from->bytes != to->bytes) return kTfLiteError;
  if (from == to) return kTfLiteOk;
  if (from->bytes && (!from->data.data || !to->data.data)) return kTfLiteError;
  TfLiteIntArray *dims = TfLiteIntArrayCopy(from->dims);
  if (from->dims && !dims) return kTfLiteError;
  TfLiteIntArrayFree(to->dims);
  to->dims = dims;
  to->type = from->type;
  if (from->bytes) memcpy(to->data.data, from->data.data, from->bytes);
  to->buffer_handle = from->buffer_handle;
  to->data_is_stale = from->data_is_stale;
  to->delegate = from->delegate;
  return kTfLiteOk;
}

TfLiteTensor TfLiteTensorClone(TfLiteTensor from) {
  TfLiteTensor t = from;
  const bool malloced = from.allocation_type == kTfLiteDynamic || from.allocation_type == kTfLitePersistentRo;
  if (malloced && from.data.data) t.data.data = copy_of(from.data.data, from.bytes ? from.bytes : 1);
  if (malloced && from.allocation == &tensor_borrowed) t.allocation = NULL;
  t.dims = TfLiteIntArrayCopy(from.dims);
  t.dims_signature = TfLiteIntArrayCopy(from.dims_signature);
  t.quantization = quantization_clone(&from.quantization);
  t.sparsity = sparsity_clone(from.sparsity);
  return t;
}

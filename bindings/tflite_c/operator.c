/* operator.c: TfLiteOperator, and calls of a registration's callbacks, which may be those of an operator. */
#include <stdlib.h>

#include "bindings/tflite_c/tflite_c.h"

/* ---- the object ---- */

TfLiteOperator *TfLiteOperatorCreate(TfLiteBuiltinOperator code, const char *name, int version, void *user) {
  TfLiteOperator *op = calloc(1, sizeof *op);
  if (!op) return NULL;
  op->builtin_code = code;
  op->custom_name = name;
  op->version = version;
  op->user_data = user;
  return op;
}

TfLiteOperator *TfLiteOperatorCreateWithData(TfLiteBuiltinOperator code, const char *name, int version, void *user) {
  return TfLiteOperatorCreate(code, name, version, user);
}

void TfLiteOperatorDelete(TfLiteOperator *op) { free(op); }

TfLiteBuiltinOperator TfLiteOperatorGetBuiltInCode(const TfLiteOperator *op) {
  return op ? op->builtin_code : kTfLiteBuiltinCustom;
}
const char *TfLiteOperatorGetCustomName(const TfLiteOperator *op) { return op ? op->custom_name : NULL; }
int TfLiteOperatorGetVersion(const TfLiteOperator *op) { return op ? op->version : -1; }
void *TfLiteOperatorGetUserData(const TfLiteOperator *op) { return op ? op->user_data : NULL; }

/* Each pair of setters: without and with the operator's user data. The one called last counts. */
#define SETTERS(Name, field, type, plain, with_data)                                                                   \
  void TfLiteOperatorSet##Name(TfLiteOperator *op, type(*fn) plain) {                                                  \
    if (!op) return;                                                                                                   \
    op->field = fn;                                                                                                    \
    op->field##_data = NULL;                                                                                           \
  }                                                                                                                    \
  TfLiteStatus TfLiteOperatorSet##Name##WithData(TfLiteOperator *op, type(*fn) with_data) {                            \
    if (!op) return kTfLiteError;                                                                                      \
    op->field = NULL;                                                                                                  \
    op->field##_data = fn;                                                                                             \
    return kTfLiteOk;                                                                                                  \
  }

SETTERS(Init, init, void *, (TfLiteOpaqueContext * c, const char *buffer, size_t length),
        (void *user, TfLiteOpaqueContext *c, const char *buffer, size_t length))
SETTERS(Free, free, void, (TfLiteOpaqueContext * c, void *data), (void *user, TfLiteOpaqueContext *c, void *data))
SETTERS(Prepare, prepare, TfLiteStatus, (TfLiteOpaqueContext * c, TfLiteOpaqueNode *n),
        (void *user, TfLiteOpaqueContext *c, TfLiteOpaqueNode *n))
SETTERS(Invoke, invoke, TfLiteStatus, (TfLiteOpaqueContext * c, TfLiteOpaqueNode *n),
        (void *user, TfLiteOpaqueContext *c, TfLiteOpaqueNode *n))
SETTERS(AsyncKernel, async_kernel, struct TfLiteAsyncKernel *, (TfLiteOpaqueContext * c, TfLiteOpaqueNode *n),
        (void *user, TfLiteOpaqueContext *c, TfLiteOpaqueNode *n))

void TfLiteOperatorSetInplaceOperator(TfLiteOperator *op, uint64_t inplace_operator) {
  if (op) op->inplace_operator = inplace_operator;
}

/* ---- older names ---- */

TfLiteRegistrationExternal *TfLiteRegistrationExternalCreate(TfLiteBuiltinOperator code, const char *name,
                                                             int version) {
  return TfLiteOperatorCreate(code, name, version, NULL);
}
void TfLiteRegistrationExternalDelete(TfLiteRegistrationExternal *op) { TfLiteOperatorDelete(op); }
void TfLiteRegistrationExternalSetInit(TfLiteRegistrationExternal *op,
                                       void *(*fn)(TfLiteOpaqueContext *c, const char *buffer, size_t length)) {
  TfLiteOperatorSetInit(op, fn);
}
void TfLiteRegistrationExternalSetFree(TfLiteRegistrationExternal *op, void (*fn)(TfLiteOpaqueContext *c, void *data)) {
  TfLiteOperatorSetFree(op, fn);
}
void TfLiteRegistrationExternalSetPrepare(TfLiteRegistrationExternal *op,
                                          TfLiteStatus (*fn)(TfLiteOpaqueContext *c, TfLiteOpaqueNode *n)) {
  TfLiteOperatorSetPrepare(op, fn);
}
void TfLiteRegistrationExternalSetInvoke(TfLiteRegistrationExternal *op,
                                         TfLiteStatus (*fn)(TfLiteOpaqueContext *c, TfLiteOpaqueNode *n)) {
  TfLiteOperatorSetInvoke(op, fn);
}
TfLiteBuiltinOperator TfLiteRegistrationExternalGetBuiltInCode(const TfLiteRegistrationExternal *op) {
  return TfLiteOperatorGetBuiltInCode(op);
}
const char *TfLiteRegistrationExternalGetCustomName(const TfLiteRegistrationExternal *op) {
  return TfLiteOperatorGetCustomName(op);
}
int TfLiteRegistrationExternalGetVersion(const TfLiteRegistrationExternal *op) { return TfLiteOperatorGetVersion(op); }

/* ---- registrations ---- */

void *TfLiteKernelInitFailed(void) { return (void *)(intptr_t)-1; }

bool operator_has_callbacks(const TfLiteOperator *op) {
  return op->init || op->free || op->prepare || op->invoke || op->async_kernel || op->init_data || op->free_data ||
         op->prepare_data || op->invoke_data || op->async_kernel_data;
}

TfLiteRegistration operator_registration(const TfLiteOperator *op) {
  return (TfLiteRegistration){.builtin_code = op->builtin_code,
                              .custom_name = op->custom_name,
                              .version = op->version,
                              .registration_external = (TfLiteOperator *)op};
}

static TfLiteOpaqueContext *opaque(TfLiteContext *c) { return (TfLiteOpaqueContext *)(void *)c; }
static TfLiteOpaqueNode *opaque_node(TfLiteNode *n) { return (TfLiteOpaqueNode *)(void *)n; }

void *registration_init(const TfLiteRegistration *r, TfLiteContext *c, const char *buffer, size_t length) {
  const TfLiteOperator *op = r->registration_external;
  if (op && op->init_data) return op->init_data(op->user_data, opaque(c), buffer, length);
  if (op && op->init) return op->init(opaque(c), buffer, length);
  return r->init ? r->init(c, buffer, length) : NULL;
}

void registration_free(const TfLiteRegistration *r, TfLiteContext *c, void *data) {
  const TfLiteOperator *op = r->registration_external;
  if (!data || data == TfLiteKernelInitFailed()) return;
  if (op && op->free_data) op->free_data(op->user_data, opaque(c), data);
  else if (op && op->free) op->free(opaque(c), data);
  else if (r->free) r->free(c, data);
}

TfLiteStatus registration_prepare(const TfLiteRegistration *r, TfLiteContext *c, TfLiteNode *n) {
  const TfLiteOperator *op = r->registration_external;
  if (op && op->prepare_data) return op->prepare_data(op->user_data, opaque(c), opaque_node(n));
  if (op && op->prepare) return op->prepare(opaque(c), opaque_node(n));
  return r->prepare ? r->prepare(c, n) : kTfLiteOk;
}

TfLiteStatus registration_invoke(const TfLiteRegistration *r, TfLiteContext *c, TfLiteNode *n) {
  const TfLiteOperator *op = r->registration_external;
  if (op && op->invoke_data) return op->invoke_data(op->user_data, opaque(c), opaque_node(n));
  if (op && op->invoke) return op->invoke(opaque(c), opaque_node(n));
  return r->invoke ? r->invoke(c, n) : kTfLiteError;
}

/* operator.h: definitions of operators of one's own, made by functions instead of by filling a TfLiteRegistration.
 *
 * A callback comes with or without the user data of its operator; the one set last counts. TfLiteRegistrationExternal
 * is the older name of TfLiteOperator; programs compiled against it find its functions too. */
#ifndef TENSORFLOW_LITE_C_OPERATOR_H_
#define TENSORFLOW_LITE_C_OPERATOR_H_

#include <stdint.h>

#include "tensorflow/lite/c/builtin_ops.h"
#include "tensorflow/lite/c/c_api_types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct TfLiteOperator TfLiteOperator;
struct TfLiteAsyncKernel;

/* The caller keeps the operator, and the name, alive as long as interpreters use them. */
TFL_CAPI_EXPORT TfLiteOperator *TfLiteOperatorCreate(TfLiteBuiltinOperator builtin_code, const char *custom_name,
                                                     int version, void *user_data);
TFL_CAPI_EXPORT TfLiteOperator *TfLiteOperatorCreateWithData(TfLiteBuiltinOperator builtin_code,
                                                             const char *custom_name, int version, void *user_data);
TFL_CAPI_EXPORT void TfLiteOperatorDelete(TfLiteOperator *op);
TFL_CAPI_EXPORT TfLiteBuiltinOperator TfLiteOperatorGetBuiltInCode(const TfLiteOperator *op);
TFL_CAPI_EXPORT const char *TfLiteOperatorGetCustomName(const TfLiteOperator *op);
TFL_CAPI_EXPORT int TfLiteOperatorGetVersion(const TfLiteOperator *op); /* -1: op is NULL */
TFL_CAPI_EXPORT void *TfLiteOperatorGetUserData(const TfLiteOperator *op);

TFL_CAPI_EXPORT void TfLiteOperatorSetInit(TfLiteOperator *op, void *(*init)(TfLiteOpaqueContext *context,
                                                                             const char *buffer, size_t length));
TFL_CAPI_EXPORT void TfLiteOperatorSetFree(TfLiteOperator *op, void (*free)(TfLiteOpaqueContext *context, void *data));
TFL_CAPI_EXPORT void TfLiteOperatorSetPrepare(TfLiteOperator *op, TfLiteStatus (*prepare)(TfLiteOpaqueContext *context,
                                                                                          TfLiteOpaqueNode *node));
TFL_CAPI_EXPORT void TfLiteOperatorSetInvoke(TfLiteOperator *op, TfLiteStatus (*invoke)(TfLiteOpaqueContext *context,
                                                                                        TfLiteOpaqueNode *node));
TFL_CAPI_EXPORT void
TfLiteOperatorSetAsyncKernel(TfLiteOperator *op, struct TfLiteAsyncKernel *(*async_kernel)(TfLiteOpaqueContext *context,
                                                                                           TfLiteOpaqueNode *node));

TFL_CAPI_EXPORT TfLiteStatus TfLiteOperatorSetInitWithData(TfLiteOperator *op,
                                                           void *(*init)(void *user_data, TfLiteOpaqueContext *context,
                                                                         const char *buffer, size_t length));
TFL_CAPI_EXPORT TfLiteStatus TfLiteOperatorSetFreeWithData(TfLiteOperator *op,
                                                           void (*free)(void *user_data, TfLiteOpaqueContext *context,
                                                                        void *data));
TFL_CAPI_EXPORT TfLiteStatus TfLiteOperatorSetPrepareWithData(
    TfLiteOperator *op, TfLiteStatus (*prepare)(void *user_data, TfLiteOpaqueContext *context, TfLiteOpaqueNode *node));
TFL_CAPI_EXPORT TfLiteStatus TfLiteOperatorSetInvokeWithData(
    TfLiteOperator *op, TfLiteStatus (*invoke)(void *user_data, TfLiteOpaqueContext *context, TfLiteOpaqueNode *node));
TFL_CAPI_EXPORT TfLiteStatus TfLiteOperatorSetAsyncKernelWithData(
    TfLiteOperator *op,
    struct TfLiteAsyncKernel *(*async_kernel)(void *user_data, TfLiteOpaqueContext *context, TfLiteOpaqueNode *node));
/* TfLiteInPlaceOp bits. mote gives every output memory of its own, so they change nothing. */
TFL_CAPI_EXPORT void TfLiteOperatorSetInplaceOperator(TfLiteOperator *op, uint64_t inplace_operator);

/* ---- older names ---- */
typedef TfLiteOperator TfLiteRegistrationExternal;
TFL_CAPI_EXPORT TfLiteRegistrationExternal *TfLiteRegistrationExternalCreate(TfLiteBuiltinOperator builtin_code,
                                                                             const char *custom_name, int version);
TFL_CAPI_EXPORT void TfLiteRegistrationExternalDelete(TfLiteRegistrationExternal *op);
TFL_CAPI_EXPORT void TfLiteRegistrationExternalSetInit(TfLiteRegistrationExternal *op,
                                                       void *(*init)(TfLiteOpaqueContext *context, const char *buffer,
                                                                     size_t length));
TFL_CAPI_EXPORT void TfLiteRegistrationExternalSetFree(TfLiteRegistrationExternal *op,
                                                       void (*free)(TfLiteOpaqueContext *context, void *data));
TFL_CAPI_EXPORT void TfLiteRegistrationExternalSetPrepare(TfLiteRegistrationExternal *op,
                                                          TfLiteStatus (*prepare)(TfLiteOpaqueContext *context,
                                                                                  TfLiteOpaqueNode *node));
TFL_CAPI_EXPORT void TfLiteRegistrationExternalSetInvoke(TfLiteRegistrationExternal *op,
                                                         TfLiteStatus (*invoke)(TfLiteOpaqueContext *context,
                                                                                TfLiteOpaqueNode *node));
TFL_CAPI_EXPORT TfLiteBuiltinOperator TfLiteRegistrationExternalGetBuiltInCode(const TfLiteRegistrationExternal *op);
TFL_CAPI_EXPORT const char *TfLiteRegistrationExternalGetCustomName(const TfLiteRegistrationExternal *op);
TFL_CAPI_EXPORT int TfLiteRegistrationExternalGetVersion(const TfLiteRegistrationExternal *op);

#ifdef __cplusplus
}
#endif
#endif

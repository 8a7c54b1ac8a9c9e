/* options.c: what an interpreter is made with, and who computes which operator. */
#include <stdlib.h>
#include <string.h>

#include "bindings/tflite_c/tflite_c.h"

TfLiteInterpreterOptions *TfLiteInterpreterOptionsCreate(void) {
  TfLiteInterpreterOptions *o = calloc(1, sizeof *o);
  if (o) o->threads = -1;
  return o;
}

void TfLiteInterpreterOptionsDelete(TfLiteInterpreterOptions *o) {
  if (!o) return;
  for (size_t i = 0; i < o->num_ops; i++) free(o->ops[i].name);
  free(o->ops);
  free(o->delegates);
  free(o);
}

static void *copy_array(const void *from, size_t count, size_t size) {
  void *to = calloc(count + 1, size);
  if (to && count) memcpy(to, from, count * size);
  return to;
}

TfLiteInterpreterOptions *TfLiteInterpreterOptionsCopy(const TfLiteInterpreterOptions *from) {
  TfLiteInterpreterOptions *o = from ? malloc(sizeof *o) : NULL;
  if (!o) return NULL;
  *o = *from;
  o->ops = copy_array(from->ops, from->num_ops, sizeof *o->ops);
  o->delegates = copy_array(from->delegates, from->num_delegates, sizeof(TfLiteDelegate *));
  bool good = o->ops && o->delegates;
  if (!o->ops) o->num_ops = 0;
  for (size_t i = 0; i < o->num_ops; i++) {
    const char *name = from->ops[i].name;
    o->ops[i].name = name ? strdup(name) : NULL;
    if (name) o->ops[i].registration.custom_name = o->ops[i].name;
    good &= !name || o->ops[i].name;
  }
  if (good) return o;
  TfLiteInterpreterOptionsDelete(o);
  return NULL;
}

void TfLiteInterpreterOptionsSetNumThreads(TfLiteInterpreterOptions *o, int32_t n) {
  if (o && n >= -1) o->threads = n;
}

void TfLiteInterpreterOptionsSetErrorReporter(TfLiteInterpreterOptions *o, report_fn fn, void *user) {
  if (o) o->reporter = (reporter){fn, user};
}

TfLiteStatus TfLiteInterpreterOptionsEnableCancellation(TfLiteInterpreterOptions *o, bool enable) {
  if (!o) return kTfLiteError;
  o->cancellable = enable;
  return kTfLiteOk;
}

void TfLiteInterpreterOptionsSetEnableDelegateFallback(TfLiteInterpreterOptions *o, bool enable) {
  if (o) o->fallback = enable;
}

void TfLiteInterpreterOptionsSetUseNNAPI(TfLiteInterpreterOptions *o, bool enable) {
  (void)o;
  (void)enable;
}

void TfLiteInterpreterOptionsSetTelemetryProfiler(TfLiteInterpreterOptions *o,
                                                  struct TfLiteTelemetryProfilerStruct *profiler) {
  (void)o;
  (void)profiler;
}

void TfLiteInterpreterOptionsAddDelegate(TfLiteInterpreterOptions *o, TfLiteOpaqueDelegate *d) {
  if (!o) return;
  TfLiteDelegate **more = realloc(o->delegates, (o->num_delegates + 1) * sizeof(TfLiteDelegate *));
  if (!more) return;
  o->delegates = more;
  o->delegates[o->num_delegates++] = d;
}

/* ---- operators by code and name ---- */

static void add_op(TfLiteInterpreterOptions *o, int32_t code, const char *name, const TfLiteRegistration *r,
                   int32_t min_version, int32_t max_version) {
  char *copy = name ? strdup(name) : NULL;
  added_op *more = !name || copy ? realloc(o->ops, (o->num_ops + 1) * sizeof *more) : NULL;
  if (!more) {
    free(copy);
    return;
  }
  o->ops = more;
  added_op *a = &o->ops[o->num_ops++];
  *a = (added_op){code, copy, min_version, max_version, *r};
  a->registration.builtin_code = code;
  a->registration.custom_name = copy;
}

void TfLiteInterpreterOptionsAddBuiltinOp(TfLiteInterpreterOptions *o, TfLiteBuiltinOperator op,
                                          const TfLiteRegistration *r, int32_t min_version, int32_t max_version) {
  if (o && r) add_op(o, (int32_t)op, NULL, r, min_version, max_version);
}

void TfLiteInterpreterOptionsAddCustomOp(TfLiteInterpreterOptions *o, const char *name, const TfLiteRegistration *r,
                                         int32_t min_version, int32_t max_version) {
  if (o && r && name) add_op(o, sch_BuiltinOperator_CUSTOM, name, r, min_version, max_version);
}

void TfLiteInterpreterOptionsAddOperator(TfLiteInterpreterOptions *o, TfLiteOperator *op) {
  if (!o || !op || !op->custom_name) return;
  const TfLiteRegistration r = operator_registration(op);
  add_op(o, sch_BuiltinOperator_CUSTOM, op->custom_name, &r, op->version, op->version);
}

/* ---- resolvers ---- */

#define SET_RESOLVER(suffix, layout, type)                                                                             \
  void TfLiteInterpreterOptionsSetOpResolver##suffix(                                                                  \
      TfLiteInterpreterOptions *o, const type *(*builtin)(void *user, TfLiteBuiltinOperator op, int version),          \
      const type *(*custom)(void *user, const char *name, int version), void *user) {                                  \
    if (o) o->resolver = (resolver){.layout = {builtin, custom}, .user = user, .set = builtin || custom};              \
  }

SET_RESOLVER(V1, v1, TfLiteRegistration_V1)
SET_RESOLVER(V2, v2, TfLiteRegistration_V2)
SET_RESOLVER(V3, v3, TfLiteRegistration_V3)
SET_RESOLVER(, v4, TfLiteRegistration)

void TfLiteInterpreterOptionsSetOpResolverExternalWithFallback(
    TfLiteInterpreterOptions *o, const TfLiteOperator *(*builtin_external)(void *user, int op, int version),
    const TfLiteOperator *(*custom_external)(void *user, const char *name, int version),
    const TfLiteRegistration *(*builtin)(void *user, TfLiteBuiltinOperator op, int version),
    const TfLiteRegistration *(*custom)(void *user, const char *name, int version), void *user) {
  if (!o) return;
  o->resolver = (resolver){.v4 = {builtin, custom},
                           .builtin_external = builtin_external,
                           .custom_external = custom_external,
                           .user = user,
                           .set = builtin_external || custom_external || builtin || custom};
}

void TfLiteInterpreterOptionsSetOpResolverExternal(
    TfLiteInterpreterOptions *o, const TfLiteOperator *(*builtin)(void *user, int op, int version),
    const TfLiteOperator *(*custom)(void *user, const char *name, int version), void *user) {
  TfLiteInterpreterOptionsSetOpResolverExternalWithFallback(o, builtin, custom, NULL, NULL, user);
}

static bool ask_external(const resolver *r, int32_t code, const char *name, int version, TfLiteRegistration *out) {
  const TfLiteOperator *op = name ? (r->custom_external ? r->custom_external(r->user, name, version) : NULL)
                                  : (r->builtin_external ? r->builtin_external(r->user, code, version) : NULL);
  if (!op || !operator_has_callbacks(op)) return false;
  *out = operator_registration(op);
  return true;
}

/* Copies as much of a registration as its layout has. */
#define ASK(field)                                                                                                     \
  do {                                                                                                                 \
    const void *found = NULL;                                                                                          \
    if (name && r->field.custom) found = r->field.custom(r->user, name, version);                                      \
    if (!name && r->field.builtin) found = r->field.builtin(r->user, (TfLiteBuiltinOperator)code, version);            \
    if (!found) break;                                                                                                 \
    *out = (TfLiteRegistration){0};                                                                                    \
    memcpy(out, found, sizeof *r->field.builtin(NULL, kTfLiteBuiltinAdd, 0));                                          \
    return true;                                                                                                       \
  } while (0)

static bool ask_resolver(const resolver *r, int32_t code, const char *name, int version, TfLiteRegistration *out) {
  if (ask_external(r, code, name, version, out)) return true;
  ASK(v4);
  ASK(v3);
  ASK(v2);
  ASK(v1);
  return false;
}

static bool find_added(const TfLiteInterpreterOptions *o, int32_t code, const char *name, int version,
                       TfLiteRegistration *out) {
  for (size_t i = o->num_ops; i-- > 0;) {
    const added_op *a = &o->ops[i];
    if (a->code != code || version < a->min_version || version > a->max_version) continue;
    if (name && strcmp(name, a->name)) continue;
    *out = a->registration;
    return true;
  }
  return false;
}

resolution options_resolve(const TfLiteInterpreterOptions *o, const sch_OperatorCode *code, bool selected,
                           TfLiteRegistration *out) {
  const int32_t builtin = sch_op_code(code);
  const char *name = NULL;
  if (builtin == sch_BuiltinOperator_CUSTOM) name = code->custom_code.data ? code->custom_code.data : "";
  const bool resolver_set = o && o->resolver.set;
  bool found = false;
  if (resolver_set) found = ask_resolver(&o->resolver, builtin, name, code->version, out);
  else if (o) found = find_added(o, builtin, name, code->version, out);
  if (found) {
    /* What the model says of the operator is what its callbacks see; its name is the model's, which stays. */
    out->builtin_code = builtin;
    out->custom_name = name;
    out->version = code->version;
    return OP_FOREIGN;
  }
  *out = (TfLiteRegistration){.builtin_code = builtin, .custom_name = name, .version = code->version};
  if (selected || resolver_set) return OP_UNRESOLVED;
  const mote_op *op = name ? op_find_custom(name, code->custom_code.size) : op_find(builtin);
  return op ? OP_NATIVE : OP_UNRESOLVED;
}

/* attr.c: attributes of nodes; see flat.h. */
#include <string.h>

#include "import/tensorflow/flat.h"

const Tf__Attr *tf_attr(const Tf__Node *node, const char *key) {
  for (size_t i = 0; node && i < node->n_attr; i++)
    if (node->attr[i]->key && !strcmp(node->attr[i]->key, key)) return node->attr[i]->value;
  return NULL;
}

/* The attribute when it is of that kind. */
static const Tf__Attr *of_kind(const Tf__Node *node, const char *key, Tf__Attr__ValueCase kind) {
  const Tf__Attr *a = tf_attr(node, key);
  return a && a->value_case == kind ? a : NULL;
}

int64_t tf_attr_int(const Tf__Node *node, const char *key, int64_t absent) {
  const Tf__Attr *a = of_kind(node, key, TF__ATTR__VALUE_I);
  return a ? a->i : absent;
}

float tf_attr_float(const Tf__Node *node, const char *key, float absent) {
  const Tf__Attr *a = of_kind(node, key, TF__ATTR__VALUE_F);
  return a ? a->f : absent;
}

bool tf_attr_bool(const Tf__Node *node, const char *key, bool absent) {
  const Tf__Attr *a = of_kind(node, key, TF__ATTR__VALUE_B);
  return a ? a->b : absent;
}

int32_t tf_attr_type(const Tf__Node *node, const char *key, int32_t absent) {
  const Tf__Attr *a = of_kind(node, key, TF__ATTR__VALUE_TYPE);
  return a ? a->type : absent;
}

const char *tf_attr_text(const Tf__Node *node, const char *key) {
  const Tf__Attr *a = tf_attr(node, key);
  if (a && a->value_case == TF__ATTR__VALUE_S && a->s) return a->s;
  if (a && a->value_case == TF__ATTR__VALUE_FUNC && a->func && a->func->name) return a->func->name;
  return "";
}

bool tf_attr_is(const Tf__Node *node, const char *key, const char *text) {
  return !strcmp(tf_attr_text(node, key), text);
}

int32_t tf_attr_ints(const Tf__Node *node, const char *key, int64_t *to, int32_t room) {
  const Tf__Attr *a = of_kind(node, key, TF__ATTR__VALUE_LIST);
  if (!a || !a->list) return 0;
  for (size_t i = 0; i < a->list->n_i && i < (size_t)room; i++) to[i] = a->list->i[i];
  return a->list->n_i > INT32_MAX ? INT32_MAX : (int32_t)a->list->n_i;
}

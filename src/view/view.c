/* view.c: see mote/view.h. */
#include "mote/view.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/runtime.h"
#include "view/model_data.h"
#include "view/page.h"

static mote_status model_page(const mote_model *model, const char *title, text *to, mote_error *e) {
  text data = {.mem = to->mem};
  mote_status status = model_data(model->schema, title, mote_model_size(model), &data, e);
  if (status == MOTE_OK) {
    page_write(&(page){title, web_model_html, web_model_css, web_model_js, &data}, to);
    if (to->failed) status = err_memory(e, "the page of a model", data.size);
  }
  text_free(&data);
  return status;
}

mote_status mote_view_save(const mote_model *model, const char *title, const char *path, mote_error *e) {
  text t = {.mem = model->mem};
  mote_status status = model_page(model, title, &t, e);
  const file_part part = {t.data, t.size};
  if (status == MOTE_OK) status = file_write(path, &part, 1, e);
  text_free(&t);
  return status;
}

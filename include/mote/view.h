/* mote/view.h: a model drawn as one HTML page, to be looked at in a browser.
 *
 *     mote_error e;
 *     mote_model *model = mote_model_open("net.tflite", NULL, &e);
 *     if (!model || mote_view_save(model, "net.tflite", "net.html", &e)) fprintf(stderr, "%s\n", e.text);
 *     mote_model_free(model);
 *
 * The page is one file: it fetches nothing, and works without a network. It shows every graph of the model, with types,
 * shapes, options and quantization, how weights are spread, and a search.
 */
#ifndef MOTE_VIEW_H
#define MOTE_VIEW_H

#include "mote/mote.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the page, whole or not at all. title stands at its head: the name of the model's file, in most cases. Models
 * with operators that this build lacks are drawn as well. */
MOTE_API mote_status mote_view_save(const mote_model *model, const char *title, const char *path, mote_error *e);

#ifdef __cplusplus
}
#endif
#endif

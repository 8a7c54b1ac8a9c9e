/* model_data.h: a model and the drawings of its graphs as the JSON that web/model.js shows. */
#ifndef VIEW_MODEL_DATA_H
#define VIEW_MODEL_DATA_H

#include "view/drawing.h"
#include "view/text.h"

/* Parts of records are lists, to keep pages small; model.js names their places. */
mote_status model_data(const sch_file *file, const char *name, uint64_t bytes, text *to, mote_error *e);

#endif

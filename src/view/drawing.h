/* drawing.h: one graph of a model as boxes and wires with their places: inputs, operators, outputs. Constants are no
 * boxes: they belong to the operators that read them.
 */
#ifndef VIEW_DRAWING_H
#define VIEW_DRAWING_H

#include "schema/read.h"
#include "view/layout.h"

typedef enum drawing_box_kind { BOX_INPUT, BOX_OPERATOR, BOX_OUTPUT } drawing_box_kind;

typedef struct drawing_box {
  drawing_box_kind kind;
  int32_t index; /* of the operator, input or output */
  char note[64]; /* "3x3, stride 2, RELU6"; may be empty */
} drawing_box;

typedef struct drawing {
  const sch_SubGraph *graph;
  drawing_box *boxes; /* [layout.num_boxes] */
  int32_t *tensors;   /* [layout.num_wires] whose wires they are */
  layout layout;
} drawing;

enum { DRAWING_MOST = 40000 }; /* operators of one graph */

/* Lays out graph `index`. Results are in `a`. */
mote_status drawing_make(const sch_file *file, uint32_t index, arena *a, drawing *d, mote_error *e);

/* The shape as the file has it, "?" where it is open: "1x?x64"; "scalar". Returns `to`. */
char *drawing_shape(char *to, size_t room, const sch_Tensor *t);

/* Options of an operator with their table; NULL: it has none. */
const void *drawing_options(const sch_Operator *op, const sch_table **table);

#endif

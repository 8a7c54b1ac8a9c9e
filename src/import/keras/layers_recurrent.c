/* layers_recurrent.c: recurrent layers. */
#include "import/keras/emit.h"

const k_row k_rows_recurrent[] = {
    {NULL, NULL, 0, false},
};

/* records.c: see records.h. */
#include "metadata/records.h"

#define SCHEMA_DEF "metadata/metadata.def"
#include "schema/define.h"

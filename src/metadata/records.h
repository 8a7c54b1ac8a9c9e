/* records.h: the records and tables of metadata.def: sch_ModelMetadata, sch_table_ModelMetadata, ... */
#ifndef METADATA_RECORDS_H
#define METADATA_RECORDS_H

#include "schema/schema.h"

#define SCHEMA_DEF "metadata/metadata.def"
#include "schema/declare.h"

#endif

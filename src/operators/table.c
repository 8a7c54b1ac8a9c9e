/* table.c: Table: elements looked up in a table: 256 entries by the byte, or 513 that int16 interpolates between. */
#include "kernels/real.h"
#include "operators/unary.h"

static mote_status infer(op_ctx *c) {
  const op_tensor *table = c->in[1];
  const size_t entries = c->in[0]->type == MOTE_INT16 ? UNARY_LUT_SIZE : 256;
  OP_REQUIRE(c, !op_shape_known(table) || op_count(table) == entries, MOTE_ERR_SHAPE,
             "the table of %s must have %zu entries, and has %zu", mote_type_name(c->in[0]->type), entries,
             op_count(table));
  return unary_infer(c);
}

static mote_status run(op_ctx *c) {
  unary_run(c, c->in[0]->type == MOTE_INT16 ? kern_lut_16 : map_lut_8[c->isa], c->in[1]->data);
  return MOTE_OK;
}

const mote_op op_table_lookup = {
    .name = "Table",
    .code = sch_BuiltinOperator_CUSTOM,
    .versions = 1,
    .inputs_min = 2,
    .inputs_max = 2,
    .outputs_min = 1,
    .outputs_max = 1,
    .types = "i8|u8|i16 = > =",
    .infer = infer,
    .run = run,
    .notes = "The table has 256 entries by the byte, or 513 for int16.",
};

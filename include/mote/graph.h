/* mote/graph.h: networks as data: built by hand, read from a file, checked, improved, saved.
 *
 *     mote_error e;
 *     mote_graph *g = mote_graph_new(NULL, &e);
 *     mote_value x = mote_graph_input(g, "image", MOTE_FLOAT32, 4, (int32_t[]){-1, 28, 28, 1});
 *     mote_value w = mote_graph_const(g, "kernel", MOTE_FLOAT32, 4, (int32_t[]){8, 3, 3, 1}, kernel);
 *     mote_value b = mote_graph_const(g, "bias", MOTE_FLOAT32, 1, (int32_t[]){8}, bias);
 *     mote_value y = MOTE_OP(g, "conv", "CONV_2D",
 *                            "padding: SAME, stride_w: 2, stride_h: 2, fused_activation_function: RELU", x, w, b);
 *     mote_value p = MOTE_OP(g, "scores", "MEAN", NULL, y, mote_graph_ints(g, "axes", 2, (int32_t[]){1, 2}));
 *     mote_graph_output(g, p);
 *     if (mote_graph_save(g, "small.tflite", &e)) fprintf(stderr, "%s\n", e.text);
 *     mote_graph_free(g);
 *
 * A value is a number: an input, a constant, or what a node makes. A node is an operator of the format under its name
 * there ("CONV_2D"; `mote ops` lists them), with options as the format calls them, written as text. Its outputs get
 * their types and shapes at once, by the same rules that the runtime has.
 *
 * Errors stick. A call that fails returns MOTE_NO_VALUE and makes every later one do so too; mote_graph_check and
 * mote_graph_save then report the first failure, with the name of the node. So nothing needs to be tested in between.
 *
 * A dimension of -1 is open: whoever runs the model chooses it (mote_session_resize).
 *
 * Threads: a graph is used by one thread at a time.
 */
#ifndef MOTE_GRAPH_H
#define MOTE_GRAPH_H

#include "mote/mote.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mote_graph mote_graph;

typedef int32_t mote_value;
#define MOTE_NO_VALUE ((mote_value)-1) /* as an input of a node: left out */

/* ---- making, opening, saving ------------------------------------------------------------------------------- */

/* An empty network with one graph, the main one. What config (NULL is fine) says of memory holds for it. NULL on
 * failure. */
MOTE_API mote_graph *mote_graph_new(const mote_config *config, mote_error *e);

/* The network of a .tflite file, or of its JSON form, ready to be looked at, extended and saved. Signatures and
 * metadata come along. Operators that this build lacks are named in the error. */
MOTE_API mote_graph *mote_graph_open(const char *path, const mote_config *config, mote_error *e);

MOTE_API void mote_graph_free(mote_graph *graph); /* NULL is fine */

/* Everything that can be wrong with it: the first failure in building, values that nothing makes, types, shapes. */
MOTE_API mote_status mote_graph_check(mote_graph *graph, mote_error *e);

/* Checks, then writes a file, whole or not at all (under a temporary name beside it, synced, renamed). The ending of
 * the path says what: .json is the model as text, .c a C array with its header beside it (.h), anything else a .tflite.
 * Every operator gets the lowest version that does what is asked of it. A network without signatures gets one,
 * "serving_default", with the names of its inputs and outputs. */
MOTE_API mote_status mote_graph_save(mote_graph *graph, const char *path, mote_error *e);

/* The same as bytes of a .tflite in memory, to be run at once (mote_model_from_memory); they belong to the graph and
 * hold until the next call or mote_graph_free. */
MOTE_API mote_status mote_graph_bytes(mote_graph *graph, const void **data, size_t *size, mote_error *e);

/* The free text that the file carries; copied. */
MOTE_API void mote_graph_describe(mote_graph *graph, const char *description);

/* What the file says of itself for whoever feeds it (mote/metadata.h, mote classify, TensorFlow Lite's task library):
 *
 * that pictures for an input are normalised by (x - mean) / std, x in 0..255, with one value or one for each channel;
 *
 * the names of the classes that an output tells apart: a file called `file` in the zip archive that follows the model.
 * For the classes of a detector (TFLite_Detection_PostProcess) line i names class i, else index i of the last
 * dimension.
 *
 * All is copied. What a file that was opened says beside that stays. JSON has no place for labels. */
MOTE_API void mote_graph_normalise(mote_graph *graph, int32_t input, int32_t channels, const float *mean,
                                   const float *std);
MOTE_API void mote_graph_labels(mote_graph *graph, int32_t output, const char *file, const char *const *line,
                                size_t count);

/* Makes the network smaller and faster, as mote convert does: constants folded, operators fused, what nobody needs left
 * out. Inputs, outputs and their names stay; other values get new numbers. Integer results stay as they are, floats
 * move by roundings. runtime: the oldest TensorFlow Lite that has to run it ("2.5"), so that no operator is brought in
 * that it lacks; NULL: any. */
MOTE_API mote_status mote_graph_improve(mote_graph *graph, const char *runtime, mote_error *e);

/* Stores weights as float16, each behind a DEQUANTIZE, as TensorFlow Lite's float16 quantization does: half the size;
 * runtimes compute in float32 all the same. Elements past +-65504 become that; *clamped (may be NULL) tells how many
 * did. Values get new numbers. */
MOTE_API mote_status mote_graph_float16(mote_graph *graph, uint64_t *clamped, mote_error *e);

/* The first release of TensorFlow Lite that runs the network: "2.4.0". Lives as long as the library. */
MOTE_API const char *mote_graph_runtime(mote_graph *graph);

/* Fails when a release of TensorFlow Lite ("2.5") is too old for it, naming the operators that are too new. */
MOTE_API mote_status mote_graph_fits(mote_graph *graph, const char *runtime, mote_error *e);

/* ---- building ---------------------------------------------------------------------------------------------- */

/* An input of the current graph. Names are copied, also below. */
MOTE_API mote_value mote_graph_input(mote_graph *graph, const char *name, mote_type type, int32_t rank,
                                     const int32_t *dims);

/* A constant; the data, of a size that follows from type and dimensions, is copied. */
MOTE_API mote_value mote_graph_const(mote_graph *graph, const char *name, mote_type type, int32_t rank,
                                     const int32_t *dims, const void *data);
/* A list of int32: shapes, axes, permutations, paddings (rank 1); and scalars. */
MOTE_API mote_value mote_graph_ints(mote_graph *graph, const char *name, int32_t count, const int32_t *values);
MOTE_API mote_value mote_graph_int(mote_graph *graph, const char *name, int32_t value);
MOTE_API mote_value mote_graph_float(mote_graph *graph, const char *name, float value);

/* A variable: zero at first, written by operators with a state, kept over runs. */
MOTE_API mote_value mote_graph_variable(mote_graph *graph, const char *name, mote_type type, int32_t rank,
                                        const int32_t *dims);

/* A node. `name` names its outputs, `op` its operator. Options: "name: VALUE" separated by commas, with names and
 * values as in the format's JSON form: numbers, true and false, names of enums, lists in brackets ("new_shape: [-1,
 * 8]"). What is not said, and NULL or "", is the format's default. Returns the first output; further ones are +1, +2,
 * ... */
MOTE_API mote_value mote_graph_op(mote_graph *graph, const char *name, const char *op, const char *options,
                                  const mote_value *inputs, int32_t count);
/* The same with inputs as arguments. */
#define MOTE_OP(graph, name, op, options, ...)                                                                         \
  mote_graph_op((graph), (name), (op), (options), (const mote_value[]){__VA_ARGS__},                                   \
                (int32_t)(sizeof((const mote_value[]){__VA_ARGS__}) / sizeof(mote_value)))

/* The same for operators whose number of outputs varies (SPLIT, UNPACK, WHILE, IF), or whose outputs take a type that
 * does not follow from the inputs (QUANTIZE): `outputs` of them, of these types (NULL: as follows). */
MOTE_API mote_value mote_graph_op_n(mote_graph *graph, const char *name, const char *op, const char *options,
                                    const mote_value *inputs, int32_t count, int32_t outputs, const mote_type *types);

/* Says that a value is an output of the current graph. */
MOTE_API void mote_graph_output(mote_graph *graph, mote_value value);

/* Another name for a value. */
MOTE_API void mote_graph_rename(mote_graph *graph, mote_value value, const char *name);

/* Per-tensor quantization of a value: real = scale * (stored - zero_point). */
MOTE_API void mote_graph_quantize(mote_graph *graph, mote_value value, float scale, int32_t zero_point);

/* The quantization that the first output of the next node gets: operators of integers need it before they are added. */
MOTE_API void mote_graph_quantize_next(mote_graph *graph, float scale, int32_t zero_point);

/* A named entry: the current graph, with a name for each of its inputs and outputs, in their order. */
MOTE_API void mote_graph_signature(mote_graph *graph, const char *key, const char *const *inputs,
                                   const char *const *outputs);

/* Another graph, to be called by WHILE, IF or CALL_ONCE, whose options name it by the number this returns; it becomes
 * the current one. mote_graph_select goes back (0 is the main graph). Values belong to the graph in which they were
 * made. */
MOTE_API int32_t mote_graph_begin(mote_graph *graph, const char *name);
MOTE_API void mote_graph_select(mote_graph *graph, int32_t index);

/* ---- looking ----------------------------------------------------------------------------------------------- */

/* Numbers of the current graph. */
MOTE_API int32_t mote_graph_node_count(const mote_graph *graph);
MOTE_API int32_t mote_graph_input_count(const mote_graph *graph);
MOTE_API int32_t mote_graph_output_count(const mote_graph *graph);
MOTE_API mote_value mote_graph_input_at(const mote_graph *graph, int32_t index);
MOTE_API mote_value mote_graph_output_at(const mote_graph *graph, int32_t index);
/* The operator of a node, in the order of execution: "CONV_2D". Lives as long as the graph. */
MOTE_API const char *mote_graph_node_op(const mote_graph *graph, int32_t node);

/* A value by its name; MOTE_NO_VALUE when there is none. */
MOTE_API mote_value mote_graph_find(const mote_graph *graph, const char *name);

/* What is known of a value. Fills type, name, rank (-1: unknown) and signature (-1: open) of *view, per-tensor
 * quantization, and data where it is a constant; false when there is no such value. Valid until the next change. */
MOTE_API bool mote_graph_value(const mote_graph *graph, mote_value value, mote_tensor *view);

#ifdef __cplusplus
}
#endif
#endif

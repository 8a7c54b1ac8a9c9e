/* mote/mote.h: run .tflite models.
 *
 * A model is a verified, immutable file. A program is a model compiled for this machine: options checked, constants
 * folded, kernels chosen, weights packed. A session is one arena of memory, the state of the network, and the right
 * to run it.
 *
 *     mote_error e;
 *     mote_model *m = mote_model_open("model.tflite", NULL, &e);
 *     mote_program *p = mote_program_new(m, NULL, &e);
 *     mote_session *s = mote_session_new(p, NULL, &e);
 *     memcpy(mote_session_input(s, 0)->data, pixels, size);
 *     if (mote_session_run(s, &e)) fprintf(stderr, "%s\n", e.text);
 *     const float *scores = mote_session_output(s, 0)->data;
 *
 * Threads: models and programs are immutable and may be used by any number of threads at once. A session is used by
 * one thread at a time; only mote_session_cancel may be called from another. A program holds a reference to its
 * model and a session to its program, so each may be freed as soon as the next one is made.
 *
 * Errors: see error.h. A function that fails leaves everything as it was, a run excepted.
 * Nothing here prints, aborts, installs signal handlers or opens a network connection.
 */
#ifndef MOTE_MOTE_H
#define MOTE_MOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mote/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library, "MAJOR.MINOR.PATCH". Static. */
MOTE_API const char *mote_version(void);

/* ---- types ------------------------------------------------------------------------------------------------- */

/* Element types, numbered as in the file format. */
typedef enum mote_type {
  MOTE_FLOAT32 = 0,
  MOTE_FLOAT16 = 1,
  MOTE_INT32 = 2,
  MOTE_UINT8 = 3,
  MOTE_INT64 = 4,
  MOTE_STRING = 5, /* packed: int32 count, int32 offset[count + 1] from the buffer's start, bytes */
  MOTE_BOOL = 6,
  MOTE_INT16 = 7,
  MOTE_COMPLEX64 = 8,
  MOTE_INT8 = 9,
  MOTE_FLOAT64 = 10,
  MOTE_COMPLEX128 = 11,
  MOTE_UINT64 = 12,
  MOTE_RESOURCE = 13,
  MOTE_VARIANT = 14,
  MOTE_UINT32 = 15,
  MOTE_UINT16 = 16,
  MOTE_INT4 = 17, /* two a byte, low nibble first */
  MOTE_BFLOAT16 = 18,
  MOTE_INT2 = 19, /* four a byte, low bits first */
  MOTE_UINT4 = 20,
  MOTE_FLOAT8_E4M3FN = 21,
  MOTE_FLOAT8_E5M2 = 22,
  MOTE_TYPE_COUNT = 23
} mote_type;

/* "float32", "int8", ...; "unknown" outside the enum. Static. */
MOTE_API const char *mote_type_name(mote_type type);

/* Bits of one element: 32 for float32, 4 for int4; 0 for strings and variants, whose size is not fixed. */
MOTE_API int mote_type_bits(mote_type type);

enum { MOTE_MAX_RANK = 8 };

/* A view of a tensor. It belongs to its session and stays valid until the session is freed; `data`, `dims` and
 * `size` change when inputs are resized, and those of an output may change with each run. */
typedef struct mote_tensor {
  const char *name; /* the signature's name when there is one, else the file's; "" when it has none */
  mote_type type;
  int32_t rank;                     /* 0 for a scalar */
  int32_t dims[MOTE_MAX_RANK];      /* in the current plan; -1: known only after a run */
  int32_t signature[MOTE_MAX_RANK]; /* as the file declares them; -1: may be chosen freely */
  float scale;                      /* real = scale * (q - zero_point); 0 when not quantized per tensor */
  int32_t zero_point;
  void *data;  /* NULL while the size is not known */
  size_t size; /* bytes of data */
} mote_tensor;

/* ---- configuration ----------------------------------------------------------------------------------------- */

/* Memory comes from here. Both functions are called from any thread that uses the objects made with them. */
typedef struct mote_allocator {
  void *(*allocate)(void *user, size_t size); /* NULL when there is none; aligned as malloc aligns */
  void (*release)(void *user, void *block);
  void *user;
} mote_allocator;

/* One fault or warning found by the verifier. Strings live until the callback returns. */
typedef struct mote_fault {
  const char *rule; /* "F9", "M21", ...: see doc/format.md */
  bool warning;     /* true: odd, but the file is accepted */
  int32_t subgraph, op, tensor;
  int64_t offset;
  const char *text; /* one sentence */
} mote_fault;

typedef struct mote_pool mote_pool;
typedef struct mote_op_def mote_op_def; /* mote/op.h */

/* Zero-initialise or call mote_config_default, then set what matters. The same struct serves all calls. */
typedef struct mote_config {
  size_t struct_size;       /* sizeof(mote_config); 0 counts as the size of this version */
  int threads;              /* 0 or 1: the calling thread alone; n: n threads; -1: one for each core */
  uint64_t memory_limit;    /* bytes that model, program and session together may hold; 0: no limit */
  mote_allocator allocator; /* all zero: malloc and free */
  bool copy;                /* read the file into memory instead of mapping it (for files that others may truncate) */
  const char *isa;          /* highest instruction set to use: "scalar", "avx2", "avx512", "neon"; NULL: the machine's.
                               The environment variable MOTE_ISA does the same. */
  bool deep;                /* verify contents too: strings, sparse indices, scales of blocks (all of the file is then
                               read); otherwise they are checked where they are used */
  uint64_t loop_budget;     /* rounds that all loops of one run may make together; 0: 2^31 - 1 */
  bool no_rewrites;         /* run the network operator by operator, as it is written */
  bool plan_only;           /* the program is made to be looked at (mote_program_plan, mote_program_memory), in little
                               time: weights are not packed, and it takes no session */
  const mote_op_def *const *operators; /* custom operators, see mote/op.h; must outlive what is made with them */
  size_t operator_count;
  void (*on_fault)(void *user, const mote_fault *fault); /* told of each fault and warning while verifying */
  void *on_fault_user;
  mote_pool *pool; /* threads shared by several programs; NULL: the program makes its own */
} mote_config;

MOTE_API void mote_config_default(mote_config *config);

/* A pool of threads that several programs may share; `threads` as in the configuration. Free it last. */
MOTE_API mote_pool *mote_pool_new(int threads, mote_error *e);
MOTE_API void mote_pool_free(mote_pool *pool);

/* ---- model ------------------------------------------------------------------------------------------------- */

typedef struct mote_model mote_model;

/* Opens and verifies a file. The file is mapped, and only its metadata is read; it must not be truncated while in
 * use (replace files by renaming, or set config->copy). NULL on failure. Source of the rules: doc/format.md. */
MOTE_API mote_model *mote_model_open(const char *path, const mote_config *config, mote_error *e);

/* The same on `size` bytes in memory, which are not copied (unless config->copy) and must outlive the model. */
MOTE_API mote_model *mote_model_from_memory(const void *data, size_t size, const mote_config *config, mote_error *e);

/* The same on a part of an open file (a model inside an APK, say). The descriptor may be closed afterwards.
 * length 0: to the end of the file. */
MOTE_API mote_model *mote_model_from_fd(int fd, uint64_t offset, uint64_t length, const mote_config *config,
                                        mote_error *e);

MOTE_API void mote_model_free(mote_model *model); /* NULL is fine */

/* The free text the file carries, or "". Lives as long as the model. */
MOTE_API const char *mote_model_description(const mote_model *model);

/* The file as it is, mapped or copied. Lives as long as the model. */
MOTE_API const void *mote_model_data(const mote_model *model);
MOTE_API uint64_t mote_model_size(const mote_model *model); /* bytes of it */
MOTE_API int32_t mote_model_subgraph_count(const mote_model *model);

/* Signatures: named entry points. Index 0 .. count-1; the key lives as long as the model. */
MOTE_API int32_t mote_model_signature_count(const mote_model *model);
MOTE_API const char *mote_model_signature_key(const mote_model *model, int32_t index);

/* A named block of bytes the file carries (for example "TFLITE_METADATA"); false when there is none. The bytes live
 * as long as the model. */
MOTE_API bool mote_model_metadata(const mote_model *model, const char *name, const void **data, size_t *size);

/* ---- program ----------------------------------------------------------------------------------------------- */

typedef struct mote_program mote_program;

/* Compiles all subgraphs. Everything the build lacks is named at once in the error. config may be NULL. */
MOTE_API mote_program *mote_program_new(const mote_model *model, const mote_config *config, mote_error *e);
MOTE_API void mote_program_free(mote_program *program);

/* What the compiler did, one line a step: its operators, the rewrite that made it and why. Lives as long as the
 * program. */
MOTE_API const char *mote_program_plan(const mote_program *program);

/* ---- session ----------------------------------------------------------------------------------------------- */

typedef struct mote_session mote_session;

/* Plans the main subgraph (index 0) and takes the memory for it. When config->memory_limit forbids that, the error
 * says how much is needed. config may be NULL; what it says of threads, limits and allocator overrides the
 * program's. */
MOTE_API mote_session *mote_session_new(const mote_program *program, const mote_config *config, mote_error *e);
MOTE_API void mote_session_free(mote_session *session);

/* Chooses the signature that inputs, outputs and runs are about; NULL: subgraph 0 as it stands in the file. State
 * (variables, resources) is kept: it belongs to the session and serves all signatures. */
MOTE_API mote_status mote_session_select(mote_session *session, const char *signature, mote_error *e);

/* Inputs and outputs in the file's order. NULL when the index or name is unknown. Input data may be written at any
 * time between runs and keeps its contents over runs; output data is valid from the end of a run to the next run or
 * resize. */
MOTE_API int32_t mote_session_input_count(const mote_session *session);
MOTE_API int32_t mote_session_output_count(const mote_session *session);
MOTE_API mote_tensor *mote_session_input(mote_session *session, int32_t index);
MOTE_API const mote_tensor *mote_session_output(mote_session *session, int32_t index);
MOTE_API mote_tensor *mote_session_input_named(mote_session *session, const char *name);
MOTE_API const mote_tensor *mote_session_output_named(mote_session *session, const char *name);

/* Gives an input another shape. Takes effect, with a new plan, at the next mote_session_plan or run; the contents of
 * all inputs are then undefined. Fails at once when the rank is over MOTE_MAX_RANK or a dimension is negative. */
MOTE_API mote_status mote_session_resize(mote_session *session, int32_t input, const int32_t *dims, int32_t rank,
                                         mote_error *e);

/* Plans for the current shapes and takes the memory. Done by mote_session_new and, when needed, by a run. */
MOTE_API mote_status mote_session_plan(mote_session *session, mote_error *e);

/* Strings. Write: replaces the contents of a string input by `count` strings, shaped as the input is when that
 * holds `count` elements, else as a list. Read: the string at `index`, not ended by 0; false when there is none. */
MOTE_API mote_status mote_session_write_strings(mote_session *session, int32_t input, const char *const *strings,
                                                const size_t *lengths, size_t count, mote_error *e);
MOTE_API size_t mote_tensor_string_count(const mote_tensor *tensor);
MOTE_API bool mote_tensor_string(const mote_tensor *tensor, size_t index, const char **bytes, size_t *length);

/* Runs the network once. Allocates nothing but what data decides. After a failed or cancelled run outputs are
 * undefined and the session is usable. */
MOTE_API mote_status mote_session_run(mote_session *session, mote_error *e);

/* Makes the run that is under way on another thread, if any, stop with MOTE_ERR_CANCELLED. From any thread. */
MOTE_API void mote_session_cancel(mote_session *session);

/* Sets variable tensors, resources and what operators keep back to their first values; CALL_ONCE will run again. */
MOTE_API void mote_session_reset(mote_session *session);

/* What a session needs, for the current signature and shapes. */
typedef struct mote_memory {
  uint64_t arena;       /* bytes of activations and scratch in the plan */
  uint64_t lower_bound; /* the most that is alive at one step: no plan can need less */
  uint64_t io;          /* bytes of inputs and outputs, held outside the arena */
  uint64_t state;       /* variables and resources */
  uint64_t packed;      /* weights packed by the program */
  uint64_t late;        /* taken in runs for what data decided */
} mote_memory;
MOTE_API void mote_session_memory(const mote_session *session, mote_memory *memory);

/* Bytes that a session of this program would take for the main subgraph in its declared shapes; takes none of them. */
MOTE_API mote_status mote_program_memory(const mote_program *program, mote_memory *memory, mote_error *e);

/* Called after each step of a run; `step` counts from 0 in each run, calls of subgraphs included. */
typedef struct mote_step {
  const char *op;   /* operator name */
  int32_t subgraph; /* where it stands in the file */
  int32_t index;
  uint64_t nanoseconds;
  uint64_t macs; /* multiply-adds it did */
} mote_step;
MOTE_API void mote_session_profile(mote_session *session, void (*on_step)(void *user, const mote_step *step),
                                   void *user);

#ifdef __cplusplus
}
#endif
#endif

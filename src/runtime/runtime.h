/* runtime.h: what the files of this room share: model, program, session, and the frames that sessions run.
 *
 *   model.c    open, verify, share          compile.c  model -> program: check, prepare, fold
 *   host.c     services to operators        frame.c    shapes of one subgraph -> steps ready to run
 *   improve.c  rewrites before compiling
 *   place.c    lifetimes -> offsets         run.c      steps, late values, calls
 *   session.c  public session API           signature.c  names of inputs and outputs
 */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/thread.h"
#include "graph/graph.h"
#include "graph/passes.h"
#include "mote/mote.h"
#include "mote/op.h"

/* ---- packs: blocks made from constants, shared by all that use the same constant ---- */
typedef struct pack pack;
struct pack {
  pack *next;
  const void *source;
  uint32_t layout;
  size_t bytes;
  void *data;
};

typedef struct pack_list {
  pthread_mutex_t lock;
  pack *first;
  uint64_t bytes;
} pack_list;

void packs_free(pack_list *l, mem *m);
/* Without `fill` the block is only counted, and *out is its source. */
mote_status packs_get(pack_list *l, mem *m, const void *source, uint32_t layout, size_t bytes,
                      void (*fill)(void *to, const void *arg), const void *arg, const void **out, bool *made,
                      mote_error *e);
/* Makes the packs of a source that is about to be freed unfindable; what they were given to keeps them. */
void packs_disown(pack_list *l, const void *source);

/* ---- model ---- */
struct mote_model {
  _Atomic int refs;
  mem *mem;
  file_view file;
  sch_file *schema;
  pack_list packs; /* of constants that lie in the file */
};
mote_model *model_retain(const mote_model *m);

/* ---- program ---- */
typedef struct prog_step {
  const graph_node *node;
  void *params;
  uint32_t consumed;
} prog_step;

typedef struct prog_graph {
  const graph *graph;
  op_tensor *values; /* templates: what does not depend on shapes */
  prog_step *steps;
  int32_t num_steps;
} prog_graph;

/* A resource's identity: variables by container and name, tables by number. */
typedef struct resource_name {
  op_resource_kind kind;
  sch_string container, name;
  int32_t table;
} resource_name;

struct mote_program {
  _Atomic int refs;
  mem *mem;
  arena arena;
  mote_model *model;
  cpu_level isa;
  mote_pool *pool;
  bool own_pool;
  uint64_t loop_budget;
  bool plan_only; /* packs are counted, not made */
  graph_set graphs;
  prog_graph *compiled; /* [graphs.count] */
  resource_name *resources;
  int32_t num_resources;
  void **folded; /* constants that compilation made, from mem */
  int32_t num_folded;
  pack_list packs; /* of constants that compilation made */
  char *plan_text;
};
mote_program *program_retain(const mote_program *p);
/* compile.c: a program of graphs that were lifted from this model and changed since (bindings put foreign nodes into
 * them). They must outlive the program. NULL: the model's own. */
mote_program *program_of_graphs(const mote_model *model, const mote_config *config, const graph_set *graphs,
                                mote_error *e);

/* improve.c: applies rewrites to the program's graphs; report says which, and is empty where nothing could be done. */
void program_improve(mote_program *p, passes_report *report);

/* ---- frames ---- */
typedef struct frame frame;

/* One operator in one frame. The context stands first: services get from it to all the rest. */
typedef struct exec_step {
  op_ctx c;
  mote_program *program;
  mote_session *session; /* NULL while compiling */
  frame *frame;          /* NULL while compiling */
  bool late;             /* shapes are known only in the run */
  bool done;             /* its outputs were computed while planning */
  bool unpacked;         /* it asked for a pack that was only counted: it cannot run */
  size_t scratch_at;     /* offset of scratch in the frame's arena */
  frame **callees;       /* frames that calls of this step use, their arenas behind its scratch */
  size_t *callee_at;
  int32_t num_callees;
} exec_step;

typedef enum place_kind { PLACE_NONE, PLACE_CONST, PLACE_ARENA, PLACE_IO, PLACE_STATE, PLACE_LATE } place_kind;

typedef struct value_place {
  place_kind kind;
  size_t at; /* offset in arena or io */
} value_place;

/* A subgraph planned for one set of input shapes. */
struct frame {
  frame *next;
  int32_t graph;
  arena records;
  int32_t (*key)[OP_MAX_RANK + 1]; /* rank and dims of each input */
  op_tensor *tensors;
  value_place *places;
  exec_step *steps;
  int32_t num_steps;
  size_t arena_bytes, lower_bound, io_bytes;
  uint64_t macs;
  bool entry; /* inputs and outputs lie in io, outside the arena */
  bool has_late;
  int pinned;                    /* static call sites that use it */
  uint8_t *arena_base, *io_base; /* bound to; NULL: not bound */
  void *own;                     /* arena of a frame that was planned in a run */
  void **late_data;              /* [values], memory of late values */
  const op_tensor **outputs;
  void *late_scratch;
};

/* ---- session ---- */
typedef struct entry {
  frame *frame; /* NULL: to be planned */
  void *io;
  int32_t (*shapes)[OP_MAX_RANK + 1]; /* wanted input shapes */
  bool stale;                         /* a resize waits for a plan */
} entry;

struct mote_session {
  mote_program *program;
  mem *mem;
  mote_pool *pool;
  bool own_pool;
  frame **frames;    /* [graphs]: planned frames */
  entry *entries;    /* [graphs] */
  int32_t current;   /* graph of the selected entry */
  int32_t signature; /* index, or -1 */
  uint8_t *arena;
  size_t arena_size;
  void ***state; /* [graphs][values]: variable tensors */
  uint64_t state_bytes;
  op_resource *resources; /* [program->num_resources] */
  op_tensor_lists lists;  /* that variants stand for */
  bool *called;           /* [graphs]: CALL_ONCE has run */
  void ***op_state;       /* [graphs][steps]: state of operators that have some */
  _Atomic int cancel;
  _Atomic int busy;
  uint64_t rounds; /* loop rounds left in this run */
  uint64_t loop_budget;
  uint64_t late_bytes;
  void (*on_step)(void *user, const mote_step *step);
  void *on_step_user;
  mote_tensor *inputs, *outputs;
  int32_t num_inputs, num_outputs;
};

extern const op_host runtime_host;

/* host.c: fills a context for a node of a program's graph; tensors of the node are taken from `tensors`. */
mote_status step_init(exec_step *s, mote_program *p, const prog_graph *g, int32_t step, op_tensor *tensors, arena *a,
                      mote_error *e);

/* frame.c: the frame for these input shapes, planned if it is new. key[i][0] is the rank. */
mote_status frame_get(mote_session *s, int32_t subgraph, const int32_t (*key)[OP_MAX_RANK + 1], bool as_entry,
                      frame **out, mote_error *e);
void frame_free(mote_session *s, frame *f);
/* The same for one frame among others: lets go of the frames it calls. */
void frame_drop(mote_session *s, frame *f);
/* Points every tensor to its memory. */
void frame_bind(mote_session *s, frame *f, uint8_t *arena_base, uint8_t *io_base);

/* place.c: offsets for blocks that live from step `from` to step `to`, both included. */
typedef struct block {
  size_t size;
  int32_t from, to;
  size_t at; /* result */
} block;
/* `order` is room for count indices. Returns the bytes needed; *lower_bound: the most alive at once. False: too large.
 */
bool place_blocks(block *blocks, int32_t *order, int32_t count, int32_t num_steps, size_t *total, size_t *lower_bound,
                  mem *m);

/* run.c */
mote_status frame_run(frame *f, mote_error *e);
mote_status step_state(exec_step *s, mote_error *e); /* points the step at its state, made when there is none */
mote_status step_call(exec_step *caller, int32_t subgraph, const op_tensor *const *in, int in_count,
                      const op_tensor *const **out, int *out_count);
mote_status late_resize(exec_step *s, op_tensor *t, int32_t rank, const int32_t *dims, size_t bytes);

/* custom.c: a descriptor around an operator of the caller's, in `a`; NULL when memory ran out. */
const mote_op *custom_op(arena *a, const mote_op_def *def);

/* session.c: a session that is not planned yet (bindings plan when their caller says so), planned without taking
 * memory, or ready to run. */
typedef enum session_depth { SESSION_EMPTY, SESSION_PLANNED, SESSION_READY } session_depth;
mote_session *session_open(const mote_program *program, const mote_config *config, session_depth depth, mote_error *e);

/* session.c: chooses any subgraph, as mote_session_select does a signature's, and leaves planning to
 * mote_session_plan. */
mote_status session_enter(mote_session *s, int32_t subgraph, mote_error *e);

/* session.c: room for the bytes of a string input, shown in its view. */
mote_status session_write_moving(mote_session *s, int32_t input, size_t bytes, void **data, mote_error *e);

/* state.c: memory of variable tensors, operators and resources; made when first planned, kept over plans. */
mote_status state_variable(mote_session *s, int32_t subgraph, int32_t value, const op_tensor *t, void **data,
                           mote_error *e);
mote_status state_of_op(mote_session *s, int32_t subgraph, int32_t step, size_t size, void **data, mote_error *e);
mote_status state_init(mote_session *s, mote_error *e);
void state_reset(mote_session *s);
void state_reset_variables(mote_session *s, int32_t subgraph); /* variable tensors of one subgraph alone */
void state_free(mote_session *s);
#endif

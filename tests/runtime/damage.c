/* damage.c: files cut short and files with flipped bits, through verify, compile and run: each is refused or runs
 * safely.
 *
 * Bits are flipped in metadata: everything but the contents of weights. Small networks built here are always tried;
 * those of MOTE_SHARED when it is there. Meant to be run under sanitizers as well.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/thread.h"
#include "mote/mote.h"
#include "runtime/runtime.h"
#include "support/net.h"

enum { MODELS = 64, SMALL = 64 << 10, SAMPLE = 20000, RUN_NS = 2000000, MEMORY = 512 << 20 };

typedef struct victim {
  char name[256];
  uint8_t *data; /* a private copy that is damaged and mended */
  size_t size;
  uint32_t *metadata; /* positions of bytes that are no weights */
  size_t metadata_count;
} victim;

static victim victims[MODELS];
static int num_victims;

/* ---- collecting ---- */

static void mark_weights(const sch_file *file, uint8_t *weight) {
  const sch_Model *m = file->model;
  for (uint32_t i = 0; i < m->buffers.count; i++) {
    const sch_range r = sch_buffer_range(m, i);
    if (r.size) memset(weight + r.offset, 1, (size_t)r.size);
  }
}

static void add_victim(const char *name, const uint8_t *data, size_t size) {
  if (num_victims == MODELS) return;
  victim *v = &victims[num_victims];
  *v = (victim){.size = size, .data = malloc(size)};
  snprintf(v->name, sizeof v->name, "%s", name);
  memcpy(v->data, data, size);
  mote_error e;
  mote_model *model = mote_model_from_memory(v->data, size, NULL, &e);
  uint8_t *weight = calloc(size, 1);
  v->metadata = malloc(size * sizeof *v->metadata);
  assert_non_null(model);
  mark_weights(model->schema, weight);
  mote_model_free(model);
  for (size_t i = 0; i < size; i++)
    if (!weight[i]) v->metadata[v->metadata_count++] = (uint32_t)i;
  free(weight);
  num_victims++;
}

static void add_built(void) {
  net n;
  size_t size;
  net_begin(&n);
  const int x = net_tensor(&n, MOTE_FLOAT32, 4, (int32_t[]){1, 5, 5, 2}),
            y = net_tensor(&n, MOTE_FLOAT32, 2, (int32_t[]){1, 50});
  const int z = net_tensor(&n, MOTE_FLOAT32, 2, (int32_t[]){1, 50});
  const int shape = net_const(&n, MOTE_INT32, 1, (int32_t[]){2}, (int32_t[]){1, 50}, 8);
  net_op(&n, sch_BuiltinOperator_RESHAPE, sch_BuiltinOptions_ReshapeOptions, NULL, 2, (int32_t[]){x, shape}, 1,
         (int32_t[]){y});
  net_op(&n, sch_BuiltinOperator_ADD, sch_BuiltinOptions_AddOptions, NULL, 2, (int32_t[]){y, y}, 1, (int32_t[]){z});
  net_ends(&n, 1, (int32_t[]){x}, 1, (int32_t[]){z});
  net_signature(&n, "serving_default");
  const uint8_t *file = net_file(&n, &size);
  add_victim("built", file, size);
  net_end(&n);
}

static void add_file(const char *folder, const char *name) {
  char path[4200];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  mote_error e;
  mote_model *model = mote_model_open(path, &(mote_config){.copy = true}, &e);
  if (!model) return;
  add_victim(name, mote_model_data(model), (size_t)mote_model_size(model));
  mote_model_free(model);
}

static int collect(void **state) {
  (void)state;
  add_built();
  const char *shared = getenv("MOTE_SHARED");
  char folder[4100];
  snprintf(folder, sizeof folder, "%s/models", shared ? shared : "../shared");
  DIR *d = opendir(folder);
  if (!d) {
    printf("left out: damaged real models, because %s is not there\n", folder);
    return 0;
  }
  for (struct dirent *f; (f = readdir(d));)
    if (strstr(f->d_name, ".tflite")) add_file(folder, f->d_name);
  closedir(d);
  return 0;
}

static int drop(void **state) {
  (void)state;
  for (int i = 0; i < num_victims; i++) {
    free(victims[i].data);
    free(victims[i].metadata);
  }
  return 0;
}

/* ---- trying ---- */

typedef struct watch {
  mote_session *session;
  uint64_t end;
} watch;

static void on_step(void *user, const mote_step *step) {
  (void)step;
  watch *w = user;
  if (time_ns() > w->end) mote_session_cancel(w->session);
}

/* Goes as far as the file allows, in bounded memory, loops and time. */
static void try_to_run(const uint8_t *data, size_t size) {
  const mote_config config = {.memory_limit = MEMORY, .loop_budget = 100};
  mote_error e;
  mote_model *model = mote_model_from_memory(data, size, &config, &e);
  mote_program *program = model ? mote_program_new(model, &config, &e) : NULL;
  mote_session *session = program ? mote_session_new(program, NULL, &e) : NULL;
  if (session) {
    watch w = {session, time_ns() + RUN_NS};
    mote_session_profile(session, on_step, &w);
    mote_session_run(session, &e);
  }
  mote_session_free(session);
  mote_program_free(program);
  mote_model_free(model);
}

static uint64_t next_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(0x2545F4914F6CDD1D);
}

static void cut_short(void **state) {
  (void)state;
  for (int i = 0; i < num_victims; i++) {
    const victim *v = &victims[i];
    for (size_t k = 0; k < v->metadata_count; k += 64) {
      /* a copy of exactly that size, so that sanitizers see any read behind it */
      const size_t size = v->metadata[k];
      uint8_t *part = malloc(size ? size : 1);
      memcpy(part, v->data, size);
      mote_error e;
      mote_model *model = mote_model_from_memory(part, size, NULL, &e);
      if (model) try_to_run(part, size);
      mote_model_free(model);
      free(part);
    }
  }
}

static void every_bit_of_small_models(void **state) {
  (void)state;
  for (int i = 0; i < num_victims; i++) {
    victim *v = &victims[i];
    if (v->size > SMALL) continue;
    for (size_t k = 0; k < v->metadata_count; k++)
      for (int bit = 0; bit < 8; bit++) {
        uint8_t *at = &v->data[v->metadata[k]];
        *at ^= (uint8_t)(1 << bit);
        mote_model_free(mote_model_from_memory(v->data, v->size, NULL, NULL));
        *at ^= (uint8_t)(1 << bit);
      }
  }
}

/* Small models get more of the sample: their runs are short. */
static void sampled_bits_through_runs(void **state) {
  (void)state;
  uint64_t seed = 20;
  double shares = 0;
  for (int i = 0; i < num_victims; i++) shares += 1 / (1e5 + (double)victims[i].size);
  int done = 0;
  for (int i = 0; i < num_victims; i++) {
    victim *v = &victims[i];
    const int count = 1 + (int)(SAMPLE / (1e5 + (double)v->size) / shares);
    for (int k = 0; k < count; k++, done++) {
      uint8_t *at = &v->data[v->metadata[next_random(&seed) % v->metadata_count]];
      const uint8_t flip = (uint8_t)(1u << (next_random(&seed) & 7));
      *at ^= flip;
      try_to_run(v->data, v->size);
      *at ^= flip;
    }
  }
  assert_true(done >= SAMPLE);
}

/* damage [TEST]: all, or the one of that name. */
int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cut_short),
      cmocka_unit_test(every_bit_of_small_models),
      cmocka_unit_test(sampled_bits_through_runs),
  };
  if (argc > 1) cmocka_set_test_filter(argv[1]);
  return cmocka_run_group_tests(tests, collect, drop);
}

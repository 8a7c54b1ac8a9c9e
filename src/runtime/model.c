/* model.c: opening, verifying and sharing a model file. */
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "runtime/runtime.h"

const char *mote_version(void) { return MOTE_VERSION; }

void mote_config_default(mote_config *config) { *config = (mote_config){.struct_size = sizeof *config}; }

mote_pool *mote_pool_new(int threads, mote_error *e) {
  mem *m = mem_new(NULL, 0);
  if (!m) {
    err_memory(e, "a thread pool", sizeof *m);
    return NULL;
  }
  mote_pool *pool = pool_new(m, threads, e);
  mem_release(m); /* the pool holds its own reference */
  return pool;
}

void mote_pool_free(mote_pool *pool) { pool_free(pool); }

mote_model *model_retain(const mote_model *m) {
  mote_model *model = (mote_model *)m;
  atomic_fetch_add(&model->refs, 1);
  return model;
}

void mote_model_free(mote_model *model) {
  if (!model || atomic_fetch_sub(&model->refs, 1) != 1) return;
  packs_free(&model->packs, model->mem);
  pthread_mutex_destroy(&model->packs.lock);
  sch_close(model->schema);
  file_close(&model->file);
  mem *m = model->mem;
  mem_free(m, model);
  mem_release(m);
}

/* A model without a file yet; NULL with the error set. */
static mote_model *model_new(const mote_config *config, mote_error *e) {
  mem *m = mem_new(config ? &config->allocator : NULL, config ? config->memory_limit : 0);
  mote_model *model = m ? MEM_NEW(m, mote_model) : NULL;
  if (!model) {
    mem_release(m);
    err_memory(e, "a model", sizeof *model);
    return NULL;
  }
  atomic_init(&model->refs, 1);
  model->mem = m;
  pthread_mutex_init(&model->packs.lock, NULL);
  return model;
}

/* What the verifier needs to know of an operator, from its descriptor. Custom operators judge themselves. */
static bool op_rules(void *user, int32_t code, sch_string custom, sch_op_rules *rules) {
  (void)user;
  const mote_op *op = code == sch_BuiltinOperator_CUSTOM ? op_find_custom(custom.data, custom.size) : op_find(code);
  if (!op) return false;
  *rules = (sch_op_rules){.options = op->options,
                          .options_2 = op->options_2,
                          .inputs_min = op->inputs_min,
                          .inputs_max = op->inputs_max,
                          .outputs_min = op->outputs_min,
                          .outputs_max = op->outputs_max,
                          .optional = op->optional};
  return true;
}

/* Verifies the file that was opened with `status`; takes over the model and gives it back, or frees it. A fault's
 * sentence begins with `name`, unless that is NULL. */
static mote_model *model_verify(mote_model *model, mote_status status, const char *name, const mote_config *config,
                                mote_error *e) {
  if (status == MOTE_OK) {
    const sch_read_options options = {.on_fault = config ? config->on_fault : NULL,
                                      .on_fault_user = config ? config->on_fault_user : NULL,
                                      .op_rules = op_rules,
                                      .deep = config && config->deep};
    status = sch_read(&model->file, model->mem, &options, &model->schema, e);
    if (status != MOTE_OK && name) err_prefix(e, "%s", name);
  }
  if (status == MOTE_OK) return model;
  mote_model_free(model);
  return NULL;
}

mote_model *mote_model_open(const char *path, const mote_config *config, mote_error *e) {
  mote_model *model = model_new(config, e);
  if (!model) return NULL;
  const mote_status opened = path ? file_open(&model->file, model->mem, path, config && config->copy, e)
                                  : err_set(e, MOTE_ERR_ARGUMENT, "no file name was given");
  return model_verify(model, opened, path, config, e);
}

mote_model *mote_model_from_memory(const void *data, size_t size, const mote_config *config, mote_error *e) {
  mote_model *model = model_new(config, e);
  if (!model) return NULL;
  const mote_status opened = data ? file_from_memory(&model->file, model->mem, data, size, config && config->copy, e)
                                  : err_set(e, MOTE_ERR_ARGUMENT, "no data was given");
  return model_verify(model, opened, NULL, config, e);
}

mote_model *mote_model_from_fd(int fd, uint64_t offset, uint64_t length, const mote_config *config, mote_error *e) {
  mote_model *model = model_new(config, e);
  if (!model) return NULL;
  const mote_status opened =
      file_from_fd(&model->file, model->mem, fd, "the descriptor", offset, length, config && config->copy, e);
  return model_verify(model, opened, NULL, config, e);
}

const char *mote_model_description(const mote_model *model) {
  const sch_string s = model->schema->model->description;
  return s.data ? s.data : "";
}

const void *mote_model_data(const mote_model *model) { return model->file.data; }

uint64_t mote_model_size(const mote_model *model) { return model->file.size; }

int32_t mote_model_subgraph_count(const mote_model *model) { return (int32_t)model->schema->model->subgraphs.count; }

int32_t mote_model_signature_count(const mote_model *model) {
  return (int32_t)model->schema->model->signature_defs.count;
}

const char *mote_model_signature_key(const mote_model *model, int32_t index) {
  const sch_Model *m = model->schema->model;
  if (index < 0 || (uint32_t)index >= m->signature_defs.count) return NULL;
  const sch_string key = m->signature_defs.data[index].signature_key;
  return key.data ? key.data : "";
}

bool mote_model_metadata(const mote_model *model, const char *name, const void **data, size_t *size) {
  const sch_Model *m = model->schema->model;
  for (uint32_t i = 0; i < m->metadata.count; i++) {
    const sch_Metadata *found = &m->metadata.data[i];
    uint64_t bytes;
    if (found->name.data && !strcmp(found->name.data, name))
      return sch_buffer(model->schema, found->buffer, data, &bytes) && size_from_u64(bytes, size);
  }
  return false;
}

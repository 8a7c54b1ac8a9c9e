/* describe.c: see describe.h. */
#include "import/describe.h"

#include "base/error.h"

enum { CHANNELS = 64 };

static const graph *main_graph(const mote_graph *g) { return &g->set.graphs[0]; }

/* The last dimension; -1: open or unknown. */
static int32_t last_dim(const mote_graph *g, int32_t value) {
  const graph_value *const v = &main_graph(g)->values[value];
  return v->rank > 0 ? v->dims[v->rank - 1] : -1;
}

/* ---- normalisation ---- */

/* The first input that a picture fits; -1: none. */
static int32_t picture_input(const mote_graph *g) {
  for (int32_t i = 0; i < main_graph(g)->num_inputs; i++) {
    const int32_t v = main_graph(g)->inputs[i];
    if (v < 0 || main_graph(g)->values[v].rank != 4) continue;
    const int32_t channels = last_dim(g, v);
    if (channels == 1 || channels == 3 || channels == 4) return i;
  }
  return -1;
}

static mote_status normalise(mote_graph *g, const mote_convert_config *config, mote_error *e) {
  float mean[CHANNELS], std[CHANNELS];
  int32_t count = config->num_mean > config->num_std ? config->num_mean : config->num_std, input = picture_input(g);
  if (input < 0 && main_graph(g)->num_inputs == 1 && main_graph(g)->inputs[0] >= 0) input = 0;
  if (input < 0)
    return err_set(e, MOTE_ERR_ARGUMENT,
                   "mean and std are for an input of pictures, of rank 4 with 1, 3 or 4 channels, and none of the %d "
                   "inputs is one",
                   (int)main_graph(g)->num_inputs);
  const int32_t channels = last_dim(g, main_graph(g)->inputs[input]);
  const bool fit =
      (config->num_mean <= 1 || config->num_mean == count) && (config->num_std <= 1 || config->num_std == count);
  if (count > CHANNELS || !fit || (count > 1 && channels >= 0 && count != channels))
    return err_set(e, MOTE_ERR_ARGUMENT,
                   "mean has %d values and std %d, and the input %d channels: give one value, or one for each channel",
                   (int)config->num_mean, (int)config->num_std, (int)channels);
  for (int32_t i = 0; i < count; i++) {
    mean[i] = config->num_mean ? config->mean[config->num_mean > 1 ? i : 0] : 0;
    std[i] = config->num_std ? config->std[config->num_std > 1 ? i : 0] : 1;
  }
  mote_graph_normalise(g, input, count, mean, std);
  return MOTE_OK;
}

/* ---- labels ---- */

/* The output of a detector's classes, else the first with as many values as there are labels, else the first. */
static int32_t labelled_output(const mote_graph *g, size_t labels) {
  const graph *const m = main_graph(g);
  for (int32_t i = 0; i < m->num_outputs; i++)
    if (network_gives_classes(g, i)) return i;
  for (int32_t i = 0; i < m->num_outputs; i++)
    if (last_dim(g, m->outputs[i]) >= 0 && (size_t)last_dim(g, m->outputs[i]) == labels) return i;
  return 0;
}

static void label(mote_graph *g, const mote_convert_config *config) {
  const int32_t output = labelled_output(g, config->num_labels);
  const int32_t classes = last_dim(g, main_graph(g)->outputs[output]);
  if (!network_gives_classes(g, output) && classes >= 0 && (size_t)classes != config->num_labels)
    import_note(config, "%s holds %zu labels, but output %d has %d values: check that the file belongs to the network",
                config->labels_name ? config->labels_name : "the list", config->num_labels, (int)output, (int)classes);
  mote_graph_labels(g, output, config->labels_name ? config->labels_name : "labels.txt", config->labels,
                    config->num_labels);
}

mote_status import_describe(mote_graph *g, const mote_convert_config *config, mote_error *e) {
  if (config->num_mean || config->num_std) MOTE_TRY(normalise(g, config, e));
  if (config->num_labels && main_graph(g)->num_outputs) label(g, config);
  return MOTE_OK;
}

/* xor.c: a network built by hand: two inputs, two hidden neurons, one output that is their exclusive or.
 *
 *     xor xor.tflite       saves the network, opens the file again, and prints its table of truth
 */
#include <mote/graph.h>
#include <stdio.h>

/* hidden 0 = relu(a + b)       counts the ones
 * hidden 1 = relu(a + b - 1)   is 1 when both are
 * output   = hidden 0 - 2 * hidden 1 */
static void build(mote_graph *g) {
  const float first[2][2] = {{1, 1}, {1, 1}}, shift[2] = {0, -1}, second[1][2] = {{1, -2}};
  const mote_value x = mote_graph_input(g, "pairs", MOTE_FLOAT32, 2, (int32_t[]){-1, 2}); /* any number of pairs */
  const mote_value w1 = mote_graph_const(g, "count", MOTE_FLOAT32, 2, (int32_t[]){2, 2}, first);
  const mote_value b1 = mote_graph_const(g, "less one", MOTE_FLOAT32, 1, (int32_t[]){2}, shift);
  const mote_value w2 = mote_graph_const(g, "combine", MOTE_FLOAT32, 2, (int32_t[]){1, 2}, second);
  const mote_value hidden = MOTE_OP(g, "hidden", "FULLY_CONNECTED", "fused_activation_function: RELU", x, w1, b1);
  const mote_value y = MOTE_OP(g, "xor", "FULLY_CONNECTED", NULL, hidden, w2);
  mote_graph_output(g, y);
  mote_graph_describe(g, "Exclusive or, by hand.");
}

static mote_status save(const char *path, mote_error *e) {
  mote_graph *g = mote_graph_new(NULL, e);
  if (!g) return e->code;
  build(g);
  const mote_status status = mote_graph_save(g, path, e);
  if (status == MOTE_OK) printf("%s runs on TensorFlow Lite %s and newer\n", path, mote_graph_runtime(g));
  mote_graph_free(g);
  return status;
}

/* All four pairs in one run. */
static mote_status run(mote_session *s, mote_error *e) {
  mote_status status = mote_session_resize(s, 0, (int32_t[]){4, 2}, 2, e);
  if (status == MOTE_OK) status = mote_session_plan(s, e);
  if (status != MOTE_OK) return status;
  float *in = mote_session_input(s, 0)->data;
  for (int i = 0; i < 8; i++) in[i] = (float)(i % 2 ? i / 2 % 2 : i / 4);
  status = mote_session_run(s, e);
  if (status != MOTE_OK) return status;
  const float *out = mote_session_output(s, 0)->data;
  for (int i = 0; i < 4; i++)
    printf("%.0f xor %.0f = %.0f\n", (double)in[2 * i], (double)in[2 * i + 1], (double)out[i]);
  return MOTE_OK;
}

int main(int argc, char **argv) {
  mote_error e = {0};
  if (argc != 2) return fprintf(stderr, "usage: xor FILE.tflite\n"), 2;
  mote_status status = save(argv[1], &e);
  mote_model *m = status == MOTE_OK ? mote_model_open(argv[1], NULL, &e) : NULL;
  mote_program *p = m ? mote_program_new(m, NULL, &e) : NULL;
  mote_session *s = p ? mote_session_new(p, NULL, &e) : NULL;
  if (s) status = run(s, &e);
  if (!s || status != MOTE_OK) fprintf(stderr, "xor: %s\n", e.text);
  mote_session_free(s);
  mote_program_free(p);
  mote_model_free(m);
  return s && status == MOTE_OK ? 0 : 1;
}

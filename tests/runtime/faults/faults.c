/* faults.c: makes each model of the lists, tries it, and holds the outcome against the row; `--markdown` prints
 * doc/known-faults.md instead. */
#include "runtime/faults/faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { OPERANDS = 32, MEMORY = 256 << 20, ROUNDS = 1000 };

static const struct {
  const char *name;
  mote_type type;
  int bytes; /* 0: two elements a byte */
} types[] = {{"f32", MOTE_FLOAT32, 4}, {"f16", MOTE_FLOAT16, 2},  {"bf16", MOTE_BFLOAT16, 2}, {"f64", MOTE_FLOAT64, 8},
             {"i8", MOTE_INT8, 1},     {"u8", MOTE_UINT8, 1},     {"i16", MOTE_INT16, 2},     {"u16", MOTE_UINT16, 2},
             {"i32", MOTE_INT32, 4},   {"u32", MOTE_UINT32, 4},   {"i64", MOTE_INT64, 8},     {"u64", MOTE_UINT64, 8},
             {"bool", MOTE_BOOL, 1},   {"i4", MOTE_INT4, 0},      {"str", MOTE_STRING, 1},    {"res", MOTE_RESOURCE, 4},
             {"var", MOTE_VARIANT, 1}, {"c64", MOTE_COMPLEX64, 8}};
enum { TYPES = sizeof types / sizeof *types };

/* ---- a network from a line ---- */

typedef struct line {
  net *n;
  const char *at;
  double fill[OPERANDS]; /* what the inputs of the graph hold, in their order */
  int32_t inputs[OPERANDS];
  int count;
} line;

static int type_at(const char **at) {
  for (int i = 0; i < TYPES; i++) {
    const size_t length = strlen(types[i].name);
    if (strncmp(*at, types[i].name, length) || (*at)[length] != ':') continue;
    *at += length + 1;
    return i;
  }
  fail_msg("no type at '%s'", *at);
  return 0;
}

static void put(void *to, mote_type type, size_t i, const char *text) {
  const double real = strtod(text, NULL);
  const int64_t whole = strtoll(text, NULL, 10);
  switch (type) {
    case MOTE_FLOAT32: ((float *)to)[i] = (float)real; break;
    case MOTE_FLOAT64: ((double *)to)[i] = real; break;
    case MOTE_INT32:
    case MOTE_UINT32: ((uint32_t *)to)[i] = (uint32_t)whole; break;
    case MOTE_INT64:
    case MOTE_UINT64: ((int64_t *)to)[i] = whole; break;
    case MOTE_INT16:
    case MOTE_UINT16: ((uint16_t *)to)[i] = (uint16_t)whole; break;
    default: ((uint8_t *)to)[i] = (uint8_t)whole;
  }
}

static double get(const void *from, mote_type type, size_t i) {
  switch (type) {
    case MOTE_FLOAT32: return ((const float *)from)[i];
    case MOTE_FLOAT64: return ((const double *)from)[i];
    case MOTE_INT32: return ((const int32_t *)from)[i];
    case MOTE_UINT32: return ((const uint32_t *)from)[i];
    case MOTE_INT64: return (double)((const int64_t *)from)[i];
    case MOTE_INT16: return ((const int16_t *)from)[i];
    case MOTE_INT8: return ((const int8_t *)from)[i];
    default: return ((const uint8_t *)from)[i];
  }
}

static const char *after_list(const char *at) { return at + strcspn(at, " ~@*"); }

/* "=1,2,3": as many bytes as there are numbers, whatever the shape says; "=" alone: none. */
static int constant(line *l, int type, int rank, const int32_t *dims) {
  uint8_t data[1024];
  size_t count = 0;
  const char *end = after_list(l->at);
  for (const char *p = l->at; p < end; p += strcspn(p, ", ") + 1) put(data, types[type].type, count++, p);
  l->at = end;
  return net_const(l->n, types[type].type, rank, dims, data,
                   count * (size_t)(types[type].bytes ? types[type].bytes : 1));
}

static int tensor(line *l, bool input) {
  const int type = type_at(&l->at);
  int32_t dims[16];
  bool open[16] = {false};
  int rank = 0;
  if (*l->at == '.') l->at++;
  else do {
      l->at += *l->at == 'x';
      open[rank] = *l->at == '?';
      dims[rank] = open[rank] ? 1 : (int32_t)strtol(l->at, (char **)(uintptr_t)&l->at, 10);
      l->at += open[rank++];
    } while (*l->at == 'x');
  const bool is_constant = *l->at == '=';
  l->at += is_constant;
  const int t = is_constant ? constant(l, type, rank, dims) : net_tensor(l->n, types[type].type, rank, dims);
  for (int i = 0; i < rank; i++)
    if (open[i]) net_open_dim(l->n, t, i);
  if (input && !is_constant) l->fill[l->count] = types[type].type == MOTE_FLOAT32;
  bool variable = false;
  for (; *l->at && *l->at != ' '; l->at = after_list(l->at + 1)) {
    if (*l->at == '~') l->fill[l->count] = strtod(l->at + 1, NULL);
    if (*l->at == '*') variable = net_at(l->n, t)->is_variable = true;
    if (*l->at == '@') net_quant(l->n, t, strtof(l->at + 1, NULL), strtol(strchr(l->at, ',') + 1, NULL, 10));
  }
  if (input && !is_constant && !variable) l->inputs[l->count++] = t;
  return t;
}

/* One operator, whose data are the inputs and outputs of the graph. */
static void make_line(line *l, const fault *f) {
  int32_t in[OPERANDS], out[OPERANDS];
  int num_in = 0, num_out = 0;
  bool input = true;
  for (l->at = f->operands; *l->at; l->at += strspn(l->at, " ")) {
    if (*l->at == '>') {
      input = false;
      l->at++;
      continue;
    }
    int t = -1;
    if (*l->at == '-' || *l->at == '#')
      t = *l->at == '-' ? (l->at++, -1) : (int)strtol(l->at + 1, (char **)(uintptr_t)&l->at, 10);
    else t = tensor(l, input);
    if (input) in[num_in++] = t;
    else out[num_out++] = t;
  }
  sch_Operator *o = net_op(l->n, f->code, f->kind, (void *)(uintptr_t)f->options, num_in, in, num_out, out);
  if (f->custom) l->n->codes[o->opcode_index].custom_code = net_text(f->custom);
  net_ends(l->n, l->count, l->inputs, num_out, out);
}

/* ---- trying it ---- */

typedef struct trial {
  fault_stage stage;
  mote_error e;
} trial;

static void fill_inputs(mote_session *s, const line *l) {
  for (int32_t i = 0; i < mote_session_input_count(s); i++) {
    const mote_tensor *t = mote_session_input(s, i);
    if (!t || !t->data || t->type == MOTE_STRING || t->type == MOTE_RESOURCE || t->type == MOTE_VARIANT) continue;
    const int bits = mote_type_bits(t->type);
    char text[40];
    snprintf(text, sizeof text, t->type == MOTE_FLOAT32 ? "%.9g" : "%.0f", i < l->count ? l->fill[i] : 1.0);
    for (size_t k = 0; k < t->size * 8 / (size_t)(bits > 8 ? bits : 8); k++) put(t->data, t->type, k, text);
  }
}

static void look_at_output(mote_session *s, const fault *f) {
  const mote_tensor *t = mote_session_output(s, 0);
  size_t i = 0;
  for (const char *p = f->gives; p && *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','), i++) {
    const double want = strtod(p, NULL), got = get(t->data, t->type, i);
    if (got != want && (got == got || want == want)) print_error("%s: output %zu is %g, not %g\n", f->id, i, got, want);
  }
  if (f->gives && t->size != i * (size_t)(mote_type_bits(t->type) > 8 ? mote_type_bits(t->type) / 8 : 1))
    print_error("%s: %zu bytes\n", f->id, t->size);
}

static trial try_once(const uint8_t *file, size_t size, const line *l, const fault *f, bool no_rewrites) {
  const mote_config config = {.memory_limit = MEMORY, .loop_budget = ROUNDS, .no_rewrites = no_rewrites};
  trial t = {.stage = FAULT_OPEN};
  mote_model *model = mote_model_from_memory(file, size, &config, &t.e);
  mote_program *program = NULL;
  mote_session *session = NULL;
  if (model) t.stage = FAULT_COMPILE, program = mote_program_new(model, &config, &t.e);
  if (program) t.stage = FAULT_PLAN, session = mote_session_new(program, NULL, &t.e);
  if (session) t.stage = FAULT_RUN;
  for (int run = 0; session && t.stage == FAULT_RUN && run < 2; run++) {
    fill_inputs(session, l);
    if (mote_session_run(session, &t.e) != MOTE_OK) break;
    if (run == 0) continue;
    t.stage = FAULT_RUNS;
    look_at_output(session, f);
  }
  if (t.stage == FAULT_RUNS) t.e = (mote_error){0};
  mote_session_free(session);
  mote_program_free(program);
  mote_model_free(model);
  return t;
}

static trial try_fault(const fault *f, bool no_rewrites) {
  static net n; /* too large for the stack of some machines */
  net_begin(&n);
  line l = {.n = &n};
  if (f->operands) make_line(&l, f);
  if (f->edit) f->edit(&n);
  size_t size;
  trial t = {.e = {.text = "the model cannot be written"}};
  if (net_file(&n, &size)) {
    if (f->damage) f->damage(&n, &size);
    t = try_once(n.file, size, &l, f, no_rewrites);
  }
  net_end(&n);
  return t;
}

/* ---- the table ---- */

static const struct {
  const char *title;
  const fault *rows;
} lists[] = {{"The file", faults_of_files},          {"The graph", faults_of_graphs},
             {"Shapes and sizes", faults_of_shapes}, {"Windows, convolutions and blocks", faults_of_windows},
             {"Indices and ids", faults_of_lookups}, {"Numbers", faults_of_numbers},
             {"State and calls", faults_of_state}};
enum { LISTS = sizeof lists / sizeof *lists };

static const char *const stages[] = {"runs", "opened", "compiled", "planned", "run"};

/* What is too large for memory is found sooner, and said otherwise, where sizes have 32 bits. */
static bool as_said(const trial *t, const fault *f) {
  const bool too_large = f->status == MOTE_ERR_LIMIT || f->status == MOTE_ERR_MEMORY;
  if (sizeof(size_t) < 8 && too_large) return t->stage != FAULT_RUNS;
  return t->stage == f->stage && t->e.code == f->status && (!f->says || strstr(t->e.text, f->says));
}

static void each_fault_ends_as_its_row_says(void **state) {
  (void)state;
  int wrong = 0;
  for (int list = 0; list < LISTS; list++)
    for (const fault *f = lists[list].rows; f->id; f++) {
      const trial t = try_fault(f, false), plain = try_fault(f, true);
      const bool good = as_said(&t, f) && (plain.stage == FAULT_RUNS) == (f->stage == FAULT_RUNS);
      if (good) continue;
      wrong++;
      print_error("%s, %s: %s: %s, status %d: %s\n  (without rewrites: %s: %s)\n", f->id, f->part, f->what,
                  stages[t.stage], (int)t.e.code, t.e.text, stages[plain.stage], plain.e.text);
    }
  assert_int_equal(wrong, 0);
}

static const char *status_words(mote_status status) {
  switch (status) {
    case MOTE_ERR_LIMIT: return "limit";
    case MOTE_ERR_FORMAT: return "damaged file";
    case MOTE_ERR_MODEL: return "broken model";
    case MOTE_ERR_UNSUPPORTED: return "unsupported";
    case MOTE_ERR_SHAPE: return "shapes";
    case MOTE_ERR_TYPE: return "types";
    case MOTE_ERR_RUN: return "data";
    default: return "memory";
  }
}

static void print_cell(const char *text) {
  printf(" ");
  for (; *text; text++) printf(*text == '|' ? "\\|" : "%c", *text);
  printf(" |");
}

static void print_markdown(void) {
  static const char *const when[] = {"", "when opened", "when compiled", "when planned", "in the run"};
  printf(
      "# Known faults\n\n"
      "Faults of other engines that a model, or what it is fed, brought about: advisories, reports and fixes. Each is "
      "a\n"
      "model that `tests/runtime/faults` makes and tries, under sanitizers too; this page is printed by that test\n"
      "(`make doc`). *Becomes* is what happens to the model here: when it is refused, why, and words of the sentence\n"
      "that says so. TFLM, MNN, ncnn, ORT and GGUF stand for the engines and formats that had the fault first.\n");
  for (int list = 0; list < LISTS; list++) {
    printf("\n## %s\n\n| reported as | part | what the model does | becomes |\n| --- | --- | --- | --- |\n",
           lists[list].title);
    for (const fault *f = lists[list].rows; f->id; f++) {
      char ends[300];
      if (f->stage == FAULT_RUNS) snprintf(ends, sizeof ends, f->gives ? "runs: %s" : "runs", f->gives);
      else snprintf(ends, sizeof ends, "refused %s (%s): \"%s\"", when[f->stage], status_words(f->status), f->says);
      printf("|");
      print_cell(f->id);
      print_cell(f->part);
      print_cell(f->what);
      print_cell(ends);
      printf("\n");
    }
  }
  printf("\n## Not reached by a model\n\n| reported as | what it was | here |\n| --- | --- | --- |\n");
  for (const fault_elsewhere *f = faults_elsewhere; f->id; f++) {
    printf("|");
    print_cell(f->id);
    print_cell(f->what);
    print_cell(f->why);
    printf("\n");
  }
}

int main(int argc, char **argv) {
  if (argc == 2 && !strcmp(argv[1], "--markdown")) {
    print_markdown();
    return 0;
  }
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_fault_ends_as_its_row_says)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

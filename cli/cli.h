/* cli.h: what the subcommands share. One file a subcommand; all of them are thin: the work is in the libraries. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <jansson.h>
#include <stdio.h>

#include "mote/media.h"
#include "mote/metadata.h"
#include "mote/mote.h"

/* Exit statuses: done; the model or the data is at fault; the command line is. */
enum { EXIT_DONE = 0, EXIT_FAULT = 1, EXIT_USAGE = 2 };

/* ---- options ---- */

typedef enum opt_kind {
  OPT_FLAG,   /* bool: set to true */
  OPT_TEXT,   /* const char * */
  OPT_INT,    /* int */
  OPT_SIZE,   /* uint64_t: 10k, 64M, 2G */
  OPT_FLOATS, /* opt_floats: 1 or several numbers, separated by commas */
  OPT_LIST    /* opt_list: may be given several times */
} opt_kind;

typedef struct opt_floats {
  float v[4];
  int count;
} opt_floats;

enum { OPT_LIST_MAX = 64 };
typedef struct opt_list {
  const char *v[OPT_LIST_MAX];
  int count;
} opt_list;

typedef struct opt {
  const char *name; /* without the dashes; a single letter has one dash */
  opt_kind kind;
  void *to;
} opt;

/* Options that every command takes which opens models. */
typedef struct common {
  int threads;
  uint64_t limit_memory;
  bool json, quiet;
} common;

#define COMMON_OPTS(c)                                                                                                 \
  {"threads", OPT_INT, &(c).threads}, {"limit-memory", OPT_SIZE, &(c).limit_memory}, {"json", OPT_FLAG, &(c).json}, {  \
    "quiet", OPT_FLAG, &(c).quiet                                                                                      \
  }

/* Takes options out of argv; what is left are files, *count of them, in argv[0 ..]. Says what is wrong and returns
 * false when an option is unknown or lacks its value. */
bool take_options(int argc, char **argv, const opt *opts, size_t num_opts, int *count);

/* "mote: sentence" on stderr; return the exit status. What is no fault is a note, and --quiet leaves it out. */
__attribute__((format(printf, 1, 2))) int usage_error(const char *format, ...);
__attribute__((format(printf, 1, 2))) int fault(const char *format, ...);
__attribute__((format(printf, 2, 3))) void note(const common *c, const char *format, ...);

/* ---- models ---- */

/* Opens a file, or standard input for "-". Says what is wrong and returns NULL. */
mote_model *open_model(const char *path, const mote_config *config);
mote_config config_of(const common *c);
/* Says the sentence of an error, with the file's name where it lacks one (`named`: it has it); and when memory ran out
 * under a limit, the limit. */
int model_fault(const char *path, bool named, const mote_config *config, const mote_error *e);

typedef struct loaded {
  mote_model *model;
  mote_program *program;
  mote_session *session;
} loaded;
/* Opens, compiles, plans. False after saying what is wrong. */
bool load(loaded *l, const char *path, const common *c);
void unload(loaded *l);

/* view.c: writes a page that draws the model; `name` is of its file. Says what is wrong and returns the exit status. */
int view_file(const mote_model *model, const char *name, const char *path, const mote_config *config);

/* ---- pictures, sounds, arrays ---- */

#define STDIN_NAME "standard input"

typedef enum file_kind { FILE_RAW, FILE_ARRAY, FILE_SOUND, FILE_IMAGE } file_kind;

typedef struct data_file {
  const char *path, *name; /* path NULL: standard input, which is in data */
  file_kind kind;
  void *data;
  size_t size;
  mote_media_config config;
} data_file;

/* Finds out what kind of file it is; FILE_IMAGE when nothing tells. The three below then read it. False: *e says why.
 */
bool data_open(data_file *f, const char *path, const common *c, mote_error *e);
/* The same of bytes that the caller has; nothing is to be closed. */
void data_memory(data_file *f, const char *name, const void *data, size_t size, const common *c);
void data_close(data_file *f);
mote_image *data_image(const data_file *f, mote_error *e);
mote_sound *data_sound(const data_file *f, mote_error *e);
mote_array *data_array(const data_file *f, mote_error *e);

/* ---- text ---- */

/* "13.9 MB", "3.5 M", "float32 1x224x224x3". Return `to`. */
char *bytes_text(char *to, size_t room, uint64_t bytes);
char *count_text(char *to, size_t room, uint64_t count);
char *tensor_text(char *to, size_t room, const mote_tensor *t);
char *dims_text(char *to, size_t room, int32_t rank, const int32_t *dims);
/* A name from a file, unprintable bytes escaped. */
char *name_text(char *to, size_t room, const char *name);
/* A bar of eighths of blocks for a share in [0, 1], at most `width` cells. */
char *bar_text(char *to, size_t room, double share, int width);
double now_ms(void);
/* On a terminal, once a step takes over a second: "run 12 of 50, 4 s left", in a line that goes with the last. */
void show_progress(const char *what, int done, int count, double begin_ms);

/* A name as a JSON string whatever its bytes. */
json_t *json_name(const char *name);
/* A number, or null where it is none that JSON has. */
json_t *json_number(double v);
/* Prints and releases. */
void print_json(json_t *value);

/* ---- what a model says of itself ---- */

/* Whether it has a score for each class: all dimensions but the last are 1. */
bool holds_scores(const mote_tensor *t);

/* The metadata of an open model, empty when it has none; NULL after saying that it is damaged. */
mote_metadata *metadata_of(const mote_model *model, const char *path);

typedef struct labels {
  const char *const *line;
  size_t count;
  const char *source; /* "labels.txt", "metadata", "none" */
  mote_lines *lines;
} labels;
/* From the file named, else from the model's metadata; none is no failure, nor is a build that cannot unpack them.
 * False after saying what is wrong. */
bool labels_load(labels *l, const char *path, const mote_metadata *about, size_t output, const common *c);
void labels_free(labels *l);

/* ---- subcommands: return the exit status ---- */
int cmd_info(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_classify(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_view(int argc, char **argv);
int cmd_prune(int argc, char **argv);
int cmd_cluster(int argc, char **argv);
int cmd_quantize(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_ops(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_completion(int argc, char **argv);

typedef struct command {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *summary;
  const char *help; /* what --help prints: use, then examples */
} command;
extern const command commands[];
const command *command_find(const char *name);

#endif

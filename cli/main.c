/* main.c: finds the subcommand. The table of commands, with their help, is in help.c. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"

const command *command_find(const char *name) {
  for (const command *c = commands; c->name; c++)
    if (!strcmp(c->name, name)) return c;
  return NULL;
}

static int overview(FILE *to) {
  fputs("mote: runs .tflite models\n\n"
        "  mote COMMAND [--options] FILES\n\n",
        to);
  for (const command *c = commands; c->name; c++) fprintf(to, "  %-10s %s\n", c->name, c->summary);
  fputs("\nmote COMMAND --help shows examples. '-' as a file is standard input.\n"
        "Exit status: 0 done, 1 the model or the data is at fault, 2 the command line is.\n",
        to);
  return to == stdout ? EXIT_DONE : EXIT_USAGE;
}

static int no_command(const char *name) {
  return usage_error("there is no command '%s'; mote --help lists those there are", name);
}

static int dispatch(int argc, char **argv) {
  if (argc < 2) return overview(stderr);
  if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
    const command *c = argc > 2 ? command_find(argv[2]) : NULL;
    if (argc > 2 && !c) return no_command(argv[2]);
    if (!c) return overview(stdout);
    fputs(c->help, stdout);
    return EXIT_DONE;
  }
  if (!strcmp(argv[1], "--version")) return cmd_version(0, NULL);
  const command *c = command_find(argv[1]);
  if (!c) return no_command(argv[1]);
  for (int i = 2; i < argc && strcmp(argv[i], "--"); i++)
    if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
      fputs(c->help, stdout);
      return EXIT_DONE;
    }
  return c->run(argc - 2, argv + 2);
}

int main(int argc, char **argv) {
  const int status = dispatch(argc, argv);
  /* Answers that did not arrive (a full disk, say) are no success. */
  if (fflush(stdout) || ferror(stdout)) return fault("cannot write to standard output: %s", strerror(errno));
  return status;
}

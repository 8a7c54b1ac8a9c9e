/* checkkern.c: every entry of every level this machine has, compared with scalar.
 *
 *   checkkern [--rounds N] [--seed N] [FAMILY...]
 *
 * Sizes are random around the edges of tiles, and all memory that kernels are given touches a page without access.
 * Integers must be equal; floats lie within the bound that stands beside their check.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static const struct {
  const char *name;
  check_family *run;
} families[] = {
    {"gemm_f32", check_gemm_f32},
    {"gemm_s8", check_gemm_s8},
    {"requant", check_requant},
    {"dwconv_f32", check_dwconv_f32},
    {"dwconv_s8", check_dwconv_s8},
    {"binary", check_binary},
    {"map", check_map},
    {"reduce", check_reduce},
    {"pool", check_pool},
    {"resize", check_resize},
    {"softmax_f32", check_softmax_f32},
    {"lstm_f32", check_lstm_f32},
    {"lstm_s16", check_lstm_s16},
};
enum { FAMILIES = sizeof families / sizeof *families };

static check current;

static void crashed(int signal) {
  char line[300];
  const int n = snprintf(line, sizeof line, "%s, %s, %s: signal %d: memory outside of what was given\n", current.family,
                         cpu_name(current.level), current.now, signal);
  if (write(1, line, (size_t)n) < 0) _exit(2);
  _exit(1);
}

static bool wanted(const char *name, char **names, int count) {
  for (int i = 0; i < count; i++)
    if (!strcmp(name, names[i])) return true;
  return count == 0;
}

int main(int argc, char **argv) {
  int rounds = 200, arg = 1;
  uint64_t seed = 1;
  for (; arg + 1 < argc && !strncmp(argv[arg], "--", 2); arg += 2)
    if (!strcmp(argv[arg], "--rounds")) rounds = atoi(argv[arg + 1]);
    else if (!strcmp(argv[arg], "--seed")) seed = strtoull(argv[arg + 1], NULL, 10);
  cpu_level levels[4];
  const int level_count = cpu_levels(levels);
  int passed = 0, failed = 0;
  signal(SIGSEGV, crashed);
  signal(SIGBUS, crashed);
  for (int f = 0; f < FAMILIES; f++)
    for (int l = 0; l < level_count; l++) {
      if (!wanted(families[f].name, argv + arg, argc - arg)) continue;
      current = (check){.family = families[f].name, .level = levels[l], .rounds = rounds, .seed = seed};
      families[f].run(&current);
      if (current.failures) failed++;
      else passed++;
      printf("%-12s %-7s %s\n", current.family, cpu_name(current.level), current.failures ? "DIFFERS" : "ok");
    }
  printf("%d passed, %d failed\n", passed, failed);
  return failed ? 1 : 0;
}

/* version.c: mote version, and completion for shells. */
#include <string.h>

#include "base/cpu.h"
#include "cli/cli.h"
#include "mote/media.h"

int cmd_version(int argc, char **argv) {
  bool json = false;
  const opt opts[] = {{"json", OPT_FLAG, &json}};
  int files;
  if (!take_options(argc, argv, opts, 1, &files)) return EXIT_USAGE;
  if (files) return usage_error("version takes no files");
#ifdef MOTE_HAVE_ZIP
  const char *zip = "libzip: built in";
#else
  const char *zip = "libzip: left out (labels inside a file are not read)";
#endif
  if (json) {
    print_json(json_pack("{s:s, s:s, s:s, s:b}", "version", mote_version(), "instruction_set", cpu_name(cpu_best()),
                         "media", mote_media_formats(), "zip", (int)(strstr(zip, "built in") != NULL)));
    return EXIT_DONE;
  }
  printf("mote %s\ninstruction set: %s\nreads: %s\n%s\n", mote_version(), cpu_name(cpu_best()), mote_media_formats(),
         zip);
  return EXIT_DONE;
}

int cmd_completion(int argc, char **argv) {
  int files;
  if (!take_options(argc, argv, NULL, 0, &files)) return EXIT_USAGE;
  if (files != 1 || strcmp(argv[0], "bash"))
    return usage_error("completion takes the name of a shell: bash (zsh reads it too, after 'autoload bashcompinit')");
  puts("_mote() {");
  puts("  local word=${COMP_WORDS[COMP_CWORD]}");
  fputs("  if [ \"$COMP_CWORD\" = 1 ]; then COMPREPLY=($(compgen -W '", stdout);
  for (const command *c = commands; c->name; c++) printf("%s ", c->name);
  puts("' -- \"$word\")); return; fi");
  puts("  case $word in");
  puts("    -*) COMPREPLY=($(compgen -W \"$(mote \"${COMP_WORDS[1]}\" --help | grep -oE -e '--[a-z-]+' | sort -u)\" -- "
       "\"$word\")) ;;");
  puts("    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;");
  puts("  esac");
  puts("}");
  puts("complete -o filenames -F _mote mote");
  return EXIT_DONE;
}

/* version.c: mote version, and completion for shells. */
#include <string.h>

#include "base/cpu.h"
#include "cli/cli.h"
#include "mote/media.h"

typedef struct library {
  const char *name;
  bool built_in;
  const char *without; /* what a build without it does not do */
} library;

int cmd_version(int argc, char **argv) {
  bool json = false;
  const opt opts[] = {{"json", OPT_FLAG, &json}};
  int files;
  if (!take_options(argc, argv, opts, 1, &files)) return EXIT_USAGE;
  if (files) return usage_error("version takes no files");
  const char *formats = mote_media_formats();
  const library libraries[] = {
      {"libjpeg", strstr(formats, "jpeg") != NULL, "JPEG pictures are not read"},
      {"libpng", strstr(formats, "png") != NULL, "PNG pictures are not read"},
#ifdef MOTE_HAVE_ZIP
      {"libzip", true, ""},
#else
      {"libzip", false, "labels inside a model are not read"},
#endif
#ifdef MOTE_HAVE_ZLIB
      {"zlib", true, ""},
#else
      {"zlib", false, "sizes of zipped files are not told"},
#endif
#ifdef MOTE_HAVE_PROTOBUF
      {"protobuf-c", true, ""},
#else
      {"protobuf-c", false, "TensorFlow's models are not converted"},
#endif
#ifdef MOTE_HAVE_HDF5
      {"HDF5", true, ""},
#else
      {"HDF5", false, "Keras' models are not converted"},
#endif
  };
  const size_t count = sizeof libraries / sizeof *libraries;
  if (json) {
    json_t *have = json_object();
    for (size_t i = 0; i < count; i++)
      json_object_set_new(have, libraries[i].name, json_boolean(libraries[i].built_in));
    print_json(json_pack("{s:s, s:s, s:s, s:o}", "version", mote_version(), "instruction_set", cpu_name(cpu_best()),
                         "media", formats, "libraries", have));
    return EXIT_DONE;
  }
  printf("mote %s\ninstruction set: %s\nreads: %s\n", mote_version(), cpu_name(cpu_best()), formats);
  for (size_t i = 0; i < count; i++)
    if (libraries[i].built_in) printf("%s: built in\n", libraries[i].name);
    else printf("%s: left out (%s)\n", libraries[i].name, libraries[i].without);
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

# Files of a page as arrays of C: cmake -DOUT=FILE.c -DHEADER=HEADER -DFILES="A;B" -P embed.cmake. frame.css becomes
# web_frame_css.
set(source "/* Made by cmake/embed.cmake. */\n#include \"${HEADER}\"\n")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  string(MAKE_C_IDENTIFIER "web_${name}" name)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND source "\nconst char ${name}[] = {${bytes}0};\n")
endforeach()
file(WRITE ${OUT} "${source}")

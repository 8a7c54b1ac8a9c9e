# Drawn models (src/view): the room, and the files of its page as arrays of C.
mote_room(view)
file(GLOB web_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/view/web/*)
add_custom_command(
  OUTPUT ${CMAKE_BINARY_DIR}/web.c
  COMMAND ${CMAKE_COMMAND} -DOUT=${CMAKE_BINARY_DIR}/web.c -DHEADER=view/page.h "-DFILES=${web_files}"
          -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  DEPENDS ${web_files} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  VERBATIM)
target_sources(room_view PRIVATE ${CMAKE_BINARY_DIR}/web.c)

# Source formats (src/import): one folder and one object library each, present when the library it needs is; the room
# itself has what they share, and .tflite. `mote version` names what is missing.
mote_room(import)
set(MOTE_IMPORT_OBJECTS $<TARGET_OBJECTS:room_import>)

if(MOTE_PROTOBUF)
  pkg_check_modules(PROTOBUF_C IMPORTED_TARGET libprotobuf-c)
  find_program(PROTOC_C protoc-c)
endif()
if(PROTOBUF_C_FOUND AND PROTOC_C)
  set(tensorflow ${CMAKE_SOURCE_DIR}/src/import/tensorflow)
  set(messages ${CMAKE_BINARY_DIR}/import)
  file(MAKE_DIRECTORY ${messages})
  add_custom_command(
    OUTPUT ${messages}/messages.pb-c.c ${messages}/messages.pb-c.h
    COMMAND ${PROTOC_C} --c_out=${messages} -I${tensorflow} ${tensorflow}/messages.proto
    DEPENDS ${tensorflow}/messages.proto)
  file(GLOB tensorflow_sources CONFIGURE_DEPENDS ${tensorflow}/*.c)
  add_library(room_import_tensorflow OBJECT ${tensorflow_sources} ${messages}/messages.pb-c.c ${messages}/messages.pb-c.h)
  set_source_files_properties(${messages}/messages.pb-c.c PROPERTIES COMPILE_OPTIONS -w)
  target_include_directories(room_import_tensorflow SYSTEM PUBLIC ${messages})
  target_link_libraries(room_import_tensorflow PUBLIC PkgConfig::PROTOBUF_C)
  target_compile_options(room_import_tensorflow PRIVATE $<$<CONFIG:Release>:-Os>)
  list(APPEND MOTE_IMPORT_OBJECTS $<TARGET_OBJECTS:room_import_tensorflow>)
  list(APPEND MOTE_TOOL_LIBS PkgConfig::PROTOBUF_C)
  target_compile_definitions(room_import PUBLIC MOTE_HAVE_PROTOBUF)
endif()

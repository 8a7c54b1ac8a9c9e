# The C ABI under the other names that programs load or include it by: links beside the library, and headers that lead
# to those of tensorflow/lite/c.
include(GNUInstallDirs)

set(MOTE_TFLITE_NAMES tensorflowlite_jni tensorflowlite_c-linux) # Android's; tflite_flutter's
foreach(name ${MOTE_TFLITE_NAMES})
  set(link ${CMAKE_BINARY_DIR}/lib${name}${CMAKE_SHARED_LIBRARY_SUFFIX})
  add_custom_command(TARGET tensorflowlite_c POST_BUILD
                     COMMAND ${CMAKE_COMMAND} -E create_symlink $<TARGET_FILE_NAME:tensorflowlite_c> ${link})
  install(FILES ${link} DESTINATION ${CMAKE_INSTALL_LIBDIR})
endforeach()

set(headers bindings/tflite_c/include/tensorflow/lite)
file(GLOB names RELATIVE ${CMAKE_SOURCE_DIR}/${headers}/c ${CMAKE_SOURCE_DIR}/${headers}/c/*.h)
set(forward ${CMAKE_BINARY_DIR}/forward)
foreach(name ${names})
  foreach(place tflite/c tflite/core/c tensorflow/lite/core/c)
    file(WRITE ${forward}/${place}/${name} "#include \"tensorflow/lite/c/${name}\"\n")
  endforeach()
endforeach()
file(WRITE ${forward}/tflite/builtin_ops.h "#include \"tensorflow/lite/c/builtin_ops.h\"\n")
file(WRITE ${forward}/tflite/delegates/xnnpack/xnnpack_delegate.h
     "#include \"tensorflow/lite/delegates/xnnpack/xnnpack_delegate.h\"\n")
install(DIRECTORY ${forward}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

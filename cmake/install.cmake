# What `make install` puts where, and how other projects find it: pkg-config files and a CMake package.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS mote-rt EXPORT mote-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
target_include_directories(mote-rt INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(TARGETS tensorflowlite_c LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/mote DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY bindings/tflite_c/include/tensorflow DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set(names mote-rt)
if(MOTE_TOOLS)
  set_target_properties(mote-tools PROPERTIES EXPORT_NAME mote)
  install(TARGETS mote-tools EXPORT mote-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  target_include_directories(mote-tools INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  install(TARGETS mote RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  file(GLOB pages ${CMAKE_SOURCE_DIR}/doc/man/*.1)
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  list(APPEND names mote)
  install(CODE "execute_process(COMMAND ${CMAKE_BINARY_DIR}/mote completion bash
                                OUTPUT_FILE ${CMAKE_BINARY_DIR}/completion.bash)")
  install(FILES ${CMAKE_BINARY_DIR}/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
          RENAME mote OPTIONAL)
endif()

# Relative to the file itself, so that an installed tree may be moved.
file(RELATIVE_PATH MOTE_PC_UP /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
foreach(name ${names})
  set(MOTE_PC_NAME ${name})
  configure_file(${CMAKE_SOURCE_DIR}/cmake/mote.pc.in ${CMAKE_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

install(EXPORT mote-targets NAMESPACE mote:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mote)
file(WRITE ${CMAKE_BINARY_DIR}/mote-config.cmake "include(\"\${CMAKE_CURRENT_LIST_DIR}/mote-targets.cmake\")\n")
write_basic_package_version_file(${CMAKE_BINARY_DIR}/mote-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/mote-config.cmake ${CMAKE_BINARY_DIR}/mote-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mote)

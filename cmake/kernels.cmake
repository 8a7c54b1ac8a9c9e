# Kernels: scalar for all machines, and one folder an instruction set, each compiled with that set's flags.
file(GLOB kernel_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/kernels/*.c ${CMAKE_SOURCE_DIR}/src/kernels/scalar/*.c)
add_library(room_kernels OBJECT ${kernel_sources})
# Bodies are plain C that the compiler vectorises. Where nearly every machine runs a folder below instead, scalar versions
# say what is right, and are made small.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|aarch64|arm64")
  target_compile_options(room_kernels PRIVATE -O2 $<$<C_COMPILER_ID:GNU>:-falign-jumps=1> -falign-loops=8)
  foreach(family loops lstm_f32 lstm_s16 requant softmax_f32)
    set_source_files_properties(${CMAKE_SOURCE_DIR}/src/kernels/scalar/${family}.c PROPERTIES COMPILE_OPTIONS -Os)
  endforeach()
else()
  target_compile_options(room_kernels PRIVATE -O2 -ftree-vectorize)
endif()

# The heavy ones still must not be slower than the loops of their definitions.
foreach(family gemm_f32 gemm_s8 dwconv_f32 dwconv_s8)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/kernels/scalar/${family}.c PROPERTIES COMPILE_OPTIONS -O3)
endforeach()

function(mote_isa folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/kernels/${folder}/*.c)
  if(sources)
    add_library(kernels_${folder} OBJECT ${sources})
    # What vectors leave over is done one by one, not by a second set of narrower vectors.
    target_compile_options(kernels_${folder} PRIVATE -O2 -ftree-vectorize -falign-loops=16
                           "$<$<C_COMPILER_ID:GNU>:-falign-jumps=1;--param=vect-epilogues-nomask=0>" ${ARGN})
    set(MOTE_ISA_ROOMS ${MOTE_ISA_ROOMS} kernels_${folder} PARENT_SCOPE)
  endif()
endfunction()

set(MOTE_ISA_ROOMS)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  mote_isa(avx2 -mavx2 -mfma -mf16c)
  mote_isa(avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx2 -mfma -mf16c
           -mprefer-vector-width=512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  mote_isa(neon)
endif()

# The families that are loops over elements need vectors, and neither peeling nor unrolling: half the size, as fast.
file(GLOB loops ${CMAKE_SOURCE_DIR}/src/kernels/*/loops.c)
list(FILTER loops EXCLUDE REGEX "scalar/")
set_source_files_properties(${loops} PROPERTIES COMPILE_OPTIONS
  "-O2;-ftree-vectorize;$<$<C_COMPILER_ID:GNU>:-fvect-cost-model=dynamic;--param=vect-epilogues-nomask=0>")

# Plain loops that serve every level are worth vectors as well.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/kernels/scalar/dots.c PROPERTIES COMPILE_OPTIONS -O3)
foreach(name dwconv_sums dynquant)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/kernels/scalar/${name}.c PROPERTIES COMPILE_OPTIONS
    "-O2;-ftree-vectorize;$<$<C_COMPILER_ID:GNU>:-fvect-cost-model=dynamic;--param=vect-epilogues-nomask=0>")
endforeach()

# So are those for types that few models use.
foreach(name arith fold number pool_l2 real)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/kernels/${name}.c PROPERTIES COMPILE_OPTIONS
    "-O2;-ftree-vectorize;$<$<C_COMPILER_ID:GNU>:-fvect-cost-model=dynamic;--param=vect-epilogues-nomask=0>")
endforeach()

# What links the room as a library gets all of its levels.
foreach(room ${MOTE_ISA_ROOMS})
  target_sources(room_kernels INTERFACE $<TARGET_OBJECTS:${room}>)
endforeach()

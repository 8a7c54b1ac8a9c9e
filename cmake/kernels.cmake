# Kernels: scalar for all machines, and one folder an instruction set, each compiled with that set's flags.
file(GLOB kernel_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/kernels/*.c ${CMAKE_SOURCE_DIR}/src/kernels/scalar/*.c)
add_library(room_kernels OBJECT ${kernel_sources})

# Loops that the compiler turns into vectors. What these leave over is done one by one: a second set of narrower vectors
# is code that takes no time away.
set(MOTE_VECTORS -O2 -ftree-vectorize $<$<C_COMPILER_ID:GNU>:--param=vect-epilogues-nomask=0>)

# Bodies are plain C. Where nearly every machine runs a folder below instead, scalar versions say what is right, and are
# made small; the heavy ones still must not be slower than the loops of their definitions. Plain loops that serve every
# level, and those for types that few models use, are worth vectors everywhere.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|aarch64|arm64")
  target_compile_options(room_kernels PRIVATE -O2 $<$<C_COMPILER_ID:GNU>:-falign-jumps=1> -falign-loops=8)
  foreach(name loops lstm_f32 lstm_s16 softmax_f32)
    set_source_files_properties(${CMAKE_SOURCE_DIR}/src/kernels/scalar/${name}.c PROPERTIES COMPILE_OPTIONS -Os)
  endforeach()
  foreach(name scalar/gemm_f32 scalar/dwconv_s8 scalar/dwconv_sums scalar/dots
               scalar/dynquant arith fold number pool_l2 real)
    set_source_files_properties(${CMAKE_SOURCE_DIR}/src/kernels/${name}.c PROPERTIES COMPILE_OPTIONS "${MOTE_VECTORS}")
  endforeach()
else()
  target_compile_options(room_kernels PRIVATE ${MOTE_VECTORS})
endif()

function(mote_isa folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/kernels/${folder}/*.c)
  if(sources)
    add_library(kernels_${folder} OBJECT ${sources})
    target_compile_options(kernels_${folder} PRIVATE ${MOTE_VECTORS} $<$<C_COMPILER_ID:GNU>:-falign-jumps=1>
                           -falign-loops=8 ${ARGN})
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

# What links the room as a library gets all of its levels.
foreach(room ${MOTE_ISA_ROOMS})
  target_sources(room_kernels INTERFACE $<TARGET_OBJECTS:${room}>)
endforeach()

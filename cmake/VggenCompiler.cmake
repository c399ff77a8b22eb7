# The kernel compiler, built here or before, and Halide's runtime, which it makes.
set(VGGEN_TARGET "host" CACHE STRING "What kernels are compiled for when a model does not say")
set(vggen_cmake_dir "${CMAKE_CURRENT_LIST_DIR}" CACHE INTERNAL "")
if(VGGEN_HOST_TOOLS)
  set(VGGEN_COMPILE "${VGGEN_HOST_TOOLS}/vggen-compile" CACHE INTERNAL "")
  set(VGGEN_COMPILE_DEPENDENCY "${VGGEN_COMPILE}" CACHE INTERNAL "")
  if(NOT EXISTS "${VGGEN_COMPILE}")
    message(FATAL_ERROR "VGGEN_HOST_TOOLS: there is no ${VGGEN_COMPILE}")
  endif()
else()
  set(VGGEN_COMPILE vggen-compile CACHE INTERNAL "")
  set(VGGEN_COMPILE_DEPENDENCY vggen-compile CACHE INTERNAL "")
endif()

# Files of schedules tuned by measuring, one for each kind of vector unit; a model for such a target takes them.
set(VGGEN_TUNED "${vggen_SOURCE_DIR}/schedules/tuned" CACHE PATH
  "Folder of tuned schedules; empty: every operator's own choice")

# vggen::halide_runtime is for the processor alone. Programs with kernels for devices link
# vggen::halide_gpu_runtime in front of it, which has all of the other and reaches devices too.
set(runtime "${PROJECT_BINARY_DIR}/libvggen_halide_runtime.a")
add_custom_command(
  OUTPUT "${runtime}"
  COMMAND ${VGGEN_COMPILE} --runtime "${runtime}" --target "${VGGEN_TARGET}"
  DEPENDS ${VGGEN_COMPILE_DEPENDENCY}
  COMMENT "Compiling Halide's runtime" VERBATIM)
set(VGGEN_HALIDE_RUNTIME "${runtime}" CACHE INTERNAL "")
add_custom_target(vggen_halide_runtime_library DEPENDS "${runtime}")
add_library(vggen_halide_runtime INTERFACE)
add_library(vggen::halide_runtime ALIAS vggen_halide_runtime)
add_dependencies(vggen_halide_runtime vggen_halide_runtime_library)
target_link_libraries(vggen_halide_runtime INTERFACE "${runtime}" ${CMAKE_DL_LIBS})

set(gpu_runtime "${PROJECT_BINARY_DIR}/libvggen_halide_gpu_runtime.a")
add_custom_command(
  OUTPUT "${gpu_runtime}"
  COMMAND ${VGGEN_COMPILE} --runtime "${gpu_runtime}" --devices
  DEPENDS ${VGGEN_COMPILE_DEPENDENCY}
  COMMENT "Compiling Halide's runtime for devices" VERBATIM)
set(VGGEN_HALIDE_GPU_RUNTIME "${gpu_runtime}" CACHE INTERNAL "")
add_custom_target(vggen_halide_gpu_runtime_library DEPENDS "${gpu_runtime}")
add_library(vggen_halide_gpu_runtime INTERFACE)
add_library(vggen::halide_gpu_runtime ALIAS vggen_halide_gpu_runtime)
add_dependencies(vggen_halide_gpu_runtime vggen_halide_gpu_runtime_library)
target_link_libraries(vggen_halide_gpu_runtime INTERFACE "${gpu_runtime}" ${CMAKE_DL_LIBS})

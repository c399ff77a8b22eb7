# vggen_add_model(<name>
#   HEADER <header>          that declares the network, as an #include names it
#   NETWORK <expression>     the network in C++: vggen::vgg16
#   [INCLUDE <dir>...]       where the header is, if not in vggen itself
#   [MODE <mode>...]         inference (default); features: any layer's output can be looked at; training: also the
#                            kernels of a training step, for the first batch; gradients: those of a step from
#                            gradients at the network's features to its input, for the first batch (alone: only those)
#   [BATCH <n>...]           the batches to compile for, over one set of weights (default: 1)
#   [TARGET <target>]        host (default), avx512, avx2, sse41, neon; cuda, opencl, vulkan: kernels that run on a device;
#                            or a Halide target string
#   [ACCURACY <accuracy>]    fast (default), or exact: without schedules that round more than plain sums do (Winograd's)
#   [SCHEDULES <file>...]    files that choose schedules; for kernels that they do not name, VGGEN_TUNED's hold if there
#                            is one for the target, else every operator's own choice
#   [WEIGHTS <file> EMBED])  a safetensors file to be linked into the program; it may be a product of the build
#
# Makes a library target <name>: link it, include <compiled/<name>.hpp>, and use vggen::compiled::<name>. At build
# time a describer made from the network's type prints which kernels it needs, and vggen-compile compiles them,
# but for those that VGGEN_CACHE_DIR has already. Embedded weights are vggen::compiled::<name>_weights(), of
# <compiled/<name>_weights.hpp>.
#
# The target <name>_tune measures schedules for the model's kernels on this machine and keeps the best in VGGEN_TUNED;
# the next build takes them (docs/tuning.md).
function(vggen_add_model name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "EMBED" "HEADER;NETWORK;TARGET;ACCURACY;WEIGHTS" "INCLUDE;MODE;BATCH;SCHEDULES")
  if(NOT name MATCHES "^[a-zA-Z_][a-zA-Z0-9_]*$")
    message(FATAL_ERROR "vggen_add_model(${name}): the name becomes a C++ name, and cannot be one")
  endif()
  if(NOT arg_HEADER OR NOT arg_NETWORK)
    message(FATAL_ERROR "vggen_add_model(${name}): needs HEADER and NETWORK")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "vggen_add_model(${name}): does not know '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  foreach(mode IN LISTS arg_MODE)
    if(NOT mode MATCHES "^(inference|features|gradients|training)$")
      message(FATAL_ERROR "vggen_add_model(${name}): there is no MODE '${mode}'; there are: inference, features, gradients, training")
    endif()
  endforeach()
  if(NOT arg_BATCH)
    set(arg_BATCH 1)
  endif()
  if(NOT arg_ACCURACY)
    set(arg_ACCURACY fast)
  elseif(NOT arg_ACCURACY MATCHES "^(exact|fast)$")
    message(FATAL_ERROR "vggen_add_model(${name}): there is no ACCURACY '${arg_ACCURACY}'; there are: exact, fast")
  endif()
  if(NOT arg_TARGET)
    set(arg_TARGET "${VGGEN_TARGET}")
  endif()

  string(REGEX MATCH "(^|-)(cuda|opencl|vulkan)(-|$)" on_device "${arg_TARGET}")
  if(on_device AND "gradients" IN_LIST arg_MODE)
    message(FATAL_ERROR "vggen_add_model(${name}): MODE gradients is for the processor, not for TARGET ${arg_TARGET}")
  endif()

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${name}")
  set(header "${folder}/include/compiled/${name}.hpp")
  set(library "${folder}/lib${name}_kernels.a")
  file(MAKE_DIRECTORY "${folder}/include/compiled")

  # the describer
  set(VGGEN_NAME "${name}")
  set(VGGEN_HEADER "${arg_HEADER}")
  set(VGGEN_NETWORK "${arg_NETWORK}")
  list(JOIN arg_BATCH ", " VGGEN_BATCHES)
  list(GET arg_BATCH 0 first_batch)
  set(VGGEN_TRAINING_BATCH 0)
  if("training" IN_LIST arg_MODE)
    set(VGGEN_TRAINING_BATCH ${first_batch})
  endif()
  set(VGGEN_GRADIENTS_BATCH 0)
  if("gradients" IN_LIST arg_MODE)
    set(VGGEN_GRADIENTS_BATCH ${first_batch})
  endif()
  set(VGGEN_INFERENCE true)
  if("${arg_MODE}" STREQUAL "gradients")
    set(VGGEN_INFERENCE false)
  endif()
  configure_file("${vggen_cmake_dir}/describer.cpp.in" "${folder}/describer.cpp" @ONLY)
  add_executable(${name}_describer "${folder}/describer.cpp")
  target_include_directories(${name}_describer PRIVATE ${arg_INCLUDE})
  target_link_libraries(${name}_describer PRIVATE vggen::net)
  target_compile_options(${name}_describer PRIVATE -O0)
  set_target_properties(${name}_describer PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${folder}")
  add_custom_command(
    OUTPUT "${folder}/${name}.json"
    COMMAND ${name}_describer > "${folder}/${name}.json"
    DEPENDS ${name}_describer
    COMMENT "Describing ${name}" VERBATIM)

  # the kernels
  set(options "")
  if("features" IN_LIST arg_MODE)
    list(APPEND options --all-forms)
  endif()
  set(schedules "")
  if(VGGEN_TUNED)
    list(APPEND options --tuned "${VGGEN_TUNED}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${VGGEN_TUNED}") # files may come later
    file(GLOB schedules "${VGGEN_TUNED}/*.json")
  endif()
  foreach(file IN LISTS arg_SCHEDULES)
    get_filename_component(file "${file}" ABSOLUTE)
    list(APPEND schedules "${file}")
    list(APPEND options --schedules "${file}")
  endforeach()
  add_custom_command(
    OUTPUT "${header}" "${library}"
    COMMAND ${VGGEN_COMPILE} "${folder}/${name}.json" --header "${header}" --library "${library}"
            --cache "${VGGEN_CACHE_DIR}" --target "${arg_TARGET}" --accuracy ${arg_ACCURACY} ${options}
    DEPENDS "${folder}/${name}.json" ${schedules} ${VGGEN_COMPILE_DEPENDENCY}
    COMMENT "Compiling the kernels of ${name}"
    USES_TERMINAL VERBATIM)
  add_custom_target(${name}_kernels DEPENDS "${header}" "${library}")

  if(TARGET vggen-tune AND VGGEN_TUNED)
    vggen_add_tuning(${name} "${folder}/${name}.json" "${arg_TARGET}" ${arg_ACCURACY})
  endif()

  add_library(${name} INTERFACE)
  add_dependencies(${name} ${name}_kernels)
  target_include_directories(${name} INTERFACE "${folder}/include" ${arg_INCLUDE})
  target_link_libraries(${name} INTERFACE "${library}")
  if(on_device)
    target_link_libraries(${name} INTERFACE vggen::halide_gpu_runtime) # before core's, which cannot reach a device
  endif()
  target_link_libraries(${name} INTERFACE vggen::core)

  if(arg_EMBED AND NOT arg_WEIGHTS OR arg_WEIGHTS AND NOT arg_EMBED)
    message(FATAL_ERROR "vggen_add_model(${name}): WEIGHTS <file> and EMBED go together")
  endif()
  if(arg_EMBED)
    vggen_embed_weights(${name} "${arg_WEIGHTS}" "${folder}")
  endif()
endfunction()

# <name>_tune, and the same command as a script, tune/<name>.sh, for which <name>_tune_inputs makes what it needs.
function(vggen_add_tuning name description target accuracy)
  set(script "${PROJECT_BINARY_DIR}/tune/${name}.sh")
  string(CONCAT content "#!/bin/sh\n# Tunes the kernels of ${name}; --help of vggen-tune lists further options.\n"
    "exec '$<TARGET_FILE:vggen-tune>' '${description}' --output '${VGGEN_TUNED}' --cache '${VGGEN_CACHE_DIR}' "
    "--target '${target}' --accuracy ${accuracy} --linker '${CMAKE_CXX_COMPILER}' "
    "--machine '$<TARGET_FILE:vggen-machine>' --link '$<TARGET_FILE:vggen_kernel_timer>' "
    "--link '$<TARGET_FILE:vggen_core>' --link '${VGGEN_HALIDE_RUNTIME}' \"$@\"\n")
  file(GENERATE OUTPUT "${script}" CONTENT "${content}" FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
  add_custom_target(${name}_tune_inputs DEPENDS "${description}")
  add_dependencies(${name}_tune_inputs vggen-tune vggen-machine vggen_kernel_timer vggen_core)
  add_custom_target(${name}_tune
    COMMAND "${script}"
    COMMENT "Tuning the kernels of ${name}"
    USES_TERMINAL VERBATIM)
  add_dependencies(${name}_tune ${name}_tune_inputs)
endfunction()

# The weights file as an object of its own, in read-only memory.
function(vggen_embed_weights name file folder)
  get_filename_component(VGGEN_WEIGHTS "${file}" ABSOLUTE)
  set(VGGEN_NAME "${name}")
  configure_file("${vggen_cmake_dir}/weights.S.in" "${folder}/weights.S" @ONLY)
  configure_file("${vggen_cmake_dir}/weights.hpp.in" "${folder}/include/compiled/${name}_weights.hpp" @ONLY)
  add_library(${name}_weights STATIC "${folder}/weights.S")
  set_source_files_properties("${folder}/weights.S" PROPERTIES OBJECT_DEPENDS "${VGGEN_WEIGHTS}")
  set_target_properties(${name}_weights PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${name} INTERFACE ${name}_weights)
endfunction()

# The families of operators: those in one family have stages of one type, and so share schedules.
set(VGGEN_OPERATOR_FAMILIES
  conv conv_weights fully_connected product pointwise batch_norm softmax cross_entropy squared_error sgd)

# vggen_add_schedule(<name> FAMILY <one of VGGEN_OPERATOR_FAMILIES> SOURCE <file.cpp>)
#
# Adds a schedule to vggen-compile and vggen-tune. The file registers itself under <name> (see schedules/schedule.hpp) and may lie
# anywhere. Only kernels that a schedule file picks this schedule for depend on it.
function(vggen_add_schedule name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FAMILY;SOURCE" "")
  if(NOT arg_FAMILY OR NOT arg_SOURCE)
    message(FATAL_ERROR "vggen_add_schedule(${name}): needs FAMILY and SOURCE")
  endif()
  if(NOT TARGET vggen-compile OR VGGEN_HOST_TOOLS)
    message(FATAL_ERROR "vggen_add_schedule(${name}): vggen-compile is not built here")
  endif()
  set(objects vggen_schedule_${arg_FAMILY}_${name})
  add_library(${objects} OBJECT ${arg_SOURCE})
  vggen_build_time_code(${objects})
  if(PROJECT_NAME STREQUAL "vggen")
    vggen_own_code(${objects})
  endif()
  set_property(GLOBAL APPEND PROPERTY VGGEN_SCHEDULE_OBJECTS ${objects})
  get_property(programs GLOBAL PROPERTY VGGEN_HALIDE_PROGRAMS)
  foreach(program IN LISTS programs)
    target_link_libraries(${program} PRIVATE ${objects})
  endforeach()
  vggen_identify(${arg_FAMILY}.${name} ${objects})
endfunction()

# vggen_identify(<name> <object library>): what <name> is made of, for the keys of kernels.
function(vggen_identify name objects)
  set_property(TARGET vggen_compiler APPEND PROPERTY VGGEN_IDENTITY_OBJECTS "$<TARGET_OBJECTS:${objects}>")
  set_property(TARGET vggen_compiler APPEND PROPERTY
    VGGEN_IDENTITIES "$<LIST:TRANSFORM,$<TARGET_OBJECTS:${objects}>,PREPEND,${name}=>")
endfunction()

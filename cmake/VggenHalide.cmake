# Finds Halide: what CMake is told (Halide_ROOT), else the wheel in .venv. Build tools need all of it; programs only
# its runtime's header.
if(NOT Halide_ROOT)
  file(GLOB wheel LIST_DIRECTORIES true "${vggen_SOURCE_DIR}/.venv/lib/python3*/site-packages/halide")
  if(wheel)
    list(GET wheel 0 Halide_ROOT)
  endif()
endif()
set(VGGEN_HALIDE_PREFIX "${Halide_ROOT}")
if(NOT VGGEN_HOST_TOOLS)
  find_package(Halide 21 REQUIRED GLOBAL)
endif()

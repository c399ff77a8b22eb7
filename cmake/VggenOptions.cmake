# How vggen's own code is compiled: C++20 without extensions, all warnings as errors, sanitizers by choice.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF) # there are none, and with clang the search needs another program

# vggen_own_code(<target>...): for every target of this project.
function(vggen_own_code)
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Werror)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      # GCC 12 warns of its own std::string operator+ (https://gcc.gnu.org/bugzilla/show_bug.cgi?id=105651)
      target_compile_options(${target} PRIVATE -Wno-restrict)
    endif()
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      # libstdc++'s stable_sort calls what it has deprecated itself
      target_compile_options(${target} PRIVATE -Wno-deprecated-declarations)
    endif()
  endforeach()
endfunction()

# Everything that runs in the product and in its tests is built with the sanitizers; the build tools are not.
add_library(vggen_sanitizers INTERFACE)
if(VGGEN_SANITIZE)
  target_compile_options(vggen_sanitizers INTERFACE -fsanitize=${VGGEN_SANITIZE} -fno-omit-frame-pointer
                                                    -fno-sanitize-recover=all)
  target_link_options(vggen_sanitizers INTERFACE -fsanitize=${VGGEN_SANITIZE})
endif()

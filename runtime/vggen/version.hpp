// The version of vggen: CMake reads it from here.
#pragma once

#define VGGEN_VERSION_MAJOR 0
#define VGGEN_VERSION_MINOR 1
#define VGGEN_VERSION_PATCH 0
#define VGGEN_VERSION_TEXT "0.1.0"

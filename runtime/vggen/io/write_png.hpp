// Writes a picture as a PNG file, for people to look at.
#pragma once

#include "vggen/io/image.hpp"

#include <filesystem>

namespace vggen {

/// Writes `picture` to `path` as an 8-bit RGB PNG, over what is there; read_image gives the same pixels back.
/// Throws vggen::error with invalid_argument if check_image refuses the picture, with cannot_write if the
/// file cannot be opened or written whole (what there is of it is then removed), with out_of_memory.
void write_png(const std::filesystem::path &path, const image &picture);

} // namespace vggen

// Encodes a picture as PNG, in memory or as a file, for people to look at.
#pragma once

#include "vggen/io/image.hpp"

#include <cstddef>
#include <filesystem>
#include <vector>

namespace vggen {

/// Returns `picture` as the bytes of an 8-bit RGB PNG file; decode_image gives the same pixels back. Throws
/// vggen::error with invalid_argument if check_image refuses the picture, with out_of_memory.
[[nodiscard]] std::vector<std::byte> encode_png(const image &picture);

/// Writes `picture` to `path` as encode_png gives it, over what is there; read_image gives the same pixels
/// back. Throws vggen::error with invalid_argument if check_image refuses the picture, with cannot_write if
/// the file cannot be opened or written whole (what there is of it is then removed), with out_of_memory.
void write_png(const std::filesystem::path &path, const image &picture);

} // namespace vggen

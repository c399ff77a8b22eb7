// Reads a picture from a PNG or JPEG file, whatever its kind of pixels, as 8-bit RGB.
#pragma once

#include "vggen/io/image.hpp"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace vggen {

/// Returns the pixels of the PNG or JPEG file at `path`, as `PIL.Image.open(path).convert("RGB")` gives them:
/// alpha is dropped (not blended), grey becomes three equal channels, an EXIF orientation is not applied.
/// The one difference: 16-bit grey is scaled to 8 bits (its high byte), where Pillow clips it at 255.
///
/// Throws vggen::error with
///   cannot_open   if the file is missing, is not a regular file, or cannot be read;
///   unsupported   if it is neither PNG nor JPEG, or a kind of JPEG that libjpeg-turbo does not read;
///   corrupt_file  if it is empty, truncated or damaged;
///   too_large     if it has more than max_image_pixels, or more than 1 GiB;
///   out_of_memory if memory runs out.
[[nodiscard]] image read_image(const std::filesystem::path &path);

/// As read_image, of a file that is in memory already. `name_for_messages` stands for the file's name in
/// errors.
[[nodiscard]] image decode_image(std::span<const std::byte> file, std::string_view name_for_messages);

} // namespace vggen

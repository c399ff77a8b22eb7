// Writes an array as a .npy file, for numpy.load to look at.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace vggen {

/// Writes `values`, packed with the last dimension of `shape` fastest, to `path` as NPY format 1.0, '<f4',
/// in C order; an empty shape is a single number. What is at `path` is replaced only once the new file is
/// whole and on the disk (see atomic_file).
/// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
///
/// Throws vggen::error with invalid_argument if `shape` has a negative extent, has more than 32 dimensions,
/// or is not of values.size() elements; with cannot_write if the file cannot be created or written whole.
void write_npy(const std::filesystem::path &path, std::span<const float> values,
               std::span<const std::int64_t> shape);

} // namespace vggen

// Reads the names of the classes that a network tells apart.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace vggen {

/// Returns the names of `classes` classes, in their order, from the file at `path`.
///
/// A file whose name ends with .json holds either a list of strings, or an object as Keras has it for
/// ImageNet, from each class's number to its identifier and its name: {"0": ["n01440764", "tench"], ...}. Any
/// other holds one name a line; a carriage return before the line's end and empty lines at the end do not
/// count. Both are UTF-8, with or without a byte order mark.
///
/// Ensures that each name is not empty, is UTF-8, and has no control character but the tab.
///
/// Throws vggen::error with
///   cannot_open   if the file is missing, is not a regular file, or may not be read;
///   corrupt_file  if it is not as described above;
///   mismatch      if it names another number of classes;
///   too_large     if it has more than 4 MiB;
///   out_of_memory if memory runs out.
[[nodiscard]] std::vector<std::string> read_labels(const std::filesystem::path &path, int classes);

} // namespace vggen

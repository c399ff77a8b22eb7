// Reads safetensors files: named tensors, as PyTorch and the Hugging Face hub store weights.
#pragma once

#include "vggen/io/element_type.hpp"
#include "vggen/io/mapped_file.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vggen {

/// Represents one tensor of a file: what it is called, and its elements, packed, little-endian, the last
/// dimension of `shape` fastest. `data` is as long as `type` and `shape` say. It need not be aligned for
/// `type`: files of other writers may start anywhere, so copy with memcpy unless you have looked.
struct tensor_view {
  std::string name;
  element_type type;
  std::vector<std::int64_t> shape; // each >= 0; empty for a single number
  std::span<const std::byte> data; // into the file's mapping
};

/// Represents a safetensors file, memory-mapped; its tensors are views that live as long as this object (or
/// the one it was moved to). What the mapping requires of the file meanwhile: see mapped_file.
/// Format: https://github.com/huggingface/safetensors#format
class safetensors_file {
public:
  /// Opens the file at `path`. Ensures that the file is wholly valid: every tensor of a known type, inside
  /// the file, of the size that its shape asks for, no two overlapping, no byte between or after them unused.
  ///
  /// Throws vggen::error with
  ///   cannot_open   if the file is missing, is not a regular file, or may not be read;
  ///   corrupt_file  if it is empty, truncated, or contradicts itself or the format;
  ///   unsupported   if a tensor has a dtype or a property that is not known here;
  ///   too_large     if its header is longer than the 100 MB that the format allows;
  ///   out_of_memory if memory runs out.
  explicit safetensors_file(const std::filesystem::path &path);
  /// The same for a file that is in memory already (see mapped_file); messages call it `name`.
  safetensors_file(std::span<const std::byte> bytes, const std::filesystem::path &name);

  /// The free texts stored with the tensors; empty if there are none.
  [[nodiscard]] const std::map<std::string, std::string> &metadata() const noexcept { return metadata_; }

  /// All tensors, in the order of their data in the file.
  [[nodiscard]] std::span<const tensor_view> tensors() const noexcept { return tensors_; }

  /// The tensor called `name`, or null.
  [[nodiscard]] const tensor_view *find(std::string_view name) const;

  [[nodiscard]] const std::filesystem::path &path() const noexcept { return file_.path(); }

  /// Gives back the memory of a part that is not needed for now (see mapped_file).
  void release(std::span<const std::byte> part) const noexcept { file_.release(part); }

private:
  void load();
  void read_header();

  mapped_file file_;
  std::map<std::string, std::string> metadata_;
  std::vector<tensor_view> tensors_;
  std::vector<std::size_t> by_name_; // indices of tensors_, by ascending name
};

} // namespace vggen

// Writes safetensors files, piece by piece: weights need not be in memory all at once.
#pragma once

#include "vggen/io/element_type.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace vggen {

/// Takes the next bytes of a tensor; they are copied before it returns.
using byte_sink = std::function<void(std::span<const std::byte>)>;

/// Represents a tensor to be written.
struct tensor_source {
  std::string name;
  element_type type = element_type::f32;
  std::vector<std::int64_t> shape; // each >= 0; empty for a single number
  /// Hands all bytes of the tensor (packed, little-endian, last dimension fastest) to the sink, in order, in
  /// pieces of any size. Called once, when it is this tensor's turn; what it throws ends the writing.
  std::function<void(const byte_sink &)> produce;
};

/// A `produce` for bytes that are in memory already and stay there until they are written.
[[nodiscard]] std::function<void(const byte_sink &)> bytes_in_memory(std::span<const std::byte> bytes);

/// Writes `tensors` and the free texts `metadata` to `path`, replacing what is there only once the new file
/// is whole and on the disk (see atomic_file). Ensures that the data start on a 64-byte boundary, and
/// that each tensor is aligned for its type: tensors of wider types come first, otherwise in the order given.
///
/// Throws vggen::error, with the file at `path` as it was before, with
///   invalid_argument if a name is used twice, is "__metadata__" or is not UTF-8 (likewise a text), if a
///                    shape is negative or too large, or if `produce` gives more or fewer bytes than the
///                    shape asks for;
///   too_large        if the header would exceed the 100 MB that the format allows;
///   cannot_write     if the file cannot be created or written whole, for a full disk say.
void write_safetensors(const std::filesystem::path &path, std::span<const tensor_source> tensors,
                       const std::map<std::string, std::string> &metadata = {});

} // namespace vggen

// The tensors of a state dict that was pickled.
#pragma once

#include "vggen/formats/pickle.hpp"
#include "vggen/formats/stored_weights.hpp"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace vggen::detail {

/// Fills a span with bytes of a storage, from an offset in bytes.
using storage_reader = std::function<void(std::int64_t offset, std::span<std::byte> to)>;

/// The tensors of the state dict in a pickle, in its order. `open_storage` gives the reader of a storage's
/// bytes, and throws if there are fewer than the storage should have.
[[nodiscard]] std::vector<stored_tensor>
tensors_of_state_dict(const pickle_value &root, const std::string &file_name,
                      const std::function<storage_reader(const pickle_value &storage)> &open_storage);

} // namespace vggen::detail

// Reads what torch.save writes of a state dict.
#pragma once

#include "vggen/formats/stored_weights.hpp"
#include "vggen/io/mapped_file.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace vggen::detail {

/// Whether a file that begins like this is one of torch.save's: a zip archive, or the older stream of
/// pickles.
[[nodiscard]] bool is_torch_zip(std::span<const std::byte> bytes);
[[nodiscard]] bool is_torch_stream(std::span<const std::byte> bytes);

/// The state dict of such a file, or the only one in a checkpoint's dict ("state_dict", "model"). The prefix
/// "module." of parallel training is taken off. Throws as open_vgg() does.
[[nodiscard]] stored_weights open_torch_zip(const std::shared_ptr<const mapped_file> &file);
[[nodiscard]] stored_weights open_torch_stream(const std::shared_ptr<const mapped_file> &file);

} // namespace vggen::detail

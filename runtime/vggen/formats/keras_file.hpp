// Reads what Keras writes with save_weights() and save(): HDF5 files.
#pragma once

#include "vggen/formats/stored_weights.hpp"
#include "vggen/io/mapped_file.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace vggen::detail {

[[nodiscard]] bool is_hdf5(std::span<const std::byte> bytes);

/// All datasets of floating-point numbers, but those of an optimiser, each called by its path in the file;
/// with Keras 3 by its layer's name, where that is noted. Layers come in the order of the model: as the file
/// lists them, or in the natural order of the names that Keras counts up. The file is read by its name when a
/// tensor is, so it must not change before. Throws as open_vgg() does.
[[nodiscard]] stored_weights open_keras(const std::shared_ptr<const mapped_file> &file);

} // namespace vggen::detail

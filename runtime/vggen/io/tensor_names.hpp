// What vggen calls parameters in the files that it writes.
#pragma once

#include <vggen/net/parameters.hpp>

#include <string>
#include <string_view>

namespace vggen {

/// What a parameter is called: by its layer's name in torchvision if it has one, else by that in the paper
/// (features.0.weight, conv5_4.bias).
[[nodiscard]] std::string tensor_name(const parameter_info &parameter);

/// Between a parameter's name and the key that it was packed under.
inline constexpr char packed_mark = '@';

/// What a parameter is called that was packed under this key (packed_weights_info): features.0.weight@KEY.
[[nodiscard]] std::string packed_tensor_name(const parameter_info &parameter, std::string_view key);

} // namespace vggen

#include "vggen/io/tensor_names.hpp"

namespace vggen {

std::string tensor_name(const parameter_info &parameter) {
  const auto layer = parameter.module.length > 0 ? parameter.module.view() : parameter.name.view();
  return std::string(layer) + "." + std::string(parameter.suffix());
}

std::string packed_tensor_name(const parameter_info &parameter, std::string_view key) {
  return tensor_name(parameter) + packed_mark + std::string(key);
}

} // namespace vggen

#include "vggen/formats/write_weights.hpp"

#include "vggen/formats/vgg_names.hpp"
#include "vggen/formats/vgg_transforms.hpp"
#include "vggen/io/error.hpp"
#include "vggen/io/write_safetensors.hpp"
#include "vggen/version.hpp"

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

namespace vggen {

std::int64_t input_extent(const vgg_weights &weights) {
  if (weights.top.empty()) return 0;
  const std::int64_t inputs = weights.top.front().weight.shape[1],
                     channels = weights.blocks.back().back().weight.shape[0];
  const std::int64_t places = inputs / channels;
  const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(places))));
  if (inputs % channels != 0 || side * side != places)
    throw error(error_code::mismatch,
                weights.file + ": found " + std::to_string(inputs) +
                    " inputs of the first fully connected layer, expected a square times the " +
                    std::to_string(channels) + " channels of the last convolution");
  return places == 1 ? 0 : side << weights.blocks.size();
}

void write_vgg_safetensors(const std::filesystem::path &path, const vgg_weights &weights,
                           const write_progress &progress) {
  vgg_weights written_ones = weights;
  set_epsilon(written_ones, 1e-5); // torchvision's
  const std::vector<detail::named_parameter> parameters = detail::torchvision_parameters(written_ones);
  std::int64_t total = 0, written = 0;
  for (const auto &parameter : parameters)
    total += parameter.tensor->size();
  std::vector<tensor_source> tensors;
  tensors.reserve(parameters.size());
  for (const auto &parameter : parameters)
    tensors.push_back({.name = parameter.layer + "." + parameter.name,
                       .type = element_type::f32,
                       .shape = parameter.tensor->shape,
                       .produce = [&, tensor = parameter.tensor](const byte_sink &sink) {
                         std::vector<float> values(static_cast<std::size_t>(tensor->size()));
                         tensor->read(values);
                         sink(std::as_bytes(std::span(values)));
                         written += tensor->size();
                         if (progress) progress(static_cast<double>(written) / static_cast<double>(total));
                       }});
  std::map<std::string, std::string> metadata = detail::metadata_to_write(weights);
  metadata["vggen"] = VGGEN_VERSION_TEXT;
  write_safetensors(path, tensors, metadata);
}

} // namespace vggen

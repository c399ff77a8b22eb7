#include "vggen/train/head_network.hpp"

#include <vggen/io/error.hpp>

#include <cstring>

namespace vggen {

head_network::head_network(trainable &whole) : whole_(whole), facts_(whole.facts()) {
  if (facts_.frozen_floats == 0)
    throw error(error_code::invalid_argument,
                std::string(facts_.name) +
                    ": found no layers that were frozen when it was compiled (or batch norms behind them), "
                    "expected some before what is trained, as freeze_until<\"...\">(network) makes them");
  facts_.input = {static_cast<int>(facts_.frozen_floats * sizeof(float)), 1, 1, true}; // one byte a value
  values_.resize(static_cast<std::size_t>(facts_.batch) * facts_.frozen_floats);
}

std::span<const float> head_network::values_of(std::span<const std::uint8_t> images) {
  std::memcpy(values_.data(), images.data(), values_.size() * sizeof(float));
  return values_;
}

void head_network::forward(std::span<const std::uint8_t> images, const normalisation &,
                           const step_number &number, int count) {
  whole_.forward_trained(values_of(images), number, count);
}

void head_network::evaluate(std::span<const std::uint8_t> images, const normalisation &,
                            std::span<float> logits) {
  whole_.evaluate_trained(values_of(images), logits);
}

} // namespace vggen

#include "vggen/formats/layouts.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace vggen::detail {

void outputs_before_places(stored_tensor &weight) {
  const std::vector<std::int64_t> from = weight.shape;
  weight.shape = {from[3], from[2], from[0], from[1]};
  weight.read = [read = std::move(weight.read), from](std::span<float> to) {
    std::vector<float> stored(to.size());
    read(stored);
    const auto places = static_cast<std::size_t>(from[0] * from[1]),
               inputs = static_cast<std::size_t>(from[2]), outputs = static_cast<std::size_t>(from[3]);
    for (std::size_t p = 0; p < places; ++p)
      for (std::size_t i = 0; i < inputs; ++i)
        for (std::size_t o = 0; o < outputs; ++o)
          to[(o * inputs + i) * places + p] = stored[(p * inputs + i) * outputs + o];
  };
}

void outputs_before_inputs(stored_tensor &weight, std::int64_t channels) {
  const auto in = static_cast<std::size_t>(weight.shape[0]), out = static_cast<std::size_t>(weight.shape[1]);
  weight.shape = {weight.shape[1], weight.shape[0]};
  weight.read = [read = std::move(weight.read), in, out,
                 count = static_cast<std::size_t>(channels)](std::span<float> to) {
    std::vector<float> stored(to.size());
    read(stored);
    const std::size_t places = in / count;
    constexpr std::size_t strip = 16; // of outputs: whole cache lines are read
    for (std::size_t first = 0; first < out; first += strip)
      for (std::size_t p = 0; p < places; ++p)
        for (std::size_t c = 0; c < count; ++c)
          for (std::size_t o = first; o < std::min(out, first + strip); ++o)
            to[o * in + c * places + p] = stored[(p * count + c) * out + o];
  };
}

void places_after_channels(stored_tensor &weight, std::int64_t channels) {
  const auto in = static_cast<std::size_t>(weight.shape[1]), count = static_cast<std::size_t>(channels);
  if (in == count) return;
  weight.read = [read = std::move(weight.read), in, count](std::span<float> to) {
    std::vector<float> stored(to.size());
    read(stored);
    const std::size_t places = in / count;
    for (std::size_t row = 0; row < to.size(); row += in)
      for (std::size_t p = 0; p < places; ++p)
        for (std::size_t c = 0; c < count; ++c)
          to[row + c * places + p] = stored[row + p * count + c];
  };
}

void reorder_dimensions(stored_tensor &tensor, const std::vector<std::size_t> &order) {
  const std::vector<std::int64_t> from = tensor.shape;
  std::vector<std::size_t> steps(order.size()); // in the old one, for a step in each dimension of the new one
  for (std::size_t d = 0; d < order.size(); ++d) {
    tensor.shape[d] = from[order[d]];
    steps[d] = 1;
    for (std::size_t inner = order[d] + 1; inner < from.size(); ++inner)
      steps[d] *= static_cast<std::size_t>(from[inner]);
  }
  tensor.read = [read = std::move(tensor.read), shape = tensor.shape, steps](std::span<float> to) {
    std::vector<float> stored(to.size());
    read(stored);
    std::vector<std::int64_t> at(shape.size());
    std::size_t source = 0;
    for (float &value : to) {
      value = stored[source];
      for (std::size_t d = at.size(); d-- > 0;) {
        source += steps[d];
        if (++at[d] < shape[d]) break;
        source -= static_cast<std::size_t>(at[d]) * steps[d];
        at[d] = 0;
      }
    }
  };
}

stored_tensor constant_tensor(std::string name, std::int64_t size, float value) {
  return {.name = std::move(name),
          .type = element_type::f32,
          .shape = {size},
          .read = [value](std::span<float> to) { std::ranges::fill(to, value); }};
}

} // namespace vggen::detail

// Fisher and Yates, with numbers that depend on the place and not on what was drawn before.
#include "vggen/data/shuffle.hpp"

#include "vggen/core/random.hpp"
#include "vggen/data/random_draw.hpp"

#include <cstddef>
#include <utility>

namespace vggen {

void shuffle(std::span<std::uint32_t> order, std::uint64_t seed, std::uint32_t epoch) noexcept {
  const auto key = detail::philox_key(seed);
  for (std::size_t i = order.size(); i-- > 1;) {
    const auto place = static_cast<std::uint32_t>(i);
    const auto block = philox(key, {place, 0, epoch, static_cast<std::uint32_t>(random_stream::shuffle)});
    std::swap(order[i], order[detail::uniform_below(place + 1, block)]);
  }
}

} // namespace vggen

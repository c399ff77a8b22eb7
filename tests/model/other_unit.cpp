#include "model/other_unit.hpp"

#include "model/seeded_weights.hpp"

#include <compiled/odd.hpp>
#include <compiled/vgg11_32.hpp>
#include <compiled/vgg16_32.hpp>

namespace vggen::test {

std::vector<float> logits_of_other_unit(const std::array<const float *, 22> &parameters) {
  using small = compiled::vgg11_32;
  small::weights weights;
  REQUIRE(weights.assign(parameters) == status::ok);
  small::context<> context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  return run(context, weights);
}

} // namespace vggen::test

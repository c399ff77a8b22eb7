// The same model as in context_test.cpp, and others, used from another translation unit.
#pragma once

#include <array>
#include <vector>

namespace vggen::test {

/// The logits of vgg11_32 for the seeded input.
std::vector<float> logits_of_other_unit(const std::array<const float *, 22> &parameters);

} // namespace vggen::test

// expect: input: a network has one input
// names: 2, input<3, 16, 16, false>, 4, 16, 16
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, conv3x3<4>, input<3, 16, 16>);

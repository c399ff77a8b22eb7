// expect: input: needs at least 1 channel
// names: 0, input<3, 16, 0, false>, 0, 1, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 0>, conv3x3<4>);

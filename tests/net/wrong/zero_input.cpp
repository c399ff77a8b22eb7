// expect: input: needs at least 1 channel
// names: 0, input<0, 16, 16, false>, 0, 1, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<0, 16, 16>, conv3x3<4>);

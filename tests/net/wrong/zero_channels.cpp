// expect: convolution: needs at least 1 output channel
// names: 1, conv3x3<0>, 3, 16, 16
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, conv3x3<0>);

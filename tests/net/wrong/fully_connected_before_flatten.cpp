// expect: fully_connected: needs a vector, but got channels x height x width
// names: 3, fully_connected<3>, 4, 16, 16
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, conv3x3<4>, relu, fully_connected<3>);

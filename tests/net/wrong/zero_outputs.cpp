// expect: fully_connected: needs at least 1 output
// names: 2, fully_connected<0>, 3, 1, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 1, 1>, flatten, fully_connected<0>);

// expect: a network starts with input<channels, height, width>
// names: 0, conv3x3<4>, 0, 1, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(conv3x3<4>, relu);

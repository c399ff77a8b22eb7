// expect: a network starts with input<channels, height, width>
// expect: conv3x3<4>
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(conv3x3<4>, relu);

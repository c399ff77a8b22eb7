// expect: boxes: it follows a fully connected layer
// names: 3, boxes<1>, 4, 5, 5
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 5, 5>, conv3x3<4>, relu, boxes<1>);

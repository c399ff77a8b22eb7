// expect: relu: it follows a convolution, its batch norm or a fully connected layer
// names: 1, relu, 3, 16, 16
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, relu, conv3x3<4>);

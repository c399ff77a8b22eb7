// expect: batch_norm: it follows a convolution
// names: 3, batch_norm, 4, 16, 16
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, conv3x3<4>, relu, batch_norm);

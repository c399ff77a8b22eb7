// expect: relu: it follows a convolution, its batch norm or a fully connected layer
// names: 2, relu, 3, 8, 8
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, max_pool<2>, relu);

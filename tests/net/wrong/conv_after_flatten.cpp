// expect: convolution: needs an input of channels x height x width, but got a vector
// names: 2, conv3x3<4>, 768, 1, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, flatten, conv3x3<4>);

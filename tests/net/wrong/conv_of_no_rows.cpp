// expect: convolution: needs a kernel of at least 1x1
// names: 1, conv<8, 0, 3>, 3, 9, 9
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 9, 9>, conv<8, 0, 3>);

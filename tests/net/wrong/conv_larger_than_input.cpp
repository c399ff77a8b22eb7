// expect: convolution: a valid convolution needs an input at least as large as its kernel
// names: 1, conv<8, 7, 7>, 3, 6, 9
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 6, 9>, conv<8, 7, 7>);

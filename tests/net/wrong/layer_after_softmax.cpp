// expect: softmax: it is the last layer
// names: 3, fully_connected<4>, 3, 1, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 1, 1>, flatten, softmax, fully_connected<4>);

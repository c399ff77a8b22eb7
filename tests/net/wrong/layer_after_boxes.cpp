// expect: boxes: it is the last layer
// names: 4, softmax, 4, 1, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 1, 1>, flatten, fully_connected<4>, boxes<1>, softmax);

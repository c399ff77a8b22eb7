// expect: boxes: needs at least 1 box
// names: 3, boxes<0>, 4, 1, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 1, 1>, flatten, fully_connected<4>, boxes<0>);

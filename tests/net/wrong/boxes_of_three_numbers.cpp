// expect: boxes: needs 4 outputs for each box
// names: 3, boxes<2>, 6, 1, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 1, 1>, flatten, fully_connected<6>, boxes<2>);

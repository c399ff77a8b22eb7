// expect: flatten: its input is a vector already
// names: 2, flatten, 768, 1, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, flatten, flatten);

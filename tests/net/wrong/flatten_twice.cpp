// expect: flatten: its input is a vector already
// expect: \b2\b.*flatten
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, flatten, flatten);

// expect: repeat: needs a count of at least 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, repeat<0>(conv3x3<4>));

// expect: sequential: the network has an input and no layer
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>);

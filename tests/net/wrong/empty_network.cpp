// expect: sequential: the network is empty
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential();

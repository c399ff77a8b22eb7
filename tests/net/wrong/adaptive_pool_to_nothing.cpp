// expect: adaptive pool: needs an output of at least 1x1
// names: 1, adaptive_max_pool<0, 2>, 3, 16, 16
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, adaptive_max_pool<0, 2>, flatten);

// expect: max_pool: needs an input of at least 2x2
// names: 1, max_pool<2>, 3, 1, 16
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 1, 16>, max_pool<2>);

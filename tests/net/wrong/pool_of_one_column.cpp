// expect: max_pool: needs an input of at least 2x2
// names: 1, max_pool<2>, 3, 16, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 1>, max_pool<2>);

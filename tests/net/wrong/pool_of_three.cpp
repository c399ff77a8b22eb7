// expect: max_pool: only windows of 2x2
// names: 1, max_pool<3>, 3, 16, 16
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, max_pool<3>);

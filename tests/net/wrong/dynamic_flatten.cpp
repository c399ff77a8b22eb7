// expect: flatten: its input's extent is dynamic
// names: 4, flatten, 16, 32, 32
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(dynamic_input<3, 64, 64>, conv3x3<16>, relu, max_pool<2>, flatten);

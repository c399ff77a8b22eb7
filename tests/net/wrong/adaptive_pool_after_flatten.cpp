// expect: adaptive pool: needs an input of channels x height x width
// names: 2, adaptive_average_pool<1, 1>, 768, 1, 1
#include <vggen/net/network.hpp>

using namespace vggen;

constexpr auto wrong = sequential(input<3, 16, 16>, flatten, adaptive_average_pool<1, 1>);

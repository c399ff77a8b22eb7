// expect: max_pool: needs an input of at least 2x2
// names: 31, max_pool<2>, 512, 1, 1
#include <vggen/net/zoo.hpp>

using namespace vggen;

constexpr auto wrong = with_input<3, 16, 16>(vgg16);

// expect: with_width: needs a positive fraction
#include <vggen/net/zoo.hpp>

using namespace vggen;

constexpr auto wrong = with_width<1, 0>(vgg16);

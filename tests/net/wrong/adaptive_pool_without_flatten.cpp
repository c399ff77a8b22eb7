// expect: with_adaptive_pool: the network has no flatten
#include <vggen/net/zoo.hpp>

constexpr auto wrong = vggen::with_adaptive_pool<7, 7>(vggen::vgg16_notop);

// expect: with_classes: the network has no classifier
#include <vggen/net/zoo.hpp>

using namespace vggen;

constexpr auto wrong = with_classes<10>(without_top(vgg16));

// expect: fully_convolutional: the network has no flatten
#include <vggen/net/zoo.hpp>

using namespace vggen;

constexpr auto wrong = fully_convolutional(without_top(vgg16));

// expect: with_boxes: the network has no fully connected layer
#include <vggen/net/zoo.hpp>

using namespace vggen;

constexpr auto wrong = with_boxes<1>(without_top(vgg16));

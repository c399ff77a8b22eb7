// expect: without_softmax: the network does not end with a softmax
#include <vggen/net/zoo.hpp>

constexpr auto wrong = vggen::without_softmax(vggen::vgg16_notop);

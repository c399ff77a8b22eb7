// expect: with_features: the network has no layer of one of the names
#include <vggen/net/zoo.hpp>

using namespace vggen;

constexpr auto wrong = with_features<"conv1_1", "conv9_9">(vgg16);

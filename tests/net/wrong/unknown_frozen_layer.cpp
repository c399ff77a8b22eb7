// expect: freeze_until: the network has no layer of that name
#include <vggen/net/zoo.hpp>

using namespace vggen;

constexpr auto wrong = freeze_until<"conv9_9">(vgg16);

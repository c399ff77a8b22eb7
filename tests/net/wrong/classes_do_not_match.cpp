// expect: require_classes: the number of classes does not match
// expect: \b10\b
// expect: fully_connected<1000>
#include <vggen/net/zoo.hpp>

using namespace vggen;

constexpr auto wrong = require_classes<10>(vgg16);

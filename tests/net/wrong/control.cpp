// expect success: a network that is right, so that the others do not fail for another reason
#include <vggen/net/zoo.hpp>

using namespace vggen;

constexpr auto right = require_classes<10>(with_classes<10>(with_input<3, 32, 32>(vgg16)));

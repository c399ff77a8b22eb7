// expect: with_batch: a batch holds at least 1 image
#include <vggen/net/zoo.hpp>

using namespace vggen;

constexpr auto wrong = with_batch<0>(vgg16);

// expect: with_batch_norm: the network has batch norms
#include <vggen/net/zoo.hpp>

constexpr auto wrong = vggen::with_batch_norm(vggen::vgg11_bn);

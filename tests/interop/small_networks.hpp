// VGG16 and VGG19 for 32x32 images of 10 classes, with a classifier of 512.
#pragma once

#include <vggen/net/zoo.hpp>

namespace vggen::test_networks {

inline constexpr auto vgg16_small = vgg16_cifar;
inline constexpr auto vgg19_small =
    with_top(with_input<3, 32, 32>(vgg19), flatten, fully_connected<512>, relu, dropout<0.5>,
             fully_connected<512>, relu, dropout<0.5>, fully_connected<10>, softmax);

} // namespace vggen::test_networks

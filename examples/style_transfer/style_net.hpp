#pragma once

#include <vggen/net/zoo.hpp>

/// VGG16's convolutions for pictures of 256 rows and 384 columns, and the layers that style and content are
/// made of (Gatys, Ecker and Bethge 2016: A Neural Algorithm of Artistic Style).
inline constexpr auto style_net =
    vggen::with_features<"conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv4_2", "conv5_1">(
        vggen::with_input<3, 256, 384>(vggen::without_top(vggen::vgg16)));

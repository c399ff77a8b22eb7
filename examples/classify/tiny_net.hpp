#pragma once

#include <vggen/net/network.hpp>

/// A small VGG for 32x32 images of ten classes.
inline constexpr auto tiny_net = vggen::sequential( //
    vggen::input<3, 32, 32>,                        //
    vggen::repeat<2>(vggen::conv3x3<32>, vggen::relu), vggen::max_pool<2>,
    vggen::repeat<2>(vggen::conv3x3<64>, vggen::relu), vggen::max_pool<2>, //
    vggen::flatten, vggen::fully_connected<128>, vggen::relu, vggen::dropout<0.5>, vggen::fully_connected<10>,
    vggen::softmax);

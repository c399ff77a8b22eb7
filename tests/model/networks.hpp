// The zoo at 32x32, where a run takes milliseconds: what whole-model tests are made of.
#pragma once

#include <vggen/net/zoo.hpp>

namespace vggen::test {

inline constexpr auto vgg11_32 = with_input<3, 32, 32>(vgg11);
inline constexpr auto vgg11_lrn_32 = with_input<3, 32, 32>(vgg11_lrn);
inline constexpr auto vgg13_32 = with_input<3, 32, 32>(vgg13);
inline constexpr auto vgg16_c_32 = with_input<3, 32, 32>(vgg16_c);
inline constexpr auto vgg16_32 = with_input<3, 32, 32>(vgg16);
inline constexpr auto vgg19_32 = with_input<3, 32, 32>(vgg19);

/// Odd extents everywhere: 45 -> 22 -> 11 -> 5.
inline constexpr auto odd =
    sequential(input<3, 45, 37>, conv3x3<20>, relu, max_pool<2>, conv3x3<33>, relu, conv1x1<17>, relu,
               max_pool<2>, conv3x3<48>, relu, local_response_norm, max_pool<2>, flatten, fully_connected<30>,
               relu, dropout<0.5>, fully_connected<7>, softmax);

/// Many channels on a small image: scheduled automatically, its kernels take scratch memory in parallel
/// tasks.
inline constexpr auto wide = sequential(input<3, 28, 28>, conv3x3<512>, relu, conv1x1<512>, relu, max_pool<2>,
                                        flatten, fully_connected<7>, softmax);

/// The same for whole images of any extent.
inline constexpr auto odd_whole = with_input<3, dynamic<75, 60>>(dense(odd));

} // namespace vggen::test

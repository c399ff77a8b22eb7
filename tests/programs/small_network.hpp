// A network for tests of the programs that train and explain.
#pragma once

#include <vggen/net/zoo.hpp>

namespace vggen::test_networks {

inline constexpr auto small =
    sequential(input<1, 28, 28>, conv3x3<8>, relu, max_pool<2>, conv3x3<16>, relu, max_pool<2>, flatten,
               fully_connected<32>, relu, dropout<0.25>, fully_connected<10>, softmax);

/// The same for whole images.
inline constexpr auto small_dense = with_input<1, dynamic<64, 64>>(dense(small));

/// The same, whose program explains.
inline constexpr auto small_explained = with_features<"conv1_1", "conv2_1", "fc4">(small);

/// The same for a box, and for one of each of three classes.
inline constexpr auto small_box = with_boxes<1>(small);
inline constexpr auto small_boxes = with_boxes<3>(small);

/// The same convolutions under another classifier, frozen up to the second one.
inline constexpr auto small_three =
    freeze_until<"conv2_1">(with_top(small, flatten, fully_connected<3>, softmax));

} // namespace vggen::test_networks

// Networks that are trained in tests.
#pragma once

#include <vggen/net/zoo.hpp>

namespace vggen::test_networks { // (vggen::test has functions of the same names as layers)

/// Every kind of layer, odd extents, channels that are no whole vectors.
inline constexpr auto odd_training =
    sequential(input<2, 11, 9>, conv3x3<5>, relu, local_response_norm, conv3x3<17>, relu, max_pool<2>,
               dropout<0.25>, conv1x1<7>, relu, conv3x3<6>, max_pool<2>, flatten, fully_connected<13>, relu,
               dropout<0.5>, fully_connected<4>, softmax);

/// The same for one box, and for one of each of three classes.
inline constexpr auto box_training = with_boxes<1>(odd_training);
inline constexpr auto boxes_training = with_boxes<3>(odd_training);

/// The same, of which the first block is not trained.
inline constexpr auto frozen_training = freeze_until<"conv2_1">(odd_training);

/// The same with features: behind a relu, before a dropout, without a relu, of a vector, and nothing after
/// them.
inline constexpr auto odd_features =
    with_features<"conv1_1", "pool1", "conv2_1", "conv2_2", "fc3">(odd_training);

/// Batch norms with a relu and without, of all kinds of convolutions; both adaptive pools, whose windows
/// overlap.
inline constexpr auto norm_training =
    sequential(input<2, 11, 9>, conv3x3<5>, batch_norm, relu, conv3x3<17>, batch_norm, relu, max_pool<2>,
               conv1x1<7>, batch_norm, conv3x3<6>, relu, adaptive_max_pool<4, 3>, adaptive_average_pool<3, 2>,
               flatten, fully_connected<13>, relu, dropout<0.5>, fully_connected<4>, softmax);

/// The same, of which the first block is not trained: its batch norms keep their statistics.
inline constexpr auto frozen_norm_training = freeze_until<"conv2_1">(norm_training);

inline constexpr auto norm_features = with_features<"conv2_1">(norm_training);

/// Those of tests/goldens/make_training_goldens.py.
template <class Network> constexpr auto with_small_top(Network net) {
  return with_top(with_input<3, 32, 32>(net), flatten, fully_connected<64>, relu, dropout<0.5>,
                  fully_connected<64>, relu, dropout<0.5>, fully_connected<10>, softmax);
}
inline constexpr auto trace_vgg11 = with_small_top(vgg11);
inline constexpr auto trace_vgg16 = with_small_top(vgg16);
inline constexpr auto trace_vgg11_bn = with_small_top(vgg11_bn);
inline constexpr auto trace_vgg11_boxes = with_boxes<10>(trace_vgg11);

} // namespace vggen::test_networks

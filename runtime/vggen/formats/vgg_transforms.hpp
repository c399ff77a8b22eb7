// What is done to a VGG's parameters on their way from one use to another.
#pragma once

#include "vggen/formats/vgg_weights.hpp"

namespace vggen {

/// Makes each batch norm a part of its convolution: factors and summands of inference, by the running
/// statistics, computed in double precision.
void fold_batch_norm(vgg_weights &weights);

/// Changes the factors of each batch norm so that it computes with another epsilon what it computed with its
/// own: in inference, by the running statistics. Frameworks have theirs outside of the file: torchvision
/// 1e-5, Keras 1e-3.
void set_epsilon(vgg_weights &weights, double epsilon);

/// Exchanges the first and the last channel of the input, red and blue, in the first convolution, so that the
/// network takes the other order and computes the same. The metadata's preprocessing is turned around too.
/// Throws vggen::error with mismatch if the network does not take three channels.
void reverse_input_channels(vgg_weights &weights);

/// Sums the first convolution over its input channels, so that the network takes grey images. The metadata's
/// preprocessing gets the mean of the channels' constants. Throws as reverse_input_channels() does.
void sum_input_channels(vgg_weights &weights);

} // namespace vggen

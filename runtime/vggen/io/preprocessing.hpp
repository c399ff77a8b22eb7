// What was done to pictures before the network was trained on them, and is therefore done before it runs.
#pragma once

#include "vggen/io/box.hpp"
#include "vggen/io/image.hpp"

#include <vggen/net/shape.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vggen {

/// Represents a way to turn a picture into what a network takes: resized and cropped as bytes
/// (prepare_image), then, for each value x of channel c,
///
///     (x / divisor - mean[c]) / deviation[c]
///
/// where c counts the channels as the network sees them.
struct preprocessing {
  std::string name;               ///< of a preset; empty for one that was measured on a data set
  int resize_smaller_side;        ///< of the picture, where the network takes 224 x 224 of it
  float divisor;                  ///< of the values from 0 to 255
  std::array<float, 3> mean;      ///< [c]; of a value that was divided
  std::array<float, 3> deviation; ///< [c]
  bool reverse_channels;          ///< the network takes blue, green, red; else red, green, blue
};

/// Returns the preprocessing of that name:
///   torchvision  of its trained weights: scaled to [0, 1], then by ImageNet's mean and standard deviation;
///   caffe        of Keras's and the paper's weights: blue, green, red, ImageNet's mean subtracted;
///   unit         scaled to [0, 1] and nothing else; the whole smaller side is kept.
/// Throws vggen::error with invalid_argument, listing these, if there is none of that name.
[[nodiscard]] const preprocessing &find_preprocessing(std::string_view name);

/// Returns the preprocessing that a weights file's metadata ("preprocess") name: a preset, or an object with
/// the members divisor, mean [3], deviation [3], reverse_channels and resize_smaller_side, as to_text writes
/// it. Throws vggen::error with invalid_argument if it is neither.
[[nodiscard]] preprocessing parse_preprocessing(std::string_view text);

/// The text of a preprocessing for metadata: its name, or all of it as JSON.
[[nodiscard]] std::string to_text(const preprocessing &how);

/// The numbers that preprocessing kernels take for a network of that many channels: [{divisor, mean,
/// deviation}][c].
[[nodiscard]] std::vector<float> constants_of(const preprocessing &how, int channels);

/// Returns the pixels [y][x][c] of `picture` as a network of 3 channels (red, green, blue) or of 1 (grey: the
/// ITU-R 601-2 luma, as Pillow's convert("L")) takes them. Throws vggen::error with invalid_argument if
/// `channels` is neither.
[[nodiscard]] std::vector<std::uint8_t> network_pixels(image picture, int channels);

/// Returns `picture` as a network of any extent looks at all of it: scaled so that its smaller side is
/// `smaller_side` pixels, or, if the larger one would not fit into the limit then, so that it just fits. 0:
/// as it is, if it fits. Throws vggen::error with invalid_argument if the result is smaller than the least
/// extent, and as resize does.
[[nodiscard]] image fit_whole(const image &picture, int smaller_side, const shape &least, const shape &most);

/// Returns the part of `picture` that a network of `channels` x `height` x `width` looks at: scaled so that
/// it just covers height * s / 224 by width * s / 224 pixels, each rounded, s being how.resize_smaller_side
/// (for square networks as torchvision's Resize: the smaller side to 256 for 224), then cropped to the
/// middle, its channels as network_pixels has them.
///
/// The result is [y][x][c], 0 to 255. Throws vggen::error with invalid_argument if `channels` is neither 1
/// nor 3, and as resize does.
[[nodiscard]] std::vector<std::uint8_t> prepare_image(const image &picture, int channels, int height,
                                                      int width, const preprocessing &how);

/// The part of `picture` that prepare_image returns.
[[nodiscard]] picture_view prepared_view(const image &picture, int height, int width,
                                         const preprocessing &how);

} // namespace vggen

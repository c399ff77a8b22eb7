// The layers a network is made of: empty tags that carry their own parameters and no shapes.
//
// A tag's type is what compiler messages name (`vggen::layers::conv3x3<64>`); the variable of the same name
// is what a network is written with (`conv3x3<64>`).
#pragma once

namespace vggen {

enum class layer_kind {
  none, ///< before the first layer
  input,
  conv,
  batch_norm,
  relu,
  local_response_norm,
  max_pool,
  adaptive_average_pool,
  adaptive_max_pool,
  flatten,
  fully_connected,
  dropout,
  softmax,
  boxes,
};

/// Numbers of a box: centre x, centre y, width, height, as shares of what the network sees.
inline constexpr int box_numbers = 4;

namespace layers {

/// What enters the network: images of Channels x Height x Width; dynamic: of any extent up to that.
template <int Channels, int Height, int Width, bool Dynamic = false> struct input {
  static constexpr layer_kind kind = layer_kind::input;
  static constexpr int channels = Channels, height = Height, width = Width;
  static constexpr bool dynamic = Dynamic;
};

/// A convolution with bias to Outputs channels. With Padding it keeps the extents; without, it is a valid
/// convolution, whose output is Height - 1 and Width - 1 smaller.
template <int Outputs, int Height, int Width, bool Padding> struct basic_conv {
  static constexpr layer_kind kind = layer_kind::conv;
  static constexpr int outputs = Outputs, height = Height, width = Width;
  static constexpr bool padding = Padding;
};

/// A 3x3 convolution, stride 1, zero padding 1.
template <int Outputs> struct conv3x3 : basic_conv<Outputs, 3, 3, true> {};

/// A 1x1 convolution (configuration C of the paper).
template <int Outputs> struct conv1x1 : basic_conv<Outputs, 1, 1, false> {};

/// A valid Height x Width convolution: what a fully connected layer becomes in a fully convolutional network.
template <int Outputs, int Height, int Width> struct conv : basic_conv<Outputs, Height, Width, false> {
  static constexpr bool starts_classifier = true; // of a fully convolutional network, if none came before
};

/// Batch normalisation (Ioffe and Szegedy 2015) of a convolution's output, with epsilon 1e-5: each channel by
/// the mean and the variance of its batch in training, by running ones at inference, where it is folded into
/// the convolution.
struct batch_norm {
  static constexpr layer_kind kind = layer_kind::batch_norm;
};

/// max(x, 0). It follows a convolution, its batch norm or a fully connected layer and is computed with it.
struct relu {
  static constexpr layer_kind kind = layer_kind::relu;
};

/// Local response normalisation across channels, with the constants of Krizhevsky et al. 2012 that the
/// paper's A-LRN uses: n = 5, k = 2, alpha = 1e-4, beta = 0.75. As in Caffe and PyTorch alpha is divided by
/// n.
struct local_response_norm {
  static constexpr layer_kind kind = layer_kind::local_response_norm;
};

/// The maximum over Size x Size windows, stride Size. Odd extents are floored, as every framework does.
template <int Size> struct max_pool {
  static constexpr layer_kind kind = layer_kind::max_pool;
  static constexpr int size = Size;
};

/// The mean of each of Height x Width windows that cover the input as evenly as they can: row i of the output
/// is that of the input's rows floor(i h / Height) up to ceil((i + 1) h / Height), as PyTorch has it.
template <int Height, int Width> struct adaptive_average_pool {
  static constexpr layer_kind kind = layer_kind::adaptive_average_pool;
  static constexpr int height = Height, width = Width;
};

/// The maximum of each of the same windows.
template <int Height, int Width> struct adaptive_max_pool {
  static constexpr layer_kind kind = layer_kind::adaptive_max_pool;
  static constexpr int height = Height, width = Width;
};

/// Turns channels x height x width into a vector, channel first (the order of torchvision's files).
struct flatten {
  static constexpr layer_kind kind = layer_kind::flatten;
};

/// A fully connected layer with bias.
template <int Outputs> struct fully_connected {
  static constexpr layer_kind kind = layer_kind::fully_connected;
  static constexpr int outputs = Outputs;
};

/// Sets a share P of its input to zero in training; nothing at inference.
template <double P> struct dropout {
  static constexpr layer_kind kind = layer_kind::dropout;
  static constexpr double probability = P;
};

/// exp(x) / sum(exp(x)) over the channels.
struct softmax {
  static constexpr layer_kind kind = layer_kind::softmax;
};

/// Says that the outputs of the fully connected layer before it are Count boxes, one or one a class, of
/// box_numbers each: the network is trained by their squared distance to those of its images. Computes
/// nothing.
template <int Count> struct boxes {
  static constexpr layer_kind kind = layer_kind::boxes;
  static constexpr int count = Count;
};

} // namespace layers

template <int Channels, int Height, int Width>
inline constexpr layers::input<Channels, Height, Width> input{};
template <int Channels, int MaxHeight, int MaxWidth>
inline constexpr layers::input<Channels, MaxHeight, MaxWidth, true> dynamic_input{};
template <int Outputs> inline constexpr layers::conv3x3<Outputs> conv3x3{};
template <int Outputs> inline constexpr layers::conv1x1<Outputs> conv1x1{};
template <int Outputs, int Height, int Width> inline constexpr layers::conv<Outputs, Height, Width> conv{};
inline constexpr layers::batch_norm batch_norm{};
inline constexpr layers::relu relu{};
inline constexpr layers::local_response_norm local_response_norm{};
template <int Size> inline constexpr layers::max_pool<Size> max_pool{};
template <int Height, int Width>
inline constexpr layers::adaptive_average_pool<Height, Width> adaptive_average_pool{};
template <int Height, int Width>
inline constexpr layers::adaptive_max_pool<Height, Width> adaptive_max_pool{};
inline constexpr layers::flatten flatten{};
template <int Outputs> inline constexpr layers::fully_connected<Outputs> fully_connected{};
template <double P> inline constexpr layers::dropout<P> dropout{};
inline constexpr layers::softmax softmax{};
template <int Count> inline constexpr layers::boxes<Count> boxes{};

} // namespace vggen

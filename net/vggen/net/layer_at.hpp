// A layer in its place: index, layer and the shape it gets, with the rules it must keep.
//
// A broken rule does not compile. The static_assert says what the layer needs; the compiler names the type
// `layer_at<index, layer, shape it got, ...>` beside it, which says where and what it got.
#pragma once

#include <vggen/net/layers.hpp>
#include <vggen/net/shape.hpp>

namespace vggen {

/// Represents Layer at position Index, fed with an activation of shape Got.
/// Requires: what the static_asserts of its kind say. Previous is the kind of the layer before it.
template <int Index, class Layer, shape Got, layer_kind Previous> struct layer_at {
  using layer_type = Layer;
  static constexpr int index = Index;
  static constexpr layer_kind kind = Layer::kind;
  static constexpr shape input = Got;

  static_assert(Layer::kind != layer_kind::input || Index == 0,
                "input: a network has one input, and it is its first layer; a second one stands at the index "
                "named beside this message (layer_at<index, layer, shape it got>)");
  static_assert(Index != 0 || Layer::kind == layer_kind::input,
                "a network starts with input<channels, height, width>; its first layer is named beside this "
                "message (layer_at<index, layer, ...>)");
  static_assert(Previous != layer_kind::softmax,
                "softmax: it is the last layer; the layer that follows it is named beside this message "
                "(layer_at<index, layer, shape it got>)");
  static_assert(Previous != layer_kind::boxes,
                "boxes: it is the last layer; the layer that follows it is named beside this message "
                "(layer_at<index, layer, shape it got>)");

  constexpr layer_at() {
    if constexpr (Layer::kind == layer_kind::input) {
      static_assert(Layer::channels >= 1 && Layer::height >= 1 && Layer::width >= 1,
                    "input: needs at least 1 channel and an extent of at least 1x1; it has the channels, "
                    "height and width named beside this message (input<channels, height, width>)");
    } else if constexpr (Layer::kind == layer_kind::conv) {
      static_assert(Layer::outputs >= 1,
                    "convolution: needs at least 1 output channel (layer_at<index, layer<channels>, shape it "
                    "got> is named beside this message)");
      static_assert(Layer::height >= 1 && Layer::width >= 1,
                    "convolution: needs a kernel of at least 1x1 (layer_at<index, layer<channels, height, "
                    "width>, shape it got> is named beside this message)");
      static_assert(!Got.flat,
                    "convolution: needs an input of channels x height x width, but got a vector: no "
                    "convolution can follow flatten (layer_at<index, layer, shape it got> is named beside "
                    "this message)");
      static_assert(Layer::padding || (Got.height >= Layer::height && Got.width >= Layer::width),
                    "convolution: a valid convolution needs an input at least as large as its kernel "
                    "(layer_at<index, layer<channels, height, width>, shape it got> is named beside this "
                    "message)");
    } else if constexpr (Layer::kind == layer_kind::batch_norm) {
      static_assert(
          Previous == layer_kind::conv,
          "batch_norm: it follows a convolution, into which it is folded at inference (layer_at<index, "
          "layer, shape it got, layer before> is named beside this message)");
    } else if constexpr (Layer::kind == layer_kind::relu) {
      static_assert(
          Previous == layer_kind::conv || Previous == layer_kind::batch_norm ||
              Previous == layer_kind::fully_connected,
          "relu: it follows a convolution, its batch norm or a fully connected layer, with which it is "
          "computed (layer_at<index, layer, shape it got, layer before> is named beside this message)");
    } else if constexpr (Layer::kind == layer_kind::local_response_norm) {
      static_assert(!Got.flat, "local_response_norm: needs an input of channels x height x width, but got a "
                               "vector (layer_at<index, layer, shape it got> is named beside this message)");
    } else if constexpr (Layer::kind == layer_kind::max_pool) {
      static_assert(Layer::size == 2, "max_pool: only windows of 2x2 with stride 2 are supported, as in VGG");
      static_assert(!Got.flat, "max_pool: needs an input of channels x height x width, but got a vector "
                               "(layer_at<index, layer, shape it got> is named beside this message)");
      static_assert(Got.flat || (Got.height >= 2 && Got.width >= 2),
                    "max_pool: needs an input of at least 2x2, but got a smaller one: use a larger input or "
                    "fewer pools (layer_at<index, layer, shape it got: channels, height, width> is named "
                    "beside this message)");
    } else if constexpr (Layer::kind == layer_kind::adaptive_average_pool ||
                         Layer::kind == layer_kind::adaptive_max_pool) {
      static_assert(
          Layer::height >= 1 && Layer::width >= 1,
          "adaptive pool: needs an output of at least 1x1 (layer_at<index, layer<height, width>, shape "
          "it got> is named beside this message)");
      static_assert(!Got.flat, "adaptive pool: needs an input of channels x height x width, but got a vector "
                               "(layer_at<index, layer, shape it got> is named beside this message)");
    } else if constexpr (Layer::kind == layer_kind::flatten) {
      static_assert(!Got.flat, "flatten: its input is a vector already (layer_at<index, layer, shape it got> "
                               "is named beside this message)");
      static_assert(!Got.dynamic,
                    "flatten: its input's extent is dynamic, so that it would have no fixed "
                    "length: pool it before (with_adaptive_pool, global_average_pool), or use "
                    "dense (layer_at<index, layer, shape it got> is named beside this message)");
    } else if constexpr (Layer::kind == layer_kind::softmax) {
      static_assert(!Got.dynamic,
                    "softmax: its input's extent is dynamic; pool it before (dense does), or use "
                    "without_softmax (layer_at<index, layer, shape it got> is named beside this message)");
    } else if constexpr (Layer::kind == layer_kind::fully_connected) {
      static_assert(Layer::outputs >= 1,
                    "fully_connected: needs at least 1 output (layer_at<index, layer<outputs>, shape it got> "
                    "is named beside this message)");
      static_assert(Got.flat,
                    "fully_connected: needs a vector, but got channels x height x width: put flatten before "
                    "the first fully connected layer (layer_at<index, layer, shape it got> is named beside "
                    "this message)");
    } else if constexpr (Layer::kind == layer_kind::dropout) {
      static_assert(Layer::probability >= 0 && Layer::probability < 1,
                    "dropout: its probability is at least 0 and below 1 (layer_at<index, layer<p>, ...> is "
                    "named beside this message)");
    } else if constexpr (Layer::kind == layer_kind::boxes) {
      static_assert(Layer::count >= 1, "boxes: needs at least 1 box (layer_at<index, layer<boxes>, ...> is "
                                       "named beside this message)");
      static_assert(
          Previous == layer_kind::fully_connected,
          "boxes: it follows a fully connected layer, whose outputs are the boxes (layer_at<index, layer, "
          "shape it got, layer before> is named beside this message)");
      static_assert(Previous != layer_kind::fully_connected || Got.channels == box_numbers * Layer::count,
                    "boxes: needs 4 outputs for each box, fully_connected<4 * boxes>, but got another number "
                    "(layer_at<index, layer<boxes>, shape it got> is named beside this message)");
    }
  }
};

} // namespace vggen

// Layers as text, as a network is written: conv3x3<64>, max_pool<2>, fully_connected<4096>.
#pragma once

#include <vggen/net/network.hpp>

#include <boost/hana.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace vggen {

namespace detail {

template <int Outputs> std::string text_of(layers::conv3x3<Outputs>) {
  return "conv3x3<" + std::to_string(Outputs) + ">";
}
template <int Outputs> std::string text_of(layers::conv1x1<Outputs>) {
  return "conv1x1<" + std::to_string(Outputs) + ">";
}
template <int Outputs, int H, int W> std::string text_of(layers::conv<Outputs, H, W>) {
  return "conv<" + std::to_string(Outputs) + ", " + std::to_string(H) + ", " + std::to_string(W) + ">";
}
template <int C, int H, int W, bool Dynamic> std::string text_of(layers::input<C, H, W, Dynamic>) {
  return std::string(Dynamic ? "dynamic_" : "") + "input<" + std::to_string(C) + ", " + std::to_string(H) +
         ", " + std::to_string(W) + ">";
}
template <int Outputs> std::string text_of(layers::fully_connected<Outputs>) {
  return "fully_connected<" + std::to_string(Outputs) + ">";
}
template <int Size> std::string text_of(layers::max_pool<Size>) {
  return "max_pool<" + std::to_string(Size) + ">";
}
template <int H, int W> std::string text_of(layers::adaptive_average_pool<H, W>) {
  return "adaptive_average_pool<" + std::to_string(H) + ", " + std::to_string(W) + ">";
}
template <int H, int W> std::string text_of(layers::adaptive_max_pool<H, W>) {
  return "adaptive_max_pool<" + std::to_string(H) + ", " + std::to_string(W) + ">";
}
inline std::string text_of(layers::batch_norm) { return "batch_norm"; }
inline std::string text_of(layers::relu) { return "relu"; }
inline std::string text_of(layers::local_response_norm) { return "local_response_norm"; }
inline std::string text_of(layers::flatten) { return "flatten"; }
inline std::string text_of(layers::softmax) { return "softmax"; }
template <int Count> std::string text_of(layers::boxes<Count>) {
  return "boxes<" + std::to_string(Count) + ">";
}
template <double Probability> std::string text_of(layers::dropout<Probability>) {
  char number[32];
  std::snprintf(number, sizeof number, "%g", Probability);
  return std::string("dropout<") + number + ">";
}

} // namespace detail

/// The layers of a network, each as it is written, in order.
template <class Network> std::vector<std::string> layer_texts() {
  std::vector<std::string> texts;
  hana::for_each(Network::layers, [&](auto layer) { texts.push_back(detail::text_of(layer)); });
  return texts;
}

} // namespace vggen

// What a kernel computes, exactly: the key under which net/ asks for it, generators/ make it, schedules are
// looked up and runtime/ finds it. The canonical text is the one form people and files see:
//
//     conv3x3.forward n1 56x56 c256 k256 bias+relu out-halo f32
//
// operator.direction, batch, input extent (height x width), channels, outputs, filter (of valid convolutions;
// of adaptive pools: the output's extent), epilogue, halos, whether the extent is dynamic, element types.
// Fields at their default are left out. A dynamic extent is the largest one: the input's buffer says the one
// at hand, and the output's follows from it.
//
// A backward kernel is described by its layer: extent, channels and in-halo are those of the layer's input.
// backward-data reads the gradient of the layer's output and writes that of its input, with out-halo if that
// one has a halo; relu then means that the input came out of a relu, and that the gradient is that of what
// went into it (zero where the input is zero). backward-weights writes the gradients of weights and bias. The
// gradient of a 3x3 convolution's output has a halo, that of any other layer's has none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vggen {

enum class operation : std::uint8_t {
  conv3x3,
  conv1x1,
  conv,
  max_pool,
  fully_connected,
  local_response_norm,
  flatten,
  softmax,
  preprocess,    ///< u8 image, height x width x channels, to the network's normalised input
  dropout,       ///< by a counter-based generator: backward needs no mask
  cross_entropy, ///< softmax and cross-entropy against labels: each image's loss and the logits' gradient
  sgd,           ///< one update of any number of parameters, with momentum and decay
  adaptive_average_pool,
  adaptive_max_pool,
  batch_norm,    ///< by the statistics of the batch; folded into the convolution where those are fixed
  relu,          ///< backward only, where it is a step of its own; without the flag relu: a copy
  add,           ///< backward only: the sum of two gradients of one tensor (the second one as `input`)
  squared_error, ///< half the squared distance to targets: each image's loss and the outputs' gradient
};
inline constexpr std::array<std::string_view, 18> operation_names{"conv3x3",
                                                                  "conv1x1",
                                                                  "conv",
                                                                  "max_pool",
                                                                  "fully_connected",
                                                                  "local_response_norm",
                                                                  "flatten",
                                                                  "softmax",
                                                                  "preprocess",
                                                                  "dropout",
                                                                  "cross_entropy",
                                                                  "sgd",
                                                                  "adaptive_average_pool",
                                                                  "adaptive_max_pool",
                                                                  "batch_norm",
                                                                  "relu",
                                                                  "add",
                                                                  "squared_error"};

enum class direction : std::uint8_t { forward, backward_data, backward_weights };
inline constexpr std::array<std::string_view, 3> direction_names{"forward", "backward-data",
                                                                 "backward-weights"};

enum class element : std::uint8_t { f32 };
inline constexpr std::array<std::string_view, 1> element_names{"f32"};

constexpr std::string_view name_of(operation op) { return operation_names[static_cast<std::size_t>(op)]; }

/// Represents one kernel's function. Two layers with equal signatures share a kernel.
struct signature {
  operation op{};
  direction dir{};
  int batch = 1;
  int height = 1; ///< of the input
  int width = 1;
  int channels = 0;
  int outputs = 0;       ///< output channels; 0 where they equal the input's
  int filter_height = 0; ///< of a valid convolution; of an adaptive pool: the output's extent
  int filter_width = 0;
  bool bias = false; ///< the epilogue: what is done to each sum before it is stored
  bool relu = false;
  bool pool = false;        ///< 2x2 max-pool, stride 2
  bool input_halo = false;  ///< the input has one pixel around it (a 3x3 convolution's is zero, and read)
  bool output_halo = false; ///< the output has one zero pixel around it, which the kernel writes
  bool dynamic = false;     ///< height and width are the largest ones that an input may have
  element weights{}, activations{}, accumulators{};

  constexpr bool operator==(const signature &) const = default;

  [[nodiscard]] constexpr bool is_convolution() const {
    return op == operation::conv3x3 || op == operation::conv1x1 || op == operation::conv;
  }
  [[nodiscard]] constexpr bool has_weights() const {
    return is_convolution() || op == operation::fully_connected;
  }
  [[nodiscard]] constexpr bool is_adaptive_pool() const {
    return op == operation::adaptive_average_pool || op == operation::adaptive_max_pool;
  }
  /// Extent of the sums, before a pool of the epilogue.
  [[nodiscard]] constexpr int sum_height() const {
    return op == operation::conv ? height - filter_height + 1 : height;
  }
  [[nodiscard]] constexpr int sum_width() const {
    return op == operation::conv ? width - filter_width + 1 : width;
  }
  [[nodiscard]] constexpr int output_height() const {
    if (op == operation::flatten) return 1;
    if (is_adaptive_pool()) return filter_height;
    return pool || op == operation::max_pool ? sum_height() / 2 : sum_height();
  }
  [[nodiscard]] constexpr int output_width() const {
    if (op == operation::flatten) return 1;
    if (is_adaptive_pool()) return filter_width;
    return pool || op == operation::max_pool ? sum_width() / 2 : sum_width();
  }
  [[nodiscard]] constexpr int output_channels() const {
    if (op == operation::flatten) return channels * height * width;
    return outputs > 0 ? outputs : channels;
  }
  /// Height and width of the filter of any convolution.
  [[nodiscard]] constexpr int window_height() const {
    return op == operation::conv3x3 ? 3 : op == operation::conv ? filter_height : 1;
  }
  [[nodiscard]] constexpr int window_width() const {
    return op == operation::conv3x3 ? 3 : op == operation::conv ? filter_width : 1;
  }
  [[nodiscard]] constexpr std::int64_t multiply_adds() const {
    return has_weights() ? std::int64_t{batch} * sum_height() * sum_width() * channels * outputs *
                               window_height() * window_width()
                         : 0;
  }
  /// Floats that one image's input and output take, halo included: [c, x, y]. (Of a backward kernel the
  /// output is that of its layer, whose gradient it reads.)
  [[nodiscard]] constexpr std::int64_t input_size() const {
    return padded(channels, height, width, input_halo);
  }
  [[nodiscard]] constexpr std::int64_t output_size() const {
    return padded(output_channels(), output_height(), output_width(), output_halo);
  }
  /// Backward: the gradient of the layer's output has one zero pixel around it.
  [[nodiscard]] constexpr bool gradient_halo() const { return op == operation::conv3x3; }
  /// Floats of one image's gradient of the layer's output, which backward kernels read, and of its input,
  /// which backward-data writes.
  [[nodiscard]] constexpr std::int64_t output_gradient_size() const {
    return padded(output_channels(), output_height(), output_width(), gradient_halo());
  }
  [[nodiscard]] constexpr std::int64_t input_gradient_size() const {
    return padded(channels, height, width, output_halo);
  }

private:
  static constexpr std::int64_t padded(int c, int h, int w, bool halo) {
    return std::int64_t{c} * (h + 2 * halo) * (w + 2 * halo);
  }
};

/// The canonical text of a signature, in a fixed buffer (constexpr).
struct signature_text {
  std::array<char, 176> text{}; // the longest: every field present, each number of ten digits (167)
  std::size_t length = 0;

  constexpr void append(std::string_view s) {
    for (const char c : s)
      text[length++] = c;
  }
  constexpr void append(int number) {
    if (number >= 10) append(number / 10);
    text[length++] = static_cast<char>('0' + number % 10);
  }
  [[nodiscard]] constexpr std::string_view view() const { return {text.data(), length}; }
};

constexpr signature_text to_text(const signature &s) {
  signature_text out;
  const auto field = [&](std::string_view prefix, int value) {
    out.append(prefix);
    out.append(value);
  };
  out.append(name_of(s.op));
  out.append(".");
  out.append(direction_names[static_cast<std::size_t>(s.dir)]);
  field(" n", s.batch);
  field(" ", s.height);
  field("x", s.width);
  field(" c", s.channels);
  if (s.outputs > 0) field(" k", s.outputs);
  if (s.filter_height > 0) field(" f", s.filter_height), field("x", s.filter_width);
  std::string_view separator = " ";
  const auto flag = [&](bool set, std::string_view name) {
    if (!set) return;
    out.append(separator);
    out.append(name);
    separator = "+";
  };
  flag(s.bias, "bias");
  flag(s.relu, "relu");
  flag(s.pool, "max-pool");
  if (s.input_halo != (s.op == operation::conv3x3)) out.append(" in-halo");
  if (s.output_halo) out.append(" out-halo");
  if (s.dynamic) out.append(" dynamic");
  out.append(" ");
  out.append(element_names[static_cast<std::size_t>(s.activations)]);
  return out;
}

namespace detail {

/// Reads a canonical text token by token.
struct signature_reader {
  std::string_view rest;

  constexpr std::string_view token() {
    const auto end = rest.find(' ');
    const auto result = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return result;
  }
  static constexpr bool number(std::string_view &s, int &value) {
    std::int64_t v = 0;
    std::size_t digits = 0;
    while (digits < s.size() && s[digits] >= '0' && s[digits] <= '9' && digits < 9)
      v = v * 10 + (s[digits++] - '0');
    if (digits == 0 || v < 1) return false;
    value = static_cast<int>(v);
    s.remove_prefix(digits);
    return true;
  }
  static constexpr bool extents(std::string_view s, int &height, int &width) {
    if (!number(s, height) || s.empty() || s.front() != 'x') return false;
    s.remove_prefix(1);
    return number(s, width) && s.empty();
  }
  static constexpr bool prefixed(std::string_view s, char prefix, int &value) {
    if (s.empty() || s.front() != prefix) return false;
    s.remove_prefix(1);
    return number(s, value) && s.empty();
  }
  template <std::size_t N, class Enum>
  static constexpr bool name(std::string_view s, const std::array<std::string_view, N> &names, Enum &value) {
    for (std::size_t i = 0; i < N; ++i)
      if (names[i] == s) return value = static_cast<Enum>(i), true;
    return false;
  }
};

} // namespace detail

/// The signature of a canonical text; nothing if the text is not exactly what to_text writes.
constexpr std::optional<signature> parse_signature(std::string_view text) {
  using reader = detail::signature_reader;
  reader in{text};
  signature s;
  const auto head = in.token();
  const auto dot = head.find('.');
  if (dot == std::string_view::npos || !reader::name(head.substr(0, dot), operation_names, s.op) ||
      !reader::name(head.substr(dot + 1), direction_names, s.dir) ||
      !reader::prefixed(in.token(), 'n', s.batch) || !reader::extents(in.token(), s.height, s.width) ||
      !reader::prefixed(in.token(), 'c', s.channels))
    return {};
  s.input_halo = s.op == operation::conv3x3;
  bool typed = false;
  while (!in.rest.empty()) {
    if (typed) return {};
    auto token = in.token();
    if (reader::prefixed(token, 'k', s.outputs)) continue;
    if (token == "in-halo")
      s.input_halo = !s.input_halo;
    else if (token == "out-halo")
      s.output_halo = true;
    else if (token == "dynamic")
      s.dynamic = true;
    else if (reader::name(token, element_names, s.activations))
      typed = true;
    else if (token.starts_with('f') && reader::extents(token.substr(1), s.filter_height, s.filter_width))
      continue;
    else
      for (bool more = true; more;) {
        const auto plus = token.find('+');
        const auto flag = token.substr(0, plus);
        if (flag == "bias")
          s.bias = true;
        else if (flag == "relu")
          s.relu = true;
        else if (flag == "max-pool")
          s.pool = true;
        else
          return {};
        more = plus != std::string_view::npos;
        if (more) token.remove_prefix(plus + 1);
      }
  }
  s.weights = s.accumulators = s.activations;
  if (!typed || to_text(s).view() != text) return {}; // one form only: order and repetition matter
  return s;
}

} // namespace vggen

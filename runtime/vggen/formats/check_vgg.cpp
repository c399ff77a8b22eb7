#include "vggen/formats/check_vgg.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace vggen::detail {

namespace {

using extents = std::vector<std::int64_t>;

constexpr std::size_t most_listed = 50;

class vgg_check {
public:
  explicit vgg_check(std::vector<std::string> problems) : problems_(std::move(problems)) {}

  void run(const vgg_weights &weights) {
    if (weights.blocks.empty()) problems_.emplace_back("found no convolutions");
    std::int64_t inputs = 0; // of the next layer; 0: any
    for (const auto &block : weights.blocks)
      for (const convolution_weights &convolution : block)
        inputs = check(convolution, inputs);
    check_top(weights, inputs);
    if (problems_.empty()) return;
    std::string text = weights.file + ": this is not a VGG:";
    for (std::size_t i = 0; i < std::min(problems_.size(), most_listed); ++i)
      text += "\n  " + problems_[i];
    if (problems_.size() > most_listed)
      text += "\n  and " + std::to_string(problems_.size() - most_listed) + " more";
    throw error(error_code::mismatch, text);
  }

private:
  void expect(const stored_tensor &tensor, const extents &shape) {
    if (tensor.shape != shape || std::ranges::any_of(shape, [](std::int64_t extent) { return extent < 1; }))
      problems_.push_back(in_quotes(tensor.name) + ": found the shape " + shape_text(tensor.shape) +
                          ", expected " + shape_text(shape));
  }

  // Returns the outputs.
  std::int64_t check(const convolution_weights &convolution, std::int64_t inputs) {
    const extents &shape = convolution.weight.shape;
    if (shape.size() != 4) {
      problems_.push_back(in_quotes(convolution.weight.name) + ": found the shape " + shape_text(shape) +
                          ", expected a convolution's");
      return inputs;
    }
    const std::int64_t outputs = shape[0], window = shape[2] == 1 ? 1 : 3;
    expect(convolution.weight, {outputs, inputs == 0 ? shape[1] : inputs, window, window});
    expect(convolution.bias, {outputs});
    if (const auto &norm = convolution.norm)
      for (const stored_tensor *t : {&norm->weight, &norm->bias, &norm->running_mean, &norm->running_var})
        expect(*t, {outputs});
    return outputs;
  }

  // channels: of the last convolution.
  void check_top(const vgg_weights &weights, std::int64_t channels) {
    std::int64_t inputs = 0;
    for (const fully_connected_weights &connected : weights.top) {
      const extents &shape = connected.weight.shape;
      if (shape.size() != 2) {
        problems_.push_back(in_quotes(connected.weight.name) + ": found the shape " + shape_text(shape) +
                            ", expected a fully connected layer's");
        continue;
      }
      expect(connected.weight, {shape[0], inputs == 0 ? shape[1] : inputs});
      expect(connected.bias, {shape[0]});
      if (inputs == 0 && (channels < 1 || shape[1] % channels != 0))
        problems_.push_back(in_quotes(connected.weight.name) + ": found " + std::to_string(shape[1]) +
                            " inputs, expected a multiple of the " + std::to_string(channels) +
                            " channels of the last convolution");
      inputs = shape[0];
    }
  }

  std::vector<std::string> problems_;
};

} // namespace

void check_vgg(const vgg_weights &weights, std::vector<std::string> problems) {
  vgg_check(std::move(problems)).run(weights);
}

} // namespace vggen::detail

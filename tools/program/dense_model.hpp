// Puts a compiled dense model behind the interface dense_classifier.
#pragma once

#include "tools/program/dense_classifier.hpp"

#include <vggen/core/model.hpp>
#include <vggen/io/check_status.hpp>
#include <vggen/net/counts.hpp>

#include <array>
#include <optional>
#include <string>

namespace vggen {

/// Represents a Model (vggen::model) of a dense network with a dynamic input, run on single images, as a
/// dense_classifier.
template <class Model> class dense_model final : public dense_classifier {
  using network = typename Model::network;
  using context_type = typename Model::template context<1>;
  static_assert(is_dynamic<network>, "dense_model: the network's extent is not dynamic: "
                                     "with_input<3, dynamic<512, 512>>(dense(network))");
  static constexpr int pool = [] {
    for (const layer_info &layer : layer_infos<network>)
      if (layer.kind == layer_kind::adaptive_average_pool) return layer.index;
    return -1;
  }();
  static_assert(
      pool > 0 && is_feature<network>(pool - 1),
      "dense_model: the network does not average a map of scores that is a feature: dense(network) does");

public:
  [[nodiscard]] shape least() const override { return least_input<network>(); }
  [[nodiscard]] shape most() const override { return layer_infos<network>.front().output; }
  [[nodiscard]] int classes() const override { return vggen::classes(network{}); }
  [[nodiscard]] std::span<const parameter_info> parameter_tensors() const override {
    return parameter_infos<network>;
  }

  void prepare(std::span<const float *const> parameters, int threads) override {
    if (!context_) {
      context_.emplace();
      check(context_->prepare({.threads = threads}), "preparing for whole images");
    }
    std::array<const float *, parameter_infos<network>.size()> sources{};
    std::ranges::copy(parameters, sources.begin());
    check(weights_.assign(sources, {.batch = 1, .threads = context_->threads()}), "preparing the weights");
  }

  std::vector<float> classify(std::span<const std::uint8_t> image, int height, int width,
                              std::span<const float> constants, bool reverse_channels) override {
    check(context_->set_extent(height, width),
          "an image of " + std::to_string(height) + "x" + std::to_string(width));
    check(context_->set_images(image.data(), constants.data(), reverse_channels), "preprocessing");
    check(context_->forward(weights_), "running the network");
    return values_of(context_->logits());
  }

  [[nodiscard]] score_map scores() const override {
    const activation_view map = context_->output_of(pool - 1);
    constexpr int stride = [] {
      int pixels = 1;
      for (const layer_info &layer : layer_infos<network>)
        if (layer.kind == layer_kind::max_pool) pixels *= 2;
      return pixels;
    }();
    return {.extent = map.extent, .stride = stride, .scores = values_of(map)};
  }

private:
  static std::vector<float> values_of(const activation_view &view) {
    std::vector<float> values(static_cast<std::size_t>(view.size()));
    view.copy_to(values.data());
    return values;
  }
  void check(status s, const std::string &what) const { check_status(s, what, context_->message()); }

  typename Model::weights weights_;
  std::optional<context_type> context_;
};

} // namespace vggen

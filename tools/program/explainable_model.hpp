// Puts a model compiled for gradients (MODE gradients) behind the interface explainable.
#pragma once

#include "tools/program/explainable.hpp"

#include <vggen/core/model.hpp>
#include <vggen/io/check_status.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace vggen {

/// Represents a Model (vggen::model), compiled for the gradients of single images, as an explainable.
template <class Model> class explainable_model final : public explainable {
  using context_type = typename Model::gradients;
  using network = typename context_type::network;
  static_assert(context_type::batch == 1, "explain: one image at a time (GRADIENTS for a batch of 1)");
  static constexpr int logits = last_feature<network>();
  static_assert(layer_infos<network>[logits].output.channels == classes(network{}) &&
                    layer_infos<network>[logits].output.flat,
                "explain: the last feature has to be the logits: with_features<\"conv5_3\", \"fc8\">(vgg16)");

public:
  explainable_model() {
    for (const layer_info &layer : layer_infos<network>) {
      const int stored = layer.index == 0 ? 0 : detail::storing_layer<network>(layer.index);
      // a convolution, its batch norm and its relu are one feature, called by the convolution's name
      const bool known = !layers_.empty() && layers_.back().index == stored;
      if (!layer.output.flat && is_feature<network>(stored) && !known)
        layers_.push_back({stored, std::string(layer.name.view()), layer.output});
    }
  }

  [[nodiscard]] const std::vector<explained_layer> &layers() const override { return layers_; }

  void prepare(std::span<const float *const> parameters, int threads) override {
    check(context_.prepare({.threads = threads}), "preparing for gradients");
    std::array<const float *, context_type::parameter_count> sources{};
    std::ranges::copy(parameters, sources.begin());
    check(context_.assign(sources), "preparing the weights");
  }

  std::vector<float> classify(std::span<const std::uint8_t> image, std::span<const float> constants,
                              bool reverse_channels) override {
    check(context_.set_images(image.data(), constants.data(), reverse_channels), "preprocessing");
    check(context_.forward(), "running the network");
    logits_ = values_of(context_.output_of(logits));
    activations_.clear();
    for (const explained_layer &layer : layers_)
      activations_.push_back(values_of(context_.output_of(layer.index)));
    return logits_;
  }

  explanation explain(const explained_layer &layer, int of_class) override {
    context_.clear_loss_gradients();
    context_.loss_gradient(logits)[static_cast<std::size_t>(of_class)] = 1;
    check(context_.backward(), "the backward pass");
    const auto place = std::ranges::find(layers_, layer.index, &explained_layer::index) - layers_.begin();
    return {activations_[static_cast<std::size_t>(place)], values_of(context_.gradient_of(layer.index))};
  }

private:
  static std::vector<float> values_of(const activation_view &view) {
    std::vector<float> values(static_cast<std::size_t>(view.size()));
    view.copy_to(values.data());
    return values;
  }
  void check(status s, const std::string &what) const { check_status(s, what, context_.message()); }

  context_type context_;
  std::vector<explained_layer> layers_;
  std::vector<float> logits_;
  std::vector<std::vector<float>> activations_; // of each of layers_
};

} // namespace vggen

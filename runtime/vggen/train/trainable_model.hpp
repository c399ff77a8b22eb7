// Puts a model compiled for training (MODE training) behind the interface trainable.
#pragma once

#include "vggen/train/trainable.hpp"

#include <vggen/core/model.hpp>
#include <vggen/io/check_status.hpp>
#include <vggen/io/error.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace vggen {

/// Represents a Model (vggen::model) as a trainable.
template <class Model> class trainable_model final : public trainable {
  using context_type = typename Model::training;
  using network = typename context_type::network;
  static constexpr int boxes = boxes_of(network{});

  static constexpr bool keeps_frozen = context_type::frozen_output > 0 && !context_type::trains_batch_norms;

public:
  trainable_model() {
    facts_ = {.name = Model::name,
              .target = Model::target,
              .batch = context_type::batch,
              .classes = boxes == 0   ? classes(network{})
                         : boxes == 1 ? 0
                                      : boxes,
              .boxes = boxes,
              .input = layer_infos<network>.front().output,
              .parameter_tensors = parameter_infos<network>,
              .parameter_offsets = parameter_offsets<network>,
              .first_trained = context_type::first_trained,
              .state_bytes = context_type::state_bytes(),
              .arena_bytes = context_type::arena_bytes(),
              .kernels_key = {},
              .frozen_floats = keeps_frozen ? context_type::frozen_floats : 0};
    for (const compiled_kernel &kernel : Model::kernel_table)
      facts_.kernels_key += std::string(kernel.key.substr(0, 8));
  }

  [[nodiscard]] const trainable_facts &facts() const override { return facts_; }

  int prepare(int threads) override {
    for (const status result :
         {training_.prepare({.threads = threads}), inference_.prepare({.threads = threads})})
      if (result == status::unsupported_target)
        throw error(error_code::unsupported, std::string(Model::name) + " is compiled for " +
                                                 std::string(Model::target) +
                                                 ", with instructions that this machine does not have");
      else
        check_status(result, "preparing to train with " + std::to_string(threads) + " threads");
    assigned_ = false;
    return training_.threads();
  }

  [[nodiscard]] std::span<float> parameters() override { return training_.parameters(); }
  [[nodiscard]] std::span<float> gradients() override { return training_.gradients(); }
  [[nodiscard]] std::span<float> momenta() override { return training_.momenta(); }
  void parameters_changed() override {
    training_.parameters_changed();
    assigned_ = false;
  }
  [[nodiscard]] std::span<float> rate_factors() override { return training_.rate_factors(); }
  [[nodiscard]] std::span<float> decay_factors() override { return training_.decay_factors(); }

  void forward(std::span<const std::uint8_t> images, const normalisation &how, const step_number &number,
               int count) override {
    check(training_.set_images(images.data(), how.constants.data(), how.reverse_channels), "preprocessing");
    check(training_.forward(number, count), "running the network");
  }
  std::span<const float> loss(std::span<const std::int32_t> labels,
                              [[maybe_unused]] std::span<const float> targets,
                              [[maybe_unused]] float smoothing, float weight) override {
    status result{};
    if constexpr (boxes > 0)
      result = training_.box_loss(targets.data(), labels.data(), weight);
    else
      result = training_.loss(labels.data(), smoothing, weight);
    check(result, "the loss (labels are below " + std::to_string(facts_.classes) + ")");
    return training_.losses();
  }
  void backward() override { check(training_.backward(), "the backward pass"); }
  void update(const sgd_arguments &arguments) override {
    check(training_.update(arguments), "the update");
    assigned_ = false;
  }
  void copy_logits(std::span<float> out) const override { copy(training_.logits(), out); }

  [[nodiscard]] std::string layer_not_finite() const override {
    for (const layer_info &layer : layer_infos<network>) {
      const activation_view output = training_.output_of(layer.index);
      if (!output.data) continue;
      std::vector<float> values(static_cast<std::size_t>(output.size()));
      output.copy_to(values.data());
      if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); }))
        return std::string(layer.name.view());
    }
    return {};
  }

  void forward_frozen(std::span<const std::uint8_t> images, const normalisation &how,
                      std::span<float> values) override {
    check(training_.set_images(images.data(), how.constants.data(), how.reverse_channels), "preprocessing");
    check(training_.forward_frozen(), "running the frozen layers");
    std::ranges::copy(training_.frozen_values(), values.begin());
  }
  void forward_trained(std::span<const float> values, const step_number &number, int count) override {
    std::ranges::copy(values, training_.frozen_values().begin());
    check(training_.forward_trained(number, count), "running the network");
  }
  void evaluate_trained(std::span<const float> values, std::span<float> logits) override {
    if constexpr (keeps_frozen) {
      std::ranges::copy(values, training_.frozen_values().begin());
      check(training_.evaluate_trained(), "running the network");
      copy(training_.logits(), logits);
    }
  }

  void evaluate(std::span<const std::uint8_t> images, const normalisation &how,
                std::span<float> logits) override {
    if (!assigned_)
      check_status(weights_.assign(training_.parameter_pointers(),
                                   {.batch = context_type::batch, .threads = inference_.threads()}),
                   "preparing the weights");
    assigned_ = true;
    const auto checked = [&](status s) { check_status(s, "running the network", inference_.message()); };
    checked(inference_.set_images(images.data(), how.constants.data(), how.reverse_channels));
    checked(inference_.forward(weights_));
    copy(inference_.logits(), logits);
  }

private:
  static void copy(const activation_view &view, std::span<float> out) {
    if (static_cast<std::size_t>(view.size()) != out.size())
      throw error(error_code::invalid_argument, "logits: found room for " + std::to_string(out.size()) +
                                                    " values, expected " + std::to_string(view.size()));
    view.copy_to(out.data());
  }
  void check(status s, const std::string &what) const { check_status(s, what, training_.message()); }

  trainable_facts facts_;
  context_type training_;
  typename Model::weights weights_;
  typename Model::template context<context_type::batch> inference_;
  bool assigned_ = false;
};

} // namespace vggen

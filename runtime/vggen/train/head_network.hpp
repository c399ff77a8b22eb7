// A network in training whose images are what its frozen layers gave for them.
#pragma once

#include "vggen/train/trainable.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace vggen {

/// Represents the trained part of a network, whose parameters it shares. Where a network takes images it
/// takes features, the bytes of facts().frozen_floats floats each (feature_source).
class head_network final : public trainable {
public:
  /// Throws vggen::error with invalid_argument if the network has no frozen layers to begin after.
  explicit head_network(trainable &whole);

  [[nodiscard]] const trainable_facts &facts() const override { return facts_; }
  int prepare(int threads) override { return whole_.prepare(threads); }
  [[nodiscard]] std::span<float> parameters() override { return whole_.parameters(); }
  [[nodiscard]] std::span<float> gradients() override { return whole_.gradients(); }
  [[nodiscard]] std::span<float> momenta() override { return whole_.momenta(); }
  void parameters_changed() override { whole_.parameters_changed(); }
  [[nodiscard]] std::span<float> rate_factors() override { return whole_.rate_factors(); }
  [[nodiscard]] std::span<float> decay_factors() override { return whole_.decay_factors(); }

  void forward(std::span<const std::uint8_t> images, const normalisation &how, const step_number &number,
               int count) override;
  std::span<const float> loss(std::span<const std::int32_t> labels, std::span<const float> targets,
                              float smoothing, float weight) override {
    return whole_.loss(labels, targets, smoothing, weight);
  }
  void backward() override { whole_.backward(); }
  void update(const sgd_arguments &arguments) override { whole_.update(arguments); }
  void copy_logits(std::span<float> out) const override { whole_.copy_logits(out); }
  [[nodiscard]] std::string layer_not_finite() const override { return whole_.layer_not_finite(); }
  void forward_frozen(std::span<const std::uint8_t> images, const normalisation &how,
                      std::span<float> values) override {
    whole_.forward_frozen(images, how, values);
  }
  void forward_trained(std::span<const float> values, const step_number &number, int count) override {
    whole_.forward_trained(values, number, count);
  }
  void evaluate_trained(std::span<const float> values, std::span<float> logits) override {
    whole_.evaluate_trained(values, logits);
  }
  void evaluate(std::span<const std::uint8_t> images, const normalisation &how,
                std::span<float> logits) override;

private:
  std::span<const float> values_of(std::span<const std::uint8_t> images);

  trainable &whole_;
  trainable_facts facts_;
  std::vector<float> values_;
};

} // namespace vggen

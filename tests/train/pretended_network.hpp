// A network in training that computes nothing: for tests of what is around it.
#pragma once

#include <vggen/train/trainable.hpp>

#include <chrono>
#include <thread>
#include <vector>

namespace vggen::test {

/// Has the parameters of a network, but takes a pause for each step instead of computing.
class pretended_network final : public trainable {
public:
  template <class Network>
  explicit pretended_network(Network, std::size_t first_trained = 0, std::chrono::microseconds pause = {})
      : pause_(pause) {
    facts_ = {.name = "pretended",
              .target = "none",
              .batch = 4,
              .classes = 10,
              .input = layer_infos<Network>.front().output,
              .parameter_tensors = parameter_infos<Network>,
              .parameter_offsets = parameter_offsets<Network>,
              .first_trained = first_trained,
              .kernels_key = {}};
    parameters_.resize(static_cast<std::size_t>(parameter_offsets<Network>.back()));
    losses_.resize(4);
    rates_.assign(facts_.parameter_tensors.size(), 1.f);
    decays_ = rates_;
  }

  [[nodiscard]] const trainable_facts &facts() const override { return facts_; }
  int prepare(int threads) override { return threads; }
  [[nodiscard]] std::span<float> parameters() override { return parameters_; }
  [[nodiscard]] std::span<float> gradients() override { return parameters_; }
  [[nodiscard]] std::span<float> momenta() override { return parameters_; }
  void parameters_changed() override { ++changes; }
  [[nodiscard]] std::span<float> rate_factors() override { return rates_; }
  [[nodiscard]] std::span<float> decay_factors() override { return decays_; }

  void forward(std::span<const std::uint8_t>, const normalisation &, const step_number &, int) override {
    if (pause_.count() > 0) std::this_thread::sleep_for(pause_);
  }
  std::span<const float> loss(std::span<const std::int32_t>, std::span<const float>, float, float) override {
    return losses_;
  }
  void backward() override {}
  void update(const sgd_arguments &) override { ++updates; }
  void copy_logits(std::span<float> out) const override { std::fill(out.begin(), out.end(), 0.f); }
  [[nodiscard]] std::string layer_not_finite() const override { return {}; }
  void forward_frozen(std::span<const std::uint8_t>, const normalisation &, std::span<float>) override {}
  void forward_trained(std::span<const float>, const step_number &, int) override {}
  void evaluate_trained(std::span<const float>, std::span<float>) override {}
  void evaluate(std::span<const std::uint8_t>, const normalisation &, std::span<float> logits) override {
    std::fill(logits.begin(), logits.end(), 0.f);
  }

  /// One parameter tensor.
  std::span<float> parameter(std::size_t i) {
    return std::span(parameters_)
        .subspan(static_cast<std::size_t>(facts_.parameter_offsets[i]),
                 static_cast<std::size_t>(facts_.parameter_tensors[i].size()));
  }

  int changes = 0, updates = 0;

private:
  std::chrono::microseconds pause_;
  trainable_facts facts_;
  std::vector<float> parameters_, losses_, rates_, decays_;
};

} // namespace vggen::test

// Puts a compiled model behind the interface runnable_model.
#pragma once

#include "tools/program/runnable_model.hpp"

#include <vggen/core/model.hpp>
#include <vggen/io/check_status.hpp>
#include <vggen/io/error.hpp>
#include <vggen/net/counts.hpp>
#include <vggen/net/layer_text.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace vggen {

/// Represents a Model (vggen::model) as a runnable_model.
template <class Model> class model_adapter final : public runnable_model {
  using network = typename Model::network;

public:
  /// embedded_weights: see model_facts.
  explicit model_adapter(std::span<const std::byte> embedded_weights = {}) {
    facts_.embedded_weights = embedded_weights;
    facts_.name = Model::name;
    facts_.target = Model::target;
    facts_.tuned_for = Model::tuned_for;
    facts_.parameters = parameters(network{});
    facts_.multiply_adds = multiply_adds(network{});
    facts_.receptive_field = receptive_field(network{});
    facts_.input = layer_infos<network>.front().output;
    facts_.output = layer_infos<network>.back().output;
    facts_.boxes = boxes_of(network{});
    facts_.kernels = Model::kernel_table;
    facts_.parameter_tensors = parameter_infos<network>;
    facts_.packed_weights = Model::weights::packed_infos;
    facts_.plain_runs = Model::weights::plain_runs;
    facts_.batches.assign(Model::batches.begin(), Model::batches.end());
    for_each_batch(
        [&](auto batch) { facts_.arena_bytes.push_back(context_of<decltype(batch)::value>::arena_bytes()); });
    add_layers();
  }

  [[nodiscard]] const model_facts &facts() const override { return facts_; }

  [[nodiscard]] std::size_t scratch_bytes(int batch, int threads) const override {
    std::size_t bytes = 0;
    with_batch(batch, [&](auto n) { bytes = context_of<decltype(n)::value>::scratch_bytes(threads); });
    return bytes;
  }

  void assign(std::span<const float *const> parameters, std::span<const float *const> packed,
              bool features) override {
    std::ranges::copy(parameters, sources_.begin());
    prepacked_.assign(packed.begin(), packed.end());
    features_ = features;
    is_packed_ = false;
  }

  int prepare(int batch, int threads, const std::function<void(std::span<const float>)> &packed) override {
    int actual = 0;
    const packed_listener listener{
        .function =
            [](void *context, std::span<const float> part) noexcept {
              (*static_cast<const std::function<void(std::span<const float>)> *>(context))(part);
            },
        .context = const_cast<void *>(static_cast<const void *>(&packed))};
    with_batch(batch, [&](auto n) {
      auto &context = std::get<std::optional<context_of<decltype(n)::value>>>(contexts_);
      context.emplace();
      const status result = context->prepare({.threads = threads});
      if (result == status::unsupported_target)
        throw error(error_code::unsupported, std::string(Model::name) + " is compiled for " +
                                                 std::string(Model::target) +
                                                 ", with instructions that this machine does not have");
      check_status(result, "preparing to run with " + std::to_string(threads) + " threads");
      actual = context->threads();
      // not before the target is known to run here: packing weights runs kernels
      check_status(is_packed_ ? weights_.add_batch(batch, listener)
                              : weights_.assign(sources_, {.features = features_,
                                                           .batch = batch,
                                                           .threads = threads,
                                                           .packed = listener,
                                                           .prepacked = prepacked_}),
                   "preparing the weights");
      is_packed_ = true;
    });
    return actual;
  }

  [[nodiscard]] std::span<const float> packed_weights(std::size_t place) const override {
    return weights_.packed(place);
  }

  std::int64_t set_extent(int batch, int height, int width) override {
    if constexpr (is_dynamic<network>) {
      on(batch, [&](auto &context) {
        check_status(context.set_extent(height, width),
                     "images of " + std::to_string(height) + "x" + std::to_string(width));
      });
      return multiply_adds_at<network>({facts_.input.channels, height, width, false, true});
    } else {
      throw error(error_code::invalid_argument,
                  std::string(Model::name) + " takes images of one extent only");
    }
  }

  void set_images(int batch, std::span<const std::uint8_t> images, std::span<const float> constants,
                  bool reverse_channels) override {
    on(batch, [&](auto &context) {
      check_status(context.set_images(images.data(), constants.data(), reverse_channels), "preprocessing",
                   context.message());
    });
  }

  void forward(int batch) override {
    on(batch, [&](auto &context) {
      check_status(context.forward(weights_), "running the network", context.message());
    });
  }

  void forward_observed(int batch, const std::function<void(int)> &observe) override {
    on(batch, [&](auto &context) {
      check_status(context.forward_observed(weights_, observe), "running the network", context.message());
    });
  }

  void forward_to(int batch, int layer) override {
    on(batch, [&](auto &context) {
      check_status(context.forward_to(weights_, layer),
                   "running the network to layer " + std::to_string(layer), context.message());
    });
  }

  [[nodiscard]] std::vector<float> logits(int batch) const override {
    return copied(batch, [](const auto &context) { return context.logits(); });
  }

  [[nodiscard]] std::vector<float> output_of(int batch, int layer) const override {
    return copied(batch, [&](const auto &context) { return context.output_of(layer); });
  }

  [[nodiscard]] shape shape_of(int layer) const override {
    return layer_infos<network>[static_cast<std::size_t>(layer)].output;
  }

private:
  template <int Batch> using context_of = typename Model::template context<Batch>;

  template <std::size_t... I> static auto make_contexts(std::index_sequence<I...>) {
    return std::tuple<std::optional<context_of<Model::batches[I]>>...>{};
  }

  template <class F> static void for_each_batch(F f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (f(std::integral_constant<int, Model::batches[I]>{}), ...);
    }(std::make_index_sequence<Model::batches.size()>{});
  }

  template <class F> static void with_batch(int batch, F f) {
    bool found = false;
    for_each_batch([&](auto n) {
      if (decltype(n)::value != batch) return;
      found = true;
      f(n);
    });
    if (!found)
      throw error(error_code::invalid_argument,
                  std::string(Model::name) + " is not compiled for batches of " + std::to_string(batch));
  }

  template <class F> void on(int batch, F f) {
    with_batch(batch, [&](auto n) {
      auto &context = std::get<std::optional<context_of<decltype(n)::value>>>(contexts_);
      if (!context) throw error(error_code::invalid_argument, "this batch has not been prepared");
      f(*context);
    });
  }

  template <class F> std::vector<float> copied(int batch, F view_of) const {
    std::vector<float> values;
    const_cast<model_adapter *>(this)->on(batch, [&](const auto &context) {
      const activation_view view = view_of(context);
      values.resize(static_cast<std::size_t>(view.size()));
      view.copy_to(values.data());
    });
    return values;
  }

  void add_layers() {
    const auto texts = layer_texts<network>();
    std::size_t i = 0;
    for (const layer_info &layer : layer_infos<network>) {
      facts_.layers.push_back({.index = layer.index,
                               .name = std::string(layer.name.view()),
                               .module = std::string(layer.module.view()),
                               .keras = std::string(layer.keras.view()),
                               .layer = texts[i++],
                               .output = layer.output,
                               .parameters = layer.parameter_count(),
                               .multiply_adds = layer.multiply_adds(),
                               .kernel = -1});
    }
    constexpr auto calls =
        detail::stitch<typename Model::kernels, typename context_of<Model::batches[0]>::network>(false);
    for (const detail::stitched_call &call : calls)
      for (int l = call.input + 1; l <= call.output; ++l)
        if (layer_infos<network>[static_cast<std::size_t>(l)].kind != layer_kind::dropout)
          facts_.layers[static_cast<std::size_t>(l)].kernel = call.kernel;
  }

  model_facts facts_;
  typename Model::weights weights_;
  std::array<const float *, Model::weights::parameter_count> sources_{};
  std::vector<const float *> prepacked_;
  bool features_ = false;
  bool is_packed_ = false; // for some batch
  decltype(make_contexts(std::make_index_sequence<Model::batches.size()>{})) contexts_;
};

} // namespace vggen

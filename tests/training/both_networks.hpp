// A network in its kernels and in double precision, with the parameters and the input of a seed.
#pragma once

#include "reference_network.hpp"

#include "model/seeded_weights.hpp"

#include <vggen/core/status.hpp>
#include <vggen/core/step_runner.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace vggen::test {

/// Represents a Model's training and its reference. The second image, and the ones from `images` on, have no
/// label that counts.
template <class Model> struct both_networks {
  using context_type = typename Model::training;
  using network = typename context_type::network;
  static constexpr int batch = context_type::batch, boxes = boxes_of(network{});

  context_type context;
  tensor input;
  std::vector<std::vector<double>> parameters;
  std::vector<std::int32_t> labels;
  std::vector<float> targets; ///< [n][box_numbers], where the network gives boxes
  int images;
  float smoothing = 0.1f;
  step_number number{.seed = 0x123456789abcdef0u, .step = 7};

  explicit both_networks(int threads, int images = batch) : labels(batch), images(images) {
    REQUIRE(context.prepare({.threads = threads}) == status::ok);
    const seeded_parameters<network> seeded;
    for (std::size_t i = 0; i < seeded.tensors.size(); ++i) {
      std::ranges::copy(seeded.tensors[i], context.parameter(i).begin());
      parameters.emplace_back(seeded.tensors[i].begin(), seeded.tensors[i].end());
    }
    const auto nchw = seeded_input<network>();
    constexpr shape in = layer_infos<network>[0].output;
    input = tensor(batch, in.height, in.width, in.channels);
    std::size_t next = 0;
    for (int n = 0; n < batch; ++n)
      for (int c = 0; c < in.channels; ++c)
        for (int y = 0; y < in.height; ++y)
          for (int x = 0; x < in.width; ++x)
            input(n, y, x, c) = nchw[next++];
    for (int n = 0; n < batch; ++n)
      labels[static_cast<std::size_t>(n)] =
          n == 1 || n >= images ? -1 : n % (boxes > 0 ? boxes : classes(network{}));
    for (int i = 0; boxes > 0 && i < batch * box_numbers; ++i)
      targets.push_back(static_cast<float>(i % 7) / 7.f);
    REQUIRE(context.set_input(nchw.data()) == status::ok);
  }

  double expected_loss() {
    const tensor outputs = training_logits<network>(input, parameters, number.seed, number.step, images);
    const auto losses =
        boxes > 0 ? squared_error(outputs, std::vector<double>(targets.begin(), targets.end()), labels)
                  : cross_entropy(outputs, labels, double{smoothing});
    return std::accumulate(losses.begin(), losses.end(), 0.0);
  }

  void step() {
    REQUIRE(context.forward(number, images) == status::ok);
    if constexpr (boxes > 0)
      REQUIRE(context.box_loss(targets.data(), labels.data(), 1) == status::ok);
    else
      REQUIRE(context.loss(labels.data(), smoothing, 1) == status::ok);
    REQUIRE(context.backward() == status::ok);
  }
};

} // namespace vggen::test

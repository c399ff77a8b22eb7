// Ten steps of training against PyTorch: logits, losses, the gradient of every parameter tensor, and what the
// tensors are in the end (tests/goldens/make_training_goldens.py).
#pragma once

#include "model/relative_error.hpp"
#include "model/seeded_weights.hpp"

#include <vggen/io/safetensors.hpp>
#include <vggen/train/learning_rate.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace vggen::test {

inline constexpr double trace_tolerance = 1e-4;

template <class T> std::vector<T> read(const safetensors_file &file, const std::string &name) {
  const auto *const tensor = file.find(name);
  REQUIRE_MESSAGE(tensor, name);
  std::vector<T> values(tensor->data.size() / sizeof(T));
  std::memcpy(values.data(), tensor->data.data(), tensor->data.size());
  return values;
}

// The larger one; infinity if either is no number, which std::max might pass over.
inline double worse(double a, double b) { return std::isnan(a) || std::isnan(b) ? INFINITY : std::max(a, b); }

// The largest relative error of a tensor's norm, projections and samples. The projections' is relative to the
// norm times that of a seeded vector, which is what rounding is relative to.
inline double error_of(const safetensors_file &file, const std::string &what, const std::string &name,
                       std::span<const float> values, std::size_t index) {
  const std::string prefix = what + "." + name;
  double squares = 0;
  for (const float v : values)
    squares += double{v} * v;
  const double norm = read<float>(file, prefix + ".norm").at(0);
  double error = worse(0, std::abs(std::sqrt(squares) - norm) / norm);

  const auto projections = read<float>(file, prefix + ".projections");
  std::vector<float> direction(values.size());
  for (std::size_t j = 0; j < projections.size(); ++j) {
    fill_uniform(direction, 1.f, 1, random_stream::test_input,
                 static_cast<std::uint32_t>(1000 + 3 * index + j));
    const double found = std::inner_product(values.begin(), values.end(), direction.begin(), 0.0);
    const double length =
        std::sqrt(std::inner_product(direction.begin(), direction.end(), direction.begin(), 0.0));
    error = worse(error, std::abs(found - double{projections[j]}) / (norm * length));
  }

  std::vector<float> samples;
  for (const std::int64_t position : read<std::int64_t>(file, "gradient." + name + ".positions"))
    samples.push_back(values[static_cast<std::size_t>(position)]);
  return worse(error, relative_error(samples, read<float>(file, prefix + ".samples")));
}

// The bias of a convolution before a batch norm, whose mean takes it away again.
template <class Network> bool is_cancelled(const parameter_info &info) {
  return info.role == parameter_role::bias && batch_norm_of<Network>(info.layer) >= 0;
}

// Its gradient is nothing but rounding, beside that of the weights.
inline void check_cancelled(std::span<const float> of_bias, std::span<const float> of_weights) {
  const auto largest = [](std::span<const float> values) {
    float most = 0;
    for (const float v : values)
      most = std::max(most, std::abs(v));
    return most;
  };
  CHECK(largest(of_bias) <= 1e-4f * largest(of_weights));
}

struct trace_errors {
  double logits = 0, losses = 0, gradients = 0, final_values = 0;
  std::vector<std::size_t> steepest; ///< of each tensor, the element of the largest gradient in step 0

  [[nodiscard]] double largest() const {
    return worse(worse(logits, losses), worse(gradients, final_values));
  }
};

/// One element of a parameter tensor, to be changed before the first step; tensor -1: none.
struct change {
  int tensor = -1;
  std::size_t element = 0;
};

inline constexpr int all_steps = 10, seed = 1;

// The images of all steps, in their order, [n, y, x, c]: those that the file says, of 256.
inline std::vector<float> images_of(const safetensors_file &file, shape in) {
  constexpr std::int64_t candidates = 256;
  const auto size = static_cast<std::size_t>(in.size());
  std::vector<float> all(size * candidates), images;
  fill_uniform(all, 2.f, seed, random_stream::test_input, 0);
  for (const std::int64_t image : read<std::int64_t>(file, "images")) {
    REQUIRE((image >= 0 && image < candidates));
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(size) * image;
    images.insert(images.end(), first, first + static_cast<std::ptrdiff_t>(size));
  }
  return images;
}

// The first so many steps; what the parameters then are is compared after all of them only.
template <class Model>
trace_errors run_trace(const std::string &golden, int steps = all_steps, change changed = {}) {
  using context_type = typename Model::training;
  using network = typename context_type::network;
  constexpr int batch = context_type::batch;
  const safetensors_file file(std::string(VGGEN_TEST_DATA) + "/goldens/" + golden + ".safetensors");
  const auto &infos = parameter_infos<network>;

  context_type context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  for (std::size_t i = 0; i < infos.size(); ++i)
    fill_initial(context.parameter(i), infos[i], static_cast<std::uint32_t>(i), seed);
  if (changed.tensor >= 0) {
    const auto values = context.parameter(static_cast<std::size_t>(changed.tensor));
    values[changed.element] += 0.01f * *std::ranges::max_element(values);
  }
  constexpr shape in = layer_infos<network>[0].output;
  const std::vector<float> images = images_of(file, in);
  const auto numbers = read<std::int64_t>(file, "images");
  REQUIRE(numbers.size() == std::size_t{all_steps} * batch);
  learning_rate_schedule rate({.kind = learning_rate_kind::plateau,
                               .rate = read<float>(file, "learning_rates").at(0),
                               .mode = metric_mode::min,
                               .patience = 1},
                              1, all_steps);

  trace_errors errors;
  std::vector<float> losses, rates;
  for (int step = 0; step < steps; ++step) {
    std::vector<std::int32_t> labels;
    std::vector<float> targets; // of boxes
    for (int i = batch * step; i < batch * (step + 1); ++i) {
      const std::int64_t number = numbers[static_cast<std::size_t>(i)];
      labels.push_back(static_cast<std::int32_t>((7 * number + 3) % 10));
      for (int k = 0; k < box_numbers; ++k)
        targets.push_back(static_cast<float>((4 * number + k) * 5 % 16 + 1) / 16.f);
    }
    REQUIRE(context.set_input(images.data() + in.size() * batch * step) == status::ok);
    REQUIRE(context.forward({.seed = seed, .step = static_cast<std::uint32_t>(step)}) == status::ok);
    if constexpr (boxes_of(network{}) > 0)
      REQUIRE(context.box_loss(targets.data(), labels.data(), 1.f / batch) == status::ok);
    else
      REQUIRE(context.loss(labels.data(), 0, 1.f / batch) == status::ok);
    if (step == 0) errors.logits = relative_error(values_of(context.logits()), read<float>(file, "logits"));
    REQUIRE(context.backward() == status::ok);
    if (step == 0)
      for (std::size_t i = 0; i < infos.size(); ++i) {
        const std::string name = std::string(infos[i].module.view()) + "." + std::string(infos[i].suffix());
        if (is_cancelled<network>(infos[i]))
          check_cancelled(context.gradient(i), context.gradient(i - 1));
        else if (!infos[i].is_statistic())
          errors.gradients =
              worse(errors.gradients, error_of(file, "gradient", name, context.gradient(i), i));
        const auto magnitude = [](float v) { return std::abs(v); };
        errors.steepest.push_back(static_cast<std::size_t>(
            std::ranges::max_element(context.gradient(i), {}, magnitude) - context.gradient(i).begin()));
      }
    const double loss = std::accumulate(context.losses().begin(), context.losses().end(), 0.0) / batch;
    losses.push_back(static_cast<float>(loss));
    rates.push_back(static_cast<float>(rate.rate(step)));
    REQUIRE(context.update({.learning_rate = static_cast<float>(rate.rate(step)),
                            .momentum = 0.9f,
                            .weight_decay = 5e-4f}) == status::ok);
    rate.epoch_finished(loss);
  }
  const auto first_steps = [&](const std::string &name) {
    auto values = read<float>(file, name);
    values.resize(static_cast<std::size_t>(steps));
    return values;
  };
  errors.losses = worse(relative_error(rates, first_steps("learning_rates")),
                        relative_error(losses, first_steps("losses")));
  if (steps < all_steps) return errors;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const std::string name = std::string(infos[i].module.view()) + "." + std::string(infos[i].suffix());
    errors.final_values = worse(errors.final_values, error_of(file, "final", name, context.parameter(i), i));
  }
  return errors;
}

/// All steps, each figure within the tolerance.
template <class Model> trace_errors check_trace(const std::string &golden) {
  const trace_errors errors = run_trace<Model>(golden);
  MESSAGE(golden << ": logits " << errors.logits << ", losses " << errors.losses << ", gradients "
                 << errors.gradients << ", final values " << errors.final_values);
  CHECK(errors.logits < trace_tolerance);
  CHECK(errors.losses < trace_tolerance);
  CHECK(errors.gradients < trace_tolerance);
  CHECK(errors.final_values < trace_tolerance);
  return errors;
}

} // namespace vggen::test

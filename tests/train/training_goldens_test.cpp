// The traces of training (tests/goldens/make_training_goldens.py) are for the networks that vggen makes of
// the same layers: names, shapes, the layers that drop, and the learning rates that follow from the losses.
#include <vggen/io/safetensors.hpp>
#include <vggen/io/tensor_names.hpp>
#include <vggen/net/zoo.hpp>
#include <vggen/train/learning_rate.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

using namespace vggen;

namespace {

template <class Network> constexpr auto small(Network net) {
  return with_top(with_input<3, 32, 32>(net), flatten, fully_connected<64>, relu, dropout<0.5>,
                  fully_connected<64>, relu, dropout<0.5>, fully_connected<10>, softmax);
}
constexpr auto a = small(vgg11);
constexpr auto d = small(vgg16);
constexpr auto a_bn = small(vgg11_bn);

template <class Network> std::vector<int> dropout_layers(Network) {
  std::vector<int> layers;
  for (const layer_info &layer : layer_infos<Network>)
    if (layer.kind == layer_kind::dropout) layers.push_back(layer.index);
  return layers;
}

template <class T> std::vector<T> read(const safetensors_file &file, const std::string &name) {
  const auto *const tensor = file.find(name);
  REQUIRE_MESSAGE(tensor, name);
  REQUIRE(tensor->type == (std::is_same_v<T, float> ? element_type::f32 : element_type::i64));
  std::vector<T> values(tensor->data.size() / sizeof(T));
  std::memcpy(values.data(), tensor->data.data(), tensor->data.size());
  return values;
}

template <class Network> void check(Network, const std::string &name) {
  CAPTURE(name);
  const safetensors_file file(std::string(VGGEN_TEST_DATA) + "/goldens/training_" + name + ".safetensors");
  CHECK(read<float>(file, "logits").size() == 80);
  for (const parameter_info &parameter : parameter_infos<Network>) {
    const std::string tensor = tensor_name(parameter);
    CAPTURE(tensor);
    const auto size = parameter.size();
    const auto positions = read<std::int64_t>(file, "gradient." + tensor + ".positions");
    CHECK(positions.size() == static_cast<std::size_t>(std::min<std::int64_t>(size, 64)));
    CHECK(std::ranges::all_of(positions, [&](std::int64_t p) { return p >= 0 && p < size; }));
    for (const std::string kind : {"gradient.", "final."}) {
      if (parameter.is_statistic() && kind == "gradient.") continue;
      const double norm = read<float>(file, kind + tensor + ".norm").at(0);
      CHECK(norm > 0);
      const auto samples = read<float>(file, kind + tensor + ".samples");
      CHECK(samples.size() == positions.size());
      for (const float sample : samples)
        CHECK(std::abs(sample) <= norm);
      // a vector of numbers in [-1, 1) is no longer than the root of their number
      const auto projections = read<float>(file, kind + tensor + ".projections");
      CHECK(projections.size() == 3);
      for (const float projection : projections)
        CHECK(std::abs(projection) <= norm * std::sqrt(static_cast<double>(size)));
    }
  }
  auto images = read<std::int64_t>(file, "images");
  CHECK(images.size() == 80);
  CHECK(std::ranges::all_of(images, [](std::int64_t image) { return image >= 0 && image < 256; }));
  std::ranges::sort(images);
  CHECK(std::ranges::adjacent_find(images) == images.end()); // each is seen once
  // 7 tensors of each parameter, 4 of a running statistic, and images, logits, losses and learning rates
  const auto statistics = static_cast<std::size_t>(
      std::ranges::count_if(parameter_infos<Network>, [](const auto &p) { return p.is_statistic(); }));
  CHECK(file.tensors().size() == 7 * parameter_infos<Network>.size() - 3 * statistics + 4);

  learning_rate_schedule schedule(
      {.kind = learning_rate_kind::plateau, .rate = 0.01, .mode = metric_mode::min, .patience = 1}, 1, 10);
  const auto losses = read<float>(file, "losses"), rates = read<float>(file, "learning_rates");
  REQUIRE(losses.size() == 10);
  REQUIRE(rates.size() == 10);
  for (std::size_t step = 0; step < 10; ++step) {
    CHECK(rates[step] ==
          doctest::Approx(schedule.rate(static_cast<std::int64_t>(step))).epsilon(1e-6).scale(0));
    schedule.epoch_finished(losses[step]);
  }
  CHECK(rates[9] < 0.002F); // a trace that has no reduction would not test it
}

} // namespace

TEST_CASE("the layers that drop have the indices that the traces' masks are made with") {
  CHECK(dropout_layers(a) == std::vector{25, 28});
  CHECK(dropout_layers(d) == std::vector{35, 38});
  CHECK(dropout_layers(a_bn) == std::vector{33, 36});
}

TEST_CASE("the traces have what these networks have") {
  check(a, "vgg11_32");
  check(d, "vgg16_32");
  check(a_bn, "vgg11_bn_32");
}

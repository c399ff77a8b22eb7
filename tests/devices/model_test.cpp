// Whole models on a device give what they give on the processor, and nothing but input and result crosses.
#include "device_name.hpp"
#include "model/networks.hpp"
#include "model/relative_error.hpp"
#include "model/seeded_weights.hpp"

#include <compiled/odd.hpp>
#include <compiled/odd_opencl.hpp>
#include <compiled/odd_vulkan.hpp>
#include <compiled/odd_whole.hpp>
#include <compiled/odd_whole_opencl.hpp>
#include <compiled/odd_whole_vulkan.hpp>
#include <compiled/vgg16_32.hpp>
#include <compiled/vgg16_32_opencl.hpp>
#include <compiled/vgg16_32_vulkan.hpp>

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

using namespace vggen;
using namespace vggen::test;

namespace {

constexpr double tolerance = 1e-4;

/// Represents a model with seeded weights, ready to run.
template <class Model, int Batch = Model::batches[0]> struct ready {
  using network = typename Model::kernels::network;
  std::unique_ptr<seeded_parameters<network>> parameters = std::make_unique<seeded_parameters<network>>();
  typename Model::weights weights;
  typename Model::template context<Batch> context;

  explicit ready(bool features = false) {
    if constexpr (Model::kernels::device != device_api::cpu) require_device(Model::kernels::device);
    const status assigned = weights.assign(parameters->pointers, {.features = features, .threads = 2});
    INFO(weights.message());
    REQUIRE(assigned == status::ok);
    const status prepared = context.prepare({.threads = 2});
    INFO(context.message());
    REQUIRE(prepared == status::ok);
  }
};

std::vector<std::uint8_t> some_pixels(std::size_t count) {
  std::vector<std::uint8_t> pixels(count);
  for (std::size_t i = 0; i < count; ++i)
    pixels[i] = static_cast<std::uint8_t>(i * 37 % 251);
  return pixels;
}

template <class Host, class Device, int Batch> void compare_runs() {
  ready<Host, Batch> host;
  ready<Device, Batch> device;
  const auto expected = run(host.context, host.weights);
  CHECK(relative_error(run(device.context, device.weights), expected) < tolerance);

  // a second run: what it needs has been on the device since the first
  const auto input = seeded_input<typename decltype(device.context)::network>();
  const device_crossings before = device.context.crossings();
  REQUIRE(device.context.set_input(input.data()) == status::ok);
  REQUIRE(device.context.forward(device.weights) == status::ok);
  const auto logits = values_of(device.context.logits());
  const auto again = values_of(device.context.logits());
  const device_crossings after = device.context.crossings();
  CHECK(after.uploads - before.uploads == 1);
  CHECK(after.downloads - before.downloads == 1);
  CHECK(relative_error(logits, expected) < tolerance);
  CHECK(logits == again);

  const auto pixels = some_pixels(input.size());
  const float constants[9] = {255, 255, 255, 0.5f, 0.4f, 0.3f, 0.2f, 0.25f, 0.3f};
  for (const bool reverse : {false, true}) {
    REQUIRE(host.context.set_images(pixels.data(), constants, reverse) == status::ok);
    REQUIRE(device.context.set_images(pixels.data(), constants, reverse) == status::ok);
    REQUIRE(host.context.forward(host.weights) == status::ok);
    REQUIRE(device.context.forward(device.weights) == status::ok);
    CHECK(relative_error(values_of(device.context.logits()), values_of(host.context.logits())) < tolerance);
  }
}

template <class Host, class Device> void compare_features() {
  ready<Host> host(true);
  ready<Device> device(true);
  const auto input = seeded_input<typename Host::kernels::network>();
  for (int layer = 1; layer < static_cast<int>(Host::kernels::network::layer_count); ++layer) {
    CAPTURE(layer);
    REQUIRE(host.context.set_input(input.data()) == status::ok);
    REQUIRE(device.context.set_input(input.data()) == status::ok);
    REQUIRE(host.context.forward_to(host.weights, layer) == status::ok);
    REQUIRE(device.context.forward_to(device.weights, layer) == status::ok);
    CHECK(relative_error(values_of(device.context.output_of(layer)),
                         values_of(host.context.output_of(layer))) < tolerance);
  }
}

template <class Host, class Device> void compare_extents() {
  ready<Host> host;
  ready<Device> device;
  for (const auto &[height, width] : {std::pair{75, 60}, std::pair{45, 37}, std::pair{60, 51}}) {
    CAPTURE(height);
    std::vector<float> input(static_cast<std::size_t>(3 * height * width));
    fill_uniform(input, 2.f, 1, random_stream::test_input, 0);
    const auto logits = [&](auto &model) {
      REQUIRE(model.context.set_extent(height, width) == status::ok);
      REQUIRE(model.context.set_input(input.data()) == status::ok);
      REQUIRE(model.context.forward(model.weights) == status::ok);
      return values_of(model.context.logits());
    };
    const auto expected = logits(host);
    CHECK(relative_error(logits(device), expected) < tolerance);
  }
}

} // namespace

TEST_CASE_TEMPLATE("VGG16 at 32x32 on a device", Device, compiled::vgg16_32_opencl,
                   compiled::vgg16_32_vulkan) {
  compare_runs<compiled::vgg16_32, Device, 1>();
  compare_runs<compiled::vgg16_32, Device, 8>();
}

TEST_CASE_TEMPLATE("odd extents on a device, layer by layer", Device, compiled::odd_opencl,
                   compiled::odd_vulkan) {
  compare_features<compiled::odd, Device>();
}

TEST_CASE_TEMPLATE("dynamic extents on a device", Device, compiled::odd_whole_opencl,
                   compiled::odd_whole_vulkan) {
  compare_extents<compiled::odd_whole, Device>();
}

TEST_CASE("threads share weights on a device, each with its context") {
  using model = compiled::odd_opencl;
  ready<model> first;
  const auto expected = run(first.context, first.weights);
  std::vector<int> equal(2);
  std::vector<std::thread> threads;
  for (int &result : equal)
    threads.emplace_back([&] {
      model::context<> context;
      if (context.prepare() != status::ok) return;
      const auto input = seeded_input<model::kernels::network>();
      bool same = true;
      for (int i = 0; i < 3; ++i)
        same = same && context.set_input(input.data()) == status::ok &&
               context.forward(first.weights) == status::ok && values_of(context.logits()) == expected;
      result = same;
    });
  for (std::thread &thread : threads)
    thread.join();
  CHECK(equal[0] == 1);
  CHECK(equal[1] == 1);
}

// Training on a device: ten steps give the losses and parameters that they give on the processor.
#include "device_name.hpp"
#include "golden_trace.hpp"
#include "model/relative_error.hpp"
#include "model/seeded_weights.hpp"

#include <compiled/boxes_training.hpp>
#include <compiled/boxes_training_opencl.hpp>
#include <compiled/boxes_training_vulkan.hpp>
#include <compiled/frozen_norm_training.hpp>
#include <compiled/frozen_norm_training_opencl.hpp>
#include <compiled/frozen_norm_training_vulkan.hpp>
#include <compiled/odd_training.hpp>
#include <compiled/odd_training_opencl.hpp>
#include <compiled/odd_training_vulkan.hpp>
#include <compiled/trace_vgg11_bn_opencl.hpp>
#include <compiled/trace_vgg11_bn_vulkan.hpp>
#include <compiled/trace_vgg16_opencl.hpp>
#include <compiled/trace_vgg16_vulkan.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

using namespace vggen;
using namespace vggen::test;

namespace {

constexpr double tolerance = 1e-4;
constexpr int steps = 10;

/// Represents what a training came to.
struct outcome {
  std::vector<float> losses; // of every image of every step
  std::vector<std::vector<float>> parameters;
  device_crossings crossings; // of the last step, without a look at the result
};

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

template <class Model> outcome train() {
  using training = typename Model::training;
  using network = typename training::network;
  if constexpr (Model::kernels::device != device_api::cpu) require_device(Model::kernels::device);
  training context;
  const status prepared = context.prepare({.threads = 2});
  INFO(context.message());
  REQUIRE(prepared == status::ok);
  const seeded_parameters<network> parameters;
  for (std::size_t i = 0; i < parameters.tensors.size(); ++i)
    std::ranges::copy(parameters.tensors[i], context.parameter(i).begin());
  context.parameters_changed();

  constexpr int classes = 4;
  outcome result;
  for (int step = 0; step < steps; ++step) {
    std::vector<float> input(
        static_cast<std::size_t>(layer_infos<network>[0].output.size() * network::batch));
    fill_uniform(input, 1.f, static_cast<std::uint64_t>(step), random_stream::test_input, 0);
    std::vector<std::int32_t> labels;
    for (int n = 0; n < network::batch; ++n)
      labels.push_back((n + step) % (boxes_of(network{}) > 0 ? boxes_of(network{}) : classes));
    const device_crossings before = context.crossings();
    REQUIRE(context.set_input(input.data()) == status::ok);
    REQUIRE(context.forward({.seed = 5, .step = static_cast<std::uint32_t>(step)}) == status::ok);
    const float weight = 1.f / network::batch;
    if constexpr (boxes_of(network{}) > 0) {
      std::vector<float> targets(static_cast<std::size_t>(network::batch) * box_numbers);
      fill_uniform(targets, 1.f, static_cast<std::uint64_t>(step), random_stream::test_input, 1);
      REQUIRE(context.box_loss(targets.data(), labels.data(), weight) == status::ok);
    } else {
      REQUIRE(context.loss(labels.data(), 0.1f, weight) == status::ok);
    }
    REQUIRE(context.backward() == status::ok);
    REQUIRE(context.update({.learning_rate = 0.01f, .momentum = 0.9f, .weight_decay = 5e-4f}) == status::ok);
    const device_crossings after = context.crossings();
    result.crossings = {.uploads = after.uploads - before.uploads,
                        .uploaded_bytes = after.uploaded_bytes - before.uploaded_bytes,
                        .downloads = after.downloads - before.downloads,
                        .downloaded_bytes = after.downloaded_bytes - before.downloaded_bytes};
    const auto losses = context.losses();
    result.losses.insert(result.losses.end(), losses.begin(), losses.end());
  }
  for (std::size_t i = 0; i < training::parameter_count; ++i)
    result.parameters.push_back(copy(context.parameter(i)));
  return result;
}

template <class Host, class Device> outcome compare() {
  const outcome host = train<Host>(), device = train<Device>();
  CHECK(relative_error(device.losses, host.losses) < tolerance);
  for (std::size_t i = 0; i < host.parameters.size(); ++i) {
    CAPTURE(i);
    CHECK(relative_error(device.parameters[i], host.parameters[i]) < tolerance);
  }
  return device;
}

} // namespace

TEST_CASE_TEMPLATE("ten steps of every kind of layer", Device, compiled::odd_training_opencl,
                   compiled::odd_training_vulkan) {
  const outcome device = compare<compiled::odd_training, Device>();
  CHECK(device.crossings.uploads == 2); // images and labels
  CHECK(device.crossings.downloads == 0);
}

TEST_CASE_TEMPLATE("ten steps towards boxes", Device, compiled::boxes_training_opencl,
                   compiled::boxes_training_vulkan) {
  const outcome device = compare<compiled::boxes_training, Device>();
  CHECK(device.crossings.uploads == 3); // targets, too
  CHECK(device.crossings.downloads == 0);
}

TEST_CASE_TEMPLATE("ten steps behind frozen batch norms", Device, compiled::frozen_norm_training_opencl,
                   compiled::frozen_norm_training_vulkan) {
  const outcome device = compare<compiled::frozen_norm_training, Device>();
  CHECK(device.crossings.uploads == 2);
  CHECK(device.crossings.downloads == 1); // the batch norm's statistics, which the host's running ones follow
  CHECK(device.crossings.downloaded_bytes <= 1024);
}

// Against PyTorch, on images that are far from any tie: on others ten steps of deep networks part by
// rounding.
TEST_CASE_TEMPLATE("ten steps of configuration D are PyTorch's", Device, compiled::trace_vgg16_opencl,
                   compiled::trace_vgg16_vulkan) {
  require_device(Device::kernels::device);
  check_trace<Device>("training_vgg16_32");
}

TEST_CASE_TEMPLATE("ten steps with batch norms are PyTorch's", Device, compiled::trace_vgg11_bn_opencl,
                   compiled::trace_vgg11_bn_vulkan) {
  require_device(Device::kernels::device);
  check_trace<Device>("training_vgg11_bn_32");
}

// A network whose fully connected layers have their weights in bfloat16 at batch 1, and in float32 at
// batch 8.
#include "model/relative_error.hpp"
#include "model/seeded_weights.hpp"

#include <compiled/vgg16_32.hpp>
#include <compiled/vgg16_32_bf16.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

using namespace vggen;
using namespace vggen::test;

namespace {

using plain = compiled::vgg16_32;
using with_bf16 = compiled::vgg16_32_bf16;

template <class Model, int Batch> std::vector<float> logits(const typename Model::weights &weights) {
  typename Model::template context<Batch> context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  return run(context, weights);
}

// The floats of each parameter that were packed.
struct packed_counts {
  const seeded_parameters<plain::network> &parameters;
  std::vector<std::size_t> counts = std::vector<std::size_t>(parameters.tensors.size());

  static void add(void *context, std::span<const float> part) noexcept {
    auto &self = *static_cast<packed_counts *>(context);
    for (std::size_t i = 0; i < self.counts.size(); ++i) {
      const std::vector<float> &tensor = self.parameters.tensors[i];
      if (part.data() == tensor.data() + self.counts[i]) self.counts[i] += part.size();
    }
  }
};

} // namespace

TEST_CASE("logits are those of float32 but for the rounding of weights") {
  const seeded_parameters<plain::network> parameters;
  plain::weights weights;
  with_bf16::weights rounded;
  REQUIRE(weights.assign(parameters.pointers) == status::ok);
  REQUIRE(rounded.assign(parameters.pointers) == status::ok);
  CHECK(std::ranges::count_if(with_bf16::kernel_table, [](const compiled_kernel &k) {
          return k.schedule.starts_with("rows_bf16");
        }) == 3);
  const double error = relative_error(logits<with_bf16, 1>(rounded), logits<plain, 1>(weights));
  MESSAGE("error: " << error);
  CHECK(error < 5e-3);
  CHECK(error > 1e-4); // else nothing was rounded
  CHECK(logits<with_bf16, 8>(rounded) == logits<plain, 8>(weights));
}

TEST_CASE("what was packed is said, and is not read again") {
  seeded_parameters<plain::network> parameters;
  packed_counts packed{parameters};
  const packed_listener listener{.function = packed_counts::add, .context = &packed};
  with_bf16::weights weights;
  REQUIRE(weights.assign(parameters.pointers, {.batch = 1, .packed = listener}) == status::ok);
  for (std::size_t i = 0; i < parameters.infos.size(); ++i) // all but the biases
    CHECK(packed.counts[i] == (parameters.infos[i].rank > 1 ? parameters.tensors[i].size() : 0));

  const auto before = logits<with_bf16, 1>(weights);
  for (std::size_t i = 0; i < parameters.infos.size(); ++i)
    if (packed.counts[i] > 0) std::ranges::fill(parameters.tensors[i], NAN);
  CHECK(logits<with_bf16, 1>(weights) == before);
}

TEST_CASE("only what a batch reads is packed") {
  const seeded_parameters<plain::network> parameters;
  packed_counts packed{parameters};
  const packed_listener listener{.function = packed_counts::add, .context = &packed};
  with_bf16::weights weights;
  REQUIRE(weights.assign(parameters.pointers, {.batch = 8, .packed = listener}) == status::ok);
  const auto is_fully_connected = [&](std::size_t i) { return parameters.infos[i].rank == 2; };
  for (std::size_t i = 0; i < parameters.infos.size(); ++i)
    if (is_fully_connected(i)) CHECK(packed.counts[i] == 0);
  REQUIRE(weights.add_batch(1, listener) == status::ok);
  for (std::size_t i = 0; i < parameters.infos.size(); ++i)
    if (is_fully_connected(i)) CHECK(packed.counts[i] == parameters.tensors[i].size());
}

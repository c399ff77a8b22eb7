// Weights that come packed: the same bits, from where they are; what they lack is noticed.
#include "model/seeded_weights.hpp"

#include <compiled/vgg16_32.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

using namespace vggen;
using namespace vggen::test;

namespace {

using Model = compiled::vgg16_32;
using pointers = std::array<const float *, Model::weights::parameter_count>;

constexpr std::size_t index_of_batch(int batch) {
  return static_cast<std::size_t>(std::ranges::find(Model::batches, batch) - Model::batches.begin());
}

// Packed weights, kept on cache lines, as a file would.
struct kept_weights {
  struct alignas(64) line {
    std::byte bytes[64];
  };
  std::vector<std::vector<line>> blocks;
  std::vector<const float *> places;

  kept_weights(const Model::weights &weights, std::uint64_t runs) {
    for (std::size_t i = 0; i < Model::weights::packed_infos.size(); ++i) {
      places.push_back(nullptr);
      if ((Model::weights::packed_infos[i].runs & runs) == 0) continue;
      const auto packed = std::as_bytes(weights.packed(i));
      REQUIRE(!packed.empty());
      blocks.emplace_back((packed.size() + 63) / 64);
      std::memcpy(blocks.back().data(), packed.data(), packed.size());
      places.back() = reinterpret_cast<const float *>(blocks.back().data());
    }
  }
};

// Only what the runs read as it is.
pointers plain_only(const pointers &all, std::uint64_t runs) {
  pointers some = all;
  for (std::size_t i = 0; i < some.size(); ++i)
    if ((Model::weights::plain_runs[i] & runs) == 0) some[i] = nullptr;
  return some;
}

template <int Batch> std::vector<float> logits(const Model::weights &weights) {
  Model::context<Batch> context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  return run(context, weights);
}

} // namespace

TEST_CASE("packed weights are used where they are, and nothing else is needed") {
  const seeded_parameters<Model::network> parameters;
  Model::weights plain, packed;
  REQUIRE(plain.assign(parameters.pointers) == status::ok);
  const std::uint64_t runs = run_bits(index_of_batch(1), false) | run_bits(index_of_batch(8), false);
  const kept_weights kept(plain, runs);
  const pointers sources = plain_only(parameters.pointers, runs);
  CHECK(std::ranges::count(sources, nullptr) >= 13); // all convolutions but, maybe, the first
  std::size_t told = 0;
  const packed_listener listener{
      .function = [](void *count, std::span<const float>) noexcept { ++*static_cast<std::size_t *>(count); },
      .context = &told};
  REQUIRE(packed.assign(sources, {.packed = listener, .prepacked = kept.places}) == status::ok);
  CHECK(told == 0); // nothing had to be packed
  for (std::size_t i = 0; i < kept.places.size(); ++i)
    if (kept.places[i]) CHECK(packed.packed(i).data() == kept.places[i]);
  CHECK(logits<1>(packed) == logits<1>(plain));
  CHECK(logits<8>(packed) == logits<8>(plain));
}

TEST_CASE("a batch that lacks its packed weights cannot run") {
  const seeded_parameters<Model::network> parameters;
  Model::weights plain, packed;
  REQUIRE(plain.assign(parameters.pointers) == status::ok);
  const std::uint64_t runs = run_bits(index_of_batch(1), false);
  kept_weights kept(plain, runs);
  const pointers sources = plain_only(parameters.pointers, runs);
  REQUIRE(packed.assign(sources, {.batch = 1, .prepacked = kept.places}) == status::ok);
  CHECK(packed.assigned(1));

  const auto missing = std::ranges::find_if(kept.places, [](const float *place) { return place != nullptr; });
  *missing = nullptr;
  CHECK(packed.assign(sources, {.batch = 1, .prepacked = kept.places}) == status::invalid_argument);
  CHECK_FALSE(packed.assigned(1));
  // but it is packed where the parameter is there
  REQUIRE(packed.assign(parameters.pointers, {.batch = 1, .prepacked = kept.places}) == status::ok);
  CHECK(logits<1>(packed) == logits<1>(plain));
}

TEST_CASE("what is packed and what is added later go together") {
  const seeded_parameters<Model::network> parameters;
  Model::weights plain, packed;
  REQUIRE(plain.assign(parameters.pointers) == status::ok);
  const kept_weights kept(plain, run_bits(index_of_batch(1), false));
  REQUIRE(packed.assign(parameters.pointers, {.batch = 1, .prepacked = kept.places}) == status::ok);
  CHECK_FALSE(packed.assigned(8));
  REQUIRE(packed.add_batch(8) == status::ok);
  CHECK(logits<1>(packed) == logits<1>(plain));
  CHECK(logits<8>(packed) == logits<8>(plain));
}

TEST_CASE("single layers need packed weights of their own") {
  const seeded_parameters<Model::network> parameters;
  Model::weights plain, packed;
  REQUIRE(plain.assign(parameters.pointers, {.features = true}) == status::ok);
  const std::uint64_t runs = run_bits(index_of_batch(1), true);
  const kept_weights all(plain, runs), some(plain, run_bit(index_of_batch(1), false));
  const pointers sources = plain_only(parameters.pointers, runs);
  CHECK(packed.assign(sources, {.features = true, .batch = 1, .prepacked = some.places}) ==
        status::invalid_argument);
  REQUIRE(packed.assign(sources, {.features = true, .batch = 1, .prepacked = all.places}) == status::ok);
  Model::context<1> context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  const auto input = seeded_input<Model::network>();
  constexpr int inside = find_layer<Model::network>("conv2_2");
  const auto output = [&](const Model::weights &weights) {
    REQUIRE(context.set_input(input.data()) == status::ok);
    REQUIRE(context.forward_to(weights, inside) == status::ok);
    return values_of(context.output_of(inside));
  };
  CHECK(output(packed) == output(plain));
}

TEST_CASE("after an assign that failed nothing is packed") {
  const seeded_parameters<Model::network> parameters;
  Model::weights weights;
  REQUIRE(weights.assign(parameters.pointers) == status::ok);
  const std::array<const float *, 1> too_few{};
  CHECK(weights.assign(parameters.pointers, {.prepacked = too_few}) == status::invalid_argument);
  CHECK_FALSE(weights.assigned(1));
  CHECK(weights.add_batch(1) == status::invalid_argument);
}

TEST_CASE("wrong packed weights are refused") {
  const seeded_parameters<Model::network> parameters;
  Model::weights weights;
  REQUIRE(weights.assign(parameters.pointers) == status::ok);
  kept_weights kept(weights, run_bits(index_of_batch(1), false));
  const std::vector<const float *> too_few(kept.places.begin(), kept.places.end() - 1);
  CHECK(weights.assign(parameters.pointers, {.prepacked = too_few}) == status::invalid_argument);
  for (const float *&place : kept.places)
    if (place) ++place; // off the cache line
  CHECK(weights.assign(parameters.pointers, {.prepacked = kept.places}) == status::invalid_argument);
}

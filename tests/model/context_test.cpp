// What a context promises: the same bits on any number of threads and over any garbage in its arena, in
// memory that the caller lends, beside other contexts and other models.
#include "model/other_unit.hpp"
#include "model/seeded_weights.hpp"

#include <compiled/odd.hpp>
#include <compiled/vgg11_32.hpp>
#include <compiled/vgg16_32.hpp>

#include <cstring>
#include <limits>
#include <thread>

using namespace vggen;
using namespace vggen::test;
using small = compiled::vgg11_32;
using odd_model = compiled::odd;

namespace {

template <class Model> struct fixture {
  seeded_parameters<typename Model::network> parameters;
  typename Model::weights weights;
  fixture() { REQUIRE(weights.assign(parameters.pointers, {.features = true}) == status::ok); }
};

bool same_bits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

} // namespace

TEST_CASE_TEMPLATE("the number of threads changes no bit", Model, small, odd_model) {
  const fixture<Model> f;
  std::vector<float> expected;
  for (const int threads : {1, 2, 3, 7}) {
    CAPTURE(threads);
    typename Model::template context<> context;
    REQUIRE(context.prepare({.threads = threads}) == status::ok);
    CHECK(context.threads() == threads);
    const auto logits = run(context, f.weights);
    if (expected.empty()) expected = logits;
    CHECK(same_bits(logits, expected));
  }
}

TEST_CASE_TEMPLATE("what the arena held before changes no bit", Model, small, odd_model) {
  const fixture<Model> f;
  typename Model::template context<> context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  const auto expected = run(context, f.weights);
  auto *const floats = reinterpret_cast<float *>(context.arena().data());
  std::fill_n(floats, context.arena().size() / sizeof(float), std::numeric_limits<float>::quiet_NaN());
  CHECK(same_bits(run(context, f.weights), expected));
}

TEST_CASE("the preprocessing kernel writes its halo, whatever was there") {
  const fixture<odd_model> f;
  odd_model::context<> context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  std::vector<std::uint8_t> image(3 * 45 * 37);
  for (std::size_t i = 0; i < image.size(); ++i)
    image[i] = static_cast<std::uint8_t>(i * 31);
  const std::vector<float> constants{255, 255, 255, .5f, .4f, .3f, .2f, .25f, .3f};
  std::vector<float> expected;
  for (const float garbage : {0.f, std::numeric_limits<float>::quiet_NaN()}) {
    std::fill_n(reinterpret_cast<float *>(context.arena().data()), context.arena().size() / sizeof(float),
                garbage);
    REQUIRE(context.set_images(image.data(), constants.data(), false) == status::ok);
    REQUIRE(context.forward(f.weights) == status::ok);
    const auto logits = values_of(context.logits());
    if (expected.empty()) expected = logits;
    CHECK(same_bits(logits, expected));
  }
}

TEST_CASE("memory may be lent") {
  const fixture<odd_model> f;
  odd_model::context<> own;
  REQUIRE(own.prepare({.threads = 2}) == status::ok);
  const auto expected = run(own, f.weights);

  struct alignas(64) line {
    std::byte bytes[64];
  };
  std::vector<line> memory(odd_model::context<>::arena_bytes() / 64 + 1);
  const auto bytes = std::as_writable_bytes(std::span(memory));
  odd_model::context<> borrowed;
  REQUIRE(borrowed.prepare({.threads = 2, .arena = bytes}) == status::ok);
  CHECK(borrowed.arena().data() == bytes.data());
  CHECK(same_bits(run(borrowed, f.weights), expected));

  odd_model::context<> refused;
  CHECK(refused.prepare({.threads = 2, .arena = bytes.subspan(0, 64)}) == status::out_of_memory);
  CHECK(refused.prepare({.threads = 2, .arena = bytes.subspan(4)}) == status::out_of_memory);
}

TEST_CASE("contexts run at the same time over one set of weights") {
  const fixture<small> f;
  small::context<> first;
  REQUIRE(first.prepare({.threads = 1}) == status::ok);
  const auto expected = run(first, f.weights);
  std::vector<std::thread> threads;
  std::array<bool, 4> good{};
  for (std::size_t i = 0; i < good.size(); ++i)
    threads.emplace_back([&, i] {
      small::context<> context;
      bool all = context.prepare({.threads = static_cast<int>(i % 3) + 1}) == status::ok;
      const auto input = seeded_input<small::network>();
      for (int repeat = 0; all && repeat < 5; ++repeat) {
        all = context.set_input(input.data()) == status::ok && context.forward(f.weights) == status::ok &&
              same_bits(values_of(context.logits()), expected);
      }
      good[i] = all;
    });
  for (auto &t : threads)
    t.join();
  for (const bool g : good)
    CHECK(g);
}

TEST_CASE("models and translation units share a program") {
  const fixture<small> f;
  small::context<> context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  const auto here = run(context, f.weights);
  CHECK(same_bits(logits_of_other_unit(f.parameters.pointers), here)); // the same model in another unit
}

TEST_CASE("a layer's output before and after") {
  const fixture<small> f;
  small::context<> context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  const auto input = seeded_input<small::network>();
  // pool1 is the maximum over relu(conv1_1), whether the two are one kernel or not
  constexpr int conv = find_layer<small::network>("conv1_1"), pool = find_layer<small::network>("pool1");
  REQUIRE(context.set_input(input.data()) == status::ok);
  REQUIRE(context.forward_to(f.weights, conv) == status::ok);
  const auto before = values_of(context.output_of(conv));
  REQUIRE(context.set_input(input.data()) == status::ok);
  REQUIRE(context.forward_to(f.weights, pool) == status::ok);
  const activation_view after = context.output_of(pool);
  REQUIRE(after.extent == shape{64, 16, 16});
  for (const int c : {0, 5, 63})
    for (const int y : {0, 7, 15})
      for (const int x : {0, 8, 15}) {
        float largest = 0;
        for (const int dy : {0, 1})
          for (const int dx : {0, 1})
            largest =
                std::max(largest, before[static_cast<std::size_t>((c * 32 + 2 * y + dy) * 32 + 2 * x + dx)]);
        CHECK(after.at(0, c, y, x) == largest);
      }
}

namespace {

// Kernels that need every feature that Halide knows of, ARM's among them.
struct kernels_of_no_machine : compiled::odd_kernels {
  static constexpr auto target_features = [] {
    auto words = compiled::odd_kernels::target_features;
    words.fill(~std::uint64_t{0});
    return words;
  }();
};

} // namespace

TEST_CASE("kernels for another machine are refused before they run") {
  model_context<kernels_of_no_machine, 1> context;
  CHECK(context.prepare({.threads = 1}) == status::unsupported_target);
  const std::vector<float> input(3 * 45 * 37);
  CHECK(context.set_input(input.data()) == status::not_ready);
}

TEST_CASE("wrong use is an error code") {
  odd_model::weights weights;
  odd_model::context<> context;
  const std::vector<float> input(3 * 45 * 37);
  CHECK(context.set_input(input.data()) == status::not_ready);
  CHECK(context.forward(weights) == status::not_ready);
  CHECK(context.prepare({.threads = -1}) == status::invalid_argument);
  CHECK(context.prepare({.threads = 100'000}) == status::invalid_argument);
  REQUIRE(context.prepare({.threads = 1}) == status::ok);
  REQUIRE(context.set_input(input.data()) == status::ok);
  CHECK(context.forward(weights) == status::not_ready); // no weights yet
  CHECK(weights.assign({}) == status::invalid_argument);

  const seeded_parameters<odd_model::network> parameters;
  REQUIRE(weights.assign(parameters.pointers) == status::ok); // without features
  CHECK(context.forward_to(weights, 0) == status::invalid_argument);
  CHECK(context.forward_to(weights, 1000) == status::invalid_argument);
  constexpr int inside = find_layer<odd_model::network>("conv1_1");
  CHECK(context.forward_to(weights, inside) == status::invalid_argument); // conv1_1 is computed with pool1
}

TEST_CASE("weights are packed for the batches that run, and for others later") {
  using Model = compiled::vgg16_32;
  const seeded_parameters<Model::network> parameters;
  Model::weights all, one;
  CHECK(one.add_batch(1) == status::invalid_argument); // nothing was assigned yet
  CHECK(one.assign(parameters.pointers, {.batch = 3}) == status::invalid_argument);
  REQUIRE(all.assign(parameters.pointers, {.threads = 1}) == status::ok);
  REQUIRE(one.assign(parameters.pointers, {.batch = 8, .threads = 2}) == status::ok);
  CHECK(all.assigned(1));
  CHECK(all.assigned(8));
  CHECK_FALSE(all.assigned(2));
  CHECK_FALSE(one.assigned(1));
  CHECK(one.assigned(8));

  Model::context<1> single;
  Model::context<8> eight;
  REQUIRE(single.prepare({.threads = 2}) == status::ok);
  REQUIRE(eight.prepare({.threads = 2}) == status::ok);
  const auto expected = run(single, all);
  CHECK(same_bits(run(eight, one), run(eight, all)));
  CHECK(single.forward(one) == status::not_ready);
  REQUIRE(one.add_batch(1) == status::ok);
  CHECK(same_bits(run(single, one), expected));
}

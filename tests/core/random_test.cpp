// Philox4x32-10 against the vectors of Random123 (kat_vectors), and the numbers made of it against Python's.
#include <vggen/core/random.hpp>
#include <vggen/net/zoo.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

using namespace vggen;
using words = std::array<std::uint32_t, 4>;

static_assert(philox({0, 0}, {0, 0, 0, 0})[0] == 0x6627e8d5); // at compile time too

TEST_CASE("Random123's known answers") {
  CHECK(philox({0, 0}, {0, 0, 0, 0}) == words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t ones = 0xffffffff;
  CHECK(philox({ones, ones}, {ones, ones, ones, ones}) ==
        words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0xa4093822, 0x299f31d0}, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}) ==
        words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("initial values are those of tests/goldens/seeded.py") {
  constexpr auto &infos = parameter_infos<std::remove_cv_t<decltype(vgg16)>>;
  std::vector<float> values(8);
  fill_initial(values, infos[2], 2, 1); // conv1_2's weights, seed 1
  const std::vector<float> weights{0x1.510f6ap-4f, 0x1.51cd4cp-7f, -0x1.a865b8p-5f, -0x1.813f08p-4f,
                                   0x1.6bdedcp-5f, 0x1.2943bap-4f, -0x1.85c5a0p-5f, -0x1.742ddcp-4f};
  CHECK(values == weights);
  values.resize(3);
  fill_initial(values, infos[31], 31, 1, 997); // the end of fc8's bias
  const std::vector<float> bias{-0x1.6c05b4p-4f, -0x1.26f52ap-4f, -0x1.430e50p-4f};
  CHECK(values == bias);
}

TEST_CASE("initial values of batch norms are those of tests/goldens/seeded.py") {
  constexpr auto &infos = parameter_infos<std::remove_cv_t<decltype(vgg11_bn)>>;
  const auto made = [&](std::size_t index) {
    std::vector<float> values(3);
    fill_initial(values, infos[index], static_cast<std::uint32_t>(index), 1);
    return values;
  };
  CHECK(made(2) == std::vector<float>{0x1.339a02p+0f, 0x1.0676e2p+0f, 0x1.bf0718p-1f});   // scale
  CHECK(made(4) == std::vector<float>{0x1.7ad54ep-5f, -0x1.882ab4p-7f, -0x1.9d2326p-6f}); // running mean
  CHECK(made(5) == std::vector<float>{0x1.33cc84p+0f, 0x1.3201e8p+0f, 0x1.ffaeb6p-1f});   // running variance
}

TEST_CASE("the key is the seed, the counter (element / 4, tensor, stream), the word element % 4") {
  constexpr std::uint64_t seed = 0x299f31d0a4093822;
  constexpr std::uint32_t tensor = 31;
  // 2^34: the number of the block needs its high word, from the middle of these on
  constexpr std::uint64_t first = (std::uint64_t{1} << 34) - 10;
  std::vector<float> values(20);
  fill_uniform(values, 0.3f, seed, random_stream::test_input, tensor, first);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint64_t element = first + i, block = element / 4;
    const words four = philox({0xa4093822, 0x299f31d0}, {static_cast<std::uint32_t>(block),
                                                         static_cast<std::uint32_t>(block >> 32), tensor, 1});
    const float u = static_cast<float>(four[element % 4] >> 8) * 0x1p-24f;
    CHECK(values[i] == (2 * u - 1) * 0.3f);
  }
}

TEST_CASE("a part of a tensor is what the whole has there") {
  std::vector<float> whole(1000);
  fill_uniform(whole, 2.f, 0x123456789abcdef, random_stream::test_input, 7);
  for (const std::size_t offset : {0, 1, 2, 3, 4, 63, 64, 65, 500, 997}) {
    CAPTURE(offset);
    std::vector<float> part(std::min<std::size_t>(130, whole.size() - offset));
    fill_uniform(part, 2.f, 0x123456789abcdef, random_stream::test_input, 7, offset);
    CHECK(std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(offset)));
  }
}

TEST_CASE("seed, stream and tensor all matter") {
  const auto values = [](std::uint64_t seed, random_stream stream, std::uint32_t tensor) {
    std::vector<float> v(16);
    fill_uniform(v, 1.f, seed, stream, tensor);
    for (const float x : v) {
      CHECK(x >= -1.f);
      CHECK(x < 1.f);
    }
    return v;
  };
  const auto base = values(1, random_stream::initial_weights, 0);
  CHECK(base == values(1, random_stream::initial_weights, 0));
  CHECK(base != values(2, random_stream::initial_weights, 0));
  CHECK(base != values(1 + (std::uint64_t{1} << 32), random_stream::initial_weights, 0));
  CHECK(base != values(1, random_stream::test_input, 0));
  CHECK(base != values(1, random_stream::initial_weights, 1));
}

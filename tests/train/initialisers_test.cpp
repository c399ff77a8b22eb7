// Initialisers: values fixed for good, which Python computed apart
// (tests/goldens/print_initialiser_goldens.py), the distributions that they are named after, and wrong ones.
#include <vggen/core/random.hpp>
#include <vggen/io/error.hpp>
#include <vggen/net/zoo.hpp>
#include <vggen/train/initialisers.hpp>
#include <vggen/train/normal_quantile.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

using namespace vggen;

namespace {

constexpr auto &infos = parameter_infos<std::remove_cv_t<decltype(vgg16)>>;
constexpr std::uint32_t conv1_1 = 0, conv1_1_bias = 1, conv2_1 = 4;

// A tensor of these extents: weights, of rank 4 or 2.
parameter_info weights_of(int rank, std::array<std::int64_t, 4> extents) {
  return {.layer = 1,
          .role = parameter_role::weights,
          .rank = rank,
          .extents = extents,
          .name = {"made"},
          .module = {},
          .keras = {}};
}

initialisation all_of(const initialiser &how) { return {how, how, how}; }

std::vector<float> made(const parameter_info &parameter, const initialiser &how, std::uint32_t tensor = 0,
                        std::uint64_t seed = 1) {
  std::vector<float> values(static_cast<std::size_t>(parameter.size()));
  initialise(values, parameter, all_of(how), tensor, seed);
  return values;
}

std::vector<float> made(const parameter_info &parameter, const std::string &how, std::uint32_t tensor = 0,
                        std::uint64_t seed = 1) {
  return made(parameter, parse_initialiser(how), tensor, seed);
}

struct moments {
  double mean = 0, deviation = 0, kurtosis = 0, largest = 0;
};

moments moments_of(const std::vector<float> &values) {
  moments m;
  const auto count = static_cast<double>(values.size());
  for (const float v : values)
    m.mean += v / count;
  double squares = 0, fourths = 0;
  for (const float v : values) {
    const double d = v - m.mean;
    squares += d * d / count;
    fourths += d * d * d * d / count;
    m.largest = std::max(m.largest, std::abs(double{v}));
  }
  m.deviation = std::sqrt(squares);
  m.kurtosis = fourths / (squares * squares);
  return m;
}

// The largest entry of |W W^T - g^2 I| for W [count, length], or of |W^T W - g^2 I| for W [length, count].
double distance_from_orthogonal(const std::vector<float> &w, std::size_t count, std::size_t length, bool rows,
                                double gain) {
  double furthest = 0;
  const auto element = [&](std::size_t vector, std::size_t i) {
    return double{rows ? w[vector * length + i] : w[i * count + vector]};
  };
  for (std::size_t a = 0; a < count; ++a)
    for (std::size_t b = 0; b <= a; ++b) {
      double sum = a == b ? -gain * gain : 0;
      for (std::size_t i = 0; i < length; ++i)
        sum += element(a, i) * element(b, i);
      furthest = std::max(furthest, std::abs(sum));
    }
  return furthest;
}

// The message of the error that `make` throws, or nothing.
template <class Make> std::string refusal(Make make) {
  try {
    make();
  } catch (const error &problem) {
    CHECK(problem.code() == error_code::invalid_argument);
    return problem.what();
  }
  return "";
}

} // namespace

TEST_CASE("the first values never change") {
  const std::map<std::string, std::vector<float>> expected = {
      {"normal(0.01)",
       {0.00616511377F, -0.00150563207F, -0.00321487361F, 0.00467039831F, 0.0131449141F, -0.00650908472F,
        -0.0118768476F, 0.00062930031F}},
      {"truncated_normal(0.01)",
       {0.00584924687F, -0.00143664074F, -0.00306381239F, 0.00444294047F, 0.0121178124F, -0.00617100578F,
        -0.0110359872F, 0.000600631698F}},
      {"uniform(0.3)",
       {0.138732865F, -0.0359039456F, -0.0756477043F, 0.107858568F, 0.243395746F, -0.145468354F,
        -0.229512736F, 0.0150533086F}},
      {"lecun_normal",
       {0.027707085F, -0.00680517079F, -0.0145128611F, 0.021045601F, 0.057400424F, -0.0292312112F,
        -0.0522759631F, 0.00284511037F}},
      {"lecun_uniform",
       {0.0333739407F, -0.00863714609F, -0.0181980077F, 0.0259467363F, 0.0585519113F, -0.0349942483F,
        -0.0552121811F, 0.00362126296F}},
      {"glorot_normal",
       {0.0226227399F, -0.005556399F, -0.0118497014F, 0.0171836615F, 0.0468672514F, -0.0238671843F,
        -0.0426831469F, 0.00232302281F}},
      {"glorot_uniform",
       {0.0272497069F, -0.00705220038F, -0.0148586119F, 0.0211854223F, 0.0478074364F, -0.0285726842F,
        -0.0450805575F, 0.00295674894F}},
      {"he_normal",
       {0.0391837358F, -0.00962396525F, -0.0205242839F, 0.0297629759F, 0.0811764598F, -0.0413391739F,
        -0.0739293769F, 0.00402359338F}},
      {"he_uniform",
       {0.0471978784F, -0.0122147696F, -0.0257358719F, 0.0366942286F, 0.0828049108F, -0.0494893417F,
        -0.0780818164F, 0.00512123946F}},
      {"kaiming_normal_fan_out",
       {0.0256879739F, -0.00627346709F, -0.0133953067F, 0.0194599945F, 0.0547704771F, -0.0271211863F,
        -0.0494868644F, 0.00262208446F}},
      {"orthogonal",
       {0.0246358849F, -0.00601652823F, -0.0128466822F, 0.0186629817F, 0.0525272712F, -0.0260103997F,
        -0.0474600606F, 0.00251469342F}},
  };
  CHECK(expected.size() == 11);
  for (const auto &[how, values] : expected) {
    CAPTURE(how);
    std::vector<float> found = made(infos[conv2_1], how, conv2_1);
    found.resize(values.size());
    CHECK(found == values);
  }
  // more rows than columns: [64, 3 * 3 * 3]
  const std::vector<float> columns = {0.158744931F,  0.139974847F, 0.0231731422F,  0.085348323F,
                                      0.0224535186F, 0.115032919F, -0.0280905459F, 0.0515916049F};
  std::vector<float> found = made(infos[conv1_1], "orthogonal", conv1_1);
  found.resize(columns.size());
  CHECK(found == columns);
}

TEST_CASE("he_uniform weights are those of fill_initial") {
  for (const std::uint32_t tensor : {0U, 2U, 30U}) { // 30: fc8
    std::vector<float> expected(static_cast<std::size_t>(infos[tensor].size()));
    fill_initial(expected, infos[tensor], tensor, 77);
    CHECK(made(infos[tensor], "he_uniform", tensor, 77) == expected);
  }
}

TEST_CASE("the quantile function is the inverse of the distribution function") {
  for (double p = 1e-10; p < 0.5; p *= 1.01) {
    const double x = detail::normal_quantile(p);
    CHECK(std::erfc(-x / std::sqrt(2.0)) / 2 == doctest::Approx(p).epsilon(1e-13).scale(0));
    // about 1/2, as far as 1 - p is exact
    CHECK(detail::normal_quantile(1 - p) == doctest::Approx(-x).epsilon(1e-6));
  }
  CHECK(detail::normal_quantile(0.5) == 0);
  CHECK(detail::normal_quantile(0.975) == doctest::Approx(1.959963984540054).epsilon(1e-14));
}

TEST_CASE("means, deviations and bounds") {
  // conv: fan_in 32 * 15, fan_out 300 * 15; fully connected: fan_in 400, fan_out 600
  const parameter_info conv = weights_of(4, {300, 32, 3, 5}), connected = weights_of(2, {600, 400, 1, 1});
  struct expectation {
    std::string how;
    double conv, connected; // deviations
    double kurtosis;        // 3: normal, 1.8: uniform, 2.37: normal within two deviations
    double bound;           // in deviations; 0: none
  };
  const double cut = 0.87962566103423978, root3 = std::sqrt(3.0);
  for (const auto &[how, of_conv, of_connected, kurtosis, bound] : {
           expectation{"normal(0.02)", 0.02, 0.02, 3, 0},
           expectation{"truncated_normal(0.02)", 0.02 * cut, 0.02 * cut, 2.37, 2 / cut},
           expectation{"uniform(0.02)", 0.02 / root3, 0.02 / root3, 1.8, root3},
           expectation{"lecun_normal", std::sqrt(1.0 / 480), std::sqrt(1.0 / 400), 2.37, 2 / cut},
           expectation{"lecun_uniform", std::sqrt(1.0 / 480), std::sqrt(1.0 / 400), 1.8, root3},
           expectation{"glorot_normal", std::sqrt(2.0 / (480 + 4500)), std::sqrt(2.0 / 1000), 2.37, 2 / cut},
           expectation{"glorot_uniform", std::sqrt(2.0 / (480 + 4500)), std::sqrt(2.0 / 1000), 1.8, root3},
           expectation{"he_normal", std::sqrt(2.0 / 480), std::sqrt(2.0 / 400), 2.37, 2 / cut},
           expectation{"he_uniform", std::sqrt(2.0 / 480), std::sqrt(2.0 / 400), 1.8, root3},
           expectation{"kaiming_normal_fan_out", std::sqrt(2.0 / 4500), std::sqrt(2.0 / 600), 3, 0},
       })
    for (const bool is_conv : {true, false}) {
      CAPTURE(how);
      CAPTURE(is_conv);
      const parameter_info &parameter = is_conv ? conv : connected;
      const double deviation = is_conv ? of_conv : of_connected;
      const auto count = static_cast<double>(parameter.size());
      const moments m = moments_of(made(parameter, how, 3));
      // five standard errors of each
      CHECK(std::abs(m.mean) < 5 * deviation / std::sqrt(count));
      CHECK(std::abs(m.deviation / deviation - 1) < 5 * std::sqrt((kurtosis - 1) / 4 / count));
      CHECK(m.kurtosis == doctest::Approx(kurtosis).epsilon(0.02));
      if (bound > 0) {
        CHECK(m.largest <= deviation * bound * (1 + 1e-7));
        CHECK(m.largest > deviation * bound * 0.999);
      } else {
        CHECK(m.largest > 4 * deviation);
        CHECK(m.largest < 6.4 * deviation);
      }
    }
}

TEST_CASE("zeros and constants") {
  std::vector<float> values(64, NAN);
  initialise(values, infos[conv1_1_bias], {}, conv1_1_bias, 1);
  CHECK(values == std::vector<float>(64, 0.F));
  CHECK(made(infos[conv1_1_bias], "constant(0.1)") == std::vector<float>(64, 0.1F));
  CHECK(made(infos[conv1_1_bias], "constant(-2)") == std::vector<float>(64, -2.F));
  CHECK(made(infos[conv1_1_bias], "zeros") == std::vector<float>(64, 0.F));
}

TEST_CASE("orthogonal weights have orthogonal rows, or columns where these are fewer") {
  struct extents {
    std::int64_t outputs, inputs, height, width;
  };
  for (const auto &[o, i, h, w] : {extents{16, 4, 3, 3}, extents{64, 3, 3, 3}, extents{27, 3, 3, 3},
                                   extents{1, 7, 1, 1}, extents{7, 1, 1, 1}, extents{1, 1, 1, 1}})
    for (const double gain : {1.0, 1.5}) {
      CAPTURE(o);
      CAPTURE(gain);
      const std::vector<float> values =
          made(weights_of(4, {o, i, h, w}), initialiser{initialiser_kind::orthogonal, gain}, 5);
      const auto rows = static_cast<std::size_t>(o), columns = static_cast<std::size_t>(i * h * w);
      CHECK(distance_from_orthogonal(values, std::min(rows, columns), std::max(rows, columns),
                                     rows <= columns, gain) < 1e-6);
    }
  // square, where the last vectors have little left of them, and of rank 2
  const std::vector<float> square = made(weights_of(2, {200, 200, 1, 1}), "orthogonal", 5);
  CHECK(distance_from_orthogonal(square, 200, 200, true, 1) < 1e-6);
  CHECK(distance_from_orthogonal(square, 200, 200, false, 1) < 1e-6);
}

TEST_CASE("values depend on the seed, the tensor and the shape's fans, and on nothing else") {
  const parameter_info info = weights_of(4, {8, 4, 3, 3});
  for (const std::string how :
       {"normal(1)", "truncated_normal(1)", "uniform(1)", "he_normal", "orthogonal"}) {
    CAPTURE(how);
    const std::vector<float> base = made(info, how, 3, 1);
    CHECK(base == made(info, how, 3, 1));
    CHECK(base != made(info, how, 4, 1));
    CHECK(base != made(info, how, 3, 2));
    CHECK(base != made(info, how, 3, 1 + (std::uint64_t{1} << 32)));
  }
  // the first elements of a larger tensor: what is drawn does not depend on how much is
  std::vector<float> part = made(weights_of(2, {9, 29, 1, 1}), "normal(1)", 3);
  part.resize(101);
  CHECK(part == made(weights_of(2, {101, 1, 1, 1}), "normal(1)", 3));
}

TEST_CASE("each sort of tensor takes its own initialiser") {
  using enum initialiser_kind;
  const initialisation how{{constant, 1}, {constant, 2}, {constant, 3}};
  const auto first = [&](const parameter_info &parameter) {
    std::vector<float> values(static_cast<std::size_t>(parameter.size()));
    initialise(values, parameter, how, 0, 1);
    return values[0];
  };
  CHECK(first(infos[conv1_1]) == 1);
  CHECK(first(infos[30]) == 2);
  CHECK(first(infos[conv1_1_bias]) == 3);
  CHECK(first(infos[31]) == 3);
}

TEST_CASE("a batch norm begins as the identity, whatever the initialisers are") {
  constexpr auto &normed = parameter_infos<std::remove_cv_t<decltype(vgg11_bn)>>;
  const auto all = [](float value) { return std::vector<float>(64, value); };
  for (const char *how : {"he_normal", "orthogonal", "normal(0.01)"}) {
    CHECK(made(normed[2], how) == all(1));
    CHECK(made(normed[3], how) == all(0));
    CHECK(made(normed[4], how) == all(0));
    CHECK(made(normed[5], how) == all(1));
  }
}

TEST_CASE("texts of initialisers are read and written") {
  for (const std::string text :
       {"zeros", "constant(-0.5)", "constant(0)", "normal(0.01)", "truncated_normal(1e-04)", "uniform(0.05)",
        "lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform",
        "kaiming_normal_fan_out", "orthogonal(1.5)"}) {
    CAPTURE(text);
    CHECK(text_of(parse_initialiser(text)) == text);
  }
  CHECK(text_of(parse_initialiser("orthogonal")) == "orthogonal(1)");
  const initialiser how = parse_initialiser("normal(0.01)");
  CHECK(how.kind == initialiser_kind::normal);
  CHECK(how.value == 0.01);
}

TEST_CASE("wrong texts are refused, saying what is right") {
  const auto refused = [](const std::string &text) {
    return refusal([&] { static_cast<void>(parse_initialiser(text)); });
  };
  CHECK(refused("xavier") ==
        "initialiser: found \"xavier\", expected one of zeros, constant(value), normal(deviation), "
        "truncated_normal(deviation), uniform(bound), lecun_normal, lecun_uniform, glorot_normal, "
        "glorot_uniform, "
        "he_normal, he_uniform, kaiming_normal_fan_out, orthogonal or orthogonal(gain)");
  for (const std::string text : {"", "(", "()", "(1)", "He_normal", "he_normal ", "normal (1)"})
    CHECK(refused(text).starts_with("initialiser: found \"" + text + "\", expected one of zeros, "));
  for (const std::string text : {"normal", "normal(0.1", "normal(", "normal(0.1) "})
    CHECK(refused(text) == "initialiser: found \"" + text + "\", expected normal(deviation)");
  CHECK(refused("he_normal(2)") == "initialiser: found \"he_normal(2)\", expected he_normal");
  CHECK(refused("orthogonal(") ==
        "initialiser: found \"orthogonal(\", expected orthogonal or orthogonal(gain)");
  for (const std::string value :
       {"", "x", "0.1x", "0.1)", " 0.1", "0", "-1", "nan", "inf", "-inf", "1e999", "2e30", "1,5"})
    CHECK(refused("normal(" + value + ")") ==
          "initialiser: found \"normal(" + value +
              ")\", expected normal(deviation) with a number above 0 and at most 1e30 for deviation");
  CHECK(refused("constant(nan)") ==
        "initialiser: found \"constant(nan)\", expected constant(value) with a number "
        "from -1e30 to 1e30 for value");
  CHECK(refused(std::string(100'000, 'x')).size() < 1000);
}

TEST_CASE("what cannot be initialised is refused by the tensor's name") {
  using enum initialiser_kind;
  const auto refused = [](std::size_t size, const parameter_info &parameter, const initialiser &how) {
    return refusal([&] {
      std::vector<float> values(size);
      initialise(values, parameter, all_of(how), 0, 1);
    });
  };
  CHECK(refused(1727, infos[conv1_1], {zeros}) ==
        "initialiser: found 1727 elements for conv1_1 weight, expected 1728");
  CHECK(refused(0, weights_of(2, {0, 5, 1, 1}), {orthogonal})
            .starts_with("initialiser: found 0 elements for made"));
  for (const auto kind : {lecun_normal, lecun_uniform, glorot_normal, glorot_uniform, he_normal, he_uniform,
                          kaiming_normal_fan_out, orthogonal})
    CHECK(refused(64, infos[conv1_1_bias], {kind})
              .find("for conv1_1 bias, expected one that needs no inputs") != std::string::npos);
  CHECK(refused(64, infos[conv1_1_bias], {normal, -1}) ==
        "initialiser: found normal(-1) for conv1_1 bias, expected a number above 0 and at most 1e30");
  CHECK(refused(64, infos[conv1_1_bias], {constant, NAN}).starts_with("initialiser: found constant(nan)"));
  CHECK(refused(64, infos[conv1_1_bias], {static_cast<initialiser_kind>(99)}) ==
        "initialiser: found kind 99, expected one that there is");
}

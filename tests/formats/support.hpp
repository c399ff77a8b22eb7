// The tiny VGG of tests/data/weights, and what tests ask of it.
#pragma once

#include "../temporary_folder.hpp"

#include <vggen/formats/vgg_names.hpp>
#include <vggen/formats/vgg_weights.hpp>
#include <vggen/io/error.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace vggen::test {

inline std::filesystem::path weights_file(const std::string &name) {
  return std::filesystem::path(VGGEN_TEST_DATA) / "weights" / name;
}

inline std::vector<char> content_of(const std::filesystem::path &path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::filesystem::path store(const std::filesystem::path &path, const std::vector<char> &content) {
  std::ofstream(path, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
  return path;
}

inline std::vector<float> values_of(const stored_tensor &tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.size()));
  tensor.read(values);
  return values;
}

/// Reads all values.
inline void read_all(const vgg_weights &weights) {
  for (const auto &parameter : detail::torchvision_parameters(weights))
    static_cast<void>(values_of(*parameter.tensor));
}

/// The error that `run` throws, if it throws one of vggen's.
inline std::optional<error> error_of(const std::function<void()> &run) {
  try {
    run();
  } catch (const error &problem) {
    return problem;
  }
  return std::nullopt;
}

/// Checks that both have the same parameters, within a relative error of the largest value of each.
inline void check_same(const vgg_weights &found, const vgg_weights &expected, double tolerance = 0) {
  const auto a = detail::torchvision_parameters(found), b = detail::torchvision_parameters(expected);
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CAPTURE(b[i].layer + "." + b[i].name);
    CHECK(a[i].layer == b[i].layer);
    CHECK(a[i].name == b[i].name);
    REQUIRE(a[i].tensor->shape == b[i].tensor->shape);
    const std::vector<float> x = values_of(*a[i].tensor), y = values_of(*b[i].tensor);
    float largest = 0, away = 0;
    for (std::size_t e = 0; e < x.size(); ++e) {
      largest = std::max(largest, std::abs(y[e]));
      away = std::max(away, std::abs(x[e] - y[e]));
    }
    CHECK(away <= tolerance * largest);
    CHECK(largest > 0);
  }
}

} // namespace vggen::test

// Seeded weight files: names, shapes, values and metadata, read back.
#include "vggen/core/random.hpp"
#include "vggen/io/initial_weights.hpp"
#include "vggen/io/load_parameters.hpp"
#include "vggen/io/safetensors.hpp"

#include <vggen/net/zoo.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <type_traits>
#include <vector>

#include <unistd.h>

namespace {

namespace fs = std::filesystem;
constexpr auto &infos = vggen::parameter_infos<std::remove_cv_t<decltype(vggen::fashion_vgg)>>;

struct temporary_file {
  fs::path path = fs::temp_directory_path() / ("vggen_initial_weights_test_" + std::to_string(getpid()));
  ~temporary_file() {
    std::error_code ignored;
    fs::remove(path, ignored);
  }
};

std::string content(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace

TEST_CASE("a seeded file holds a network's parameters") {
  const temporary_file file;
  double last = 0;
  vggen::write_initial_weights(file.path, infos, 42, {{"preprocess", "unit"}}, [&](double done) {
    CHECK(done >= last);
    last = done;
  });
  CHECK(last == 1.0);
  const vggen::safetensors_file read(file.path);
  CHECK(read.metadata().at("seed") == "42");
  CHECK(read.metadata().at("preprocess") == "unit");
  CHECK(read.metadata().contains("vggen"));
  REQUIRE(read.find("features.0.weight"));
  CHECK(read.find("features.0.weight")->shape == std::vector<std::int64_t>{16, 1, 3, 3});
  CHECK(read.find("classifier.3.bias")->shape == std::vector<std::int64_t>{10});
  const auto loaded = vggen::load_parameters(infos, read);
  CHECK(loaded.notes.empty());
  for (std::size_t i = 0; i < infos.size(); ++i) {
    std::vector<float> expected(loaded.tensors[i].size());
    vggen::fill_initial(expected, infos[i], static_cast<std::uint32_t>(i), 42);
    CHECK(std::equal(expected.begin(), expected.end(), loaded.tensors[i].begin()));
  }
}

TEST_CASE("the same seed gives the same bytes") {
  const temporary_file file;
  vggen::write_initial_weights(file.path, infos, 1);
  const auto first = content(file.path);
  vggen::write_initial_weights(file.path, infos, 1);
  CHECK(content(file.path) == first);
  vggen::write_initial_weights(file.path, infos, 2);
  CHECK(content(file.path) != first);
}

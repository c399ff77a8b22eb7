// Whole networks against PyTorch: the logits that torch computes from the same seeded weights and input
// (tests/goldens/make_network_goldens.py).
#include "model/relative_error.hpp"
#include "model/seeded_weights.hpp"

#include <vggen/io/safetensors.hpp>

#include <compiled/vgg11_32.hpp>
#include <compiled/vgg11_lrn_32.hpp>
#include <compiled/vgg13_32.hpp>
#include <compiled/vgg16_224.hpp>
#include <compiled/vgg16_32.hpp>
#include <compiled/vgg16_c_32.hpp>
#include <compiled/vgg19_32.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

using namespace vggen;
using namespace vggen::test;

namespace {

template <class T> std::vector<T> read(const safetensors_file &file, const std::string &name) {
  const auto *const tensor = file.find(name);
  REQUIRE_MESSAGE(tensor, name);
  std::vector<T> values(tensor->data.size() / sizeof(T));
  std::memcpy(values.data(), tensor->data.data(), tensor->data.size());
  return values;
}

constexpr double tolerance = 1e-4;

safetensors_file golden(const std::string &name) {
  return safetensors_file(std::string(VGGEN_TEST_DATA) + "/goldens/" + name + ".safetensors");
}

template <class Model, int Batch = 1> double error_of(const std::string &name) {
  const seeded_parameters<typename Model::network> parameters;
  typename Model::weights weights;
  REQUIRE(weights.assign(parameters.pointers) == status::ok);
  typename Model::template context<Batch> context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  const double error = relative_error(run(context, weights), read<float>(golden(name), "logits"));
  MESSAGE(name << ": " << error);
  return error;
}

} // namespace

TEST_CASE("logits are PyTorch's") {
  CHECK(error_of<compiled::vgg11_32>("vgg11_32") < tolerance);
  CHECK(error_of<compiled::vgg11_lrn_32>("vgg11_lrn_32") < tolerance);
  CHECK(error_of<compiled::vgg13_32>("vgg13_32") < tolerance);
  CHECK(error_of<compiled::vgg16_c_32>("vgg16_c_32") < tolerance);
  CHECK(error_of<compiled::vgg16_32>("vgg16_32") < tolerance);
  CHECK(error_of<compiled::vgg16_32, 8>("vgg16_32_batch8") < tolerance);
  CHECK(error_of<compiled::vgg19_32>("vgg19_32") < tolerance);
}

TEST_CASE("logits are PyTorch's at 224x224") {
  CHECK(error_of<compiled::vgg16_224>("vgg16_224") < tolerance);
}

TEST_CASE("the outputs of layers are PyTorch's") {
  using model = compiled::vgg16_32;
  const seeded_parameters<model::network> parameters;
  model::weights weights;
  REQUIRE(weights.assign(parameters.pointers, {.features = true}) == status::ok);
  model::context<> context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  const auto input = seeded_input<model::network>();
  const safetensors_file file = golden("vgg16_32");
  for (const std::string layer : {"conv1_2", "pool3", "pool5"}) {
    CAPTURE(layer);
    const int index = find_layer<model::network>(layer);
    REQUIRE(index >= 0);
    REQUIRE(context.set_input(input.data()) == status::ok);
    REQUIRE(context.forward_to(weights, index) == status::ok);
    const std::vector<float> values = values_of(context.output_of(index));

    std::vector<float> found;
    for (const std::int64_t position : read<std::int64_t>(file, layer + ".positions"))
      found.push_back(values.at(static_cast<std::size_t>(position)));
    CHECK(relative_error(found, read<float>(file, layer + ".samples")) < tolerance);

    double squares = 0;
    for (const float v : values)
      squares += double{v} * v;
    const double norm = read<float>(file, layer + ".norm").at(0);
    CHECK(std::sqrt(squares) == doctest::Approx(norm).epsilon(tolerance));
  }
}

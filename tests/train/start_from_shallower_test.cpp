// Weights files of shallower networks: which network they are of, and what is taken from them.
#include "pretended_network.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/write_safetensors.hpp>
#include <vggen/net/zoo.hpp>
#include <vggen/train/start_from_shallower.hpp>
#include <vggen/train/stored_parameters.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <unistd.h>

using namespace vggen;

namespace {

// Each test case's own, and gone after it.
struct temporary_file {
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("vggen_shallower_" + std::to_string(getpid()) + ".safetensors");
  ~temporary_file() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

struct tensor {
  std::vector<std::int64_t> shape;
  element_type type = element_type::f32;
  float first = 0;
};
using tensors = std::map<std::string, tensor>;

void write(const std::filesystem::path &path, const tensors &all) {
  std::vector<std::vector<float>> values;
  std::vector<tensor_source> sources;
  values.reserve(all.size());
  for (const auto &[name, one] : all) {
    std::int64_t size = 1;
    for (const std::int64_t extent : one.shape)
      size *= extent;
    values.emplace_back(static_cast<std::size_t>(size), one.first);
    auto bytes = std::as_bytes(std::span(values.back()));
    if (one.type == element_type::f16) bytes = bytes.first(bytes.size() / 2);
    sources.push_back(
        {.name = name, .type = one.type, .shape = one.shape, .produce = bytes_in_memory(bytes)});
  }
  write_safetensors(path, sources);
}

enum class naming { torchvision, paper, keras };

// A network's tensors; those of layer i hold i + 1.
template <class Network> tensors tensors_of(Network, naming how) {
  tensors all;
  for (const parameter_info &info : parameter_infos<Network>) {
    const short_name &layer = how == naming::torchvision ? info.module
                              : how == naming::paper     ? info.name
                                                         : info.keras;
    all[std::string(layer.view()) + "." + std::string(info.suffix())] = {
        .shape = {info.extents.begin(), info.extents.begin() + info.rank},
        .first = static_cast<float>(info.layer + 1)};
  }
  return all;
}

template <class Network> void check_found(Network network) {
  const auto expected = std::span<const parameter_info>(parameter_infos<Network>);
  for (const naming how : {naming::torchvision, naming::paper, naming::keras}) {
    CAPTURE(static_cast<int>(how));
    const temporary_file file;
    tensors all = tensors_of(network, how);
    all["momentum.features.0.weight"] = {.shape = {3}}; // of a checkpoint
    write(file.path, all);
    const safetensors_file opened(file.path);
    const auto found = stored_parameters(opened);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i].info.name.view() == expected[i].name.view());
      CHECK(found[i].info.role == expected[i].role);
      CHECK(found[i].info.rank == expected[i].rank);
      CHECK(std::equal(expected[i].extents.begin(), expected[i].extents.begin() + expected[i].rank,
                       found[i].info.extents.begin()));
      CHECK(found[i].tensor->shape.size() == static_cast<std::size_t>(expected[i].rank));
    }
  }
}

template <class Network> constexpr auto thin(Network network) {
  return with_width<1, 64>(with_input<3, 32, 32>(network));
}

constexpr auto shallow =
    sequential(input<1, 8, 8>, conv3x3<2>, relu, max_pool<2>, conv3x3<3>, relu, max_pool<2>, flatten,
               fully_connected<5>, relu, fully_connected<10>, softmax);
constexpr auto deep =
    sequential(input<1, 8, 8>, repeat<2>(conv3x3<2>, relu), max_pool<2>, repeat<2>(conv3x3<3>, relu),
               max_pool<2>, flatten, fully_connected<5>, relu, fully_connected<10>, softmax);

std::string refusal(const tensors &all) {
  const temporary_file file;
  write(file.path, all);
  test::pretended_network network(deep);
  try {
    start_from_shallower(file.path, network);
  } catch (const error &problem) {
    CHECK(problem.code() == error_code::mismatch);
    CHECK(network.changes == 0);
    CHECK(std::ranges::all_of(network.parameters(), [](float v) { return v == 0; }));
    const std::string message = problem.what();
    CHECK(message.starts_with(file.path.string()));
    return message;
  }
  return "";
}

bool has(const std::string &text, const std::string &part) {
  INFO(text);
  INFO(part);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

} // namespace

TEST_CASE("the network of a file, by any of the usual names") {
  check_found(thin(vgg11));
  check_found(thin(vgg11_lrn)); // a layer between relu and pool
  check_found(thin(vgg13));
  check_found(thin(vgg16));
  check_found(thin(vgg19));
  check_found(fully_convolutional(thin(vgg11)));
  check_found(without_top(thin(vgg16)));
  check_found(shallow);
  check_found(thin(vgg11_bn)); // a batch norm between convolution and relu
  check_found(thin(vgg16_bn));
}

TEST_CASE("the first convolutions and the classifier are copied, the others left") {
  for (const naming how : {naming::torchvision, naming::paper, naming::keras}) {
    const temporary_file file;
    write(file.path, tensors_of(shallow, how));
    test::pretended_network network(deep);
    std::ranges::fill(network.parameters(), -1.f);
    const shallower_start start = start_from_shallower(file.path, network);
    CHECK(start.copied == std::vector<std::string>{"conv1_1", "conv2_1", "fc3", "fc4"});
    CHECK(start.others == std::vector<std::string>{"conv1_2", "conv2_2"});
    CHECK(network.changes == 1);
    const std::map<std::string, float> expected{{"conv1_1", 2},  {"conv1_2", -1}, {"conv2_1", 5},
                                                {"conv2_2", -1}, {"fc3", 9},      {"fc4", 11}};
    const auto infos = network.facts().parameter_tensors;
    for (std::size_t i = 0; i < infos.size(); ++i) {
      const std::string name(infos[i].name.view());
      CAPTURE(name);
      CHECK(std::ranges::all_of(network.parameter(i), [&](float v) { return v == expected.at(name); }));
    }
  }
}

TEST_CASE("batch norms go with their convolutions, statistics and all") {
  constexpr auto shallow_bn = with_batch_norm(shallow);
  constexpr auto deep_bn = with_batch_norm(deep);
  for (const naming how : {naming::torchvision, naming::paper, naming::keras}) {
    const temporary_file file;
    tensors all = tensors_of(shallow_bn, how);
    if (how == naming::torchvision) all["features.1.num_batches_tracked"] = {.shape = {}};
    write(file.path, all);
    test::pretended_network network(deep_bn);
    std::ranges::fill(network.parameters(), -1.f);
    const shallower_start start = start_from_shallower(file.path, network);
    CHECK(start.copied == std::vector<std::string>{"conv1_1", "conv2_1", "fc3", "fc4"});
    CHECK(start.others == std::vector<std::string>{"conv1_2", "conv2_2"});
    const std::map<std::string, float> expected{{"conv1_1", 2}, {"bn1_1", 3}, {"conv1_2", -1}, {"bn1_2", -1},
                                                {"conv2_1", 6}, {"bn2_1", 7}, {"conv2_2", -1}, {"bn2_2", -1},
                                                {"fc3", 11},    {"fc4", 13}};
    const auto infos = network.facts().parameter_tensors;
    for (std::size_t i = 0; i < infos.size(); ++i) {
      const std::string name(infos[i].name.view());
      CAPTURE(name);
      CHECK(std::ranges::all_of(network.parameter(i), [&](float v) { return v == expected.at(name); }));
    }
  }
}

TEST_CASE("a classifier of other names is named with both") {
  constexpr auto one_block = sequential(input<1, 8, 8>, conv3x3<2>, relu, max_pool<2>, flatten,
                                        fully_connected<5>, relu, fully_connected<10>, softmax);
  const temporary_file file;
  tensors all = tensors_of(one_block, naming::paper);
  all.at("fc2.weight").shape = {5, 12}; // as in the deep one
  write(file.path, all);
  test::pretended_network network(deep);
  CHECK(start_from_shallower(file.path, network).copied ==
        std::vector<std::string>{"conv1_1", "fc3 (fc2)", "fc4 (fc3)"});
}

TEST_CASE("all that has another shape is listed, with both names and both shapes") {
  tensors all = tensors_of(shallow, naming::torchvision);
  all.at("features.0.weight").shape = {2, 3, 3, 3};
  all.at("classifier.2.weight").shape = {7, 5};
  all.at("classifier.2.bias").shape = {7};
  const std::string message = refusal(all);
  has(message, ", for pretended: ");
  has(message, "found conv1_1 weight [2, 3, 3, 3], expected conv1_1 weight [2, 1, 3, 3]");
  has(message, "found fc4 weight [7, 5], expected fc4 weight [10, 5]");
  has(message, "found fc4 bias [7], expected fc4 bias [10]");
}

TEST_CASE("what no such network has is listed") {
  tensors all = tensors_of(shallow, naming::torchvision);
  all["features.1.running_mean"] = {.shape = {2}};
  all["features.40.running_var"] = all["features.40.running_mean"] = all["features.40.weight"] =
      all["features.40.bias"] = {.shape = {2}};
  all["logit_scale"] = {.shape = {}};
  all["weight"] = {.shape = {1}};
  all["features.12345.weight"] = all["features.-1.weight"] = all["features..weight"] = {.shape = {1}};
  all["features.9.bias"] = {.shape = {2}};
  all["features.20.weight"] = {.shape = {2, 2}};
  all["features.20.bias"] = {.shape = {2}};
  all["classifier.7.weight"] = {.shape = {4, 4}, .type = element_type::f16};
  all["classifier.7.bias"] = {.shape = {3}};
  const std::string message = refusal(all);
  for (const char *part : {"\"features.1.running_mean\": without a tensor weight",
                           "\"features.40.weight\": found a batch norm that follows no convolution",
                           "\"logit_scale\": not the name", "\"weight\": not the name",
                           "\"features.12345.weight\": not", "\"features.-1.weight\": not",
                           "\"features..weight\": not", "\"features.9.bias\": without a tensor weight",
                           "\"features.20.weight\": found 2 dimensions, expected 4",
                           "\"classifier.7.weight\": found F16, expected F32",
                           "\"classifier.7.bias\": found another shape than [4]"})
    has(message, part);
}

TEST_CASE("twice the same, names of two sorts, nothing, and far too much") {
  tensors all = tensors_of(shallow, naming::paper);
  all["block1_conv1.weight"] = all["conv1_1.weight"];
  has(refusal(all), "the same tensor as");

  all = tensors_of(shallow, naming::paper);
  all["features.0.weight"] = {.shape = {2, 1, 3, 3}};
  all["features.0.bias"] = {.shape = {2}};
  has(refusal(all), "found 1 layers under torchvision's names (features.0) and 4 under others");

  has(refusal({{"momentum.features.0.weight", {.shape = {1}}}}), "found 0 layers");

  all.clear();
  for (int i = 0; i < 5000; ++i) {
    all["features." + std::to_string(i) + ".weight"] = {.shape = {1, 1, 1, 1}};
    all["features." + std::to_string(i) + ".bias"] = {.shape = {1}};
  }
  has(refusal(all), "found 5000 layers");
  for (int i = 0; i < 5000; ++i)
    all["x" + std::to_string(i)] = {.shape = {1}};
  const std::string message = refusal(all);
  has(message, "and 4980 more");
  CHECK(message.size() < 5000);
}

TEST_CASE("networks without anything in common are refused") {
  has(refusal({{"conv9_1.weight", {.shape = {2, 1, 3, 3}}}, {"conv9_1.bias", {.shape = {2}}}}),
      "found no layer of a place and a shape that the deeper one has");
}

// What is taken from weights that were trained on other classes: every layer before the classifier, to the
// bit.
#include "pretended_network.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/write_safetensors.hpp>
#include <vggen/net/zoo.hpp>
#include <vggen/train/pretrained.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <unistd.h>

using namespace vggen;

namespace {

using texts = std::map<std::string, std::string>;
using names = std::vector<std::string>;

constexpr auto convolutions =
    layer_sequence(conv3x3<2>, relu, max_pool<2>, conv3x3<3>, relu, conv3x3<3>, relu, max_pool<2>);
constexpr auto ten = sequential(input<1, 8, 8>, convolutions, flatten, fully_connected<5>, relu, dropout<0.5>,
                                fully_connected<10>, softmax);
constexpr auto three = with_top(ten, flatten, fully_connected<3>, softmax);
constexpr auto none = without_top(ten);

// Each test case's own, and gone after it.
struct temporary_file {
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("vggen_pretrained_" + std::to_string(getpid()) + ".safetensors");
  ~temporary_file() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

// Values that differ from tensor to tensor, and within one; some of them not finite.
float value(std::size_t tensor, std::size_t element) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(0x9e3779b9U * (tensor * 1000 + element + 1)));
}

// A weights file of a network, under the names of torchvision or of the paper.
template <class Network>
void write(const std::filesystem::path &path, Network, bool paper = false, const texts &metadata = {}) {
  std::vector<std::vector<float>> values;
  std::vector<tensor_source> sources;
  values.reserve(parameter_infos<Network>.size());
  for (const parameter_info &info : parameter_infos<Network>) {
    auto &all = values.emplace_back(static_cast<std::size_t>(info.size()));
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] = value(values.size(), i);
    sources.push_back(
        {.name = std::string((paper ? info.name : info.module).view()) + "." + std::string(info.suffix()),
         .type = element_type::f32,
         .shape = {info.extents.begin(), info.extents.begin() + info.rank},
         .produce = bytes_in_memory(std::as_bytes(std::span(all)))});
  }
  write_safetensors(path, sources, metadata);
}

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

// The message of the error that taking the file throws; the network is as it was.
std::string refusal(const std::filesystem::path &path, test::pretended_network &network,
                    error_code expected) {
  std::ranges::fill(network.parameters(), 7.f);
  try {
    static_cast<void>(start_from_pretrained(path, network));
  } catch (const error &problem) {
    CHECK(problem.code() == expected);
    CHECK(std::ranges::all_of(network.parameters(), [](float v) { return v == 7.f; }));
    CHECK(network.changes == 0);
    return problem.what();
  }
  return "";
}

} // namespace

TEST_CASE("all layers but the classifier's are taken, bit for bit, whatever classifier the file has") {
  const auto check = [](auto file_network, auto network_type, bool paper, const names &others) {
    const temporary_file file;
    write(file.path, file_network, paper);
    test::pretended_network network(network_type);
    std::ranges::fill(network.parameters(), 7.f);
    const pretrained_start start = start_from_pretrained(file.path, network);
    CHECK(start.taken == names{"conv1_1", "conv2_1", "conv2_2"});
    CHECK(start.others == others);
    CHECK_FALSE(start.preprocess.has_value());
    CHECK(network.changes == 1);
    const std::size_t all = network.facts().parameter_tensors.size();
    for (std::size_t i = 0; i < all; ++i) {
      const auto found = network.parameter(i);
      for (std::size_t element = 0; element < found.size(); ++element)
        REQUIRE(same_bits(found[element], i < 6 ? value(i + 1, element) : 7.f));
    }
  };
  for (const bool paper : {false, true}) {
    CAPTURE(paper);
    check(ten, ten, paper, {"fc3", "fc4"});
    check(three, ten, paper, {"fc3", "fc4"});
    check(ten, three, paper, {"fc3"});
    check(none, three, paper, {"fc3"});
  }
}

TEST_CASE("the file's way to normalise images is handed on") {
  const temporary_file file;
  write(file.path, ten, false, {{"preprocess", "torchvision"}, {"labels", "[]"}});
  test::pretended_network network(three);
  CHECK(start_from_pretrained(file.path, network).preprocess == "torchvision");
}

TEST_CASE("other configurations are refused, with everything that differs under both names") {
  const temporary_file file;
  test::pretended_network network(three);
  // the second block has wider filters, and one more convolution
  write(file.path, sequential(input<1, 8, 8>, conv3x3<2>, relu, max_pool<2>, repeat<3>(conv3x3<4>, relu),
                              max_pool<2>, flatten, fully_connected<10>, softmax));
  CHECK(refusal(file.path, network, error_code::mismatch) ==
        file.path.string() +
            ": found 6 mismatches with the 6 tensors of the network:\n"
            "  conv2_1 weight (\"features.3.weight\"): found the shape [4, 2, 3, 3], expected [3, 2, 3, 3]\n"
            "  conv2_1 bias (\"features.3.bias\"): found the shape [4], expected [3]\n"
            "  conv2_2 weight (\"features.5.weight\"): found the shape [4, 4, 3, 3], expected [3, 3, 3, 3]\n"
            "  conv2_2 bias (\"features.5.bias\"): found the shape [4], expected [3]\n"
            "  \"features.7.weight\": found a tensor that this network does not have\n"
            "  \"features.7.bias\": found a tensor that this network does not have");
  write(file.path,
        sequential(input<1, 8, 8>, conv3x3<2>, relu, max_pool<2>, conv3x3<3>, relu, max_pool<2>, flatten,
                   fully_connected<10>, softmax),
        true);
  CHECK(refusal(file.path, network, error_code::mismatch) ==
        file.path.string() +
            ": found 2 mismatches with the 6 tensors of the network:\n"
            "  conv2_2 weight: found no tensor {features.5, conv2_2, block2_conv2}.weight, "
            "expected F32 [3, 3, 3, 3]\n"
            "  conv2_2 bias: found no tensor {features.5, conv2_2, block2_conv2}.bias, expected "
            "F32 [3]");
}

TEST_CASE("a network that is a classifier takes nothing") {
  const temporary_file file;
  write(file.path, ten);
  test::pretended_network network(sequential(input<1, 8, 8>, flatten, fully_connected<10>, softmax));
  CHECK(refusal(file.path, network, error_code::invalid_argument).find("no layer before its classifier") !=
        std::string::npos);
}

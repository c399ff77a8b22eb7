// Files whose few bytes would become very much in memory: one long text that is the name of very many things,
// a dict in another one many times, parts of two bytes.
#include "formats/support.hpp"

#include <vggen/formats/pickle.hpp>
#include <vggen/formats/state_dict.hpp>

#include <cstdint>
#include <cstring>
#include <span>

using namespace std::string_literals;
using namespace vggen;
using namespace vggen::test;
using detail::pickle;

namespace {

template <class Number> std::string bytes_of(Number number) {
  std::string text(sizeof number, '\0');
  std::memcpy(text.data(), &number, sizeof number);
  return text;
}

// Instructions that put a text on the stack.
std::string pickled(const std::string &text) {
  return "X" + bytes_of(static_cast<std::uint32_t>(text.size())) + text;
}

// A pickle of a dict with one tensor.
std::string dict_of(const std::string &name, const std::string &key) {
  const std::string storage =
      "(" + pickled("storage") + "ctorch\nFloatStorage\n" + pickled(key) + pickled("cpu") + "K\x01tQ";
  return "\x80\x02}" + pickled(name) + "ctorch._utils\n_rebuild_tensor_v2\n(" + storage +
         "K\x00K\x01\x85K\x01\x85tRs."s;
}

std::optional<error> refusal_of(const std::string &program) {
  return error_of([&] {
    const pickle read(std::as_bytes(std::span(program)), "file");
    static_cast<void>(detail::tensors_of_state_dict(
        read.value(), "file", [](const auto &) { return [](std::int64_t, std::span<std::byte>) {}; }));
  });
}

// A field of a protobuf message that is a text or a message, shorter than 16384 bytes; and one that is a
// small number.
std::string field(int number, const std::string &content) {
  const auto size = static_cast<unsigned>(content.size());
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(size % 128 | 0x80),
                     static_cast<char>(size / 128)} +
         content;
}
std::string field(int number, int value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}

// An ONNX file with a convolution of 1 channel, whose weights a Constant has.
std::string network_with(const std::string &name_of_weights, int convolutions) {
  const std::string tensor = field(1, 1) + field(1, 1) + field(1, 1) + field(1, 1) + field(2, 1) +
                             field(8, name_of_weights) + field(9, "\0\0\x80\x3f"s);
  const std::string value = field(1, "value"s) + field(5, tensor);
  std::string nodes = field(1, field(2, "a"s) + field(4, "Constant"s) + field(5, value));
  for (int i = 0; i < convolutions; ++i)
    nodes += field(1, field(1, "x"s) + field(1, "a"s) + field(2, "x"s) + field(4, "Conv"s));
  const auto window = [](int number, const std::string &name) {
    return field(5, field(1, name) + field(8, number) + field(8, number));
  };
  nodes += field(1, field(4, "MaxPool"s) + window(2, "kernel_shape") + window(2, "strides"));
  return field(1, 8) + field(7, nodes);
}

std::optional<error> refusal_of_network(const std::string &content) {
  const temporary_folder folder;
  const auto path = store(folder.path / "w.onnx", {content.begin(), content.end()});
  return error_of([&] { read_all(open_vgg(path)); });
}

} // namespace

TEST_CASE("names in a state dict are short") {
  CHECK(!refusal_of(dict_of("features.0.weight", "0")));
  for (const auto &program : {dict_of(std::string(2000, 'a'), "0"), dict_of("a", std::string(2000, '0'))}) {
    const auto problem = refusal_of(program);
    REQUIRE(problem);
    CHECK(problem->code() == error_code::too_large);
  }
}

// for each entry it would take minutes
TEST_CASE("a dict that is in another one many times is looked through once") {
  constexpr int entries = 45'000;
  std::string program = "\x80\x02}q\x01("s;
  for (int i = 0; i < entries; ++i)
    program += "NN";
  program += "u0}" + pickled("a") + "q\x02" + "0(";
  for (int i = 0; i < entries; ++i)
    program += "h\x02h\x01";
  program += "u.";
  const auto problem = refusal_of(program);
  REQUIRE(problem);
  CHECK(std::string(problem->what()).find("no tensors") != std::string::npos);
}

TEST_CASE("names of an ONNX network's constants are short") {
  CHECK(!refusal_of_network(network_with("w", 3)));
  const auto problem = refusal_of_network(network_with(std::string(2000, 'w'), 3));
  REQUIRE(problem);
  CHECK(problem->code() == error_code::corrupt_file);
  CHECK(std::string(problem->what()).find("shape or name") != std::string::npos);
}

TEST_CASE("an ONNX network of very many nodes is refused before they are made") {
  for (const std::string &part :
       {field(1, ""s), field(3, ""s), field(3, 1)}) { // nodes, and what no graph has
    std::string graph;
    while (graph.size() < 16'000)
      graph += part;
    std::string content = field(1, 8);
    for (int i = 0; i < 30; ++i)
      content += field(7, graph);
    const auto problem = refusal_of_network(content);
    REQUIRE(problem);
    CHECK(problem->code() == error_code::too_large);
  }
}

// ONNX networks whose numbers lie in another file: read from their own folder, refused from anywhere else.
#include "formats/support.hpp"

#include <string_view>

using namespace vggen;
using namespace vggen::test;

namespace fs = std::filesystem;

namespace {

constexpr std::string_view data_name = "tiny_external.data";

// The network with another place of its numbers: protobuf wants a name of the same length.
std::vector<char> network_with(std::string_view location) {
  REQUIRE(location.size() == data_name.size());
  std::vector<char> content = content_of(weights_file("tiny_external.onnx"));
  int changed = 0;
  for (auto at = content.begin();; ++changed) {
    at = std::search(at, content.end(), data_name.begin(), data_name.end());
    if (at == content.end()) break;
    at = std::ranges::copy(location, at).out;
  }
  CHECK(changed == 12); // a weight and a bias of each layer
  return content;
}

std::vector<char> numbers() { return content_of(weights_file(std::string(data_name))); }

// Checks that it is refused, with a message that names the network's file and the place.
void check_refused(const fs::path &network, std::string_view location) {
  const auto problem = error_of([&] { static_cast<void>(open_vgg(network)); });
  REQUIRE(problem);
  CHECK(problem->code() == error_code::unsupported);
  const std::string message = problem->what();
  CHECK_MESSAGE(message.find(network.string()) != std::string::npos, message);
  CHECK_MESSAGE(message.find("another folder, \"" + std::string(location)) != std::string::npos, message);
}

} // namespace

TEST_CASE("numbers beside the network, and in a folder beside it, are read") {
  const temporary_folder folder;
  const vgg_weights expected = open_vgg(weights_file("tiny.safetensors"));
  store(folder.path / "w.onnx", network_with(data_name));
  store(folder.path / data_name, numbers());
  check_same(open_vgg(folder.path / "w.onnx"), expected);
  store(folder.path / "v.onnx", network_with("numbers/tiny/w.raw"));
  fs::create_directories(folder.path / "numbers" / "tiny");
  store(folder.path / "numbers" / "tiny" / "w.raw", numbers());
  check_same(open_vgg(folder.path / "v.onnx"), expected);
}

TEST_CASE("numbers anywhere else are refused, with the name of the place, though they are there") {
  const temporary_folder folder;
  const fs::path inner = folder.path / "network";
  fs::create_directory(inner);
  store(folder.path / "external_data_0", numbers());
  for (const std::string_view location : {"../external_data_0", "./../external_dat_", "x/../../external_d"}) {
    CAPTURE(location);
    check_refused(store(inner / "w.onnx", network_with(location)), location);
  }
  check_refused(store(inner / "w.onnx", network_with("/etc/ld.so.cache//")), "/etc/ld.so.cache//");
}

TEST_CASE("a link out of the folder is refused; links to where the network itself is linked are not") {
  const temporary_folder folder;
  const fs::path inner = folder.path / "network", store_folder = folder.path / "store";
  fs::create_directory(inner);
  fs::create_directory(store_folder);
  store(store_folder / "numbers", numbers());
  fs::create_symlink(store_folder / "numbers", inner / data_name);
  store(inner / "w.onnx", network_with(data_name));
  check_refused(inner / "w.onnx", data_name);

  fs::rename(inner / "w.onnx", store_folder / "network"); // as download caches have it
  fs::create_symlink(store_folder / "network", inner / "w.onnx");
  check_same(open_vgg(inner / "w.onnx"), open_vgg(weights_file("tiny.safetensors")));
}

TEST_CASE("numbers that are missing or too few are errors that name their file") {
  const temporary_folder folder;
  store(folder.path / "w.onnx", network_with(data_name));
  const auto missing = error_of([&] { static_cast<void>(open_vgg(folder.path / "w.onnx")); });
  REQUIRE(missing);
  CHECK(missing->code() == error_code::cannot_open);
  CHECK(std::string(missing->what()).find(data_name) != std::string::npos);

  std::vector<char> shorter = numbers();
  shorter.pop_back();
  store(folder.path / data_name, shorter);
  const auto cut = error_of([&] { static_cast<void>(open_vgg(folder.path / "w.onnx")); });
  REQUIRE(cut);
  CHECK(cut->code() == error_code::corrupt_file);
  CHECK(std::string(cut->what()).find("beyond the end of \"" + std::string(data_name)) != std::string::npos);
}

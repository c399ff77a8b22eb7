// Files that are cut, changed or made to hurt: an error each, nothing else.
#include "formats/support.hpp"

#include <cstdint>
#include <random>

using namespace vggen;
using namespace vggen::test;

namespace {

constexpr std::array files{"tiny.pth",
                           "tiny_bn.pth",
                           "tiny_stream.pth",
                           "tiny_checkpoint.pth",
                           "tiny_half.pth",
                           "tiny_keras1.h5",
                           "tiny_keras2_whole.h5",
                           "tiny_keras3_named.weights.h5",
                           "tiny.onnx",
                           "tiny_bn.onnx",
                           "tiny.safetensors",
                           "tiny_a_keras2_pieces.h5",
                           "tiny_transposed.onnx"};

// Opens and reads all; an error of vggen's is fine.
void try_to_read(const std::filesystem::path &path) {
  const auto problem = error_of([&] { read_all(open_vgg(path)); });
  if (problem) CHECK(std::string(problem->what()).find(path.filename().string()) != std::string::npos);
}

} // namespace

TEST_CASE("a file that ends early is an error") {
  const temporary_folder folder;
  for (const char *name : files) {
    CAPTURE(name);
    const std::vector<char> whole = content_of(weights_file(name));
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{64},
                                     whole.size() / 4, whole.size() / 2, whole.size() - 1}) {
      CAPTURE(length);
      const auto path =
          store(folder.path / name, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
      CHECK(error_of([&] { read_all(open_vgg(path)); }));
    }
  }
}

TEST_CASE("a file with changed bytes is an error, or another network") {
  const temporary_folder folder;
  std::mt19937 random(1);
  for (const char *name : files) {
    CAPTURE(name);
    const std::vector<char> whole = content_of(weights_file(name));
    for (int round = 0; round < 60; ++round) {
      std::vector<char> changed = whole;
      // headers are at the beginning or at the end
      const std::size_t from = round % 3 == 0   ? 0
                               : round % 3 == 1 ? changed.size() - std::min<std::size_t>(changed.size(), 1500)
                                                : 0;
      const std::size_t span = round % 3 == 2 ? changed.size() : std::min<std::size_t>(changed.size(), 1500);
      for (int change = 0; change < 1 + round % 4; ++change)
        changed[from + random() % span] = static_cast<char>(random());
      CAPTURE(round);
      try_to_read(store(folder.path / name, changed));
    }
  }
}

TEST_CASE("what is of no known format is said to be of none") {
  const temporary_folder folder;
  const auto text = store(folder.path / "notes.txt", std::vector<char>(100, 'x'));
  CHECK(error_of([&] { static_cast<void>(open_vgg(text)); }));
  const auto missing = error_of([&] { static_cast<void>(open_vgg(folder.path / "missing.pth")); });
  REQUIRE(missing);
  CHECK(missing->code() == error_code::cannot_open);
  const auto directory = error_of([&] { static_cast<void>(open_vgg(folder.path)); });
  REQUIRE(directory);
  CHECK(directory->code() == error_code::cannot_open);
}

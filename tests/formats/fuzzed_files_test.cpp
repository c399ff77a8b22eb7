// What libFuzzer made (tests/fuzz): files that once were too much, and those that together reach most of the
// readers' code. This program measures what opening them allocates.
#include "formats/support.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string_view>

namespace {
std::atomic<std::size_t> largest_allocation = 0;
} // namespace

// not inlined: the compiler would see malloc's memory given to delete, or free called for new's
[[gnu::noinline]] void *operator new(std::size_t size, const std::nothrow_t &) noexcept {
  if (size > largest_allocation) largest_allocation = size;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void *operator new(std::size_t size) {
  if (void *memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void *memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }

using namespace vggen;
using namespace vggen::test;

namespace {

const std::filesystem::path folder = std::filesystem::path(VGGEN_TEST_DATA) / "fuzz";

// The most that a file of that many bytes may ask for at once, beside buffers of fixed size.
std::size_t most_for(std::uintmax_t bytes) {
  return (std::size_t{1} << 20) + 16 * static_cast<std::size_t>(bytes);
}

std::optional<error> open_and_read(const std::filesystem::path &path) {
  CAPTURE(path.string());
  largest_allocation = 0;
  const auto problem = error_of([&] { read_all(open_vgg(path)); });
  static_cast<void>(error_of([&] { static_cast<void>(open_vgg(path, vgg_part::encoder)); }));
  CHECK(largest_allocation <= most_for(std::filesystem::file_size(path)));
  return problem;
}

struct finding {
  std::string_view file;
  error_code code;
};

constexpr std::array findings{
    finding{"onnx/endless_text.onnx", error_code::unsupported}, // 50 MB were reserved for its text
};

} // namespace

TEST_CASE("what the fuzzer found is an error") {
  for (const finding &one : findings) {
    const auto problem = open_and_read(folder / one.file);
    CAPTURE(one.file);
    REQUIRE(problem);
    CHECK(problem->code() == one.code);
  }
}

TEST_CASE("the fuzzer's corpus is read, or is an error") {
  int files = 0;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) {
      static_cast<void>(open_and_read(entry.path()));
      ++files;
    }
  CHECK(files > 200);
}

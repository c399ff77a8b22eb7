// libFuzzer's entry: any bytes as a file of weights, opened and read whole. tests/fuzz/run.sh builds and runs
// it.
#include <vggen/formats/vgg_names.hpp>
#include <vggen/formats/vgg_weights.hpp>
#include <vggen/io/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const int file = memfd_create("weights", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (file < 0 || ftruncate(file, 0) != 0 || ftruncate(file, static_cast<off_t>(size)) != 0 ||
      pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  try {
    const vggen::vgg_weights weights = vggen::open_vgg(path);
    for (const auto &parameter : vggen::detail::torchvision_parameters(weights)) {
      std::vector<float> values(static_cast<std::size_t>(parameter.tensor->size()));
      parameter.tensor->read(values);
    }
  } catch (const vggen::error &) { // NOLINT(bugprone-empty-catch): what hostile files should end with
  }
  return 0;
}

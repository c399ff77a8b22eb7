// libFuzzer's entry: any bytes as a file of weights in one format, VGGEN_FUZZED, opened and read whole.
// tests/fuzz/run.sh builds and runs it.
#include <vggen/formats/keras_file.hpp>
#include <vggen/formats/onnx_file.hpp>
#include <vggen/formats/torch_file.hpp>
#include <vggen/formats/vgg_names.hpp>
#include <vggen/formats/vgg_weights.hpp>
#include <vggen/io/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

namespace {

using content = std::span<const std::byte>;

// Which files a format's program tries: those that open_vgg() takes for this format.
[[maybe_unused]] bool torch(content bytes) {
  return vggen::detail::is_torch_zip(bytes) || vggen::detail::is_torch_stream(bytes);
}
[[maybe_unused]] bool keras(content bytes) { return vggen::detail::is_hdf5(bytes); }
[[maybe_unused]] bool onnx(content bytes) { return vggen::detail::is_onnx(bytes); }
[[maybe_unused]] bool safetensors(content bytes) { return !torch(bytes) && !keras(bytes) && !onnx(bytes); }

// A file of its own for each process. Not memfd_create()'s: HDF5 follows links, which /proc/self/fd has.
struct weights_file {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("weights_fuzz." + std::to_string(getpid()));

  weights_file() = default;
  ~weights_file() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  weights_file(const weights_file &) = delete;
  weights_file &operator=(const weights_file &) = delete;

  void write(content bytes) const {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) std::abort();
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const weights_file file;
  const content bytes = std::as_bytes(std::span(data, size));
  if (!VGGEN_FUZZED(bytes)) return -1; // another program's
  file.write(bytes);
  // one of both: HDF5's reader takes long to fork
  const auto part = size % 2 == 0 ? vggen::vgg_part::whole : vggen::vgg_part::encoder;
  try {
    const vggen::vgg_weights weights = vggen::open_vgg(file.path, part);
    for (const auto &parameter : vggen::detail::torchvision_parameters(weights)) {
      std::vector<float> values(static_cast<std::size_t>(parameter.tensor->size()));
      parameter.tensor->read(values);
    }
  } catch (const vggen::error &) { // NOLINT(bugprone-empty-catch): what hostile files should end with
  }
  return 0;
}

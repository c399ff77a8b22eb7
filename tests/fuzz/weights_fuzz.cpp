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
std::filesystem::path weights_path() {
  static const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("weights_fuzz." + std::to_string(getpid()));
  std::atexit([] { std::filesystem::remove(path); });
  return path;
}

void write(const std::filesystem::path &path, content bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const std::filesystem::path path = weights_path();
  const content bytes = std::as_bytes(std::span(data, size));
  if (!VGGEN_FUZZED(bytes)) return -1; // another program's
  write(path, bytes);
  try {
    const vggen::vgg_weights weights = vggen::open_vgg(path);
    for (const auto &parameter : vggen::detail::torchvision_parameters(weights)) {
      std::vector<float> values(static_cast<std::size_t>(parameter.tensor->size()));
      parameter.tensor->read(values);
    }
  } catch (const vggen::error &) { // NOLINT(bugprone-empty-catch): what hostile files should end with
  }
  try {
    static_cast<void>(vggen::open_vgg(path, vggen::vgg_part::encoder));
  } catch (const vggen::error &) { // NOLINT(bugprone-empty-catch)
  }
  return 0;
}

#include "vggen/formats/keras_file.hpp"
#include "vggen/formats/number_conversion.hpp"
#include "vggen/formats/onnx_file.hpp"
#include "vggen/formats/torch_file.hpp"
#include "vggen/formats/vgg_weights.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/safetensors.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

namespace vggen {

namespace {

// A header's length that fits, and a header that begins: what no other format has.
bool is_safetensors(std::span<const std::byte> bytes) {
  std::uint64_t length = 0;
  if (bytes.size() <= sizeof length) return false;
  std::memcpy(&length, bytes.data(), sizeof length);
  return length <= bytes.size() - sizeof length && bytes[sizeof length] == std::byte{'{'};
}

stored_weights open_safetensors(const std::filesystem::path &path) {
  const auto file = std::make_shared<const safetensors_file>(path);
  stored_weights result{.file = path.string(),
                        .format = "safetensors",
                        .layout = weight_layout::torch,
                        .tensors = {},
                        .metadata = file->metadata()};
  for (const tensor_view &tensor : file->tensors()) {
    if (tensor.name.starts_with("momentum.")) continue; // of a checkpoint
    if (!detail::converts_to_float(tensor.type))
      throw error(error_code::unsupported, path.string() + ": tensor " + detail::in_quotes(tensor.name) +
                                               ": found " + std::string(element_name(tensor.type)) +
                                               ", expected floating-point numbers");
    result.tensors.push_back({.name = tensor.name,
                              .type = tensor.type,
                              .shape = tensor.shape,
                              .read = [file, &tensor](std::span<float> to) {
                                if (!to.empty()) detail::to_float(tensor.type, tensor.data, to);
                              }});
  }
  return result;
}

} // namespace

vgg_weights open_vgg(const std::filesystem::path &path, vgg_part part) {
  try {
    const auto file = std::make_shared<const mapped_file>(path);
    const auto bytes = file->bytes();
    if (is_safetensors(bytes)) return find_vgg(open_safetensors(path), part);
    if (detail::is_torch_zip(bytes)) return find_vgg(detail::open_torch_zip(file), part);
    if (detail::is_torch_stream(bytes)) return find_vgg(detail::open_torch_stream(file), part);
    if (detail::is_hdf5(bytes)) return find_vgg(detail::open_keras(file), part);
    if (detail::is_onnx(bytes)) {
      vgg_weights weights = detail::open_onnx(file); // which must be of a VGG and nothing else
      if (part == vgg_part::encoder) weights.top.clear();
      return weights;
    }
    return find_vgg(open_safetensors(path), part);
  } catch (const std::bad_alloc &) {
    throw error(error_code::out_of_memory, path.string() + ": there is not enough memory to read this file");
  } catch (const std::length_error &) {
    throw error(error_code::too_large, path.string() + ": found more than any memory could hold");
  }
}

} // namespace vggen

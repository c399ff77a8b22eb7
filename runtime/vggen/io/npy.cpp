// The NPY format: a magic string, a version, the length of a header, a Python dictionary, the elements.
#include "vggen/io/npy.hpp"

#include "vggen/io/atomic_file.hpp"
#include "vggen/io/element_type.hpp"
#include "vggen/io/error.hpp"

#include <bit>
#include <cstddef>
#include <optional>
#include <string>

namespace vggen {
namespace {

static_assert(std::endian::native == std::endian::little, "the elements are written as they are");

// NumPy 1 loads no array of more dimensions. It also keeps the header far below the 64 KiB of format 1.0.
constexpr std::size_t max_dimensions = 32;
constexpr std::size_t data_alignment = 64; // the format's own demand

// The comma after every extent is Python's: without it (3) would be a number, not a tuple.
std::string python_tuple(std::span<const std::int64_t> shape) {
  std::string text = "(";
  for (const std::int64_t extent : shape)
    text += std::to_string(extent) + ", ";
  return text + ")";
}

std::string npy_header(std::span<const std::int64_t> shape) {
  std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': " + python_tuple(shape) + ", }";
  const std::string magic("\x93NUMPY\x01\x00", 8); // the last two are the version, 1.0
  constexpr std::size_t length_bytes = 2;
  const std::size_t used = magic.size() + length_bytes + dictionary.size() + 1; // 1: the line break
  dictionary.append((data_alignment - used % data_alignment) % data_alignment, ' ');
  dictionary += '\n';
  const std::size_t length = dictionary.size();
  return magic + static_cast<char>(length & 0xff) + static_cast<char>(length >> 8) + dictionary;
}

} // namespace

void write_npy(const std::filesystem::path &path, std::span<const float> values,
               std::span<const std::int64_t> shape) {
  const std::string name = path.string();
  if (shape.size() > max_dimensions)
    throw error(error_code::invalid_argument, name + ": found " + std::to_string(shape.size()) +
                                                  " dimensions, expected at most " +
                                                  std::to_string(max_dimensions));
  const std::optional<std::uint64_t> bytes = tensor_bytes(element_type::f32, shape);
  if (!bytes || *bytes != values.size_bytes())
    throw error(error_code::invalid_argument, name + ": found the shape " + python_tuple(shape) +
                                                  ", expected one of " + std::to_string(values.size()) +
                                                  " elements");
  const std::string header = npy_header(shape);
  atomic_file file(path);
  file.write(std::as_bytes(std::span(header)));
  file.write(std::as_bytes(values));
  file.commit();
}

} // namespace vggen

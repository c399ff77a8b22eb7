// Takes a file into memory and hands it to the decoder that its first bytes ask for.
#include "vggen/io/read_image.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/jpeg.hpp"
#include "vggen/io/png.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <new>
#include <string>
#include <system_error>
#include <vector>

namespace vggen {
namespace {

// The largest image accepted is 0.5 GiB as RGB, so a larger file than this is no picture we could want.
constexpr std::uintmax_t max_file_bytes = std::uintmax_t{1} << 30;

constexpr std::array<std::uint8_t, 8> png_signature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::array<std::uint8_t, 3> jpeg_signature = {0xff, 0xd8, 0xff};

// A file shorter than the signature counts if it agrees as far as it goes: the decoder then calls it
// truncated.
bool starts_with(std::span<const std::byte> file, std::span<const std::uint8_t> signature) {
  const std::size_t shared = std::min(file.size(), signature.size());
  return std::equal(
      signature.begin(), signature.begin() + static_cast<std::ptrdiff_t>(shared), file.begin(),
      [](std::uint8_t want, std::byte have) { return want == std::to_integer<std::uint8_t>(have); });
}

std::string first_bytes(std::span<const std::byte> file) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte value : file.first(std::min<std::size_t>(file.size(), png_signature.size()))) {
    const auto number = std::to_integer<unsigned>(value);
    text += text.empty() ? "" : " ";
    text += digits[number >> 4];
    text += digits[number & 15];
  }
  return text;
}

std::vector<std::byte> read_bytes(const std::filesystem::path &path) {
  const std::string name = path.string();
  // Only regular files: opening a pipe would wait for a writer, and a device may never end.
  std::error_code failure;
  const std::filesystem::file_status status = std::filesystem::status(path, failure);
  if (!std::filesystem::exists(status))
    throw error(error_code::cannot_open,
                name + ": cannot open (" + failure.message() + "), expected an image");
  if (!std::filesystem::is_regular_file(status))
    throw error(error_code::cannot_open,
                name + ": found " +
                    (std::filesystem::is_directory(status) ? "a directory" : "a special file") +
                    ", expected an image file");
  const std::uintmax_t size = std::filesystem::file_size(path, failure);
  if (failure) throw error(error_code::cannot_open, name + ": cannot tell its size: " + failure.message());
  if (size > max_file_bytes)
    throw error(error_code::too_large, name + ": found a file of " + std::to_string(size) +
                                           " bytes, expected an image of at most " +
                                           std::to_string(max_file_bytes));
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw error(error_code::cannot_open, name + ": cannot open for reading, expected an image");
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  stream.read(reinterpret_cast<char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (static_cast<std::uintmax_t>(stream.gcount()) != size)
    throw error(error_code::cannot_open, name + ": found " + std::to_string(stream.gcount()) +
                                             " readable bytes, expected " + std::to_string(size));
  return bytes;
}

error out_of_memory(std::string_view name) {
  return {error_code::out_of_memory, std::string(name) + ": there is not enough memory to read this image"};
}

} // namespace

image decode_image(std::span<const std::byte> file, std::string_view name_for_messages) {
  const std::string name(name_for_messages);
  if (file.empty())
    throw error(error_code::corrupt_file, name + ": found an empty file, expected a PNG or JPEG image");
  // The same limit as for files on disk; it also keeps every size below within the libraries' types.
  if (file.size() > max_file_bytes)
    throw error(error_code::too_large, name + ": found " + std::to_string(file.size()) +
                                           " bytes, expected at most " + std::to_string(max_file_bytes));
  try {
    if (starts_with(file, png_signature)) return detail::decode_png(file, name_for_messages);
    if (starts_with(file, jpeg_signature)) return detail::decode_jpeg(file, name_for_messages);
  } catch (const std::bad_alloc &) {
    throw out_of_memory(name_for_messages);
  }
  throw error(error_code::unsupported,
              name + ": found a file that starts with the bytes " + first_bytes(file) +
                  ", expected a PNG (89 50 4e 47 0d 0a 1a 0a) or JPEG (ff d8 ff) image");
}

image read_image(const std::filesystem::path &path) {
  std::vector<std::byte> file;
  try {
    file = read_bytes(path);
  } catch (const std::bad_alloc &) {
    throw out_of_memory(path.string());
  }
  return decode_image(file, path.string());
}

} // namespace vggen

// Encodes PNG with libpng, which reports errors by longjmp: see png.cpp for how that is kept off C++ objects.
#include "vggen/io/write_png.hpp"

#include "vggen/io/error.hpp"

#include <png.h>

#include <cerrno>
#include <csetjmp>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <system_error>

namespace vggen {
namespace {

[[noreturn]] void on_error(png_structp png, png_const_charp) { png_longjmp(png, 1); }

void on_warning(png_structp, png_const_charp) {}

// Says whether there was memory. The exception ends here: libpng's C frames are above it.
bool append(std::vector<std::byte> &file, const std::byte *bytes, std::size_t count) noexcept {
  try {
    file.insert(file.end(), bytes, bytes + count);
    return true;
  } catch (const std::bad_alloc &) {
    return false;
  }
}

void on_write(png_structp png, png_bytep bytes, std::size_t count) {
  auto &file = *static_cast<std::vector<std::byte> *>(png_get_io_ptr(png));
  if (!append(file, reinterpret_cast<const std::byte *>(bytes), count)) png_error(png, "out of memory");
}

void on_flush(png_structp) {}

struct closer {
  void operator()(std::FILE *file) const { std::fclose(file); }
};
using open_file = std::unique_ptr<std::FILE, closer>;

struct png_handle {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, on_error, on_warning);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);

  png_handle() = default;
  ~png_handle() { png_destroy_write_struct(&png, &info); }
  png_handle(const png_handle &) = delete;
  png_handle &operator=(const png_handle &) = delete;
};

// Returns whether all went well. libpng's jump lands here and leaves only C frames; nothing here is
// destroyed.
bool encode(png_structp png, png_infop info, std::vector<std::byte> &file, const image &picture) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_write_fn(png, &file, on_write, on_flush);
  // libpng refuses extents above a million by default; check_image has limited the pixels.
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(png, info, static_cast<png_uint_32>(picture.width), static_cast<png_uint_32>(picture.height),
               8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  const std::size_t row_bytes = static_cast<std::size_t>(picture.width) * 3;
  for (std::size_t y = 0; y < static_cast<std::size_t>(picture.height); ++y)
    png_write_row(png, picture.pixels.data() + y * row_bytes);
  png_write_end(png, nullptr);
  return true;
}

} // namespace

std::vector<std::byte> encode_png(const image &picture) {
  check_image(picture, "encode_png");
  const png_handle handle;
  std::vector<std::byte> file;
  // Of a picture that check_image accepts, and a file in memory, nothing else can fail.
  if (handle.info == nullptr || !encode(handle.png, handle.info, file, picture))
    throw error(error_code::out_of_memory, "encode_png: no memory for a picture of height " +
                                               std::to_string(picture.height) + ", width " +
                                               std::to_string(picture.width));
  return file;
}

void write_png(const std::filesystem::path &path, const image &picture) {
  const std::string name = path.string();
  check_image(picture, "write_png to " + name);
  const std::vector<std::byte> encoded = encode_png(picture);
  open_file file(std::fopen(name.c_str(), "wb"));
  if (file == nullptr)
    throw error(error_code::cannot_write,
                name + ": cannot open for writing: " + std::generic_category().message(errno));
  const bool written = std::fwrite(encoded.data(), 1, encoded.size(), file.get()) == encoded.size();
  const int reason_of_writing = errno;
  const bool flushed = std::fclose(file.release()) == 0; // the last bytes reach the disk only now
  if (written && flushed) return;
  const std::string reason = std::generic_category().message(written ? errno : reason_of_writing);
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) std::filesystem::remove(path, ignored);
  throw error(error_code::cannot_write, name + ": the PNG could not be written whole: " + reason);
}

} // namespace vggen

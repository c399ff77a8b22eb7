// Decodes PNG with libpng, which reports errors by longjmp. No C++ object with a destructor lives in a frame
// that such a jump leaves: all of them belong to decode_png's frame or its callers', and libpng is entered
// only through png_reader::guarded.
#include "vggen/io/png.hpp"

#include "vggen/io/error.hpp"

#include <png.h>

#include <array>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace vggen::detail {
namespace {

// Deflate spends at least one bit of a 258-byte match on length and one on distance: 258 * 8 / 2 = 1032 to 1.
constexpr std::uint64_t max_deflate_ratio = 1032;

// What libpng's callbacks see; plain data, as they are C in spirit.
struct png_state {
  const std::byte *next;
  std::size_t left;
  bool ran_out;
  std::array<char, 128> message;
};

void read_from_memory(png_structp png, png_bytep out, std::size_t count) {
  auto &state = *static_cast<png_state *>(png_get_io_ptr(png));
  if (count > state.left) {
    state.ran_out = true;
    png_error(png, "the file ends too early");
  }
  std::memcpy(out, state.next, count);
  state.next += count;
  state.left -= count;
}

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto &state = *static_cast<png_state *>(png_get_error_ptr(png));
  std::snprintf(state.message.data(), state.message.size(), "%s", message);
  png_longjmp(png, 1);
}

// A warning is about something that libpng could mend or did not need; Pillow does not report it either.
void on_warning(png_structp, png_const_charp) {}

class png_reader {
public:
  png_reader(std::span<const std::byte> file, std::string_view name)
      : state_{file.data(), file.size(), false, {}}, file_size_(file.size()), name_(name) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state_, on_error, on_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ != nullptr) return;
    png_destroy_read_struct(&png_, nullptr, nullptr);
    throw error(error_code::out_of_memory, name_ + ": libpng could not start");
  }
  ~png_reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  png_reader(const png_reader &) = delete;
  png_reader &operator=(const png_reader &) = delete;

  image read() {
    guarded([this] { read_header(); });
    image result = room_for_pixels();
    std::uint8_t *const pixels = result.pixels.data();
    guarded([this, pixels] { read_pixels(pixels); });
    return result;
  }

private:
  // Runs `work`, which must hold no object with a destructor, and throws if libpng reports an error in it.
  template <class Work> void guarded(Work work) {
    if (!finishes(work)) throw failure();
  }

  template <class Work> bool finishes(Work &work) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    work();
    return true;
  }

  void read_header() {
    png_set_read_fn(png_, &state_, read_from_memory);
    // The number of pixels is what matters, and room_for_pixels says so in a better message.
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    // Only IHDR, PLTE, tRNS, IDAT and IEND: text and colour profiles could be bombs of their own.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(png_, info_);
  }

  image room_for_pixels() const {
    const std::uint64_t width = png_get_image_width(png_, info_);
    const std::uint64_t height = png_get_image_height(png_, info_);
    const std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
    if (width * height > static_cast<std::uint64_t>(max_image_pixels))
      throw error(error_code::too_large, name_ + ": found a PNG of " + size + ", expected at most " +
                                             std::to_string(max_image_pixels) + " pixels in all");
    // So that a few bytes cannot ask for half a gigabyte.
    const std::uint64_t bits = std::uint64_t{png_get_bit_depth(png_, info_)} * png_get_channels(png_, info_);
    if (width * height * bits / 8 > file_size_ * max_deflate_ratio)
      throw error(error_code::corrupt_file, name_ + ": truncated PNG: found " + std::to_string(file_size_) +
                                                " bytes, expected many more for " + size);
    return {static_cast<int>(height), static_cast<int>(width),
            std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3))};
  }

  void read_pixels(std::uint8_t *pixels) { // [y][x][c]
    png_set_palette_to_rgb(png_);
    png_set_expand_gray_1_2_4_to_8(png_);
    // The high byte. Pillow does so for 16-bit RGB, RGBA and grey with alpha, but keeps 16-bit grey as
    // numbers that convert("RGB") clips at 255, leaving most pictures white; the high byte is what people
    // mean.
    png_set_strip_16(png_);
    png_set_strip_alpha(png_);
    png_set_gray_to_rgb(png_);
    const int passes = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    const std::size_t row_bytes = std::size_t{png_get_image_width(png_, info_)} * 3;
    if (png_get_rowbytes(png_, info_) != row_bytes) png_error(png_, "the rows do not convert to 8-bit RGB");
    const std::size_t height = png_get_image_height(png_, info_);
    for (int pass = 0; pass < passes; ++pass)
      for (std::size_t y = 0; y < height; ++y)
        png_read_row(png_, pixels + y * row_bytes, nullptr);
    png_read_end(png_, nullptr);
  }

  error failure() const {
    if (state_.ran_out)
      return {error_code::corrupt_file, name_ + ": truncated PNG: found " + std::to_string(file_size_) +
                                            " bytes, expected more, up to an IEND chunk"};
    return {error_code::corrupt_file, name_ + ": damaged PNG: found \"" + state_.message.data() +
                                          "\" (libpng), expected an intact image"};
  }

  png_state state_;
  std::size_t file_size_;
  std::string name_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

} // namespace

image decode_png(std::span<const std::byte> file, std::string_view name) {
  return png_reader(file, name).read();
}

} // namespace vggen::detail

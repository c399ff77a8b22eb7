// Decodes JPEG with libjpeg-turbo, whose errors are made to leave by longjmp. No C++ object with a destructor
// lives in a frame that such a jump leaves: all of them belong to jpeg_reader::read's frame or its callers',
// and libjpeg is entered only through jpeg_reader::guarded.
#include "vggen/io/jpeg.hpp"

#include "vggen/io/error.hpp"

#include <array>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <string>

#include <jpeglib.h> // needs <cstdio>, which it does not include

#include <jerror.h>

namespace vggen::detail {
namespace {

// Real progressive files have about ten scans; each costs a pass over the whole image, and may be a few
// bytes. The number is that of libjpeg-turbo's own fuzzers.
constexpr int max_scans = 500;

// What libjpeg's callbacks see. `base` comes first, so that a pointer to it is a pointer to the whole.
struct jpeg_errors {
  jpeg_error_mgr base;
  std::jmp_buf escape;
};

[[noreturn]] void on_error(j_common_ptr cinfo) {
  std::longjmp(reinterpret_cast<jpeg_errors *>(cinfo->err)->escape, 1);
}

// libjpeg only warns of missing or undecodable pixels and fills in grey; here that is an error. What it warns
// of else (unknown versions, stray bytes between markers) does no harm to the pixels, and Pillow reads on
// too.
void on_message(j_common_ptr cinfo, int level) {
  if (level >= 0) return; // not a warning but a trace
  switch (cinfo->err->msg_code) {
  case JWRN_JPEG_EOF:
  case JWRN_HIT_MARKER:
  case JWRN_HUFF_BAD_CODE:
  case JWRN_ARITH_BAD_CODE:
  case JWRN_MUST_RESYNC:
    on_error(cinfo);
  default:
    break;
  }
}

void print_nothing(j_common_ptr) {}

void on_progress(j_common_ptr cinfo) {
  if (reinterpret_cast<j_decompress_ptr>(cinfo)->input_scan_number > max_scans)
    ERREXIT(cinfo, JERR_BAD_PROGRESSION);
}

error_code code_of(int libjpeg_code) {
  switch (libjpeg_code) {
  case JERR_OUT_OF_MEMORY:
    return error_code::out_of_memory;
  case JERR_IMAGE_TOO_BIG:
    return error_code::too_large;
  case JERR_ARITH_NOTIMPL:
  case JERR_BAD_PRECISION:
  case JERR_CONVERSION_NOTIMPL:
  case JERR_FRACT_SAMPLE_NOTIMPL:
  case JERR_NOT_COMPILED:
  case JERR_SOF_UNSUPPORTED:
    return error_code::unsupported;
  default:
    return error_code::corrupt_file;
  }
}

// round(a * b / 255) for 0 <= a, b <= 255, as Pillow computes it (MULDIV255 in libImaging/ImagingUtils.h).
int multiply_255(int a, int b) {
  const int sum = a * b + 128;
  return ((sum >> 8) + sum) >> 8;
}

// Pillow's cmyk2rgb (libImaging/Convert.c). The file holds inverted ink, as Adobe writes it; Pillow takes
// every 4-channel JPEG so, with or without Adobe's marker.
void inverted_cmyk_to_rgb(const std::uint8_t *cmyk /* [x][4] */, std::uint8_t *rgb /* [x][c] */, int width) {
  for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const int light = cmyk[3];
    for (int c = 0; c < 3; ++c)
      rgb[c] = static_cast<std::uint8_t>(light - multiply_255(255 - cmyk[c], light));
  }
}

class jpeg_reader {
public:
  jpeg_reader(std::span<const std::byte> file, std::string_view name) : file_(file), name_(name) {
    cinfo_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = on_error;
    errors_.base.emit_message = on_message;
    errors_.base.output_message = print_nothing;
    progress_.progress_monitor = on_progress;
  }
  // Sound for a cinfo_ that jpeg_create_decompress never reached, as that is all zeros.
  ~jpeg_reader() { jpeg_destroy_decompress(&cinfo_); }
  jpeg_reader(const jpeg_reader &) = delete;
  jpeg_reader &operator=(const jpeg_reader &) = delete;

  image read() {
    guarded([this] { read_header(); });
    check_header();
    guarded([this] { jpeg_start_decompress(&cinfo_); });
    image result{static_cast<int>(cinfo_.output_height), static_cast<int>(cinfo_.output_width), {}};
    const std::size_t row_values = std::size_t{cinfo_.output_width} * 3;
    result.pixels.resize(row_values * cinfo_.output_height);
    std::vector<std::uint8_t> cmyk_row; // [x][4]
    if (cinfo_.num_components == 4) cmyk_row.resize(std::size_t{cinfo_.output_width} * 4);
    std::uint8_t *const pixels = result.pixels.data();
    std::uint8_t *const ink = cmyk_row.empty() ? nullptr : cmyk_row.data();
    guarded([this, pixels, ink] { read_pixels(pixels, ink); });
    return result;
  }

private:
  // Runs `work`, which must hold no object with a destructor, and throws if libjpeg reports an error in it.
  template <class Work> void guarded(Work work) {
    if (!finishes(work)) throw failure();
  }

  template <class Work> bool finishes(Work &work) {
    if (setjmp(errors_.escape) != 0) return false;
    work();
    return true;
  }

  void read_header() {
    jpeg_create_decompress(&cinfo_);
    cinfo_.progress = &progress_;
    jpeg_mem_src(&cinfo_, reinterpret_cast<const unsigned char *>(file_.data()), file_.size());
    jpeg_read_header(&cinfo_, TRUE);
    cinfo_.out_color_space = cinfo_.num_components == 4 ? JCS_CMYK : JCS_RGB;
  }

  void check_header() const {
    const std::uint64_t width = cinfo_.image_width;
    const std::uint64_t height = cinfo_.image_height;
    const std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
    if (width * height > static_cast<std::uint64_t>(max_image_pixels))
      throw error(error_code::too_large, name_ + ": found a JPEG of " + size + ", expected at most " +
                                             std::to_string(max_image_pixels) + " pixels in all");
    const int channels = cinfo_.num_components;
    if (channels != 1 && channels != 3 && channels != 4)
      throw error(error_code::unsupported,
                  name_ + ": found a JPEG of " + std::to_string(channels) + " channels, expected 1, 3 or 4");
    // So that a few bytes cannot ask for half a gigabyte. Huffman coding spends at least one bit on each MCU
    // (a tile of up to 4 x 4 blocks of 8 x 8 pixels); arithmetic coding has no such bound.
    const std::uint64_t mcu_width = std::uint64_t{DCTSIZE} * static_cast<unsigned>(cinfo_.max_h_samp_factor);
    const std::uint64_t mcu_height = std::uint64_t{DCTSIZE} * static_cast<unsigned>(cinfo_.max_v_samp_factor);
    if (cinfo_.arith_code == FALSE && width * height / (mcu_width * mcu_height) > file_.size() * 8)
      throw error(error_code::corrupt_file, name_ + ": truncated JPEG: found " +
                                                std::to_string(file_.size()) +
                                                " bytes, expected many more for " + size);
  }

  void read_pixels(std::uint8_t *pixels, std::uint8_t *cmyk_row) { // [y][x][c], and [x][4] or null
    const std::size_t row_values = std::size_t{cinfo_.output_width} * 3;
    while (cinfo_.output_scanline < cinfo_.output_height) {
      std::uint8_t *const rgb_row = pixels + cinfo_.output_scanline * row_values;
      JSAMPROW row = cmyk_row == nullptr ? rgb_row : cmyk_row;
      jpeg_read_scanlines(&cinfo_, &row, 1);
      if (cmyk_row != nullptr) inverted_cmyk_to_rgb(cmyk_row, rgb_row, static_cast<int>(cinfo_.output_width));
    }
    jpeg_finish_decompress(&cinfo_);
  }

  error failure() {
    const int code = errors_.base.msg_code;
    if (code == JWRN_JPEG_EOF)
      return {error_code::corrupt_file, name_ + ": truncated JPEG: found " + std::to_string(file_.size()) +
                                            " bytes, expected more, up to an end-of-image marker"};
    if (cinfo_.input_scan_number > max_scans)
      return {error_code::too_large, name_ + ": found a JPEG of more than " + std::to_string(max_scans) +
                                         " scans, expected an ordinary one"};
    std::array<char, JMSG_LENGTH_MAX> text{};
    errors_.base.format_message(reinterpret_cast<j_common_ptr>(&cinfo_), text.data());
    return {code_of(code), name_ + ": cannot decode this JPEG: found \"" + text.data() +
                               "\" (libjpeg), expected an intact image of 8 bits a channel"};
  }

  std::span<const std::byte> file_;
  std::string name_;
  jpeg_errors errors_{};
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct cinfo_{};
};

} // namespace

image decode_jpeg(std::span<const std::byte> file, std::string_view name) {
  return jpeg_reader(file, name).read();
}

} // namespace vggen::detail

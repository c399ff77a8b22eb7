// A mapped file, and zlib's inflate over it where it begins as gzip does.
#include "vggen/data/byte_reader.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/mapped_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace vggen::detail {

struct byte_reader::state {
  mapped_file file;
  std::span<const std::byte> left; // of the file, not yet taken
  bool compressed = false;
  bool inside_member = true; // gzip: data may follow; false once a member's checksum was right
  std::uint64_t given = 0;   // bytes of content
  z_stream inflater = {};

  explicit state(const std::filesystem::path &path) : file(path), left(file.bytes()) {
    compressed = left.size() >= 2 && left[0] == std::byte{0x1f} && left[1] == std::byte{0x8b};
    constexpr int largest_window_of_gzip = 15 + 16; // zlib.h, inflateInit2: 16 asks for gzip
    if (compressed && inflateInit2(&inflater, largest_window_of_gzip) != Z_OK)
      throw error(error_code::out_of_memory, path.string() + ": there is not enough memory to decompress it");
  }
  ~state() {
    if (compressed) inflateEnd(&inflater);
  }
  state(const state &) = delete;
  state &operator=(const state &) = delete;

  std::size_t inflate_some(std::span<std::uint8_t> out);
};

// Returns how much of `out` was filled: all of it, unless the content ends.
std::size_t byte_reader::state::inflate_some(std::span<std::uint8_t> out) {
  constexpr std::size_t largest_step = std::size_t{1} << 30; // zlib counts in 32 bits
  const auto as_bytes = [](std::span<const std::byte> span) {
    return const_cast<Bytef *>(reinterpret_cast<const Bytef *>(span.data())); // zlib does not write there
  };
  std::size_t filled = 0;
  while (filled < out.size()) {
    if (!inside_member) {
      if (left.empty()) break;
      inflateReset(&inflater); // RFC 1952, 2.2: members follow one another
      inside_member = true;
    }
    const std::size_t in_step = std::min(left.size(), largest_step);
    const std::size_t out_step = std::min(out.size() - filled, largest_step);
    inflater.next_in = as_bytes(left);
    inflater.avail_in = static_cast<uInt>(in_step);
    inflater.next_out = out.data() + filled;
    inflater.avail_out = static_cast<uInt>(out_step);
    const int result = inflate(&inflater, Z_NO_FLUSH);
    left = left.subspan(in_step - inflater.avail_in);
    filled += out_step - inflater.avail_out;
    if (result == Z_STREAM_END) {
      inside_member = false;
    } else if (result == Z_MEM_ERROR) {
      throw error(error_code::out_of_memory,
                  file.path().string() + ": there is not enough memory to decompress it");
    } else if (result == Z_BUF_ERROR || (result == Z_OK && left.empty() && inflater.avail_out != 0)) {
      throw error(error_code::corrupt_file, file.path().string() + ": truncated gzip file: found " +
                                                std::to_string(file.bytes().size()) +
                                                " bytes, expected more, up to a checksum");
    } else if (result != Z_OK) {
      throw error(error_code::corrupt_file,
                  file.path().string() + ": damaged gzip file: found \"" +
                      (inflater.msg != nullptr ? inflater.msg : "a preset dictionary") +
                      "\" (zlib) at byte " + std::to_string(file.bytes().size() - left.size()) +
                      ", expected intact data");
    }
  }
  return filled;
}

byte_reader::byte_reader(const std::filesystem::path &path) : state_(std::make_unique<state>(path)) {}

byte_reader::~byte_reader() = default;

std::string byte_reader::name() const { return state_->file.path().string(); }

std::size_t byte_reader::read_some(std::span<std::uint8_t> out) {
  std::size_t count = 0;
  if (state_->compressed) {
    count = state_->inflate_some(out);
  } else {
    count = std::min(out.size(), state_->left.size());
    if (count > 0) std::memcpy(out.data(), state_->left.data(), count);
    state_->left = state_->left.subspan(count);
  }
  state_->given += count;
  return count;
}

std::vector<std::uint8_t> byte_reader::read(std::uint64_t count, const char *what) {
  constexpr std::uint64_t first_step = std::uint64_t{1} << 20;
  std::vector<std::uint8_t> bytes;
  try {
    while (bytes.size() < count) {
      const std::size_t before = bytes.size();
      // A plain file says how much there is; of a compressed one, as much again as has arrived.
      const std::uint64_t step =
          state_->compressed ? std::max<std::uint64_t>(before, first_step) : state_->left.size();
      bytes.resize(before + static_cast<std::size_t>(std::min<std::uint64_t>(step, count - before)));
      const std::size_t got = read_some(std::span(bytes).subspan(before));
      if (before + got < bytes.size() || got == 0)
        throw error(error_code::corrupt_file,
                    name() + ": truncated: found " + std::to_string(state_->given) + " bytes" +
                        (state_->compressed ? " when decompressed" : "") + ", expected " +
                        std::to_string(state_->given - before - got + count) + " with " + what);
    }
  } catch (const std::bad_alloc &) {
    throw error(error_code::out_of_memory, name() + ": there is not enough memory for " + what);
  }
  return bytes;
}

void byte_reader::expect_end(const std::string &described) {
  std::uint8_t beyond = 0;
  if (read_some({&beyond, 1}) == 0) return;
  throw error(error_code::corrupt_file, name() + ": found data after its " +
                                            std::to_string(state_->given - 1) + " bytes, expected " +
                                            described + " and nothing more");
}

} // namespace vggen::detail

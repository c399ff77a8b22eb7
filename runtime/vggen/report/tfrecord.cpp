// Frames of TFRecord, with Boost's CRC.
#include "vggen/report/tfrecord.hpp"

#include <boost/crc.hpp>

#include <bit>
#include <cstring>

namespace vggen::detail {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they are");

template <class T> std::string bytes_of(T number) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &number, sizeof(T));
  return bytes;
}

} // namespace

std::uint32_t crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1edc6f41, 0xffffffff, 0xffffffff, true, true> crc; // Castagnoli's polynomial
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

std::string tfrecord(std::string_view data) {
  const std::string length = bytes_of(std::uint64_t{data.size()});
  std::string record = length + bytes_of(masked_crc(crc32c(length)));
  record += data;
  record += bytes_of(masked_crc(crc32c(data)));
  return record;
}

} // namespace vggen::detail

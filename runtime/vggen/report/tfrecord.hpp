// TFRecord: how TensorFlow and TensorBoard cut a file into messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vggen::detail {

/// Returns the CRC-32C (RFC 3720, appendix B.4) of `bytes`.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes);

/// Returns `crc` as TFRecord stores it: rotated and shifted, so that a checksum of data that hold checksums
/// is none of the simple kind.
[[nodiscard]] constexpr std::uint32_t masked_crc(std::uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

/// Returns `data` as one record: its length (8 bytes, little-endian), the masked checksum of those 8 bytes,
/// `data`, the masked checksum of `data` (4 bytes each, little-endian).
[[nodiscard]] std::string tfrecord(std::string_view data);

} // namespace vggen::detail

// The types of numbers that a tensor file can hold, as the safetensors format names and sizes them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace vggen {

/// In the order of the safetensors library's list (the Dtype enumeration, version 0.8).
enum class element_type {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};

/// The name that a safetensors header uses: "F32", "BOOL".
[[nodiscard]] std::string_view element_name(element_type type);

/// Bits of one element; fewer than eight for f4 and f6, which are packed.
[[nodiscard]] unsigned element_bits(element_type type);

/// The type that a safetensors header calls `name`, if there is one.
[[nodiscard]] std::optional<element_type> element_type_named(std::string_view name);

/// Bytes of a packed tensor of `shape` (slowest dimension first; an empty shape is one number). None if an
/// extent is negative, if the product exceeds 64 bits, or if it is not a whole number of bytes.
[[nodiscard]] std::optional<std::uint64_t> tensor_bytes(element_type type,
                                                        std::span<const std::int64_t> shape);

} // namespace vggen

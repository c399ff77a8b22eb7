#include "vggen/formats/number_conversion.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace vggen::detail {

namespace {

float from_bf16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

float from_f16(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits} >> 15 << 31, exponent = bits >> 10 & 31,
                      fraction = bits & 1023;
  if (exponent == 31)
    return std::bit_cast<float>(sign | 0x7f80'0000U | fraction << 13); // infinite or no number
  const float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                        : std::bit_cast<float>((exponent + 112) << 23 | fraction << 13);
  return sign != 0 ? -magnitude : magnitude;
}

template <class Number, class Convert>
void convert(std::span<const std::byte> from, std::span<float> to, Convert to_one) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    Number value{};
    std::memcpy(&value, from.data() + i * sizeof value, sizeof value);
    to[i] = to_one(value);
  }
}

template <class Number> void convert(std::span<const std::byte> from, std::span<float> to) {
  convert<Number>(from, to, [](Number value) { return static_cast<float>(value); });
}

} // namespace

bool converts_to_float(element_type type) {
  switch (type) {
  case element_type::f32:
  case element_type::f64:
  case element_type::f16:
  case element_type::bf16:
  case element_type::i8:
  case element_type::u8:
  case element_type::i16:
  case element_type::i32:
  case element_type::i64:
    return true;
  default:
    return false;
  }
}

void to_float(element_type type, std::span<const std::byte> from, std::span<float> to) {
  switch (type) {
  case element_type::f32:
    std::memcpy(to.data(), from.data(), to.size_bytes());
    break;
  case element_type::f64:
    convert<double>(from, to);
    break;
  case element_type::f16:
    convert<std::uint16_t>(from, to, from_f16);
    break;
  case element_type::bf16:
    convert<std::uint16_t>(from, to, from_bf16);
    break;
  case element_type::i8:
    convert<std::int8_t>(from, to);
    break;
  case element_type::u8:
    convert<std::uint8_t>(from, to);
    break;
  case element_type::i16:
    convert<std::int16_t>(from, to);
    break;
  case element_type::i32:
    convert<std::int32_t>(from, to);
    break;
  case element_type::i64:
    convert<std::int64_t>(from, to);
    break;
  default:
    break;
  }
}

} // namespace vggen::detail

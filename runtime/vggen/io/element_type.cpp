// The table of element types, and the checked product that turns a shape into bytes.
#include "vggen/io/element_type.hpp"

#include <array>
#include <cstddef>

namespace vggen {
namespace {

struct element_info {
  std::string_view name;
  unsigned bits;
};

// In the order of the enumeration, so that a type is its own index.
constexpr std::array elements = {
    element_info{"BOOL", 8},        element_info{"F4", 4},          element_info{"F6_E2M3", 6},
    element_info{"F6_E3M2", 6},     element_info{"U8", 8},          element_info{"I8", 8},
    element_info{"F8_E5M2", 8},     element_info{"F8_E4M3", 8},     element_info{"F8_E8M0", 8},
    element_info{"F8_E4M3FNUZ", 8}, element_info{"F8_E5M2FNUZ", 8}, element_info{"I16", 16},
    element_info{"U16", 16},        element_info{"F16", 16},        element_info{"BF16", 16},
    element_info{"I32", 32},        element_info{"U32", 32},        element_info{"F32", 32},
    element_info{"C64", 64},        element_info{"F64", 64},        element_info{"I64", 64},
    element_info{"U64", 64},
};
static_assert(elements.size() == static_cast<std::size_t>(element_type::u64) + 1);

constexpr const element_info &info(element_type type) { return elements[static_cast<std::size_t>(type)]; }
static_assert(info(element_type::f32).name == "F32" && info(element_type::i16).name == "I16");

} // namespace

std::string_view element_name(element_type type) { return info(type).name; }

unsigned element_bits(element_type type) { return info(type).bits; }

std::optional<element_type> element_type_named(std::string_view name) {
  for (std::size_t i = 0; i < elements.size(); ++i)
    if (elements[i].name == name) return static_cast<element_type>(i);
  return std::nullopt;
}

std::optional<std::uint64_t> tensor_bytes(element_type type, std::span<const std::int64_t> shape) {
  std::uint64_t count = 1;
  for (const std::int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(count, static_cast<std::uint64_t>(extent), &count))
      return std::nullopt;
  std::uint64_t bits = 0;
  if (__builtin_mul_overflow(count, std::uint64_t{element_bits(type)}, &bits) || bits % 8 != 0)
    return std::nullopt;
  return bits / 8;
}

} // namespace vggen

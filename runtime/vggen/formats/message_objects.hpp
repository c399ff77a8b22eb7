// How much parsing a protobuf message would make, before it is parsed.
#pragma once

#include <cstddef>
#include <span>

namespace google::protobuf {
class Descriptor;
}

namespace vggen::detail {

/// Whether an encoded message of that type has at most so many parts that become objects in memory: messages,
/// texts, lists of numbers, and fields that the type does not know. Each may take two bytes of the file, and
/// a hundred times as much of memory. What is no such message is counted as far as it is one.
[[nodiscard]] bool makes_at_most(int objects, std::span<const std::byte> bytes,
                                 const google::protobuf::Descriptor &type);

} // namespace vggen::detail

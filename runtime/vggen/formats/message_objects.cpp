// Wire format: https://protobuf.dev/programming-guides/encoding
#include "vggen/formats/message_objects.hpp"

#include <cstdint>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>

namespace vggen::detail {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::io::CodedInputStream;

constexpr int most_depth = 100; // protobuf's own

// Takes from `left` what the message makes, up to the stream's limit, or until there is nothing left.
void count(CodedInputStream &stream, const Descriptor &type, int depth, int &left) {
  while (left >= 0) {
    const std::uint32_t tag = stream.ReadTag();
    if (tag == 0) return;
    const FieldDescriptor *const field = type.FindFieldByNumber(static_cast<int>(tag >> 3U));
    std::uint64_t number = 0;
    std::uint32_t length = 0;
    bool whole = true;
    if (!field) --left;
    switch (tag & 7U) {
    case 0:
      whole = stream.ReadVarint64(&number);
      break;
    case 1:
      whole = stream.Skip(8);
      break;
    case 2: {
      whole = stream.ReadVarint32(&length);
      if (field) --left;
      const auto outer = stream.PushLimit(static_cast<int>(length));
      if (field && field->type() == FieldDescriptor::TYPE_MESSAGE && depth < most_depth)
        count(stream, *field->message_type(), depth + 1, left);
      whole = stream.Skip(stream.BytesUntilLimit()) && whole;
      stream.PopLimit(outer);
      break;
    }
    case 5:
      whole = stream.Skip(4);
      break;
    default: // the ends of a group, whose fields are counted as if they were this message's
      break;
    }
    if (!whole) return;
  }
}

} // namespace

bool makes_at_most(int objects, std::span<const std::byte> bytes, const Descriptor &type) {
  CodedInputStream stream(reinterpret_cast<const std::uint8_t *>(bytes.data()),
                          static_cast<int>(bytes.size()));
  stream.PushLimit(static_cast<int>(bytes.size()));
  int left = objects;
  count(stream, type, 0, left);
  return left >= 0;
}

} // namespace vggen::detail

// Lays out and writes a safetensors file: length, JSON header padded with spaces, the tensors' bytes.
#include "vggen/io/write_safetensors.hpp"

#include "vggen/io/atomic_file.hpp"
#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <optional>
#include <set>
#include <string_view>

namespace vggen {
namespace {

using json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "lengths and elements are written as they are");

// A cache line, and the widest vector register: a mapped file's tensors can be loaded from directly.
constexpr std::size_t data_alignment = 64;

struct planned_tensor {
  const tensor_source *source;
  std::uint64_t bytes;
};

error refusal(const std::string &file_name, const tensor_source &tensor, const std::string &what) {
  return {error_code::invalid_argument,
          file_name + ": tensor " + detail::in_quotes(tensor.name) + ": " + what};
}

// Wider types first: as each tensor is a multiple of its element's size, all those after it stay aligned.
std::vector<planned_tensor> plan(std::span<const tensor_source> tensors, const std::string &file_name) {
  std::vector<planned_tensor> planned;
  std::set<std::string_view> names;
  std::uint64_t total = 0;
  for (const tensor_source &tensor : tensors) {
    if (tensor.name == detail::metadata_key)
      throw refusal(file_name, tensor, "found the name that the format reserves, expected another");
    if (!names.insert(tensor.name).second)
      throw refusal(file_name, tensor, "found it twice, expected each name once");
    const std::optional<std::uint64_t> bytes = tensor_bytes(tensor.type, tensor.shape);
    if (!bytes || __builtin_add_overflow(total, *bytes, &total))
      throw refusal(file_name, tensor,
                    "found a shape that is negative or too large, expected a size in whole bytes that fits "
                    "64 bits");
    if (!tensor.produce) throw refusal(file_name, tensor, "found no function that produces its bytes");
    planned.push_back({&tensor, *bytes});
  }
  // wider types first, otherwise in the order given; `tensors` is one array, so that addresses are its order
  std::ranges::sort(planned, [](const planned_tensor &a, const planned_tensor &b) {
    const auto bits_a = element_bits(a.source->type), bits_b = element_bits(b.source->type);
    return bits_a != bits_b ? bits_a > bits_b : a.source < b.source;
  });
  return planned;
}

std::string header_text(std::span<const planned_tensor> tensors,
                        const std::map<std::string, std::string> &metadata) {
  std::string text = "{";
  if (!metadata.empty()) text += json(detail::metadata_key).dump() + ":" + json(metadata).dump();
  std::uint64_t begin = 0;
  for (const auto &[source, bytes] : tensors) {
    const json properties = {{"dtype", element_name(source->type)},
                             {"shape", source->shape},
                             {"data_offsets", {begin, begin + bytes}}};
    text += (text.size() > 1 ? "," : "") + json(source->name).dump() + ":" + properties.dump();
    begin += bytes;
  }
  text += "}";
  const std::size_t used = (sizeof(std::uint64_t) + text.size()) % data_alignment;
  text.append((data_alignment - used) % data_alignment, ' ');
  return text;
}

void write_tensor(atomic_file &file, const planned_tensor &tensor, const std::string &file_name) {
  std::uint64_t produced = 0;
  const std::string expected = ", expected " + std::to_string(tensor.bytes) + " for its type and shape";
  tensor.source->produce([&](std::span<const std::byte> piece) {
    produced += piece.size();
    if (produced > tensor.bytes)
      throw refusal(file_name, *tensor.source,
                    "found " + std::to_string(produced) + " bytes or more" + expected);
    file.write(piece);
  });
  if (produced < tensor.bytes)
    throw refusal(file_name, *tensor.source, "found " + std::to_string(produced) + " bytes" + expected);
}

} // namespace

std::function<void(const byte_sink &)> bytes_in_memory(std::span<const std::byte> bytes) {
  return [bytes](const byte_sink &sink) { sink(bytes); };
}

void write_safetensors(const std::filesystem::path &path, std::span<const tensor_source> tensors,
                       const std::map<std::string, std::string> &metadata) {
  const std::string file_name = path.string();
  const std::vector<planned_tensor> planned = plan(tensors, file_name);
  std::string header;
  try {
    header = header_text(planned, metadata);
  } catch (const json::type_error &) { // what dump throws for text that is not UTF-8, and for nothing else
    throw error(error_code::invalid_argument,
                file_name + ": found a tensor's name or a metadata text that is not UTF-8, expected UTF-8");
  }
  if (header.size() > detail::max_header_bytes)
    throw error(error_code::too_large, file_name + ": found a header of " + std::to_string(header.size()) +
                                           " bytes, expected at most " +
                                           std::to_string(detail::max_header_bytes));
  const std::uint64_t length = header.size();
  atomic_file file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(std::as_bytes(std::span(header)));
  for (const planned_tensor &tensor : planned)
    write_tensor(file, tensor, file_name);
  file.commit();
}

} // namespace vggen

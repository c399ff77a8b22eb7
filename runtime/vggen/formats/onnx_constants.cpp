#include "vggen/formats/onnx_constants.hpp"

#include "vggen/formats/layouts.hpp"
#include "vggen/formats/number_conversion.hpp"
#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace vggen::detail {

namespace {

namespace fs = std::filesystem;

constexpr int most_rank = 8;
constexpr std::size_t most_name = 1024; // each layer that takes a constant has a copy

std::optional<element_type> type_of(int type) {
  switch (type) {
  case onnx::TensorProto::FLOAT:
    return element_type::f32;
  case onnx::TensorProto::DOUBLE:
    return element_type::f64;
  case onnx::TensorProto::FLOAT16:
    return element_type::f16;
  case onnx::TensorProto::BFLOAT16:
    return element_type::bf16;
  default:
    return std::nullopt;
  }
}

[[noreturn]] void fail(const mapped_file &file, const std::string &what,
                       error_code code = error_code::corrupt_file) {
  throw error(code, file.path().string() + ": found " + what);
}

// Whether a path leads out of a network's folder, links included. Where the network's file is a link itself,
// the folder that it leads to is one too: caches of downloads are made of such links. A file that is not
// there leads nowhere.
bool leads_outside(const fs::path &network, const fs::path &location) {
  if (location.empty() || !location.is_relative() ||
      std::ranges::any_of(location, [](const auto &part) { return part == ".."; }))
    return true;
  std::error_code missing;
  const fs::path folder = network.parent_path(), file = fs::canonical(folder / location, missing);
  if (missing) return false;
  const auto is_in = [&](const fs::path &top) { return std::ranges::mismatch(top, file).in1 == top.end(); };
  return !is_in(fs::canonical(folder)) && !is_in(fs::canonical(network).parent_path());
}

} // namespace

void onnx_constants::add_copy(const std::string &copy, std::string_view name) {
  const auto found = constants_.find(name);
  if (found != constants_.end()) constants_[copy] = constant(found->second);
}

void onnx_constants::add_transposed(const std::string &turned, std::string_view name,
                                    const std::vector<std::int64_t> &order) {
  const auto found = constants_.find(name);
  if (found == constants_.end()) return;
  const constant &from = found->second;
  const auto rank = static_cast<std::size_t>(from.stored->dims_size());
  if (rank > most_rank || (!order.empty() && order.size() != rank))
    fail(*file_, "a Transpose of " + std::to_string(rank) + " dimensions by " + std::to_string(order.size()));
  constant result{.stored = from.stored, .order = {}};
  std::vector<bool> taken(rank);
  for (std::size_t d = 0; d < rank; ++d) {
    const std::int64_t at = order.empty() ? static_cast<std::int64_t>(rank - 1 - d) : order[d];
    if (at < 0 || static_cast<std::size_t>(at) >= rank || taken[static_cast<std::size_t>(at)])
      fail(*file_, "a Transpose whose perm is no order of " + std::to_string(rank) + " dimensions");
    taken[static_cast<std::size_t>(at)] = true;
    result.order.push_back(from.order.empty() ? static_cast<std::size_t>(at)
                                              : from.order[static_cast<std::size_t>(at)]);
  }
  constants_[turned] = std::move(result);
}

stored_tensor onnx_constants::tensor(std::string_view name) const {
  const constant &one = constants_.find(name)->second;
  stored_tensor result = as_stored(*one.stored);
  if (!one.order.empty()) reorder_dimensions(result, one.order);
  return result;
}

stored_tensor onnx_constants::as_stored(const onnx::TensorProto &tensor) const {
  const auto type = type_of(tensor.data_type());
  if (!type)
    fail(*file_, "a constant " + in_quotes(tensor.name()) + " that holds no floating-point numbers",
         error_code::unsupported);
  if (tensor.name().size() > most_name || tensor.dims_size() > most_rank)
    fail(*file_, "a constant of an impossible shape or name, " + in_quotes(tensor.name()));
  stored_tensor result{.name = tensor.name(),
                       .type = *type,
                       .shape = {tensor.dims().begin(), tensor.dims().end()},
                       .read = {}};
  const auto bytes = tensor_bytes(*type, result.shape);
  if (!bytes) fail(*file_, "a constant of an impossible shape, " + in_quotes(tensor.name()));
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    read_external(tensor, *bytes, result);
    return result;
  }
  const bool raw = !tensor.raw_data().empty() || *bytes == 0;
  const auto listed = static_cast<std::uint64_t>(tensor.float_data_size());
  if (!raw && *type != element_type::f32)
    fail(*file_,
         "a constant " + in_quotes(tensor.name()) + " that lists " + std::string(element_name(*type)) +
             " one by one, expected raw data",
         error_code::unsupported);
  if (raw ? tensor.raw_data().size() != *bytes : listed != *bytes / 4)
    fail(*file_,
         "a constant " + in_quotes(tensor.name()) + " with more or fewer numbers than its shape asks for");
  result.read = [model = model_, &tensor, raw, type = *type](std::span<float> to) {
    if (to.empty()) return;
    if (raw)
      to_float(type, std::as_bytes(std::span(tensor.raw_data())), to);
    else
      std::ranges::copy(tensor.float_data(), to.begin());
  };
  return result;
}

// Numbers in a file beside this one.
void onnx_constants::read_external(const onnx::TensorProto &tensor, std::uint64_t bytes,
                                   stored_tensor &result) const {
  std::map<std::string, std::string, std::less<>> where;
  for (const auto &entry : tensor.external_data())
    where[entry.key()] = entry.value();
  const fs::path location(where["location"]), network = fs::absolute(file_->path());
  if (leads_outside(network, location))
    fail(*file_,
         "numbers in another folder, " + in_quotes(where["location"]) + ", expected them beside the file",
         error_code::unsupported);
  std::uint64_t offset = 0;
  if (const std::string &text = where["offset"]; !text.empty()) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), offset);
    if (problem != std::errc() || end != text.data() + text.size())
      fail(*file_, "an offset that is no number");
  }
  auto &other = external_[location.string()];
  if (!other) other = std::make_shared<const mapped_file>(network.parent_path() / location);
  if (offset > other->bytes().size() || bytes > other->bytes().size() - offset)
    fail(*file_, "numbers beyond the end of " + in_quotes(location.string()));
  result.read = [other = other, offset, type = result.type](std::span<float> to) {
    if (!to.empty()) to_float(type, other->bytes().subspan(offset), to);
  };
}

} // namespace vggen::detail

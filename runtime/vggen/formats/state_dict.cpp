#include "vggen/formats/state_dict.hpp"

#include "vggen/formats/number_conversion.hpp"
#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace vggen::detail {

namespace {

using kind = pickle_value::kind;

bool is_tensor_entry(const std::pair<const pickle_value *, const pickle_value *> &entry) {
  return entry.first->is(kind::text) && entry.second->is(kind::tensor);
}

bool has_tensors(const pickle_value &value) {
  return value.is(kind::dict) && std::ranges::any_of(value.entries, is_tensor_entry);
}

// The dict itself, or the only one in it that has tensors.
const pickle_value *find_state_dict(const pickle_value &root, const std::string &file_name) {
  if (has_tensors(root)) return &root;
  const pickle_value *found = nullptr;
  std::string names;
  std::unordered_set<const pickle_value *> seen; // one dict can be there any number of times
  for (const auto &[key, value] : root.entries) {
    if (!key->is(kind::text) || !seen.insert(value).second || !has_tensors(*value)) continue;
    names += (names.empty() ? "" : ", ") + in_quotes(key->text);
    if (found != nullptr)
      throw error(error_code::unsupported,
                  file_name + ": found several state dicts (" + names + "), expected one");
    found = value;
  }
  if (found == nullptr)
    throw error(error_code::unsupported, file_name + ": found no tensors, expected a state dict");
  return found;
}

// A view of a storage, by value: the pickle is gone when it is read.
struct tensor_place {
  element_type type;
  std::int64_t offset;
  std::vector<std::int64_t> shape, strides;

  [[nodiscard]] bool is_contiguous() const {
    std::int64_t expected = 1;
    for (std::size_t d = shape.size(); d-- > 0;) {
      if (shape[d] != 1 && strides[d] != expected) return false;
      expected *= shape[d];
    }
    return true;
  }

  // Elements from the first one to the last one.
  [[nodiscard]] std::int64_t reach() const {
    std::int64_t last = 0;
    for (std::size_t d = 0; d < shape.size(); ++d)
      last += (shape[d] - 1) * strides[d];
    return last + 1;
  }
};

void gather(const tensor_place &place, std::span<const float> from, std::span<float> to) {
  std::vector<std::int64_t> at(place.shape.size());
  std::int64_t source = 0;
  for (float &value : to) {
    value = from[static_cast<std::size_t>(source)];
    for (std::size_t d = at.size(); d-- > 0;) {
      source += place.strides[d];
      if (++at[d] < place.shape[d]) break;
      source -= at[d] * place.strides[d];
      at[d] = 0;
    }
  }
}

void read_tensor(const tensor_place &place, const storage_reader &storage, std::span<float> to) {
  if (to.empty()) return;
  const std::int64_t bytes = element_bits(place.type) / 8;
  const auto read = [&](std::span<float> values) {
    if (place.type == element_type::f32) {
      storage(place.offset * bytes, std::as_writable_bytes(values));
      return;
    }
    std::vector<std::byte> raw(values.size() * static_cast<std::size_t>(bytes));
    storage(place.offset * bytes, raw);
    to_float(place.type, raw, values);
  };
  if (place.is_contiguous()) {
    read(to);
    return;
  }
  std::vector<float> all(static_cast<std::size_t>(place.reach()));
  read(all);
  gather(place, all, to);
}

} // namespace

std::vector<stored_tensor>
tensors_of_state_dict(const pickle_value &root, const std::string &file_name,
                      const std::function<storage_reader(const pickle_value &storage)> &open_storage) {
  constexpr std::string_view parallel = "module.";
  const pickle_value &dict = *find_state_dict(root, file_name);
  std::vector<stored_tensor> tensors;
  for (const auto &entry : dict.entries) {
    if (!is_tensor_entry(entry)) continue;
    const pickle_value &tensor = *entry.second;
    if (entry.first->text.size() > pickle::most_name)
      throw error(error_code::too_large, file_name + ": found a tensor whose name has " +
                                             std::to_string(entry.first->text.size()) + " bytes");
    if (!converts_to_float(tensor.storage->type))
      throw error(error_code::unsupported, file_name + ": tensor " + in_quotes(entry.first->text) +
                                               ": found " + std::string(element_name(tensor.storage->type)) +
                                               ", expected floating-point numbers");
    tensors.push_back(
        {.name = std::string(entry.first->text),
         .type = tensor.storage->type,
         .shape = tensor.shape,
         .read = [place = tensor_place{tensor.storage->type, tensor.offset, tensor.shape, tensor.strides},
                  storage = open_storage(*tensor.storage)](std::span<float> to) {
           read_tensor(place, storage, to);
         }});
  }
  if (std::ranges::all_of(tensors, [&](const stored_tensor &t) { return t.name.starts_with(parallel); }))
    for (stored_tensor &tensor : tensors)
      tensor.name.erase(0, parallel.size());
  return tensors;
}

} // namespace vggen::detail

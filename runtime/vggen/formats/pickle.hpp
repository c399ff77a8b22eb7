// Reads Python's pickles of weights, and executes nothing: what a pickle calls must be on a short list of
// functions that make tensors, which are then made here.
#pragma once

#include "vggen/io/element_type.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vggen::detail {

/// Represents a value of a pickle. Which members count is said by `what`; the values that it refers to belong
/// to the pickle.
struct pickle_value {
  enum class kind {
    none,
    boolean,
    integer,
    real,
    text,
    list,     ///< of `items`; tuples and sets too
    dict,     ///< of `entries`, in their order
    function, ///< a name that may be called: `text`
    storage,  ///< memory that holds the elements of tensors
    tensor,   ///< a view of a storage
  };

  kind what = kind::none;
  std::int64_t integer = 0; ///< or 0 and 1 of a boolean
  double real = 0;
  std::string_view text{};                                                      ///< into the pickle's bytes
  std::vector<const pickle_value *> items{};                                    ///< of a list
  std::vector<std::pair<const pickle_value *, const pickle_value *>> entries{}; ///< of a dict

  // of storages
  std::string key{}; ///< what its bytes are stored under
  element_type type = element_type::f32;
  std::int64_t count = 0; ///< elements

  // of tensors
  const pickle_value *storage = nullptr;
  std::int64_t offset = 0;                      ///< elements
  std::vector<std::int64_t> shape{}, strides{}; ///< strides in elements

  [[nodiscard]] bool is(kind k) const { return what == k; }
  /// The entry of a dict with that text for a key; null if there is none, or if this is no dict.
  [[nodiscard]] const pickle_value *find(std::string_view name) const;
};

/// Represents a pickle that was read: its values, and how many bytes it took.
class pickle {
public:
  /// Bytes of the longest key or name that is taken: one text can be that of any number of values, and each
  /// has a copy.
  static constexpr std::size_t most_name = 1024;

  /// Reads the pickle at the beginning of `bytes`, which must outlive it. `file_name` is for messages.
  ///
  /// Throws vggen::error with
  ///   corrupt_file if it is not a pickle, ends early, or does what no pickle of weights does;
  ///   unsupported  if it calls anything that is not on the list: the message says what;
  ///   too_large    if it has more values than any network's weights need, or a storage's key is too long.
  pickle(std::span<const std::byte> bytes, const std::string &file_name);

  pickle(pickle &&) noexcept = default;
  pickle &operator=(pickle &&) noexcept = default;
  pickle(const pickle &) = delete;
  pickle &operator=(const pickle &) = delete;
  ~pickle() = default;

  [[nodiscard]] const pickle_value &value() const { return *result_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const std::deque<pickle_value> &values() const { return values_; }

private:
  friend class pickle_machine;

  std::deque<pickle_value> values_;
  const pickle_value *result_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace vggen::detail

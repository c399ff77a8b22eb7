// Holds the tensors of a weights file against a network's list of parameters, and says what does not match.
#pragma once

#include "vggen/io/safetensors.hpp"

#include <vggen/net/parameters.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vggen::detail {

/// Where a parameter has its layer's torchvision name, the paper's and Keras's.
inline constexpr std::array namings = {&parameter_info::module, &parameter_info::name,
                                       &parameter_info::keras};

/// Names of tensors to list at most: a file can hold a million.
inline constexpr std::size_t most_extra = 100;

/// Belongs to the network's classifier.
bool in_top(const parameter_info &parameter);

/// Compares a file's tensors with a list of parameters, and collects what does not match.
class parameter_comparison {
public:
  explicit parameter_comparison(std::span<const parameter_info> parameters) : parameters_(parameters) {}

  /// `given` are the tensors that the file has for the parameter as it is.
  void compare(const parameter_info &parameter, std::span<const tensor_view *const> given);
  /// The file has no such parameter.
  void add_missing(const parameter_info &parameter);
  /// The file has it only as it was packed for other kernels, of the program `packed_for` (empty: not known).
  /// takes_packed: this reader takes packed weights at all.
  void add_packed_otherwise(const parameter_info &parameter, const tensor_view &tensor,
                            const std::string &packed_for, bool takes_packed);
  /// `given` are those that the file has of the parameter, packed for this model's kernels: one, F32, of that
  /// size, or none.
  void compare_packed(const parameter_info &parameter, std::span<const tensor_view *const> given,
                      std::int64_t size);
  /// The network has no such parameters.
  void add_extra(std::span<const tensor_view *const> tensors);

  /// Throws if there was any problem.
  void finish(const std::string &file_name) const;

private:
  // In the order in which a long list has them.
  enum class kind { missing, packed, repeated, mistyped, misshaped, extra };

  struct problem {
    kind what;
    std::string line;
    std::size_t count; // of tensors it stands for
  };

  void add(kind what, std::string line, std::size_t count = 1);
  void add_repeated(const parameter_info &parameter, std::span<const tensor_view *const> given);
  void add_misshaped(const parameter_info &parameter, const tensor_view &tensor);
  [[nodiscard]] std::string lines() const;
  [[nodiscard]] std::string grouped_lines() const;

  std::span<const parameter_info> parameters_;
  std::vector<problem> problems_;
};

} // namespace vggen::detail

// The constants of an ONNX network: its initialisers and what Constant nodes hold, by name, and what Identity
// and Transpose nodes make of them.
#pragma once

#include "vggen/formats/stored_weights.hpp"
#include "vggen/io/mapped_file.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <onnx/onnx_pb.h>

namespace vggen::detail {

/// Represents the constants that a network's nodes can take. They refer to `model`, which their tensors keep.
class onnx_constants {
public:
  onnx_constants(std::shared_ptr<const mapped_file> file, std::shared_ptr<const onnx::ModelProto> model)
      : file_(std::move(file)), model_(std::move(model)) {}

  void add(const std::string &name, const onnx::TensorProto &tensor) { constants_[name] = {&tensor, {}}; }

  [[nodiscard]] bool has(std::string_view name) const { return constants_.contains(name); }

  /// Makes `copy` another name of a constant.
  void add_copy(const std::string &copy, std::string_view name);

  /// Makes `turned` the constant `name` with its dimensions in the order `order`, as ONNX's perm says it:
  /// dimension d of the new one is dimension order[d] of the old one; empty: the dimensions backwards. Throws
  /// vggen::error with corrupt_file if it is no order of these dimensions.
  void add_transposed(const std::string &turned, std::string_view name,
                      const std::vector<std::int64_t> &order);

  /// The constant as a tensor; requires has(name). Throws vggen::error with corrupt_file if its numbers are
  /// not as many as its shape says, with unsupported if they are no floating-point numbers or lie outside the
  /// file's folder.
  [[nodiscard]] stored_tensor tensor(std::string_view name) const;

private:
  struct constant {
    const onnx::TensorProto *stored = nullptr;
    std::vector<std::size_t> order; // of the stored one's dimensions; empty: as they are stored
  };

  [[nodiscard]] stored_tensor as_stored(const onnx::TensorProto &tensor) const;
  void read_external(const onnx::TensorProto &tensor, std::uint64_t bytes, stored_tensor &result) const;

  std::shared_ptr<const mapped_file> file_;
  std::shared_ptr<const onnx::ModelProto> model_;
  std::map<std::string, constant, std::less<>> constants_;
  mutable std::map<std::string, std::shared_ptr<const mapped_file>> external_;
};

} // namespace vggen::detail

#include "vggen/formats/onnx_file.hpp"

#include "vggen/formats/check_vgg.hpp"
#include "vggen/formats/layouts.hpp"
#include "vggen/formats/number_conversion.hpp"
#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <google/protobuf/io/coded_stream.h>
#include <onnx/onnx_pb.h>

namespace vggen::detail {

namespace {

// Nodes that change no numbers, or whose work vggen's own network does.
const std::set<std::string_view> passed_over{
    "Relu",          "Dropout", "Flatten", "Reshape", "Softmax",   "Identity", "Squeeze", "GlobalAveragePool",
    "GlobalMaxPool", "Shape",   "Gather",  "Concat",  "Unsqueeze", "Constant", "Cast",    "Slice"};

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

class onnx_reader {
public:
  explicit onnx_reader(std::shared_ptr<const mapped_file> file)
      : file_(std::move(file)), model_(std::make_shared<onnx::ModelProto>()) {}

  vgg_weights run() {
    parse();
    result_.file = name();
    for (const auto &entry : model_->metadata_props())
      if (entry.key() == "preprocess" || entry.key() == "labels")
        result_.metadata[entry.key()] = entry.value();
    for (const onnx::TensorProto &tensor : model_->graph().initializer())
      constants_[tensor.name()] = &tensor;
    for (const onnx::NodeProto &node : model_->graph().node())
      visit(node);
    if (!result_.blocks.empty() && !result_.blocks.back().empty())
      fail("convolutions without a max-pool after them, expected a VGG's blocks", error_code::unsupported);
    if (!result_.blocks.empty()) result_.blocks.pop_back(); // the one that the last pool began
    check_vgg(result_);
    return std::move(result_);
  }

private:
  [[noreturn]] void fail(const std::string &what, error_code code = error_code::corrupt_file) const {
    throw error(code, name() + ": found " + what);
  }
  [[nodiscard]] std::string name() const { return file_->path().string(); }

  void parse() {
    const auto bytes = file_->bytes();
    if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
      fail("a file of more than 2 GB, which ONNX cannot have", error_code::too_large);
    google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t *>(bytes.data()),
                                                  static_cast<int>(bytes.size()));
    stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
    if (!model_->ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage() || !model_->has_graph())
      fail("neither safetensors, PyTorch's, Keras's nor ONNX's, or a damaged file of the last",
           error_code::unsupported);
  }

  void visit(const onnx::NodeProto &node) {
    const std::string &kind = node.op_type();
    if (!node.domain().empty() && node.domain() != "ai.onnx")
      fail("a node of the domain " + in_quotes(node.domain()), error_code::unsupported);
    if (kind == "Conv")
      add_convolution(node);
    else if (kind == "BatchNormalization")
      add_norm(node);
    else if (kind == "MaxPool")
      end_block(node);
    else if (kind == "Gemm")
      add_gemm(node);
    else if (kind == "MatMul")
      add_product(node);
    else if (kind == "Add")
      add_bias(node);
    else if (kind == "Transpose" && !constants_.contains(node.input_size() > 0 ? node.input(0) : ""))
      places_first_ = integers(node, "perm") == std::vector<std::int64_t>{0, 2, 3, 1};
    else if (kind == "Transpose")
      fail("a transposed constant, expected weights as a layer takes them", error_code::unsupported);
    else if (kind == "ReduceMean")
      expect_average(node);
    else if (kind == "AveragePool")
      expect_integers(node, "kernel_shape", 1); // what torchvision's adaptive pool becomes at 224x224
    else if (!passed_over.contains(kind))
      fail("a node " + in_quotes(kind) + ", which no VGG has", error_code::unsupported);
    if (kind == "Constant" && node.output_size() == 1)
      if (const onnx::AttributeProto *value = attribute(node, "value"); value != nullptr && value->has_t())
        constants_[node.output(0)] = &value->t();
    if (kind == "Identity" && node.input_size() == 1 && node.output_size() == 1)
      if (const auto known = constants_.find(node.input(0)); known != constants_.end())
        constants_[node.output(0)] = known->second;
  }

  static const onnx::AttributeProto *attribute(const onnx::NodeProto &node, std::string_view name) {
    for (const onnx::AttributeProto &a : node.attribute())
      if (a.name() == name) return &a;
    return nullptr;
  }

  static std::vector<std::int64_t> integers(const onnx::NodeProto &node, std::string_view name) {
    const onnx::AttributeProto *a = attribute(node, name);
    return a ? std::vector<std::int64_t>(a->ints().begin(), a->ints().end()) : std::vector<std::int64_t>{};
  }

  // All numbers of the attribute, if it is there, are `value`.
  void expect_integers(const onnx::NodeProto &node, std::string_view name, std::int64_t value) const {
    for (const std::int64_t number : integers(node, name))
      if (number != value)
        fail("a " + node.op_type() + " with " + std::string(name) + " " + std::to_string(number) +
                 ", expected " + std::to_string(value),
             error_code::unsupported);
  }

  void expect_number(const onnx::NodeProto &node, std::string_view name, float value) const {
    const onnx::AttributeProto *a = attribute(node, name);
    if (a != nullptr && a->f() != value)
      fail("a " + node.op_type() + " with another " + std::string(name) + " than " + std::to_string(value),
           error_code::unsupported);
  }

  void add_convolution(const onnx::NodeProto &node) {
    if (!result_.top.empty()) fail("a convolution after a fully connected layer", error_code::unsupported);
    stored_tensor weight = constant(node, 1);
    if (weight.shape.size() != 4) fail("a convolution of other than two dimensions", error_code::unsupported);
    expect_integers(node, "strides", 1);
    expect_integers(node, "dilations", 1);
    const onnx::AttributeProto *pad = attribute(node, "auto_pad"), *group = attribute(node, "group");
    if (group != nullptr && group->i() != 1) fail("a convolution in groups", error_code::unsupported);
    const bool padded = pad != nullptr && pad->s().starts_with("SAME");
    const std::int64_t needed = weight.shape[2] / 2;
    std::vector<std::int64_t> pads = integers(node, "pads");
    if (pads.empty()) pads.assign(4, 0);
    if (!padded && pads != std::vector<std::int64_t>(4, needed))
      fail("a convolution with another padding than " + std::to_string(needed), error_code::unsupported);
    if (result_.blocks.empty()) result_.blocks.emplace_back();
    const std::int64_t outputs = weight.shape[0];
    result_.blocks.back().push_back({.weight = std::move(weight),
                                     .bias = node.input_size() > 2 && !node.input(2).empty()
                                                 ? constant(node, 2)
                                                 : constant_tensor(node.name() + ".bias", outputs, 0),
                                     .norm = {}});
  }

  void add_norm(const onnx::NodeProto &node) {
    if (result_.blocks.empty() || result_.blocks.back().empty() || result_.blocks.back().back().norm)
      fail("a batch norm that follows no convolution", error_code::unsupported);
    const onnx::AttributeProto *epsilon = attribute(node, "epsilon");
    result_.blocks.back().back().norm = {.weight = constant(node, 1),
                                         .bias = constant(node, 2),
                                         .running_mean = constant(node, 3),
                                         .running_var = constant(node, 4),
                                         .epsilon = epsilon ? double{epsilon->f()} : 1e-5};
  }

  void end_block(const onnx::NodeProto &node) {
    const std::vector<std::int64_t> window{2, 2};
    const onnx::AttributeProto *ceil = attribute(node, "ceil_mode");
    if (integers(node, "kernel_shape") != window || integers(node, "strides") != window ||
        (ceil != nullptr && ceil->i() != 0))
      fail("a max-pool of other than 2x2 with stride 2", error_code::unsupported);
    expect_integers(node, "pads", 0);
    if (result_.blocks.empty() || result_.blocks.back().empty())
      fail("a max-pool that follows no convolution", error_code::unsupported);
    result_.blocks.emplace_back();
  }

  // Of each channel: what a global average pool becomes.
  void expect_average(const onnx::NodeProto &node) const {
    const std::vector<std::int64_t> axes = integers(node, "axes");
    if (axes != std::vector<std::int64_t>{2, 3} && axes != std::vector<std::int64_t>{-2, -1})
      fail("a ReduceMean over other than an image", error_code::unsupported);
  }

  void add_gemm(const onnx::NodeProto &node) {
    expect_number(node, "alpha", 1);
    expect_number(node, "beta", 1);
    const onnx::AttributeProto *turned = attribute(node, "transB"), *input_turned = attribute(node, "transA");
    if (input_turned != nullptr && input_turned->i() != 0)
      fail("a Gemm with transA", error_code::unsupported);
    add_connected(constant(node, 1), turned != nullptr && turned->i() != 0);
    if (node.input_size() > 2) result_.top.back().bias = flat(constant(node, 2));
  }

  // [1, n] as [n].
  static stored_tensor flat(stored_tensor tensor) {
    if (tensor.shape.size() == 2 && tensor.shape[0] == 1) tensor.shape.erase(tensor.shape.begin());
    return tensor;
  }

  void add_product(const onnx::NodeProto &node) { add_connected(constant(node, 1), false); }

  // The summand of a MatMul.
  void add_bias(const onnx::NodeProto &node) {
    for (int i = 0; i < node.input_size(); ++i)
      if (constants_.contains(node.input(i)) && !result_.top.empty()) {
        result_.top.back().bias = flat(constant(node, i));
        return;
      }
    fail("an Add that is none of a fully connected layer's", error_code::unsupported);
  }

  // outputs_first: [out, in].
  void add_connected(stored_tensor weight, bool outputs_first) {
    if (weight.shape.size() != 2)
      fail("a matrix product that is no fully connected layer's", error_code::unsupported);
    if (result_.blocks.size() < 2 || !result_.blocks.back().empty())
      fail("fully connected layers that follow no max-pool", error_code::unsupported);
    const std::int64_t in = weight.shape[outputs_first ? 1 : 0];
    std::int64_t channels = in; // of which each has one place
    if (result_.top.empty() && places_first_) {
      const auto &last = result_.blocks[result_.blocks.size() - 2].back();
      channels = last.weight.shape[0];
    }
    if (channels <= 0 || in % channels != 0)
      fail(std::to_string(in) + " inputs of the first fully connected layer, expected a multiple of " +
               std::to_string(channels),
           error_code::mismatch);
    if (outputs_first)
      places_after_channels(weight, channels);
    else
      outputs_before_inputs(weight, channels);
    const std::int64_t outputs = weight.shape[0];
    result_.top.push_back({.weight = std::move(weight), .bias = constant_tensor("bias", outputs, 0)});
  }

  // A node's input that is a constant of the file.
  stored_tensor constant(const onnx::NodeProto &node, int input) const {
    const auto found = input < node.input_size() ? constants_.find(node.input(input)) : constants_.end();
    if (found == constants_.end())
      fail("a " + node.op_type() + " without constant parameters", error_code::unsupported);
    const onnx::TensorProto &tensor = *found->second;
    const auto type = type_of(tensor.data_type());
    if (!type)
      fail("a constant " + in_quotes(tensor.name()) + " that holds no floating-point numbers",
           error_code::unsupported);
    stored_tensor result{.name = tensor.name(),
                         .type = *type,
                         .shape = {tensor.dims().begin(), tensor.dims().end()},
                         .read = {}};
    const auto bytes = tensor_bytes(*type, result.shape);
    if (!bytes || result.shape.size() > 8)
      fail("a constant of an impossible shape, " + in_quotes(tensor.name()));
    if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
      read_external(tensor, *bytes, result);
      return result;
    }
    const bool raw = !tensor.raw_data().empty() || *bytes == 0;
    const auto listed = static_cast<std::uint64_t>(tensor.float_data_size());
    if (!raw && *type != element_type::f32)
      fail("a constant " + in_quotes(tensor.name()) + " that lists " + std::string(element_name(*type)) +
               " one by one, expected raw data",
           error_code::unsupported);
    if (raw ? tensor.raw_data().size() != *bytes : listed != *bytes / 4)
      fail("a constant " + in_quotes(tensor.name()) + " with more or fewer numbers than its shape asks for");
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
  void read_external(const onnx::TensorProto &tensor, std::uint64_t bytes, stored_tensor &result) const {
    std::map<std::string, std::string, std::less<>> where;
    for (const auto &entry : tensor.external_data())
      where[entry.key()] = entry.value();
    const std::filesystem::path location(where["location"]);
    const bool inside = !location.empty() && location.is_relative() &&
                        std::ranges::none_of(location, [](const auto &part) { return part == ".."; });
    if (!inside)
      fail("numbers in another folder, " + in_quotes(where["location"]) + ", expected them beside the file",
           error_code::unsupported);
    std::uint64_t offset = 0;
    if (const std::string &text = where["offset"]; !text.empty()) {
      const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), offset);
      if (problem != std::errc() || end != text.data() + text.size()) fail("an offset that is no number");
    }
    auto &other = external_[location.string()];
    if (!other) other = std::make_shared<const mapped_file>(file_->path().parent_path() / location);
    if (offset > other->bytes().size() || bytes > other->bytes().size() - offset)
      fail("numbers beyond the end of " + in_quotes(location.string()));
    result.read = [other = other, offset, type = result.type](std::span<float> to) {
      if (!to.empty()) to_float(type, other->bytes().subspan(offset), to);
    };
  }

  std::shared_ptr<const mapped_file> file_;
  std::shared_ptr<onnx::ModelProto> model_;
  std::map<std::string, const onnx::TensorProto *, std::less<>> constants_;
  mutable std::map<std::string, std::shared_ptr<const mapped_file>> external_;
  vgg_weights result_;
  bool places_first_ = false; // a Transpose before the fully connected layers made it [h, w, c]
};

} // namespace

bool is_onnx(std::span<const std::byte> bytes) {
  return bytes.size() > 2 && bytes[0] == std::byte{0x08} && bytes[1] < std::byte{32}; // field 1, ir_version
}

vgg_weights open_onnx(const std::shared_ptr<const mapped_file> &file) { return onnx_reader(file).run(); }

} // namespace vggen::detail

#include "vggen/formats/onnx_file.hpp"

#include "vggen/formats/check_vgg.hpp"
#include "vggen/formats/layouts.hpp"
#include "vggen/formats/message_objects.hpp"
#include "vggen/formats/onnx_constants.hpp"
#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <onnx/onnx_pb.h>

namespace vggen::detail {

namespace {

// Nodes that change no numbers, or whose work vggen's own network does.
const std::set<std::string_view> passed_over{
    "Relu",          "Dropout", "Flatten", "Reshape", "Softmax",   "Identity", "Squeeze", "GlobalAveragePool",
    "GlobalMaxPool", "Shape",   "Gather",  "Concat",  "Unsqueeze", "Constant", "Cast",    "Slice"};

class onnx_reader {
public:
  explicit onnx_reader(std::shared_ptr<const mapped_file> file)
      : file_(std::move(file)), model_(std::make_shared<onnx::ModelProto>()), constants_(file_, model_) {}

  vgg_weights run() {
    parse();
    result_.file = name();
    for (const auto &entry : model_->metadata_props())
      if (entry.key() == "preprocess" || entry.key() == "labels")
        result_.metadata[entry.key()] = entry.value();
    for (const onnx::TensorProto &tensor : model_->graph().initializer())
      constants_.add(tensor.name(), tensor);
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
    constexpr int most_objects = 100'000; // VGG19 with batch norms has some hundreds
    const auto bytes = file_->bytes();
    if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
      fail("a file of more than 2 GB, which ONNX cannot have", error_code::too_large);
    if (!makes_at_most(most_objects, bytes, *onnx::ModelProto::descriptor()))
      fail("more than " + std::to_string(most_objects) + " nodes, tensors and texts", error_code::too_large);
    // from an array: of a stream, a text's length is believed for up to 50 MB
    if (!model_->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model_->has_graph())
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
    else if (kind == "Transpose")
      add_transpose(node);
    else if (kind == "ReduceMean")
      expect_average(node);
    else if (kind == "AveragePool")
      expect_integers(node, "kernel_shape", 1); // what torchvision's adaptive pool becomes at 224x224
    else if (!passed_over.contains(kind))
      fail("a node " + in_quotes(kind) + ", which no VGG has", error_code::unsupported);
    if (kind == "Constant" && node.output_size() == 1)
      if (const onnx::AttributeProto *value = attribute(node, "value"); value != nullptr && value->has_t())
        constants_.add(node.output(0), value->t());
    if (kind == "Identity" && node.input_size() == 1 && node.output_size() == 1)
      constants_.add_copy(node.output(0), node.input(0));
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

  // Of weights, or of images.
  void add_transpose(const onnx::NodeProto &node) {
    const std::vector<std::int64_t> order = integers(node, "perm");
    if (node.input_size() != 1 || node.output_size() != 1) fail("a Transpose of other than one tensor");
    if (constants_.has(node.input(0)))
      constants_.add_transposed(node.output(0), node.input(0), order);
    else
      places_first_ = order == std::vector<std::int64_t>{0, 2, 3, 1};
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
      if (constants_.has(node.input(i)) && !result_.top.empty()) {
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
    if (input >= node.input_size() || !constants_.has(node.input(input)))
      fail("a " + node.op_type() + " without constant parameters", error_code::unsupported);
    return constants_.tensor(node.input(input));
  }

  std::shared_ptr<const mapped_file> file_;
  std::shared_ptr<onnx::ModelProto> model_;
  onnx_constants constants_;
  vgg_weights result_;
  bool places_first_ = false; // a Transpose before the fully connected layers made it [h, w, c]
};

} // namespace

bool is_onnx(std::span<const std::byte> bytes) {
  return bytes.size() > 2 && bytes[0] == std::byte{0x08} && bytes[1] < std::byte{32}; // field 1, ir_version
}

vgg_weights open_onnx(const std::shared_ptr<const mapped_file> &file) { return onnx_reader(file).run(); }

} // namespace vggen::detail

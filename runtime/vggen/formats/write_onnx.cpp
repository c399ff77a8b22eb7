#include "vggen/formats/vgg_names.hpp"
#include "vggen/formats/write_weights.hpp"

#include "vggen/io/atomic_file.hpp"
#include "vggen/io/error.hpp"
#include "vggen/version.hpp"

#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/onnx_pb.h>

namespace vggen {

namespace {

// Hands protobuf's bytes to a file.
class file_stream final : public google::protobuf::io::CopyingOutputStream {
public:
  explicit file_stream(atomic_file &file) : file_(file) {}
  bool Write(const void *data, int size) override {
    if (problem) return false;
    try {
      file_.write({static_cast<const std::byte *>(data), static_cast<std::size_t>(size)});
    } catch (...) { // protobuf writes from destructors, too
      problem = std::current_exception();
    }
    return !problem;
  }

  std::exception_ptr problem;

private:
  atomic_file &file_;
};

// Builds the network, a chain of nodes.
class onnx_builder {
public:
  onnx_builder(onnx::GraphProto &graph, std::string input) : graph_(graph), last_(std::move(input)) {}

  onnx::NodeProto &add(const char *kind, const std::string &output) {
    onnx::NodeProto &node = *graph_.add_node();
    node.set_op_type(kind);
    node.set_name(output);
    node.add_input(last_);
    node.add_output(output);
    last_ = output;
    return node;
  }

  void add_parameter(onnx::NodeProto &node, const std::string &name, const stored_tensor &tensor) {
    node.add_input(name);
    onnx::TensorProto &constant = *graph_.add_initializer();
    constant.set_name(name);
    constant.set_data_type(onnx::TensorProto::FLOAT);
    for (const std::int64_t extent : tensor.shape)
      constant.add_dims(extent);
    std::vector<float> values(static_cast<std::size_t>(tensor.size()));
    tensor.read(values);
    constant.set_raw_data(values.data(), values.size() * sizeof(float));
  }

  static void set(onnx::NodeProto &node, const char *name, const std::vector<std::int64_t> &values) {
    onnx::AttributeProto &a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t value : values)
      a.add_ints(value);
  }
  static void set(onnx::NodeProto &node, const char *name, std::int64_t value) {
    onnx::AttributeProto &a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(value);
  }
  static void set(onnx::NodeProto &node, const char *name, float value) {
    onnx::AttributeProto &a = *node.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::FLOAT);
    a.set_f(value);
  }

  // The last node's output is the network's.
  void finish() {
    onnx::NodeProto &node = *graph_.mutable_node(graph_.node_size() - 1);
    node.set_output(0, "output");
  }

private:
  onnx::GraphProto &graph_;
  std::string last_;
};

void describe(onnx::ValueInfoProto &value, const char *name,
              const std::vector<std::pair<const char *, std::int64_t>> &extents) {
  value.set_name(name);
  auto &tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx::TensorProto::FLOAT);
  for (const auto &[symbol, extent] : extents) {
    auto &dimension = *tensor.mutable_shape()->add_dim();
    if (extent > 0)
      dimension.set_dim_value(extent);
    else
      dimension.set_dim_param(symbol);
  }
}

} // namespace

void write_vgg_onnx(const std::filesystem::path &path, const vgg_weights &weights,
                    const onnx_options &options, const write_progress &progress) {
  const std::int64_t extent = input_extent(weights);
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.set_producer_name("vggen");
  model.set_producer_version(VGGEN_VERSION_TEXT);
  model.add_opset_import()->set_version(13);
  for (const auto &[key, value] : detail::metadata_to_write(weights)) {
    auto &entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  onnx::GraphProto &graph = *model.mutable_graph();
  graph.set_name("vgg");
  describe(
      *graph.add_input(), "input",
      {{"n", 0}, {"channels", weights.blocks[0][0].weight.shape[1]}, {"height", extent}, {"width", extent}});

  onnx_builder builder(graph, "input");
  std::size_t done = 0, layers = weights.top.size();
  for (const auto &block : weights.blocks)
    layers += block.size();
  const auto next = [&] {
    if (progress) progress(static_cast<double>(++done) / static_cast<double>(layers + 1));
  };
  for (std::size_t b = 0; b < weights.blocks.size(); ++b) {
    const std::string number = std::to_string(b + 1);
    for (std::size_t i = 0; i < weights.blocks[b].size(); ++i) {
      const convolution_weights &c = weights.blocks[b][i];
      const std::string layer = number + "_" + std::to_string(i + 1);
      const std::int64_t window = c.weight.shape[2], pad = window / 2;
      onnx::NodeProto &convolution = builder.add("Conv", "conv" + layer);
      builder.add_parameter(convolution, "conv" + layer + ".weight", c.weight);
      builder.add_parameter(convolution, "conv" + layer + ".bias", c.bias);
      onnx_builder::set(convolution, "kernel_shape", std::vector{window, window});
      onnx_builder::set(convolution, "pads", std::vector{pad, pad, pad, pad});
      if (c.norm) {
        onnx::NodeProto &norm = builder.add("BatchNormalization", "norm" + layer);
        builder.add_parameter(norm, "norm" + layer + ".weight", c.norm->weight);
        builder.add_parameter(norm, "norm" + layer + ".bias", c.norm->bias);
        builder.add_parameter(norm, "norm" + layer + ".running_mean", c.norm->running_mean);
        builder.add_parameter(norm, "norm" + layer + ".running_var", c.norm->running_var);
        onnx_builder::set(norm, "epsilon", static_cast<float>(c.norm->epsilon));
      }
      builder.add("Relu", "relu" + layer);
      next();
    }
    onnx::NodeProto &pool = builder.add("MaxPool", "pool" + number);
    onnx_builder::set(pool, "kernel_shape", std::vector<std::int64_t>{2, 2});
    onnx_builder::set(pool, "strides", std::vector<std::int64_t>{2, 2});
  }
  if (!weights.top.empty()) {
    if (extent == 0) builder.add("GlobalAveragePool", "average");
    onnx_builder::set(builder.add("Flatten", "flatten"), "axis", std::int64_t{1});
  }
  for (std::size_t i = 0; i < weights.top.size(); ++i) {
    const std::string number = std::to_string(i + weights.blocks.size() + 1); // the paper's: fc6
    onnx::NodeProto &product = builder.add("Gemm", "fc" + number);
    builder.add_parameter(product, "fc" + number + ".weight", weights.top[i].weight);
    builder.add_parameter(product, "fc" + number + ".bias", weights.top[i].bias);
    onnx_builder::set(product, "transB", std::int64_t{1});
    if (i + 1 < weights.top.size()) builder.add("Relu", "relu" + number);
    next();
  }
  if (!weights.top.empty() && options.softmax)
    onnx_builder::set(builder.add("Softmax", "prob"), "axis", std::int64_t{1});
  builder.finish();
  if (weights.top.empty())
    describe(*graph.add_output(), "output",
             {{"n", 0},
              {"features", weights.blocks.back().back().weight.shape[0]},
              {"out_height", 0},
              {"out_width", 0}});
  else
    describe(*graph.add_output(), "output", {{"n", 0}, {"classes", weights.top.back().weight.shape[0]}});

  atomic_file file(path);
  file_stream stream(file);
  google::protobuf::io::CopyingOutputStreamAdaptor adaptor(&stream);
  const bool whole = model.SerializeToZeroCopyStream(&adaptor) && adaptor.Flush();
  if (stream.problem) std::rethrow_exception(stream.problem);
  if (!whole)
    throw error(error_code::cannot_write, path.string() + ": the network is too large for ONNX (2 GB)");
  file.commit();
  if (progress) progress(1);
}

} // namespace vggen

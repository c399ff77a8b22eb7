// vggen-convert: takes a VGG's weights from one framework's file to another's.
#include <vggen/formats/vgg_transforms.hpp>
#include <vggen/formats/vgg_weights.hpp>
#include <vggen/formats/write_weights.hpp>
#include <vggen/io/error.hpp>
#include <vggen/io/labels.hpp>
#include <vggen/io/preprocessing.hpp>
#include <vggen/version.hpp>

#include "tools/program/progress.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <new>
#include <string>

namespace fs = std::filesystem;
using namespace vggen;

namespace {

enum class format { safetensors, keras, onnx };

struct options {
  fs::path in, out, labels;
  std::string preprocess;
  format to = format::safetensors;
  bool format_given = false, fold = false, reverse = false, grey = false, softmax = false,
       without_top = false, encoder = false;
};

format format_of(const options &o) {
  if (o.format_given) return o.to;
  const std::string end = o.out.extension().string();
  if (o.out.string().ends_with(".weights.h5"))
    throw error(
        error_code::invalid_argument,
        o.out.string() +
            ": Keras 3 takes this name for its own layout; call the file .h5, which load_weights reads too");
  if (end == ".safetensors") return format::safetensors;
  if (end == ".h5" || end == ".hdf5") return format::keras;
  if (end == ".onnx") return format::onnx;
  throw error(error_code::invalid_argument,
              o.out.string() +
                  ": the name does not say the format, expected .safetensors, .h5 or .onnx, or --to");
}

// "A 13 convolutions in 5 blocks (2 2 3 3 3), 3 fully connected layers"
std::string description(const vgg_weights &weights) {
  std::size_t convolutions = 0;
  std::string blocks;
  for (const auto &block : weights.blocks) {
    convolutions += block.size();
    blocks += (blocks.empty() ? "" : " ") + std::to_string(block.size());
  }
  std::string text = std::to_string(convolutions) + " convolutions in blocks of " + blocks;
  if (weights.has_batch_norm()) text += ", with batch norm";
  if (weights.top.empty()) return text + ", without a top";
  return text + ", " + std::to_string(weights.top.size()) + " fully connected layers, " +
         std::to_string(weights.top.back().weight.shape[0]) + " classes";
}

void run(const options &o) {
  const format to = format_of(o);
  vgg_weights weights = open_vgg(o.in, o.encoder ? vgg_part::encoder : vgg_part::whole);
  if (o.without_top) weights.top.clear();
  if (to == format::keras && (!o.preprocess.empty() || !o.labels.empty()))
    throw error(error_code::invalid_argument,
                "--preprocess and --labels: Keras's files have no place for them");
  if (to != format::onnx && o.softmax)
    throw error(error_code::invalid_argument, "--softmax is for ONNX: files of weights compute nothing");
  if (!o.preprocess.empty()) weights.metadata["preprocess"] = to_text(parse_preprocessing(o.preprocess));
  if (!o.labels.empty()) {
    if (weights.top.empty())
      throw error(error_code::invalid_argument, "--labels: these weights have no classes");
    weights.metadata["labels"] =
        nlohmann::json(read_labels(o.labels, static_cast<int>(weights.top.back().weight.shape[0]))).dump();
  }
  if (o.fold) fold_batch_norm(weights);
  if (o.reverse) reverse_input_channels(weights);
  if (o.grey) sum_input_channels(weights);
  {
    progress shown("converting");
    const auto tell = [&](double done) { shown.update(done); };
    switch (to) {
    case format::safetensors:
      write_vgg_safetensors(o.out, weights, tell);
      break;
    case format::keras:
      write_vgg_keras(o.out, weights, tell);
      break;
    case format::onnx:
      write_vgg_onnx(o.out, weights, {.softmax = o.softmax}, tell);
      break;
    }
  }
  std::printf("%s: %s\n", o.out.c_str(), description(weights).c_str());
  if (to != format::keras && !weights.metadata.contains("preprocess"))
    std::fprintf(stderr, "note: the file does not say how images are prepared for it; --preprocess does\n");
}

} // namespace

int main(int argc, char **argv) {
  options o;
  CLI::App app{"Converts the weights of a VGG.\n"
               "In: safetensors, PyTorch's state dicts (.pth, .pt), Keras's files (.h5, .weights.h5), ONNX.\n"
               "Out: safetensors with torchvision's names, Keras's .h5, ONNX of the whole network.",
               "vggen-convert"};
  app.set_version_flag("--version", "vggen-convert, vggen " VGGEN_VERSION_TEXT);
  app.add_option("in", o.in, "file to read; its content says what it is")->required();
  app.add_option("out", o.out, "file to write: .safetensors, .h5 or .onnx")->required();
  CLI::Option *const to =
      app.add_option("--to", o.to, "safetensors, keras or onnx (default: what OUT ends with)");
  to->option_text("FORMAT")->transform(CLI::CheckedTransformer(std::map<std::string, format>{
      {"safetensors", format::safetensors}, {"keras", format::keras}, {"onnx", format::onnx}}));
  app.add_option("--preprocess", o.preprocess,
                 "how images are prepared for the weights in IN: torchvision, caffe (Keras's own), unit, or "
                 "an object of "
                 "numbers in JSON; noted in the file");
  app.add_option("--labels", o.labels, "names of the classes, one a line (or .json); noted in the file");
  app.add_flag("--fold-batch-norm", o.fold, "make batch norms a part of their convolutions");
  app.add_flag("--reverse-channels", o.reverse,
               "take red, green, blue instead of blue, green, red, or the other way");
  app.add_flag("--grey", o.grey, "take grey images: the first convolution summed over its channels");
  app.add_flag("--no-top", o.without_top, "without the fully connected layers");
  app.add_flag(
      "--encoder", o.encoder,
      "of a larger network, only the convolutions that are named as a VGG's (block1_conv1, features.0, "
      "conv1_1)");
  app.add_flag("--softmax", o.softmax, "let an ONNX network give probabilities instead of logits");
  CLI11_PARSE(app, argc, argv);
  o.format_given = to->count() > 0;
  try {
    run(o);
    return 0;
  } catch (const std::bad_alloc &) {
    std::cerr << "error: out of memory\n";
  } catch (const std::exception &e) {
    std::cerr << "error: " << e.what() << '\n';
  }
  return 1;
}

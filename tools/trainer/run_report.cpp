#include "tools/trainer/run_report.hpp"

#include "tools/program/texts.hpp"

#include <fstream>
#include <thread>

namespace vggen {

namespace {

std::string machine_name() {
  std::string name = "unknown processor";
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) {
      name = line.substr(line.find(':') + 2);
      break;
    }
  return name + ", " + std::to_string(std::thread::hardware_concurrency()) + " threads";
}

std::vector<network_row> rows_of(const model_facts &facts) {
  std::vector<network_row> rows;
  for (const layer_row &layer : facts.layers) {
    const compiled_kernel *kernel =
        layer.kernel < 0 ? nullptr : &facts.kernels[static_cast<std::size_t>(layer.kernel)];
    rows.push_back({.index = std::to_string(layer.index),
                    .layer = layer.name + ": " + layer.layer,
                    .output_shape = shape_text(layer.output),
                    .parameters = layer.parameters ? grouped(layer.parameters) : "",
                    .multiply_adds = layer.multiply_adds ? grouped(layer.multiply_adds) : "",
                    .kernel = kernel ? std::string(kernel->text) : "",
                    .schedule = kernel ? std::string(kernel->schedule) : ""});
  }
  rows.push_back({.index = "",
                  .layer = "all",
                  .output_shape = "",
                  .parameters = grouped(facts.parameters),
                  .multiply_adds = grouped(facts.multiply_adds),
                  .kernel = "",
                  .schedule = ""});
  return rows;
}

filter_bank first_filters(trainable &network, bool reverse_channels) {
  const trainable_facts &facts = network.facts();
  const parameter_info &info = facts.parameter_tensors.front();
  if (info.rank != 4) return {};
  const auto values = network.parameters().first(static_cast<std::size_t>(info.size()));
  const auto extent = [&](std::size_t i) { return static_cast<int>(info.extents[i]); };
  return {.outputs = extent(0),
          .inputs = extent(1),
          .height = extent(2),
          .width = extent(3),
          .weights = {values.begin(), values.end()},
          .reverse_channels = reverse_channels};
}

} // namespace

training_report make_report(const runnable_model &model, trainable &network, const normalisation &how,
                            std::vector<epoch_record> epochs, const evaluation_result &test,
                            const std::string &test_name, std::vector<std::string> class_names,
                            std::vector<run_option> options) {
  const auto counts = test.confusion.counts();
  return {.title = std::string(model.facts().name),
          .machine = machine_name(),
          .target = std::string(model.facts().target),
          .epochs = std::move(epochs),
          .class_names = std::move(class_names),
          .confusion = {counts.begin(), test.confusion.images() > 0 ? counts.end() : counts.begin()},
          .confusion_of = test_name,
          .most_wrong = test.most_wrong,
          .first_layer = first_filters(network, how.reverse_channels),
          .network = rows_of(model.facts()),
          .options = std::move(options)};
}

} // namespace vggen

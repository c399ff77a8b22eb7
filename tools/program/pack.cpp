#include "tools/program/commands.hpp"
#include "tools/program/loaded_model.hpp"
#include "tools/program/progress.hpp"

#include <vggen/io/tensor_names.hpp>
#include <vggen/io/write_safetensors.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace vggen {

namespace {

// All runs of these batches (see run_bit()).
std::uint64_t runs_of(const model_facts &facts, const std::vector<int> &batches, bool features) {
  std::uint64_t runs = 0;
  for (std::size_t i = 0; i < facts.batches.size(); ++i)
    if (std::ranges::find(batches, facts.batches[i]) != batches.end()) runs |= run_bits(i, features);
  return runs;
}

tensor_source source(std::string name, std::vector<std::int64_t> shape, const float *values) {
  const std::size_t bytes = tensor_bytes(element_type::f32, shape).value();
  return {.name = std::move(name),
          .type = element_type::f32,
          .shape = std::move(shape),
          .produce = bytes_in_memory(std::as_bytes(std::span(values, bytes / sizeof(float))))};
}

// What the runs read, that which fills whole cache lines first, so that all of that begins on one.
std::vector<tensor_source> tensors_for(const runnable_model &model, std::uint64_t runs,
                                       const std::vector<const float *> &plain) {
  const model_facts &facts = model.facts();
  std::vector<tensor_source> tensors;
  for (std::size_t place = 0; place < facts.packed_weights.size(); ++place) {
    const packed_weights_info &info = facts.packed_weights[place];
    if ((info.runs & runs) == 0) continue;
    const parameter_info &parameter = facts.parameter_tensors[static_cast<std::size_t>(info.parameter)];
    tensors.push_back(
        source(packed_tensor_name(parameter, info.key), {info.size}, model.packed_weights(place).data()));
  }
  constexpr std::int64_t line = 16; // floats
  std::ranges::stable_partition(tensors, [](const tensor_source &t) { return t.shape[0] % line == 0; });
  for (std::size_t i = 0; i < facts.parameter_tensors.size(); ++i) {
    const parameter_info &parameter = facts.parameter_tensors[i];
    if ((facts.plain_runs[i] & runs) != 0)
      tensors.push_back(source(tensor_name(parameter),
                               {parameter.extents.begin(), parameter.extents.begin() + parameter.rank},
                               plain[i]));
  }
  return tensors;
}

} // namespace

void pack_weights(runnable_model &model, const pack_options &options) {
  const model_facts &facts = model.facts();
  const safetensors_file file = open_weights(facts, options.weights);
  const loaded_parameters loaded = load_parameters(facts.parameter_tensors, file, facts.packed_weights);
  for (const auto &note : loaded.notes)
    std::fprintf(stderr, "note: %s\n", note.c_str());
  const std::vector<int> batches = options.batches.empty() ? facts.batches : options.batches;
  const std::string file_name = file.path().string();
  const std::vector<int> runnable = runnable_batches(facts, loaded, options.features, file_name);
  for (const int batch : batches)
    require_batch(facts, runnable, batch, file_name);

  const std::vector<const float *> plain = loaded.sources();
  model.assign(plain, loaded.packed, options.features);
  progress shown("packing");
  for (std::size_t i = 0; i < batches.size(); ++i) {
    model.prepare(batches[i], options.threads,
                  [&](std::span<const float> part) { file.release(std::as_bytes(part)); });
    shown.update(static_cast<double>(i + 1) / static_cast<double>(batches.size() + 1));
  }
  const std::vector<tensor_source> tensors =
      tensors_for(model, runs_of(facts, batches, options.features), plain);
  std::map<std::string, std::string> metadata = file.metadata();
  metadata.erase("training"); // of a checkpoint, which this is not
  metadata["packed_for"] = std::string(facts.name) + " " + std::string(facts.target);
  write_safetensors(options.output, tensors, metadata);
  shown.update(1);
  std::uint64_t bytes = 0;
  for (const tensor_source &tensor : tensors)
    bytes += tensor_bytes(tensor.type, tensor.shape).value();
  std::printf("%s: %zu tensors, %.1f MB, for %s on %s\n", options.output.c_str(), tensors.size(),
              1e-6 * static_cast<double>(bytes), std::string(facts.name).c_str(),
              std::string(facts.target).c_str());
}

} // namespace vggen

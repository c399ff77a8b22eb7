#include "tools/machine/measured_machine.hpp"
#include "tools/program/commands.hpp"
#include "tools/program/texts.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <iostream>
#include <string>

namespace vggen {

namespace {

const compiled_kernel *kernel_of(const model_facts &facts, const layer_row &row) {
  return row.kernel < 0 ? nullptr : &facts.kernels[static_cast<std::size_t>(row.kernel)];
}

nlohmann::ordered_json as_json(const runnable_model &model) {
  const model_facts &facts = model.facts();
  const auto extents = [](const shape &s) { return nlohmann::json::array({s.channels, s.height, s.width}); };
  auto layers = nlohmann::ordered_json::array();
  for (const layer_row &row : facts.layers) {
    const compiled_kernel *kernel = kernel_of(facts, row);
    layers.push_back({{"index", row.index},
                      {"name", row.name},
                      {"layer", row.layer},
                      {"output", extents(row.output)},
                      {"parameters", row.parameters},
                      {"multiply_adds", row.multiply_adds},
                      {"kernel", kernel ? nlohmann::ordered_json(kernel->text) : nullptr},
                      {"schedule", kernel ? nlohmann::ordered_json(kernel->schedule) : nullptr},
                      {"error", kernel ? nlohmann::ordered_json(kernel->error) : nullptr}});
  }
  return {{"name", facts.name},
          {"target", facts.target},
          {"tuned_for", facts.tuned_for},
          {"parameters", facts.parameters},
          {"multiply_adds", facts.multiply_adds},
          {"receptive_field", facts.receptive_field},
          {"input", extents(facts.input)},
          {"output", extents(facts.output)},
          {"batches", facts.batches},
          {"arena_bytes", facts.arena_bytes.front()},
          {"scratch_bytes", model.scratch_bytes(facts.batches.front(), 1)},
          {"layers", layers}};
}

// Five characters: "6e-06".
std::string error_text(double error) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%.0e", error);
  return error > 0 ? text.data() : "    -";
}

void print_table(const runnable_model &model) {
  const model_facts &facts = model.facts();
  std::printf("%-3s %-10s %-24s %-12s %13s %15s  %-5s  %s\n", "", "name", "layer", "output", "parameters",
              "multiply-adds", "error", "kernel, schedule");
  int last_kernel = -1;
  for (const layer_row &row : facts.layers) {
    const compiled_kernel *kernel = kernel_of(facts, row);
    std::string computed_by;
    if (kernel && row.kernel == last_kernel && row.parameters == 0)
      computed_by = "         \"";
    else if (kernel)
      computed_by =
          error_text(kernel->error) + "  " + std::string(kernel->text) + ", " + std::string(kernel->schedule);
    last_kernel = row.kernel;
    std::printf("%3d %-10s %-24s %-12s %13s %15s  %s\n", row.index, row.name.c_str(), row.layer.c_str(),
                shape_text(row.output).c_str(), row.parameters ? grouped(row.parameters).c_str() : "",
                row.multiply_adds ? grouped(row.multiply_adds).c_str() : "", computed_by.c_str());
  }
  std::printf("\n%s parameters, %s multiply-adds for one image, receptive field %d pixels\n",
              grouped(facts.parameters).c_str(), grouped(facts.multiply_adds).c_str(), facts.receptive_field);
  for (std::size_t i = 0; i < facts.batches.size(); ++i)
    std::printf("batch %d: arena %s bytes, scratch %s bytes on one thread\n", facts.batches[i],
                grouped(static_cast<std::int64_t>(facts.arena_bytes[i])).c_str(),
                grouped(static_cast<std::int64_t>(model.scratch_bytes(facts.batches[i], 1))).c_str());
  std::printf("compiled for %s\n", std::string(facts.target).c_str());
  if (facts.tuned_for.empty()) return;
  std::printf("schedules tuned on %s\n", std::string(facts.tuned_for).c_str());
  if (const std::string here = processor_name(); here != facts.tuned_for)
    std::printf("note: this is %s; tuning here may be worth it (docs/tuning.md)\n", here.c_str());
}

} // namespace

void print_summary(runnable_model &model, const summary_options &options) {
  if (options.json)
    std::cout << as_json(model).dump(2) << '\n';
  else
    print_table(model);
}

} // namespace vggen

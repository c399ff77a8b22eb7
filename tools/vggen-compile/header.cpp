#include "header.hpp"

#include "tools/compiler/targets.hpp"

#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace vggen {

namespace {

constexpr std::size_t feature_word_count = (static_cast<std::size_t>(Halide::Target::FeatureEnd) + 63) / 64;

// The target's features as the words that halide_can_use_target_features() takes.
std::string feature_words(const Halide::Target &target) {
  std::array<std::uint64_t, feature_word_count> bits{};
  for (int f = 0; f < static_cast<int>(Halide::Target::FeatureEnd); ++f)
    if (target.has_feature(static_cast<Halide::Target::Feature>(f)))
      bits[static_cast<std::size_t>(f) / 64] |= std::uint64_t{1} << (f % 64);
  std::ostringstream out;
  for (const auto word : bits)
    out << (out.tellp() > 0 ? ", " : "") << "0x" << std::hex << word << "u";
  return out.str();
}

std::string machine_name(Halide::Target target) {
  for (const auto feature :
       {Halide::Target::NoRuntime, Halide::Target::UserContext, Halide::Target::NoBoundsQuery})
    target = target.without_feature(feature);
  return target.to_string();
}

// As C++ writes a string: a processor's name is any text.
std::string literal(const std::string &text) {
  std::ostringstream out;
  out << '"';
  for (const char c : text)
    if (c == '"' || c == '\\')
      out << '\\' << c;
    else if (c >= ' ' && c <= '~')
      out << c;
  out << '"';
  return out.str();
}

// The member of that name, if there is any such buffer.
std::string device_scratch(const std::vector<std::vector<int>> &buffers) {
  if (buffers.empty()) return "";
  std::ostringstream out;
  out << "       .device_scratch = {{";
  for (const std::vector<int> &extents : buffers) {
    out << "{" << extents.size() << ", {{";
    for (const int extent : extents)
      out << extent << ", ";
    out << "}}}, ";
  }
  out << "}},\n";
  return out.str();
}

void write_table(std::ostream &out, const std::vector<planned_kernel> &kernels,
                 const std::filesystem::path &cache) {
  for (const auto &k : kernels) {
    const auto facts = read_facts(k.job, cache);
    out << "      {.kernel = *vggen::parse_signature(\"" << k.kernel.text << "\"),\n"
        << "       .text = \"" << k.kernel.text << "\",\n"
        << "       .schedule = \"" << k.kernel.schedule_text() << "\",\n"
        << "       .key = \"" << k.job.key << "\",\n"
        << "       .run = " << k.job.symbol << "_argv,\n";
    if (k.pack)
      out << "       .pack_key = \"" << k.pack->key << "\",\n       .pack = " << k.pack->symbol
          << "_argv,\n       .packed_size = " << k.packed_size << ",\n";
    out << "       .scratch_shared = " << facts.scratch_shared << ",\n"
        << "       .scratch_per_task = " << facts.scratch_per_task << ",\n"
        << device_scratch(facts.device_scratch) << "       .multiply_adds = " << k.kernel.multiply_adds
        << ",\n"
        << "       .error = " << k.kernel.error << ",\n"
        << "       .object_bytes = " << facts.code_bytes << "},\n";
  }
}

} // namespace

void write_header(const std::filesystem::path &file, const description &model, const Halide::Target &target,
                  const std::vector<planned_kernel> &kernels, const std::filesystem::path &cache,
                  const std::string &tuned_for) {
  // a description without a network (a list of kernels to be tested or measured) gives the table alone
  const bool is_model = !model.network.empty();
  std::ostringstream out;
  out << "// The kernels of " << (is_model ? model.network : model.name) << " for " << machine_name(target)
      << ", made by vggen-compile. Do not edit.\n#pragma once\n\n";
  if (is_model)
    out << "#include <" << model.header << ">\n\n#include <vggen/core/model.hpp>\n\n";
  else
    out << "#include <vggen/core/kernel.hpp>\n\n";
  out << "#include <array>\n#include <cstdint>\n#include <string_view>\n\nextern \"C\" {\n";
  std::set<std::string> symbols;
  for (const auto &k : kernels) {
    symbols.insert(k.job.symbol);
    if (k.pack) symbols.insert(k.pack->symbol);
  }
  for (const auto &symbol : symbols)
    out << "int " << symbol << "_argv(void **);\n";
  out << "}\n\nnamespace vggen::compiled {\n\nstruct " << model.name << "_kernels {\n";
  if (is_model) {
    out << "  using network = decltype(vggen::detail::value_of(" << model.network << "));\n"
        << "  static constexpr std::array batches{";
    for (std::size_t i = 0; i < model.batches.size(); ++i)
      out << (i ? ", " : "") << model.batches[i];
    out << "};\n";
    out << "  static constexpr int training_batch = " << model.training_batch << ";\n"
        << "  static constexpr int gradients_batch = " << model.gradients_batch << ";\n";
  }
  out << "  static constexpr std::string_view name = \"" << model.name << "\";\n"
      << "  static constexpr std::string_view target = \"" << machine_name(target) << "\";\n"
      << "  static constexpr vggen::device_api device = vggen::device_api::" << device_of(target) << ";\n"
      << "  static constexpr std::string_view tuned_for = " << literal(tuned_for) << ";\n"
      << "  static constexpr std::array<std::uint64_t, " << feature_word_count << "> target_features{"
      << feature_words(target) << "};\n"
      << "  static constexpr std::array<vggen::compiled_kernel, " << kernels.size() << "> kernels{{\n";
  write_table(out, kernels, cache);
  out << "  }};\n};\n\n";
  if (is_model) out << "using " << model.name << " = vggen::model<" << model.name << "_kernels>;\n\n";
  out << "} // namespace vggen::compiled\n";

  std::ifstream old(file);
  if (old && std::string(std::istreambuf_iterator<char>(old), {}) == out.str()) return;
  std::ofstream stream(file);
  stream << out.str();
  stream.close();
  if (!stream) throw std::runtime_error("cannot write " + file.string());
}

} // namespace vggen

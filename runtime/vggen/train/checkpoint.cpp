#include "vggen/train/checkpoint.hpp"

#include "vggen/train/number_text.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/load_parameters.hpp>
#include <vggen/io/safetensors_header.hpp>
#include <vggen/io/tensor_names.hpp>
#include <vggen/io/write_safetensors.hpp>
#include <vggen/version.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

namespace vggen {

namespace {

std::span<float> parameter(trainable &network, std::size_t i) {
  const trainable_facts &facts = network.facts();
  return network.parameters().subspan(static_cast<std::size_t>(facts.parameter_offsets[i]),
                                      static_cast<std::size_t>(facts.parameter_tensors[i].size()));
}

// Of one that is trained.
std::span<float> momentum(trainable &network, std::size_t i) {
  const trainable_facts &facts = network.facts();
  return network.momenta().subspan(
      static_cast<std::size_t>(facts.parameter_offsets[i] - facts.parameter_offsets[facts.first_trained]),
      static_cast<std::size_t>(facts.parameter_tensors[i].size()));
}

tensor_source source(const std::string &name, const parameter_info &info, std::span<const float> values) {
  return {.name = name,
          .type = element_type::f32,
          .shape = {info.extents.begin(), info.extents.begin() + info.rank},
          .produce = bytes_in_memory(std::as_bytes(values))};
}

std::vector<tensor_source> parameter_sources(trainable &network) {
  std::vector<tensor_source> sources;
  const auto infos = network.facts().parameter_tensors;
  sources.reserve(infos.size());
  for (std::size_t i = 0; i < infos.size(); ++i)
    sources.push_back(source(tensor_name(infos[i]), infos[i], parameter(network, i)));
  return sources;
}

std::map<std::string, std::string> with_version(std::map<std::string, std::string> metadata,
                                                trainable &network) {
  metadata["format"] = "pt"; // what other readers of safetensors look for
  metadata["vggen"] = VGGEN_VERSION_TEXT;
  metadata["network"] = std::string(network.facts().name);
  return metadata;
}

// As load_parameters; where they do not fit, files of other networks are called that.
loaded_parameters parameters_of(const trainable &network, const safetensors_file &file) {
  const trainable_facts &facts = network.facts();
  try {
    return load_parameters(facts.parameter_tensors, file);
  } catch (const error &problem) {
    const auto of = file.metadata().find("network");
    if (problem.code() != error_code::mismatch || of == file.metadata().end() || of->second == facts.name)
      throw;
    throw error(problem.code(), std::string(problem.what()) + "\n(It was written by a training of " +
                                    detail::in_quotes(of->second) + "; this network is " +
                                    std::string(facts.name) + ".)");
  }
}

std::string text_of(const training_state &s, const std::string &kernels) {
  return nlohmann::ordered_json{{"epoch", s.epoch},
                                {"batch", s.batch},
                                {"steps", s.steps},
                                {"batches", s.batches},
                                {"loss", s.totals.loss},
                                {"correct", s.totals.correct},
                                {"images", s.totals.images},
                                {"overlap", s.totals.overlap},
                                {"best_accuracy", s.best_accuracy},
                                {"best_epoch", s.best_epoch},
                                {"rate_epochs_finished", s.rate.epochs_finished},
                                {"rate", s.rate.rate},
                                // may be infinite, which JSON has not
                                {"rate_best", detail::number_text(s.rate.best)},
                                {"rate_bad_epochs", s.rate.bad_epochs},
                                {"kernels", kernels}}
      .dump();
}

training_state state_of(const nlohmann::json &json) {
  training_state s;
  s.epoch = json.at("epoch");
  s.batch = json.at("batch");
  s.steps = json.at("steps");
  s.batches = json.at("batches");
  s.totals.loss = json.at("loss");
  s.totals.correct = json.at("correct");
  s.totals.images = json.at("images");
  s.totals.overlap = json.value("overlap", 0.0); // older ones are of no boxes
  s.best_accuracy = json.at("best_accuracy");
  s.best_epoch = json.at("best_epoch");
  s.rate.epochs_finished = json.at("rate_epochs_finished");
  s.rate.rate = json.at("rate");
  s.rate.best = std::stod(json.at("rate_best").get<std::string>());
  s.rate.bad_epochs = json.at("rate_bad_epochs");
  if (s.epoch < 0 || s.batch < 0 || s.steps < 0 || s.batches < 0)
    throw std::invalid_argument("negative counts");
  return s;
}

} // namespace

void save_checkpoint(const std::filesystem::path &path, trainable &network, const training_state &state,
                     const std::map<std::string, std::string> &metadata) {
  auto sources = parameter_sources(network);
  const trainable_facts &facts = network.facts();
  for (std::size_t i = facts.first_trained; i < facts.parameter_tensors.size(); ++i)
    sources.push_back(
        source("momentum." + sources[i].name, facts.parameter_tensors[i], momentum(network, i)));
  auto texts = with_version(metadata, network);
  texts["training"] = text_of(state, facts.kernels_key);
  write_safetensors(path, sources, texts);
}

void save_weights(const std::filesystem::path &path, trainable &network,
                  const std::map<std::string, std::string> &metadata) {
  write_safetensors(path, parameter_sources(network), with_version(metadata, network));
}

checkpoint_contents load_checkpoint(const std::filesystem::path &path, trainable &network) {
  const safetensors_file file(path);
  const trainable_facts &facts = network.facts();
  checkpoint_contents contents{.state = {}, .metadata = file.metadata(), .same_kernels = true};
  const auto text = file.metadata().find("training");
  if (text == file.metadata().end())
    throw error(error_code::mismatch,
                path.string() + ": found a weights file, expected a checkpoint of a training");
  try {
    const auto json = nlohmann::json::parse(text->second);
    contents.state = state_of(json);
    contents.same_kernels = json.at("kernels") == facts.kernels_key;
  } catch (const std::exception &e) {
    throw error(error_code::corrupt_file,
                path.string() + ": the state of the training cannot be read: " + e.what());
  }

  const loaded_parameters loaded = parameters_of(network, file);
  std::string problems;
  std::vector<const tensor_view *> momenta(facts.parameter_tensors.size(), nullptr);
  for (std::size_t i = facts.first_trained; i < momenta.size(); ++i) {
    const parameter_info &info = facts.parameter_tensors[i];
    const std::string name = "momentum." + tensor_name(info);
    momenta[i] = file.find(name);
    if (!momenta[i])
      problems += "\n  " + name + ": missing";
    else if (momenta[i]->type != element_type::f32 ||
             !std::ranges::equal(momenta[i]->shape,
                                 std::span(info.extents).first(static_cast<std::size_t>(info.rank))))
      problems += "\n  " + name + ": of another shape or type than the layer's";
  }
  if (!problems.empty())
    throw error(error_code::mismatch,
                path.string() + ": the optimiser's state does not fit the network:" + problems);

  for (std::size_t i = 0; i < momenta.size(); ++i) {
    std::ranges::copy(loaded.tensors[i], parameter(network, i).begin());
    if (momenta[i])
      std::memcpy(momentum(network, i).data(), momenta[i]->data.data(), momenta[i]->data.size());
  }
  network.parameters_changed();
  return contents;
}

std::vector<std::string> load_weights(const std::filesystem::path &path, trainable &network) {
  const safetensors_file file(path);
  const loaded_parameters loaded = parameters_of(network, file);
  for (std::size_t i = 0; i < loaded.tensors.size(); ++i)
    std::ranges::copy(loaded.tensors[i], parameter(network, i).begin());
  network.parameters_changed();
  return loaded.notes;
}

} // namespace vggen

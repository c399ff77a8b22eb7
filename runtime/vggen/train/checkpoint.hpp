// A training's whole state in one file: what it needs to go on as if it had never stopped.
#pragma once

#include "vggen/train/learning_rate.hpp"
#include "vggen/train/trainable.hpp"
#include "vggen/train/trainer.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace vggen {

/// Where a training stands.
struct training_state {
  std::int64_t epoch = 0;    ///< finished ones
  std::int64_t batch = 0;    ///< finished ones of the epoch under way
  std::int64_t steps = 0;    ///< trainer::steps()
  std::int64_t batches = 0;  ///< trainer::batches()
  training_totals totals;    ///< of the epoch under way
  double best_accuracy = -1; ///< of validation, after any epoch; of boxes the mean overlap
  std::int64_t best_epoch = 0;
  learning_rate_state rate;
};

/// Writes the parameters under torchvision's names (as weights files have them; any program of the network
/// reads them), the momenta under momentum.NAME, and the state and `metadata` as texts. The file that was
/// there is replaced only once the new one is whole and on the disk. Throws vggen::error as write_safetensors
/// does.
void save_checkpoint(const std::filesystem::path &path, trainable &network, const training_state &state,
                     const std::map<std::string, std::string> &metadata);

/// Writes the parameters and `metadata` alone: a weights file.
void save_weights(const std::filesystem::path &path, trainable &network,
                  const std::map<std::string, std::string> &metadata);

/// What a checkpoint says beside its tensors.
struct checkpoint_contents {
  training_state state;
  std::map<std::string, std::string> metadata;
  bool same_kernels = true; ///< made with the same machine code, so that training goes on with the same bits
};

/// Takes parameters and momenta from a checkpoint of the same network. Throws vggen::error as
/// safetensors_file and load_parameters do, with mismatch, listing all, for momenta that do not fit, and with
/// corrupt_file for a state that cannot be read; the network is unchanged then.
checkpoint_contents load_checkpoint(const std::filesystem::path &path, trainable &network);

/// Takes parameters from any weights file of the network. Returns what the user may want to know, a line
/// each.
std::vector<std::string> load_weights(const std::filesystem::path &path, trainable &network);

} // namespace vggen

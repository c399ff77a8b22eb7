#include "tools/program/ready_model.hpp"

#include "tools/program/loaded_model.hpp"

#include <vggen/core/random.hpp>
#include <vggen/io/error.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

namespace vggen {

bench_parameters::bench_parameters(std::span<const parameter_info> infos,
                                   const std::filesystem::path &weights,
                                   std::span<const packed_weights_info> packed) {
  if (!weights.empty()) {
    file.emplace(weights);
    loaded = load_parameters(infos, *file, packed);
    tensors = loaded.sources();
    return;
  }
  std::int64_t total = 0;
  for (const auto &p : infos)
    total += p.size();
  random.resize(static_cast<std::size_t>(total));
  std::size_t at = 0;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const std::span<float> tensor(random.data() + at, static_cast<std::size_t>(infos[i].size()));
    fill_initial(tensor, infos[i], static_cast<std::uint32_t>(i), 1);
    tensors.push_back(tensor.data());
    at += tensor.size();
  }
}

ready_model::ready_model(runnable_model &model, const std::filesystem::path &weights, int batch, int threads)
    : model_(model), batch_(batch), multiply_adds_(model.facts().multiply_adds),
      parameters_(model.facts().parameter_tensors, weights, model.facts().packed_weights),
      constants_(3 * static_cast<std::size_t>(model.facts().input.channels), 1.f) {
  if (parameters_.file) {
    const std::vector<int> runnable =
        runnable_batches(model.facts(), parameters_.loaded, false, weights.string());
    if (batch_ == 0) batch_ = runnable.front();
    require_batch(model.facts(), runnable, batch_, weights.string());
  } else if (batch_ == 0) {
    batch_ = model.facts().batches.front();
  }
  model.assign(parameters_.tensors, parameters_.loaded.packed, false);
  threads_ = model.prepare(batch_, threads, [this](std::span<const float> part) {
    if (parameters_.file) parameters_.file->release(std::as_bytes(part));
  });
  images_.resize(static_cast<std::size_t>(model.facts().input.size() * batch_));
  for (std::size_t i = 0; i < images_.size(); ++i)
    images_[i] = static_cast<std::uint8_t>(i * 7919 >> 3);
  std::fill_n(constants_.begin(), constants_.size() / 3, 255.f);
}

void ready_model::set_images() { model_.set_images(batch_, images_, constants_, false); }

} // namespace vggen

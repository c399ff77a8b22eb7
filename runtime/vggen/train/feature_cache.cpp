#include "vggen/train/feature_cache.hpp"

#include <vggen/data/shuffle.hpp>
#include <vggen/io/error.hpp>
#include <vggen/io/write_safetensors.hpp>

#include <algorithm>
#include <cstring>
#include <numeric>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace vggen {

namespace {

constexpr const char *key_name = "features_of";

} // namespace

std::string feature_key(trainable &network, const preprocessing &how, std::string_view data) {
  const trainable_facts &facts = network.facts();
  const auto frozen =
      network.parameters().first(static_cast<std::size_t>(facts.parameter_offsets[facts.first_trained]));
  return std::string(facts.name) + " " + facts.kernels_key + " " +
         std::to_string(XXH3_64bits(frozen.data(), frozen.size_bytes())) + " " +
         std::to_string(XXH3_64bits(data.data(), data.size())) + " " + to_text(how);
}

bool has_features(const std::filesystem::path &path, const std::string &key) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return false;
  const safetensors_file file(path);
  const auto found = file.metadata().find(key_name);
  if (found == file.metadata().end())
    throw error(error_code::mismatch,
                path.string() + ": found a file of something else, expected one of features, or none");
  return found->second == key;
}

void write_features(const std::filesystem::path &path, const std::string &key, trainable &network,
                    const normalisation &how, std::span<const feature_part> parts,
                    const std::function<void(double)> &done) {
  const trainable_facts &facts = network.facts();
  std::int64_t all = 0, so_far = 0;
  for (const feature_part &part : parts)
    all += part.images->size();
  std::vector<std::vector<std::int32_t>> labels(parts.size());
  std::vector<std::vector<float>> targets(parts.size());
  std::vector<float> values(static_cast<std::size_t>(facts.batch) * facts.frozen_floats);
  std::vector<tensor_source> tensors; // written in this order: labels are known after the features
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const feature_part &part = parts[p];
    tensors.push_back(
        {.name = part.name + ".features",
         .shape = {part.images->size(), static_cast<std::int64_t>(facts.frozen_floats)},
         .produce = [&, p](const byte_sink &sink) {
           loader &images = *parts[p].images;
           images.begin_epoch(0);
           for (;;) {
             const batch &next = images.next();
             if (next.count == 0) break;
             const auto count = static_cast<std::size_t>(next.count);
             network.forward_frozen(next.images, how, values);
             sink(std::as_bytes(std::span(values).first(count * facts.frozen_floats)));
             labels[p].insert(labels[p].end(), next.labels.begin(), next.labels.begin() + next.count);
             if (facts.boxes > 0)
               targets[p].insert(targets[p].end(), next.targets.begin(),
                                 next.targets.begin() + static_cast<std::ptrdiff_t>(count * box_numbers));
             so_far += next.count;
             done(static_cast<double>(so_far) / static_cast<double>(all));
           }
         }});
    tensors.push_back(
        {.name = part.name + ".labels",
         .type = element_type::i32,
         .shape = {part.images->size()},
         .produce = [&, p](const byte_sink &sink) { sink(std::as_bytes(std::span(labels[p]))); }});
    if (facts.boxes > 0)
      tensors.push_back(
          {.name = part.name + ".targets",
           .shape = {part.images->size(), static_cast<std::int64_t>(box_numbers)},
           .produce = [&, p](const byte_sink &sink) { sink(std::as_bytes(std::span(targets[p]))); }});
  }
  write_safetensors(path, tensors, {{key_name, key}});
}

std::span<const std::byte> feature_source::tensor(const std::string &name, element_type type,
                                                  const std::vector<std::int64_t> &shape) const {
  const tensor_view *const found = file_.find(name);
  if (!found || found->type != type || found->shape != shape)
    throw error(error_code::mismatch, file_.path().string() + ": found no tensor '" + name +
                                          "' as this network's features have it");
  return found->data;
}

feature_source::feature_source(const std::filesystem::path &path, const std::string &part,
                               const trainable_facts &network, bool shuffled, std::uint64_t seed)
    : file_(path), batch_size_(static_cast<std::size_t>(network.batch)),
      feature_bytes_(network.frozen_floats * sizeof(float)),
      target_floats_(network.boxes > 0 ? static_cast<std::size_t>(box_numbers) : 0),
      classes_(network.classes), shuffled_(shuffled), seed_(seed) {
  const tensor_view *const all = file_.find(part + ".labels");
  const std::int64_t size = all && all->shape.size() == 1 ? all->shape.front() : 0;
  features_ =
      tensor(part + ".features", element_type::f32, {size, static_cast<std::int64_t>(network.frozen_floats)});
  labels_ = tensor(part + ".labels", element_type::i32, {size});
  if (target_floats_ > 0)
    targets_ = tensor(part + ".targets", element_type::f32, {size, static_cast<std::int64_t>(box_numbers)});
  order_.resize(static_cast<std::size_t>(size));
  batch_features_.resize(batch_size_ * feature_bytes_);
  batch_labels_.resize(batch_size_);
  batch_indices_.resize(batch_size_);
  batch_targets_.resize(batch_size_ * target_floats_);
}

std::int64_t feature_source::batches() const noexcept {
  return (size() + static_cast<std::int64_t>(batch_size_) - 1) / static_cast<std::int64_t>(batch_size_);
}

void feature_source::begin_epoch(std::uint64_t epoch, std::int64_t first_batch) {
  std::iota(order_.begin(), order_.end(), 0U);
  if (shuffled_) shuffle(order_, seed_, static_cast<std::uint32_t>(epoch));
  next_ = static_cast<std::size_t>(first_batch) * batch_size_;
}

const batch &feature_source::next() {
  const std::size_t count = std::min(batch_size_, order_.size() - std::min(next_, order_.size()));
  std::ranges::fill(batch_features_, std::uint8_t{0});
  std::ranges::fill(batch_labels_, -1);
  std::ranges::fill(batch_indices_, -1);
  std::ranges::fill(batch_targets_, 0.f);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t image = order_[next_ + i];
    std::memcpy(&batch_features_[i * feature_bytes_], &features_[image * feature_bytes_], feature_bytes_);
    std::memcpy(&batch_labels_[i], &labels_[image * sizeof(std::int32_t)], sizeof(std::int32_t));
    batch_indices_[i] = static_cast<std::int64_t>(image);
    if (target_floats_ > 0)
      std::memcpy(&batch_targets_[i * target_floats_], &targets_[image * target_floats_ * sizeof(float)],
                  target_floats_ * sizeof(float));
  }
  next_ += count;
  current_ = {.images = batch_features_,
              .labels = batch_labels_,
              .indices = batch_indices_,
              .targets = batch_targets_,
              .count = static_cast<int>(count)};
  return current_;
}

} // namespace vggen

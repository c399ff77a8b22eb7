// A model's parameters in memory, ready to run: shared by any number of contexts, and not changed by them.
#pragma once

#include "vggen/core/assign_options.hpp"
#include "vggen/core/device.hpp"
#include "vggen/core/execution.hpp"
#include "vggen/core/folding.hpp"
#include "vggen/core/invoke.hpp"
#include "vggen/core/memory.hpp"
#include "vggen/core/packed_weights.hpp"
#include "vggen/core/status.hpp"
#include "vggen/core/stitch.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>

namespace vggen {

/// Represents the parameters of a model, for all its compiled batches. Weights that a kernel wants packed,
/// those of convolutions above all, are packed into memory of its own, or come packed; the others, and all
/// biases, are used where they are, which must outlive it. Batch norms are folded into the convolutions.
template <class Kernels> class model_weights {
  using packing = detail::packing_plan<Kernels>;
  using folding =
      detail::folding_plan<typename Kernels::network, static_cast<int>(Kernels::network::layer_count)>;

public:
  using network = typename Kernels::network;
  static constexpr std::size_t parameter_count = parameter_infos<network>.size();

  /// Bytes of address space that assign() takes, for all batches, unless all comes packed; what is packed
  /// takes memory.
  static constexpr std::size_t packed_bytes(bool features = false) noexcept {
    return static_cast<std::size_t>(packing::size(features) + folding::floats + plain_floats) * sizeof(float);
  }

  /// What is packed, for all batches and features: what assign_options::prepacked refers to.
  static constexpr auto packed_infos = [] {
    std::array<packed_weights_info, packing::places.count> infos{};
    for (std::size_t i = 0; i < infos.size(); ++i) {
      const detail::packed_place &place = packing::places.items[i];
      const compiled_kernel &kernel = Kernels::kernels[static_cast<std::size_t>(place.kernel)];
      infos[i] = {.parameter = detail::parameter_index<network>(place.layer),
                  .key = kernel.pack_key,
                  .size = kernel.packed_size,
                  .runs = place.runs};
    }
    return infos;
  }();

  /// Who reads each parameter as it is (see run_bit()).
  static constexpr const auto &plain_runs = packing::plain_runs;

  /// Takes the parameters, each a contiguous array in the order and shape of parameter_infos<network>, and
  /// packs what the options ask for. A parameter may be null if nothing reads it that is not packed already.
  ///
  /// Returns invalid_argument if a pointer is missing, one of packed weights is not on a cache line, or there
  /// is no such batch, out_of_memory, or kernel_failed if a packing kernel fails.
  status assign(const std::array<const float *, parameter_count> &sources,
                const assign_options &options = {}) noexcept {
    assigned_.reset();
    uploaded_.reset();
    has_sources_ = false;
    places_.fill(nullptr);
    if (!options.prepacked.empty()) {
      if (options.prepacked.size() != places_.size()) return status::invalid_argument;
      for (const float *packed : options.prepacked)
        if (reinterpret_cast<std::uintptr_t>(packed) % memory_block::alignment != 0)
          return status::invalid_argument;
      std::ranges::copy(options.prepacked, places_.begin());
    }
    if (needs_own_place(options.features) && !packed_.reset(packed_bytes(options.features), options.lent))
      return status::out_of_memory;
    sources_ = sources;
    has_sources_ = true;
    features_ = options.features;
    folded_ = packing::size(options.features);
    folding::fold_biases(sources_.data(), folded());
    if constexpr (on_device)
      if (const status taken = take_device_memory(); taken != status::ok) return taken;
    threads_ = options.threads == 0 ? default_threads() : options.threads;
    if (options.batch != 0) return add_batch(options.batch, options.packed);
    for (const int batch : Kernels::batches)
      if (const status added = add_batch(batch, options.packed); added != status::ok) return added;
    return status::ok;
  }

  /// Packs what one more of the compiled batches reads, after an assign() for another. Returns as assign().
  status add_batch(int batch, const packed_listener &packed = {}) noexcept {
    const std::size_t index = index_of(batch);
    if (index == Kernels::batches.size() || !has_sources_) return status::invalid_argument;
    if (assigned_.test(index)) return status::ok;
    const std::uint64_t runs = run_bits(index, features_);
    if (!has_all(runs, packed_infos, plain_runs, sources_, places_)) return status::invalid_argument;
    execution here; // where packing kernels run
    const status ready = on_device ? prepare_on_device(here) : here.prepare(threads_, 0, 0, {});
    if (ready != status::ok) return ready;
    if constexpr (on_device)
      if (const status there = upload_plain(here, runs); there != status::ok) return there;
    for (std::size_t i = 0; i < packing::places.count; ++i) {
      const detail::packed_place &place = packing::places.items[i];
      if (places_[i] || (place.runs & runs) == 0) continue;
      if (!pack(place, here, packed)) {
        message_ = here;
        return status::kernel_failed;
      }
      places_[i] = own_place(place);
    }
    packed_.forget(bytes_of(folded_ + folding::bias_floats), bytes_of(folding::weight_floats));
    assigned_.set(index);
    return status::ok;
  }

  /// A compiled batch can run.
  [[nodiscard]] bool assigned(int batch) const noexcept {
    const std::size_t index = index_of(batch);
    return index < Kernels::batches.size() && assigned_.test(index);
  }
  [[nodiscard]] bool has_features() const noexcept { return features_; }

  /// The packed weights at a place of packed_infos; empty if they have neither been packed nor come
  /// packed, or are on a device.
  [[nodiscard]] std::span<const float> packed(std::size_t place) const noexcept {
    if (!places_[place] || on_device) return {};
    return {places_[place], static_cast<std::size_t>(packed_infos[place].size)};
  }

  /// The weights in the layout that a call's kernel reads.
  template <detail::stitched_call Call> [[nodiscard]] const float *weights_for() const noexcept {
    if constexpr (Call.parameter_layer < 0)
      return nullptr;
    else if constexpr (constexpr int place = packing::place_of(Call); place >= 0)
      return places_[static_cast<std::size_t>(place)];
    else
      return plain(static_cast<std::size_t>(detail::parameter_index<network>(Call.parameter_layer)));
  }
  template <detail::stitched_call Call> [[nodiscard]] const float *bias_for() const noexcept {
    if constexpr (Call.parameter_layer < 0)
      return nullptr;
    else if constexpr (folding::norm_of(Call.parameter_layer) >= 0)
      return folded() + folding::bias_offset(Call.parameter_layer);
    else
      return plain(static_cast<std::size_t>(detail::parameter_index<network>(Call.parameter_layer)) + 1);
  }

  /// Where the parameters are on a device; null on the processor itself.
  [[nodiscard]] vggen::device_block *device_block() const noexcept {
    if constexpr (on_device)
      return &device_;
    else
      return nullptr;
  }
  /// What failed in the last assign() or add_batch() on a device, in one line.
  [[nodiscard]] const char *message() const noexcept { return message_.text.data(); }

private:
  static constexpr bool on_device = Kernels::device != device_api::cpu;

  // On a device parameters that are read as they are have copies: where each lies, in floats.
  static constexpr auto plain_offsets = [] {
    std::array<std::int64_t, parameter_count + 1> offsets{};
    constexpr std::int64_t unit = arena_alignment / std::int64_t{sizeof(float)};
    for (std::size_t i = 0; i < parameter_count; ++i) {
      const std::int64_t size =
          on_device && packing::plain_runs[i] != 0 ? parameter_infos<network>[i].size() : 0;
      offsets[i + 1] = offsets[i] + (size + unit - 1) / unit * unit;
    }
    return offsets;
  }();
  static constexpr std::int64_t plain_floats = plain_offsets[parameter_count];

  struct text_of_failure {
    std::array<char, 512> text{};
    text_of_failure &operator=(const execution &failed) noexcept {
      std::snprintf(text.data(), text.size(), "%s", failed.message());
      return *this;
    }
  };

  [[nodiscard]] float *plain_place(std::size_t parameter) const noexcept {
    return folded() + folding::floats + plain_offsets[parameter];
  }
  [[nodiscard]] const float *plain(std::size_t parameter) const noexcept {
    return on_device ? plain_place(parameter) : sources_[parameter];
  }

  status prepare_on_device(execution &here) noexcept {
    const status there = here.prepare(Kernels::device);
    if (there != status::ok) message_ = here;
    here.memory().set_block(0, device_block());
    return there;
  }

  // Takes the memory of all parameters, and copies what is folded and what comes packed.
  status take_device_memory() noexcept {
    execution here;
    if (const status there = prepare_on_device(here); there != status::ok) return there;
    device_memory &memory = here.memory();
    status result =
        device_block()->take(here.user_context(), memory.device(), {packed_.data(), packed_.size()});
    const auto upload = [&](const float *place, const float *from, std::int64_t floats) {
      if (result == status::ok && floats > 0)
        result = memory.upload(here.user_context(), place, from, bytes_of(floats));
    };
    upload(folded(), folded(), folding::bias_floats);
    for (const layer_info &layer : layer_infos<network>) // later, any number of threads look these up
      if (folding::norm_of(layer.index) >= 0)
        upload(folded() + folding::bias_offset(layer.index), folded() + folding::bias_offset(layer.index), 1);
    for (std::size_t i = 0; i < places_.size(); ++i)
      if (places_[i] && (features_ || !packing::places.items[i].features)) {
        float *const own = own_place(packing::places.items[i]);
        upload(own, places_[i], packed_infos[i].size);
        places_[i] = own;
      }
    if (result != status::ok) message_ = here;
    return result;
  }

  status upload_plain(execution &here, std::uint64_t runs) noexcept {
    for (std::size_t i = 0; i < parameter_count; ++i) {
      if ((packing::plain_runs[i] & runs) == 0 || uploaded_.test(i) || !sources_[i]) continue;
      if (const status s = here.memory().upload(here.user_context(), plain_place(i), sources_[i],
                                                bytes_of(parameter_infos<network>[i].size()));
          s != status::ok) {
        message_ = here;
        return s;
      }
      uploaded_.set(i);
    }
    return status::ok;
  }
  // The place of a batch among the compiled ones; their number, if it is none of them.
  static constexpr std::size_t index_of(int batch) noexcept {
    std::size_t index = 0;
    while (index < Kernels::batches.size() && Kernels::batches[index] != batch)
      ++index;
    return index;
  }

  [[nodiscard]] bool needs_own_place(bool features) const noexcept {
    if (folding::floats > 0 || on_device) return true;
    for (std::size_t i = 0; i < places_.size(); ++i)
      if (!places_[i] && (features || !packing::places.items[i].features)) return true;
    return false;
  }

  // Packs one layer's weights: rows, which can be very many, in parts, so that the memory of each may go
  // before that of the next is needed.
  bool pack(const detail::packed_place &place, execution &here, const packed_listener &packed) noexcept {
    constexpr int rows_at_once = 256;
    void *const user_context = here.user_context();
    const compiled_kernel &kernel = Kernels::kernels[static_cast<std::size_t>(place.kernel)];
    const auto parameter = static_cast<std::size_t>(detail::parameter_index<network>(place.layer));
    const std::span<const float> source(sources_[parameter],
                                        static_cast<std::size_t>(parameter_infos<network>[parameter].size()));
    if (kernel.kernel.is_convolution()) {
      const float *const weights = folding::norm_of(place.layer) < 0
                                       ? source.data()
                                       : folding::fold_weights(place.layer, sources_.data(), folded());
      if constexpr (on_device) {
        if (!pack_on_device(kernel, here, {weights, source.size()}, own_place(place))) return false;
      } else if (invoke_pack(kernel, user_context, weights, own_place(place)) != 0) {
        return false;
      }
      packed(source);
      return true;
    }
    const int outputs = kernel.kernel.outputs;
    const std::size_t row = source.size() / static_cast<std::size_t>(outputs);
    for (int first = 0; first < outputs; first += rows_at_once) {
      const int rows = std::min(rows_at_once, outputs - first);
      const auto part =
          source.subspan(static_cast<std::size_t>(first) * row, static_cast<std::size_t>(rows) * row);
      if (invoke_pack_rows(kernel, user_context, rows, part.data(),
                           own_place(place) + kernel.packed_size / outputs * first) != 0)
        return false;
      packed(part);
    }
    return true;
  }

  // The weights as files have them are on the device only meanwhile.
  bool pack_on_device(const compiled_kernel &kernel, execution &here, std::span<const float> weights,
                      float *packed) noexcept {
    vggen::device_block *const all = device_block();
    vggen::device_block source;
    auto *const bytes = reinterpret_cast<std::byte *>(const_cast<float *>(weights.data()));
    void *const context = here.user_context();
    if (source.take(context, here.memory().device(), {bytes, weights.size_bytes()}) != status::ok ||
        source.upload(context, bytes, bytes, weights.size_bytes()) != status::ok)
      return false;
    // looked at first: folded weights lie where the parameters' block has a place, too
    here.memory().set_block(0, &source);
    here.memory().set_block(1, all);
    const bool done = invoke_pack(kernel, context, weights.data(), packed) == 0;
    here.memory().set_block(0, all);
    here.memory().set_block(1, nullptr);
    return done;
  }

  static constexpr std::size_t bytes_of(std::int64_t floats) noexcept {
    return static_cast<std::size_t>(floats) * sizeof(float);
  }
  [[nodiscard]] float *folded() const noexcept { return reinterpret_cast<float *>(packed_.data()) + folded_; }
  [[nodiscard]] float *own_place(const detail::packed_place &place) const noexcept {
    return reinterpret_cast<float *>(packed_.data()) + place.offset;
  }

  memory_block packed_;     // and folded parameters behind what is packed
  std::int64_t folded_ = 0; // where those begin, in floats
  std::array<const float *, parameter_count> sources_{};
  bool has_sources_ = false;
  std::array<const float *, packing::places.count> places_{}; // null: not packed
  std::bitset<Kernels::batches.size()> assigned_;             // by the batch's place in the list
  bool features_ = false;
  int threads_ = 1;
  [[no_unique_address]] mutable detail::device_block_of<Kernels> device_;
  std::bitset<parameter_count> uploaded_; // to a device, as they are
  text_of_failure message_;
};

} // namespace vggen

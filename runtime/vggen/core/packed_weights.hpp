// What a model's packed weights are, and which of its runs read them: for whoever keeps them, in a file say.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vggen {

/// Represents one layer's weights in the layout of a kernel.
struct packed_weights_info {
  int parameter = 0;      ///< whose values, by its place in parameter_infos
  std::string_view key{}; ///< of the layout: only weights packed under the same key are these
  std::int64_t size = 0;  ///< floats
  std::uint64_t runs = 0; ///< who reads them: see run_bit()
};

/// The bit of a run in packed_weights_info::runs: of the batch at that place in the list of compiled ones,
/// without or with features.
constexpr std::uint64_t run_bit(std::size_t batch_index, bool features) {
  return std::uint64_t{1} << (2 * batch_index + (features ? 1 : 0));
}

/// The bits of all runs of a batch: those with features only if they are asked for.
constexpr std::uint64_t run_bits(std::size_t batch_index, bool features) {
  return run_bit(batch_index, false) | (features ? run_bit(batch_index, true) : 0);
}

/// Whether all that some runs read is there, or can be packed. `plain_runs` says who reads each parameter as
/// it is; `sources` are the parameters, `packed` those that are packed (empty: none), null where one is
/// missing.
inline bool has_all(std::uint64_t runs, std::span<const packed_weights_info> infos,
                    std::span<const std::uint64_t> plain_runs, std::span<const float *const> sources,
                    std::span<const float *const> packed) noexcept {
  for (std::size_t i = 0; i < plain_runs.size(); ++i)
    if (!sources[i] && (plain_runs[i] & runs) != 0) return false;
  for (std::size_t i = 0; i < infos.size(); ++i)
    if ((infos[i].runs & runs) != 0 && (packed.empty() || !packed[i]) &&
        !sources[static_cast<std::size_t>(infos[i].parameter)])
      return false;
  return true;
}

} // namespace vggen

// A tensor of activations in a context's arena, to look at.
#pragma once

#include <vggen/net/shape.hpp>

#include <cstddef>
#include <cstdint>

namespace vggen {

/// Represents activations of a batch: float32 [c, x, y, n], c innermost; with a halo, one pixel around each
/// image. Valid until the context runs again.
struct activation_view {
  const float *data = nullptr;
  shape extent{};
  int batch = 0;
  bool halo = false;

  /// Elements without the halo.
  [[nodiscard]] std::int64_t size() const noexcept { return std::int64_t{batch} * extent.size(); }

  /// The element of image n, channel c, row y, column x.
  [[nodiscard]] float at(int n, int c, int y, int x) const noexcept {
    const int edge = halo ? 1 : 0;
    const std::int64_t row = extent.width + 2 * edge, rows = extent.height + 2 * edge;
    return data[((n * rows + y + edge) * row + x + edge) * extent.channels + c];
  }

  /// Copies the elements in the order [n][c][y][x], as files and other frameworks have them.
  void copy_to(float *nchw) const noexcept {
    for (int n = 0; n < batch; ++n)
      for (int c = 0; c < extent.channels; ++c)
        for (int y = 0; y < extent.height; ++y)
          for (int x = 0; x < extent.width; ++x)
            *nchw++ = at(n, c, y, x);
  }
};

/// Copies images [n][c][y][x] into an activation, whose halo, if it has one, becomes zero.
inline void fill_activation(float *out, const shape &extent, int batch, bool halo,
                            const float *nchw) noexcept {
  const int edge = halo ? 1 : 0;
  for (int n = 0; n < batch; ++n)
    for (int y = -edge; y < extent.height + edge; ++y)
      for (int x = -edge; x < extent.width + edge; ++x)
        for (int c = 0; c < extent.channels; ++c) {
          const bool inside = y >= 0 && y < extent.height && x >= 0 && x < extent.width;
          const std::int64_t from =
              ((std::int64_t{n} * extent.channels + c) * extent.height + y) * extent.width + x;
          *out++ = inside ? nchw[from] : 0.f;
        }
}

} // namespace vggen

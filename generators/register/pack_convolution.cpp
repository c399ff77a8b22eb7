// The generator pack_convolution: a convolution's weights as its schedule wants them.
#include "generators/cook_toom.hpp"
#include "generators/packing.hpp"
#include "generators/signature_parameters.hpp"

#include <Halide.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace vggen {

namespace {

/// Packs a convolution's weights into panels: for the forward direction, or turned around for backward-data;
/// as they are, or transformed for Winograd. channels, outputs: of the layer, whose weights these are.
class pack_convolution : public Halide::Generator<pack_convolution>, signature_parameters {
public:
  Halide::GeneratorParam<int> panel{"panel", 1};
  Halide::GeneratorParam<int> winograd{"winograd", 0}; ///< outputs of a tile; 0: not transformed
  Halide::GeneratorParam<bool> backward_data{"backward_data", false};
  Halide::GeneratorInput<Halide::Buffer<float>> weights{"weights", 4}; // [kx, ky, ci, k]
  Halide::GeneratorOutput<Halide::Buffer<float>> packed{"packed", 1};

  void generate() {
    using Halide::Expr;
    const signature layer{.op = operation::conv,
                          .channels = channels,
                          .outputs = outputs,
                          .filter_height = filter_height,
                          .filter_width = filter_width};
    const int width = layer.filter_width, height = layer.filter_height;
    const bool backward = backward_data;
    signature kernel = layer;
    if (backward) std::swap(kernel.channels, kernel.outputs);
    const weight_panels panels(kernel, {.panel = panel, .winograd = winograd});
    const int last = panels.outputs - panels.panel, size = panels.panel;
    const Halide::RDom r(
        {{0, panels.width}, {0, panels.height}, {0, size}, {0, panels.inputs}, {0, panels.panels()}});
    const auto tap = [&](Expr ci, Expr k, Expr x, Expr y) {
      return backward ? weights(width - 1 - x, height - 1 - y, k, ci) : weights(x, y, ci, k);
    };
    Halide::Var i;
    packed(i) = Halide::undef<float>();
    const Expr k = min(r[4] * size, last) + r[2];
    packed(panels.index(r[2], r[3], r[0], r[1], r[4])) =
        winograd > 0 ? transformed(r[0], r[1], [&](Expr x, Expr y) { return tap(r[3], k, x, y); })
                     : tap(r[3], k, r[0], r[1]);
    window_ = r;
    const Halide::Region bounds{{0, width}, {0, height}, {0, layer.channels}, {0, layer.outputs}};
    Expr stride = 1;
    for (int d = 0; d < 4; ++d) {
      const auto &range = bounds[static_cast<std::size_t>(d)];
      weights.dim(d).set_bounds(range.min, range.extent).set_stride(Halide::Internal::simplify(stride));
      stride *= range.extent;
    }
    packed.dim(0).set_bounds(0, Halide::Internal::make_const(Halide::Int(32), panels.size()));
  }

  void schedule() {
    if (winograd == 0) return;
    Halide::Func(packed).update().unroll(window_[0]).unroll(window_[1]);
  }

private:
  // Point (i, j) of the transformed window: in double precision, since it is done once and read often.
  template <class Tap> Halide::Expr transformed(Halide::Expr i, Halide::Expr j, Tap tap) const {
    using Halide::Expr;
    const rational_matrix &filter = winograd_transforms(winograd).filter;
    const auto points = static_cast<int>(filter.size());
    std::vector<Expr> values;
    for (int y = 0; y < points; ++y)
      for (int x = 0; x < points; ++x) {
        Expr sum = Halide::cast<double>(0);
        for (int ky = 0; ky < 3; ++ky)
          for (int kx = 0; kx < 3; ++kx) {
            const rational factor = filter[static_cast<std::size_t>(x)][static_cast<std::size_t>(kx)] *
                                    filter[static_cast<std::size_t>(y)][static_cast<std::size_t>(ky)];
            if (factor != rational(0))
              sum += Expr(boost::rational_cast<double>(factor)) * Halide::cast<double>(tap(kx, ky));
          }
        values.push_back(Halide::cast<float>(sum));
      }
    return Halide::mux(j * points + i, values);
  }

  Halide::RDom window_; // [i, j, k in the panel, ci, panel]
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::pack_convolution, pack_convolution)

// The generator pack_convolution: a convolution's weights as its schedule wants them.
#include "generators/cook_toom.hpp"
#include "generators/packing.hpp"
#include "generators/signature_parameters.hpp"
#include "generators/vulkan_division.hpp"

#include <Halide.h>

#include <algorithm>
#include <array>
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
  Halide::GeneratorParam<bool> window_inside{"window_inside", false}; ///< an input channel's window together
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
    const weight_panels panels(kernel,
                               {.panel = panel, .winograd = winograd, .window_inside = window_inside});
    const int last = panels.outputs - panels.panel;
    // on a device a thread has all of an output's window: what is innermost of the domain stays so
    const Halide::Range k_range{0, panels.panel}, x_range{0, panels.width}, y_range{0, panels.height};
    on_device_ = get_target().has_gpu_feature();
    const auto order =
        on_device_ ? std::array{x_range, y_range, k_range} : std::array{k_range, x_range, y_range};
    Halide::Region region(order.begin(), order.end());
    region.insert(region.end(), {{0, panels.inputs}, {0, panels.panels()}});
    const Halide::RDom r(region, "order");
    k_ = r[on_device_ ? 2 : 0];
    x_ = r[on_device_ ? 0 : 1];
    y_ = r[on_device_ ? 1 : 2];
    ci_ = r[3];
    panel_ = r[4];
    const Expr k = min(panel_ * panels.panel, last) + k_;
    const auto tap = [&](const Expr &x, const Expr &y) {
      return backward ? weights(width - 1 - x, height - 1 - y, k, ci_) : weights(x, y, ci_, k);
    };
    Halide::Var i;
    packed(i) = Halide::undef<float>();
    packed(panels.index(k_, ci_, x_, y_, panel_)) = winograd > 0 ? transformed(x_, y_, tap) : tap(x_, y_);
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
    auto order = Halide::Func(packed).update();
    order.allow_race_conditions(); // each element has a place of its own
    if (on_device_) {
      schedule_on_device(order);
      return;
    }
    order.parallel(panel_);
    const int lanes = get_target().natural_vector_size<float>();
    if (panel % lanes == 0) {
      Halide::RVar vector{"vector"}, lane{"lane"};
      order.split(k_, vector, lane, lanes).vectorize(lane);
    }
    if (winograd > 0) order.unroll(x_).unroll(y_);
  }

private:
  void schedule_on_device(Halide::Stage &order) {
    constexpr int threads = 32;
    Halide::RVar block{"block"}, thread{"thread"};
    order.split(k_, block, thread, threads, Halide::TailStrategy::GuardWithIf)
        .gpu_blocks(block, ci_, panel_)
        .gpu_threads(thread);
    if (winograd > 0) order.unroll(x_).unroll(y_);
    if (get_target().has_feature(Halide::Target::Vulkan))
      get_pipeline().add_custom_lowering_pass(new vulkan_division, [] {});
  }

  // Point (i, j) of the transformed window: in double precision, since it is done once and read often.
  template <class Tap> Halide::Expr transformed(const Halide::Expr &i, const Halide::Expr &j, Tap tap) const {
    using Halide::Expr;
    const rational_matrix &filter = winograd_transforms(winograd).filter;
    const auto row_of = [&](const Expr &index, auto value) { // of the matrix times a vector
      std::vector<Expr> rows;
      for (const auto &row : filter) {
        Expr sum = Halide::cast<double>(0);
        for (int q = 0; q < 3; ++q)
          if (const rational &factor = row[static_cast<std::size_t>(q)]; factor != rational(0))
            sum += Expr(boost::rational_cast<double>(factor)) * value(q);
        rows.push_back(sum);
      }
      return Halide::mux(index, rows);
    };
    return Halide::cast<float>(
        row_of(j, [&](int y) { return row_of(i, [&](int x) { return Halide::cast<double>(tap(x, y)); }); }));
  }

  bool on_device_ = false;
  Halide::RVar k_, x_, y_, ci_, panel_; ///< k in the panel
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::pack_convolution, pack_convolution)

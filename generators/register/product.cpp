// The generators fully_connected_backward_data and fully_connected_backward_weights: algorithm and schedules,
// joined.
#include "generators/product.hpp"
#include "generators/kernel_generator.hpp"
#include "schedules/gpu/product.hpp"

namespace vggen {

namespace {

product_shape tiling_of(product_shape shape, const schedule_request &r) {
  shape.tile_rows = r["tile_rows"];
  shape.tile_columns = r["tile_columns"];
  shape.rows_outside = r["rows_outside"] != 0;
  return shape;
}

// A product with its scratch on a device.
template <class Derived, direction Dir>
class product_generator : public kernel_generator<Derived, product_stages> {
public:
  void configure() {
    if (this->on_device() && device_tiling_of(this->request(operation::fully_connected, Dir)).parts > 1)
      this->add_scratch({3});
  }

protected:
  void keep_parts(const product_shape &shape, const device_tiling &tiling) {
    if (stages_.parts.defined())
      this->keep_in_scratch(stages_.parts, {shape.rows, shape.columns, tiling.parts});
  }

  product_stages stages_;
};

class fully_connected_backward_data_generator
    : public product_generator<fully_connected_backward_data_generator, direction::backward_data> {
public:
  Input<Buffer<float>> output_gradient{"output_gradient", 4}; // [k, 1, 1, n]
  Input<Buffer<float>> weights{"weights", 2};                 // [i, k]
  Input<Buffer<float>> input{"input", 4};                     // [i, 1, 1, n]
  Output<Buffer<float>> input_gradient{"input_gradient", 4};  // [i, 1, 1, n]

  void generate() {
    const schedule_request r = request(operation::fully_connected, direction::backward_data);
    const signature &s = r.kernel;
    stages_.rows = [this](const Expr &i, const Expr &k) { return weights(i, k); };
    stages_.columns = [this](const Expr &n, const Expr &k) { return output_gradient(k, 0, 0, n); };
    stages_.output = input_gradient;
    Var i, x, y, n;
    const product_shape shape{.rows = s.channels, .columns = s.batch, .sum = s.outputs};
    const auto finish = [&](const Expr &row, const Expr &column, const Expr &value) {
      return s.relu ? Halide::select(input(row, 0, 0, column) > 0.f, value, 0.f) : value;
    };
    if (on_device()) {
      stages_.device.row_vector = s.channels % 4 == 0 ? 4 : 1;
      stages_.device.columns_along_sum = true;
      stages_.device.column_vector = s.outputs % 4 == 0 && r["steps"] % 4 == 0 ? 4 : 1;
      define_product_on_device(
          stages_, shape, device_tiling_of(r), {i, x, y, n}, i, n,
          [](const Expr &row, const Expr &column) { return std::vector<Expr>{row, 0, 0, column}; }, finish);
      keep_parts(shape, device_tiling_of(r));
    } else {
      stages_.output(i, x, y, n) = Halide::undef<float>();
      define_product(stages_, tiling_of(shape, r),
                     [&](const Expr &row, const Expr &column, const Expr &value) {
                       stages_.output(row, 0, 0, column) = finish(row, column, value);
                     });
    }
    fix_output_gradient(output_gradient, s);
    fix(weights, {{0, s.channels}, {0, s.outputs}});
    fix_input(input, s);
    fix_input_gradient(input_gradient, s);
  }

  void schedule() { apply_schedule(stages_, request(operation::fully_connected, direction::backward_data)); }
};

class fully_connected_backward_weights_generator
    : public product_generator<fully_connected_backward_weights_generator, direction::backward_weights> {
public:
  Input<Buffer<float>> output_gradient{"output_gradient", 4};  // [k, 1, 1, n]
  Input<Buffer<float>> input{"input", 4};                      // [i, 1, 1, n]
  Output<Buffer<float>> weight_gradient{"weight_gradient", 2}; // [i, k]
  Output<Buffer<float>> bias_gradient{"bias_gradient", 1};     // [k]

  void generate() {
    const schedule_request r = request(operation::fully_connected, direction::backward_weights);
    const signature &s = r.kernel;
    stages_.rows = [this](const Expr &i, const Expr &n) { return input(i, 0, 0, n); };
    stages_.columns = [this](const Expr &k, const Expr &n) { return output_gradient(k, 0, 0, n); };
    stages_.output = weight_gradient;
    Var i, k;
    const product_shape shape{.rows = s.channels, .columns = s.outputs, .sum = s.batch};
    define_bias(s);
    if (on_device()) {
      stages_.device.row_vector = s.channels % 4 == 0 ? 4 : 1;
      stages_.device.column_vector = s.outputs % 4 == 0 ? 4 : 1;
      define_product_on_device(
          stages_, shape, device_tiling_of(r), {i, k}, i, k,
          [](const Expr &row, const Expr &column) { return std::vector<Expr>{row, column}; },
          [](const Expr &, const Expr &, const Expr &value) { return value; });
      keep_parts(shape, device_tiling_of(r));
    } else {
      stages_.output(i, k) = Halide::undef<float>();
      define_product(stages_, tiling_of(shape, r),
                     [&](const Expr &row, const Expr &column, const Expr &value) {
                       stages_.output(row, column) = value;
                     });
    }
    fix_output_gradient(output_gradient, s);
    fix_input(input, s);
    fix(weight_gradient, {{0, s.channels}, {0, s.outputs}});
    fix(bias_gradient, {{0, s.outputs}});
  }

  void schedule() {
    apply_schedule(stages_, request(operation::fully_connected, direction::backward_weights));
  }

private:
  void define_bias(const signature &s) {
    stages_.bias = bias_gradient;
    if (on_device()) {
      const RDom images(0, s.batch, "images");
      stages_.bias(stages_.k) = Halide::sum(images, output_gradient(stages_.k, 0, 0, images));
      return;
    }
    stages_.bias_sum = Halide::RDom(0, s.batch, "images");
    stages_.bias(stages_.k) = 0.f;
    stages_.bias(stages_.k) += output_gradient(stages_.k, 0, 0, stages_.bias_sum);
  }
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::fully_connected_backward_data_generator, fully_connected_backward_data)
HALIDE_REGISTER_GENERATOR(vggen::fully_connected_backward_weights_generator, fully_connected_backward_weights)

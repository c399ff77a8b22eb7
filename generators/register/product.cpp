// The generators fully_connected_backward_data and fully_connected_backward_weights: algorithm and schedules,
// joined.
#include "generators/product.hpp"
#include "generators/kernel_generator.hpp"

namespace vggen {

namespace {

product_shape tiling_of(product_shape shape, const schedule_request &r) {
  shape.tile_rows = r["tile_rows"];
  shape.tile_columns = r["tile_columns"];
  shape.rows_outside = r["rows_outside"] != 0;
  return shape;
}

class fully_connected_backward_data_generator
    : public kernel_generator<fully_connected_backward_data_generator, product_stages> {
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
    stages_.output(i, x, y, n) = Halide::undef<float>();
    define_product(stages_, tiling_of({.rows = s.channels, .columns = s.batch, .sum = s.outputs}, r),
                   [&](const Expr &row, const Expr &column, const Expr &value) {
                     stages_.output(row, 0, 0, column) =
                         s.relu ? Halide::select(input(row, 0, 0, column) > 0.f, value, 0.f) : value;
                   });
    fix_output_gradient(output_gradient, s);
    fix(weights, {{0, s.channels}, {0, s.outputs}});
    fix_input(input, s);
    fix_input_gradient(input_gradient, s);
  }

  void schedule() { apply_schedule(stages_, request(operation::fully_connected, direction::backward_data)); }

private:
  product_stages stages_;
};

class fully_connected_backward_weights_generator
    : public kernel_generator<fully_connected_backward_weights_generator, product_stages> {
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
    stages_.output(i, k) = Halide::undef<float>();
    define_product(
        stages_, tiling_of({.rows = s.channels, .columns = s.outputs, .sum = s.batch}, r),
        [&](const Expr &row, const Expr &column, const Expr &value) { stages_.output(row, column) = value; });
    stages_.bias = bias_gradient;
    stages_.bias_sum = Halide::RDom(0, s.batch, "images");
    stages_.bias(stages_.k) = 0.f;
    stages_.bias(stages_.k) += output_gradient(stages_.k, 0, 0, stages_.bias_sum);
    fix_output_gradient(output_gradient, s);
    fix_input(input, s);
    fix(weight_gradient, {{0, s.channels}, {0, s.outputs}});
    fix(bias_gradient, {{0, s.outputs}});
  }

  void schedule() {
    apply_schedule(stages_, request(operation::fully_connected, direction::backward_weights));
  }

private:
  product_stages stages_;
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::fully_connected_backward_data_generator, fully_connected_backward_data)
HALIDE_REGISTER_GENERATOR(vggen::fully_connected_backward_weights_generator, fully_connected_backward_weights)

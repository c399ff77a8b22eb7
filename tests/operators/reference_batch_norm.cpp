#include "reference_batch_norm.hpp"

#include <cmath>
#include <cstddef>

namespace vggen::test {

namespace {

constexpr double epsilon = 1e-5;

std::size_t at(int channel) { return static_cast<std::size_t>(channel); }

double normalised(const tensor &input, const batch_norm_values &norm, int n, int y, int x, int c) {
  return (input(n, y, x, c) - norm.statistics[at(c)]) /
         std::sqrt(norm.statistics[at(input.channels + c)] + epsilon);
}

} // namespace

std::vector<double> batch_statistics(const tensor &input, int images) {
  const auto channels = static_cast<std::size_t>(input.channels);
  std::vector<double> result(2 * channels);
  const double pixels = 1.0 * images * input.height * input.width;
  for_each_element(input, [&](int n, int y, int x, int c) {
    if (n < images) result[at(c)] += input(n, y, x, c) / pixels;
  });
  for_each_element(input, [&](int n, int y, int x, int c) {
    const double difference = input(n, y, x, c) - result[at(c)];
    if (n < images) result[channels + at(c)] += difference * difference / pixels;
  });
  return result;
}

tensor batch_norm(const tensor &input, const batch_norm_values &norm) {
  tensor output = input;
  for_each_element(input, [&](int n, int y, int x, int c) {
    output(n, y, x, c) = normalised(input, norm, n, y, x, c) * norm.scale[at(c)] + norm.shift[at(c)];
  });
  return output;
}

std::vector<double> scale_backward(const tensor &output_gradient, const tensor &input,
                                   const batch_norm_values &norm) {
  std::vector<double> result(at(input.channels));
  for_each_element(input, [&](int n, int y, int x, int c) {
    if (n < norm.images) result[at(c)] += output_gradient(n, y, x, c) * normalised(input, norm, n, y, x, c);
  });
  return result;
}

std::vector<double> shift_backward(const tensor &output_gradient, const batch_norm_values &norm) {
  std::vector<double> result(at(output_gradient.channels));
  for_each_element(output_gradient, [&](int n, int y, int x, int c) {
    if (n < norm.images) result[at(c)] += output_gradient(n, y, x, c);
  });
  return result;
}

// Through the mean and the variance, each by itself: with i = 1 / sqrt(variance + epsilon) and g the gradient
// of the normalised input, that of the variance is Σ g (x - mean) * -i³ / 2 and that of the mean -i Σ g.
tensor batch_norm_backward(const tensor &output_gradient, const tensor &input,
                           const batch_norm_values &norm) {
  tensor result(input.batch, input.height, input.width, input.channels);
  const double pixels = 1.0 * norm.images * input.height * input.width;
  std::vector<double> of_mean(at(input.channels)), of_variance(at(input.channels));
  const auto inverse = [&](int c) {
    return 1 / std::sqrt(norm.statistics[at(input.channels + c)] + epsilon);
  };
  for_each_element(input, [&](int n, int y, int x, int c) {
    if (n >= norm.images) return;
    const double gradient = output_gradient(n, y, x, c) * norm.scale[at(c)];
    of_mean[at(c)] -= gradient * inverse(c);
    of_variance[at(c)] -=
        gradient * (input(n, y, x, c) - norm.statistics[at(c)]) * std::pow(inverse(c), 3) / 2;
  });
  for_each_element(input, [&](int n, int y, int x, int c) {
    if (n >= norm.images) return;
    result(n, y, x, c) = output_gradient(n, y, x, c) * norm.scale[at(c)] * inverse(c) +
                         of_mean[at(c)] / pixels +
                         of_variance[at(c)] * 2 * (input(n, y, x, c) - norm.statistics[at(c)]) / pixels;
  });
  return result;
}

} // namespace vggen::test

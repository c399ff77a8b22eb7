// Paints a photo in the style of another picture:
//
//     style_transfer WEIGHTS.safetensors PHOTO STYLE OUT.png [STEPS]
//
// The picture is changed, step by step, so that the features that VGG16 sees in it are the photo's (conv4_2)
// and occur together as they do in the style's picture (Gram matrices of five layers). The network gives both
// the features and the gradient of the loss with respect to the picture.
#include "gram.hpp"

#include <compiled/style_net.hpp>

#include <vggen/io/load_parameters.hpp>
#include <vggen/io/preprocessing.hpp>
#include <vggen/io/read_image.hpp>
#include <vggen/io/resize.hpp>
#include <vggen/io/safetensors.hpp>
#include <vggen/io/write_png.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <vector>

namespace {

using style_net = vggen::compiled::style_net;
using network = style_net::gradients::network;
constexpr vggen::shape extent = vggen::layer_infos<network>[0].output; // of the picture
constexpr auto pixel_count = static_cast<std::size_t>(extent.height) * extent.width;

constexpr int content_layer = vggen::find_layer<network>("conv4_2");
constexpr std::array style_layers{
    vggen::find_layer<network>("conv1_1"), vggen::find_layer<network>("conv2_1"),
    vggen::find_layer<network>("conv3_1"), vggen::find_layer<network>("conv4_1"),
    vggen::find_layer<network>("conv5_1")};
constexpr double content_share = 0.008, style_share = 1.0, smoothness_share = 0.01;

// The picture as the network sees it, [c][y][x].
using planes = std::vector<float>;

vggen::image covering(const vggen::image &picture) { // scaled and cropped to the network's extent
  const double scale = std::max(double{extent.height} / picture.height, double{extent.width} / picture.width);
  const auto scaled = [&](int length) { return static_cast<int>(std::lround(length * scale)); };
  const vggen::image all = vggen::resize(picture, std::max(scaled(picture.height), extent.height),
                                         std::max(scaled(picture.width), extent.width));
  return vggen::centre_crop(all, extent.height, extent.width);
}

struct normalisation {
  std::vector<float> constants = // [{divisor, mean, deviation}][c]
      vggen::constants_of(vggen::find_preprocessing("torchvision"), 3);

  float to_network(std::size_t c, float pixel) const {
    return (pixel / constants[c] - constants[3 + c]) / constants[6 + c];
  }
  float to_pixel(std::size_t c, float value) const {
    return (value * constants[6 + c] + constants[3 + c]) * constants[c];
  }
  planes of(const vggen::image &picture) const {
    planes result(3 * pixel_count);
    for (std::size_t i = 0; i < result.size(); ++i)
      result[i] = to_network(i / pixel_count, picture.pixels[i % pixel_count * 3 + i / pixel_count]);
    return result;
  }
  vggen::image picture_of(const planes &values) const {
    vggen::image picture{.height = extent.height, .width = extent.width, .pixels = {}};
    picture.pixels.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      picture.pixels[i % pixel_count * 3 + i / pixel_count] = static_cast<std::uint8_t>(
          std::lround(std::clamp(to_pixel(i / pixel_count, values[i]), 0.f, 255.f)));
    return picture;
  }
};

void check(vggen::status status, const style_net::gradients &context) {
  if (status != vggen::status::ok) throw std::runtime_error(context.message());
}

void run(style_net::gradients &context, const planes &picture) {
  check(context.set_input(picture.data()), context);
  check(context.forward(), context);
}

// What the loss compares with.
struct goal {
  std::vector<float> content;             // [c][y][x]
  std::vector<std::vector<float>> styles; // Gram matrices
  double content_scale = 0;
};

std::vector<float> elements_of(const vggen::activation_view &features) {
  std::vector<float> values(static_cast<std::size_t>(features.size()));
  features.copy_to(values.data());
  return values;
}

goal goal_of(style_net::gradients &context, const planes &photo, const planes &style) {
  goal g;
  run(context, photo);
  g.content = elements_of(context.output_of(content_layer));
  for (const float value : g.content)
    g.content_scale += double{value} * value;
  run(context, style);
  for (const int layer : style_layers)
    g.styles.push_back(gram_matrix(context.output_of(layer)));
  return g;
}

// Runs the network on the picture, and leaves the gradient of the loss in the context. Returns {content,
// style}.
std::array<double, 2> loss_of(style_net::gradients &context, const planes &picture, const goal &g) {
  run(context, picture);
  context.clear_loss_gradients();
  std::array<double, 2> loss{};

  const vggen::activation_view features = context.output_of(content_layer);
  const std::span<float> gradient = context.loss_gradient(content_layer);
  const auto channels = static_cast<std::size_t>(features.extent.channels),
             pixels = gradient.size() / channels;
  const std::vector<float> found = elements_of(features);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = double{found[i]} - g.content[i];
    loss[0] += content_share * difference * difference / g.content_scale;
    gradient[i % pixels * channels + i / pixels] =
        static_cast<float>(content_share * 2 * difference / g.content_scale);
  }
  for (std::size_t k = 0; k < style_layers.size(); ++k) {
    const vggen::activation_view layer = context.output_of(style_layers[k]);
    loss[1] += add_style_gradient(layer, gram_matrix(layer), g.styles[k],
                                  style_share / static_cast<double>(style_layers.size()),
                                  context.loss_gradient(style_layers[k]));
  }
  check(context.backward(), context);
  return loss;
}

// The gradient of the picture's roughness: the mean square of the differences of neighbours.
void add_smoothness(const planes &picture, planes &gradient) {
  const auto width = static_cast<std::size_t>(extent.width), height = static_cast<std::size_t>(extent.height);
  const auto factor = static_cast<float>(2 * smoothness_share / static_cast<double>(pixel_count));
  for (std::size_t i = 0; i < picture.size(); ++i) {
    const std::size_t x = i % width, y = i / width % height;
    const auto pull = [&](std::size_t other) {
      const float by = factor * (picture[i] - picture[other]);
      gradient[i] += by;
      gradient[other] -= by;
    };
    if (x + 1 < width) pull(i + 1);
    if (y + 1 < height) pull(i + width);
  }
}

// Adam (Kingma and Ba 2015).
struct adam {
  planes mean, square;
  int step = 0;

  void update(planes &values, const planes &gradient, float rate) {
    constexpr float keep_mean = 0.9f, keep_square = 0.999f;
    mean.resize(values.size());
    square.resize(values.size());
    ++step;
    const float mean_scale = 1 - std::pow(keep_mean, static_cast<float>(step));
    const float square_scale = 1 - std::pow(keep_square, static_cast<float>(step));
    for (std::size_t i = 0; i < values.size(); ++i) {
      mean[i] = keep_mean * mean[i] + (1 - keep_mean) * gradient[i];
      square[i] = keep_square * square[i] + (1 - keep_square) * gradient[i] * gradient[i];
      values[i] -= rate * mean[i] / mean_scale / (std::sqrt(square[i] / square_scale) + 1e-12f);
    }
  }
};

} // namespace

int main(int argc, char **argv) try {
  const int steps = argc == 6 ? std::atoi(argv[5]) : 200;
  if ((argc != 5 && argc != 6) || steps < 1)
    return std::fputs("usage: style_transfer WEIGHTS.safetensors PHOTO STYLE OUT.png [STEPS]\n", stderr), 2;

  const vggen::safetensors_file file(argv[1]);
  const auto parameters = vggen::load_parameters(vggen::parameter_infos<network>, file);
  std::array<const float *, style_net::gradients::parameter_count> sources{};
  std::transform(parameters.tensors.begin(), parameters.tensors.end(), sources.begin(),
                 [](const auto &tensor) { return tensor.data(); });
  style_net::gradients context;
  check(context.prepare(), context);
  check(context.assign(sources), context);

  const normalisation norm;
  const planes photo = norm.of(covering(vggen::read_image(argv[2])));
  const goal wanted = goal_of(context, photo, norm.of(covering(vggen::read_image(argv[3]))));

  planes picture = photo, gradient(photo.size());
  adam optimiser;
  const auto start = std::chrono::steady_clock::now();
  for (int step = 1; step <= steps; ++step) {
    const auto [content, style] = loss_of(context, picture, wanted);
    context.input_gradient().copy_to(gradient.data());
    add_smoothness(picture, gradient);
    const double done = double(step) / steps;
    optimiser.update(picture, gradient, static_cast<float>(0.1 * (1 - 0.9 * done)));
    for (std::size_t i = 0; i < picture.size(); ++i) // stay in the range of colours
      picture[i] =
          std::clamp(picture[i], norm.to_network(i / pixel_count, 0), norm.to_network(i / pixel_count, 255));
    if (step == 1 || step % 10 == 0 || step == steps) {
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      std::printf("step %d/%d: content %.4f, style %.4f, %.0f s, %.0f s left\n", step, steps, content, style,
                  seconds.count(), seconds.count() / step * (steps - step));
      std::fflush(stdout);
    }
  }
  vggen::write_png(argv[4], norm.picture_of(picture));
} catch (const std::exception &e) {
  std::fprintf(stderr, "error: %s\n", e.what());
  return 1;
}

// Made-up data of realistic shape: noisy curves, similar classes confused, filters like edges and colours.
#include "sample_report.hpp"

#include "vggen/io/read_image.hpp"
#include "vggen/io/resize.hpp"
#include "vggen/report/metrics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <string>

namespace {

constexpr std::array<const char *, 10> cifar = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                "dog",      "frog",       "horse", "ship", "truck"};

using generator = std::minstd_rand; // the same numbers everywhere; distributions are not, so none is used

double uniform(generator &random, double low, double high) {
  return low + (high - low) * static_cast<double>(random()) / static_cast<double>(generator::max());
}

std::vector<vggen::epoch_record> epochs_of(int epochs, generator &random) {
  std::vector<vggen::epoch_record> records;
  constexpr double warm_up = 5;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    const double done = static_cast<double>(epoch) / epochs, slow = std::exp(-epoch / 11.);
    const double rate =
        epoch <= warm_up ? 0.1 * epoch / warm_up : 0.05 * (1 + std::cos(std::numbers::pi * done)) + 1e-5;
    const double noise = 0.1 * (1 - 0.9 * done);
    vggen::epoch_record record;
    record.epoch = epoch;
    record.step = std::int64_t{391} * epoch;
    record.images_per_second = uniform(random, 2310, 2380) - (epoch == 17 ? 400 : 0);
    record.seconds = 50000 / record.images_per_second;
    record.training_loss = 0.03 + 1.9 * slow + 0.3 * (1 - done) + uniform(random, 0, noise);
    record.training_accuracy = 0.995 - 0.58 * slow - 0.09 * (1 - done) - uniform(random, 0, noise / 4);
    record.validation_loss = 0.27 + 1.6 * slow + 0.35 * (1 - done) + uniform(random, 0, 4 * noise);
    record.validation_accuracy = 0.936 - 0.5 * slow - 0.1 * (1 - done) - uniform(random, 0, noise);
    record.learning_rate = rate;
    records.push_back(record);
  }
  return records;
}

// A thousand images a class; neighbours, and cats and dogs, are confused more than others.
std::vector<std::int64_t> confusion_of(int classes, generator &random) {
  vggen::confusion_matrix matrix(classes);
  for (int truth = 0; truth < classes; ++truth) {
    int left = 1000;
    for (int predicted = 0; predicted < classes; ++predicted) {
      if (predicted == truth) continue;
      const bool similar = (truth == 3 && predicted == 5) || (truth == 5 && predicted == 3) ||
                           (truth == 1 && predicted == 9) || (truth == 9 && predicted == 1) ||
                           (truth == 0 && predicted == 8) || std::abs(truth - predicted) == 1;
      const double most =
          (similar ? 70. : 11.) * (predicted % 3 == 0 ? 1 : 0.6) * std::min(1., 10. / classes);
      const int count =
          std::min(left, static_cast<int>(uniform(random, 0, most) + uniform(random, 0, 1) * 0.9));
      matrix.add(truth, predicted, count);
      left -= count;
    }
    for (int i = 0; classes > 32 && i < 60; ++i, left -= 4) // a few of many
      matrix.add(truth, static_cast<int>(uniform(random, 0, classes - 1)), 4);
    matrix.add(truth, truth, left);
  }
  return {matrix.counts().begin(), matrix.counts().end()};
}

vggen::filter_bank filters(generator &random) {
  vggen::filter_bank bank{64, 3, 3, 3, {}};
  for (int output = 0; output < bank.outputs; ++output) {
    const double angle = uniform(random, 0, 6.3), edge = uniform(random, 0, 1);
    for (int input = 0; input < 3; ++input) {
      const double tint = uniform(random, -1, 1);
      for (int i = 0; i < 9; ++i) {
        const double slope = std::cos(angle) * (i % 3 - 1) + std::sin(angle) * (i / 3 - 1);
        bank.weights.push_back(
            static_cast<float>(0.2 * (edge * slope + (1 - edge) * tint + uniform(random, -0.15, 0.15))));
      }
    }
  }
  return bank;
}

std::vector<vggen::wrong_image> wrong_images(int classes, generator &random) {
  const vggen::image photo =
      vggen::resize_smaller_side(vggen::read_image(VGGEN_TEST_DATA "/images/photo.jpg"), 120);
  constexpr int side = 32;
  std::vector<vggen::wrong_image> result;
  for (int i = 0; i < 24; ++i) {
    const int top = static_cast<int>(uniform(random, 0, photo.height - side)),
              left = static_cast<int>(uniform(random, 0, photo.width - side));
    vggen::wrong_image wrong{
        {side, side, {}}, i * 7 % classes, (i * 7 + 1 + i % 4) % classes, 0.999 - 0.011 * i};
    for (int y = top; y < top + side; ++y) {
      const auto from = photo.pixels.begin() + (y * photo.width + left) * 3;
      wrong.picture.pixels.insert(wrong.picture.pixels.end(), from, from + side * 3);
    }
    result.push_back(wrong);
  }
  return result;
}

std::vector<vggen::network_row> network() {
  return {
      {"0", "input", "3 × 32 × 32", "", "", "", ""},
      {"1", "conv 3 × 3, 64", "64 × 32 × 32", "1,728", "1,769,472", "conv_norm_relu", "direct: tile 8 × 4"},
      {"2", "batch norm, relu", "64 × 32 × 32", "128", "", "fused into 1", ""},
      {"3", "max pool 2 × 2", "64 × 16 × 16", "", "", "max_pool", "rows"},
      {"4", "conv 3 × 3, 128", "128 × 16 × 16", "73,728", "18,874,368", "conv_norm_relu",
       "direct: tile 8 × 4"},
      {"5", "batch norm, relu", "128 × 16 × 16", "256", "", "fused into 4", ""},
      {"6", "max pool 2 × 2", "128 × 8 × 8", "", "", "max_pool", "rows"},
      {"7", "conv 3 × 3, 256", "256 × 8 × 8", "294,912", "18,874,368", "conv_norm_relu",
       "mullapudi, 16 threads"},
      {"8", "batch norm, relu", "256 × 8 × 8", "512", "", "fused into 7", ""},
      {"9", "max pool 2 × 2", "256 × 4 × 4", "", "", "max_pool", "rows"},
      {"10", "flatten", "4096", "", "", "", ""},
      {"11", "fully connected, 10", "10", "40,970", "40,960", "fully_connected", "rows"},
      {"12", "softmax", "10", "", "", "softmax", "rows"},
      {"", "total", "", "412,234", "39,559,168", "", ""},
  };
}

} // namespace

vggen::training_report sample_report(int epochs, int classes) {
  generator random(7);
  vggen::training_report report;
  report.title = "A small VGG on CIFAR-10";
  report.machine = "AMD EPYC 7B13, 16 threads";
  report.target = "x86-64-linux-avx2-fma-f16c";
  report.epochs = epochs_of(epochs, random);
  for (int c = 0; c < classes; ++c)
    report.class_names.push_back(classes == 10 ? cifar[static_cast<std::size_t>(c)]
                                               : "class " + std::to_string(c));
  report.confusion = confusion_of(classes, random);
  report.confusion_of = "the test set of CIFAR-10";
  report.most_wrong = wrong_images(classes, random);
  report.first_layer = filters(random);
  report.network = network();
  report.options = {{"data", "data/cifar-10-batches-bin"},
                    {"epochs", std::to_string(epochs)},
                    {"batch", "128"},
                    {"optimizer", "sgd"},
                    {"learning rate", "0.1, cosine, 5 epochs of warm-up"},
                    {"momentum", "0.9"},
                    {"weight decay", "5e-4"},
                    {"label smoothing", "0"},
                    {"augmentation", "crop 32 with 4 of padding, flip"},
                    {"seed", "7"},
                    {"threads", "16"},
                    {"checkpoints", "runs/2026-11-23/small.safetensors"}};
  return report;
}

// Classifies one image: classify WEIGHTS.safetensors IMAGE
#include <compiled/tiny_net.hpp>

#include <vggen/io/load_parameters.hpp>
#include <vggen/io/preprocessing.hpp>
#include <vggen/io/read_image.hpp>
#include <vggen/io/safetensors.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <vector>

int main(int argc, char **argv) try {
  using tiny_net = vggen::compiled::tiny_net;
  if (argc != 3) return std::fputs("usage: classify WEIGHTS.safetensors IMAGE\n", stderr), 2;

  // the weights: mapped, checked against the network, packed once
  const vggen::safetensors_file file(argv[1]);
  const auto parameters = vggen::load_parameters(vggen::parameter_infos<tiny_net::network>, file);
  std::array<const float *, tiny_net::weights::parameter_count> sources{};
  std::transform(parameters.tensors.begin(), parameters.tensors.end(), sources.begin(),
                 [](const auto &tensor) { return tensor.data(); });
  tiny_net::weights weights;
  if (weights.assign(sources) != vggen::status::ok) return std::fputs("error: weights\n", stderr), 1;

  // a place to run: all memory and all threads are taken here
  tiny_net::context<> context;
  if (context.prepare({.threads = 2}) != vggen::status::ok) return std::fputs("error: context\n", stderr), 1;

  // the image: resized, cropped, then normalised by the network's own preprocessing kernel
  const auto &how = vggen::find_preprocessing("unit");
  const auto pixels = vggen::prepare_image(vggen::read_image(argv[2]), 3, 32, 32, how);
  const std::array<float, 9> constants{255, 255, 255, 0, 0,
                                       0,   1,   1,   1}; // divisor, mean, deviation by channel
  if (context.set_images(pixels.data(), constants.data(), how.reverse_channels) != vggen::status::ok ||
      context.forward(weights) != vggen::status::ok)
    return std::fprintf(stderr, "error: %s\n", context.message()), 1;

  for (int i = 0; i < 10; ++i)
    std::printf("class %d: %.3f\n", i, static_cast<double>(context.output().at(0, i, 0, 0)));
} catch (const std::exception &e) {
  std::fprintf(stderr, "error: %s\n", e.what());
  return 1;
}

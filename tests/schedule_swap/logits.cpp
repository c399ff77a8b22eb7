// Prints the logits of vgg16 for seeded weights and input.
#include <compiled/vgg16.hpp>

#include <vggen/core/random.hpp>

#include <cstdio>
#include <vector>

int main() {
  using model = vggen::compiled::vgg16;
  constexpr auto &infos = vggen::parameter_infos<model::network>;
  std::vector<std::vector<float>> tensors;
  std::array<const float *, model::weights::parameter_count> sources{};
  for (std::size_t i = 0; i < infos.size(); ++i) {
    tensors.emplace_back(static_cast<std::size_t>(infos[i].size()));
    vggen::fill_initial(tensors.back(), infos[i], static_cast<std::uint32_t>(i), 1);
    sources[i] = tensors.back().data();
  }
  std::vector<float> input(3 * 224 * 224);
  vggen::fill_uniform(input, 2.f, 1, vggen::random_stream::test_input, 0);
  model::weights weights;
  model::context<> context;
  if (weights.assign(sources) != vggen::status::ok || context.prepare() != vggen::status::ok ||
      context.set_input(input.data()) != vggen::status::ok || context.forward(weights) != vggen::status::ok)
    return 1;
  for (int i = 0; i < 1000; ++i)
    std::printf("%.9g\n", static_cast<double>(context.logits().at(0, i, 0, 0)));
}

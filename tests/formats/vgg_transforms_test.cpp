// Changed weights compute what they should, by the definition in double precision.
#include "formats/support.hpp"

#include <vggen/formats/vgg_transforms.hpp>
#include <vggen/io/preprocessing.hpp>

using namespace vggen;
using namespace vggen::test;

TEST_CASE("a folded batch norm is the batch norm of inference") {
  const vgg_weights norms = open_vgg(weights_file("tiny_bn.safetensors"));
  vgg_weights folded = norms;
  fold_batch_norm(folded);
  CHECK_FALSE(folded.has_batch_norm());
  for (std::size_t b = 0; b < norms.blocks.size(); ++b)
    for (std::size_t i = 0; i < norms.blocks[b].size(); ++i) {
      const convolution_weights &before = norms.blocks[b][i], &after = folded.blocks[b][i];
      const std::vector<float> w = values_of(before.weight), bias = values_of(before.bias),
                               scale = values_of(before.norm->weight), shift = values_of(before.norm->bias),
                               mean = values_of(before.norm->running_mean),
                               variance = values_of(before.norm->running_var), w2 = values_of(after.weight),
                               bias2 = values_of(after.bias);
      const std::size_t window = w.size() / bias.size();
      for (std::size_t o = 0; o < bias.size(); ++o) {
        // the sum of the weights stands for any input: 1 everywhere
        double sum = 0, sum2 = 0;
        for (std::size_t e = 0; e < window; ++e)
          sum += w[o * window + e], sum2 += w2[o * window + e];
        const double expected =
            (sum + bias[o] - mean[o]) / std::sqrt(variance[o] + 1e-5) * scale[o] + shift[o];
        CHECK(sum2 + bias2[o] == doctest::Approx(expected).epsilon(1e-5));
      }
    }
}

TEST_CASE("reversed channels, twice, are what they were") {
  const vgg_weights expected = open_vgg(weights_file("tiny.safetensors"));
  vgg_weights weights = expected;
  weights.metadata["preprocess"] = "caffe";
  reverse_input_channels(weights);
  const preprocessing turned = parse_preprocessing(weights.metadata.at("preprocess"));
  const preprocessing &caffe = find_preprocessing("caffe");
  CHECK_FALSE(turned.reverse_channels);
  CHECK(turned.mean[0] == caffe.mean[2]);
  const std::vector<float> a = values_of(expected.blocks[0][0].weight),
                           b = values_of(weights.blocks[0][0].weight);
  for (std::size_t o = 0; o < a.size(); o += 27)
    for (std::size_t e = 0; e < 9; ++e) {
      CHECK(b[o + e] == a[o + 18 + e]);
      CHECK(b[o + 9 + e] == a[o + 9 + e]);
    }
  reverse_input_channels(weights);
  check_same(weights, expected);
}

TEST_CASE("grey weights give for grey images what colours gave for them") {
  const vgg_weights colours = open_vgg(weights_file("tiny.safetensors"));
  vgg_weights grey = colours;
  grey.metadata["preprocess"] = "torchvision";
  sum_input_channels(grey);
  const std::vector<float> a = values_of(colours.blocks[0][0].weight),
                           b = values_of(grey.blocks[0][0].weight);
  REQUIRE(grey.blocks[0][0].weight.shape == std::vector<std::int64_t>{4, 1, 3, 3});
  for (std::size_t o = 0; o < 4; ++o)
    for (std::size_t e = 0; e < 9; ++e)
      CHECK(b[o * 9 + e] ==
            doctest::Approx(a[o * 27 + e] + a[o * 27 + 9 + e] + a[o * 27 + 18 + e]).epsilon(1e-6));
  const preprocessing how = parse_preprocessing(grey.metadata.at("preprocess"));
  CHECK(how.mean[0] == doctest::Approx((0.485 + 0.456 + 0.406) / 3));
  const auto again = error_of([&] { sum_input_channels(grey); });
  REQUIRE(again);
  CHECK(again->code() == error_code::mismatch);
}

TEST_CASE("another epsilon computes the same") {
  const vgg_weights norms = open_vgg(weights_file("tiny_bn.safetensors"));
  vgg_weights changed = norms, folded = norms;
  set_epsilon(changed, 1e-3);
  CHECK(changed.blocks[0][0].norm->epsilon == 1e-3);
  CHECK(values_of(changed.blocks[0][0].norm->weight) != values_of(norms.blocks[0][0].norm->weight));
  fold_batch_norm(changed);
  fold_batch_norm(folded);
  check_same(changed, folded, 1e-6);
}

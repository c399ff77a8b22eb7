// VGG16 for whole images, given one of 224x224, against VGG16.
#include "model/relative_error.hpp"
#include "model/seeded_weights.hpp"

#include <compiled/vgg16_dense_exact.hpp>
#include <compiled/vgg16_exact.hpp>

using namespace vggen;

TEST_CASE("VGG16 for whole images is VGG16 at 224x224") {
  const test::seeded_parameters<compiled::vgg16_exact::network> parameters;
  std::vector<float> expected;
  {
    compiled::vgg16_exact::weights weights;
    REQUIRE(weights.assign(parameters.pointers) == status::ok);
    compiled::vgg16_exact::context<> context;
    REQUIRE(context.prepare({.threads = 2}) == status::ok);
    expected = test::run(context, weights);
  }
  compiled::vgg16_dense_exact::weights weights;
  REQUIRE(weights.assign(parameters.pointers) == status::ok);
  compiled::vgg16_dense_exact::context<> context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  REQUIRE(context.set_extent(224, 224) == status::ok);
  const auto image = test::seeded_input<compiled::vgg16_exact::network>();
  REQUIRE(context.set_input(image.data()) == status::ok);
  REQUIRE(context.forward(weights) == status::ok);
  const double error = test::relative_error(test::values_of(context.logits()), expected);
  MESSAGE("relative error: " << error);
  CHECK(error < 1e-5);
  CHECK(error > 0); // they are other kernels
}

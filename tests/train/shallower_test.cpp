// Which tensors of the paper's deeper configurations start from configuration A.
#include <vggen/io/error.hpp>
#include <vggen/net/zoo.hpp>
#include <vggen/train/shallower.hpp>

#include <doctest/doctest.h>

#include <string>
#include <type_traits>
#include <vector>

using namespace vggen;

namespace {

template <class Network> std::span<const parameter_info> parameters_of(Network) {
  return parameter_infos<Network>;
}

using names = std::vector<std::string>;

// What goes where, by name: "conv1_1 weight > conv1_1 weight".
template <class Source, class Destination>
names copied(Source source, Destination destination, other_shapes otherwise = other_shapes::refuse) {
  const auto from = parameters_of(source), to = parameters_of(destination);
  names found;
  std::size_t before = 0;
  for (const tensor_copy &copy : copies_from_shallower(from, to, otherwise)) {
    const parameter_info &a = from[copy.source], &b = to[copy.destination];
    CHECK(a.extents == b.extents);
    CHECK(a.rank == b.rank);
    CHECK(a.role == b.role);
    CHECK((found.empty() || copy.destination > before));
    before = copy.destination;
    if (a.role == parameter_role::weights)
      found.push_back(std::string(a.name.view()) + " > " + std::string(b.name.view()));
  }
  return found;
}

template <class Source, class Destination> std::string refusal(Source source, Destination destination) {
  try {
    static_cast<void>(copies_from_shallower(parameters_of(source), parameters_of(destination)));
  } catch (const error &problem) {
    CHECK(problem.code() == error_code::mismatch);
    return problem.what();
  }
  return "";
}

const names from_a = {"conv1_1 > conv1_1", "conv2_1 > conv2_1", "conv3_1 > conv3_1", "conv3_2 > conv3_2",
                      "fc6 > fc6",         "fc7 > fc7",         "fc8 > fc8"};

} // namespace

TEST_CASE("the paper's deeper configurations start from A") {
  CHECK(copied(vgg11, vgg13) == from_a);
  CHECK(copied(vgg11, vgg16) == from_a);
  CHECK(copied(vgg11, vgg16_c) == from_a);
  CHECK(copied(vgg11, vgg19) == from_a);
  CHECK(copied(vgg11_lrn, vgg16) == from_a); // its further layer has no parameters
  CHECK(copied(vgg11, vgg11) == from_a);
}

TEST_CASE("the indices are those of the tensors, weights and bias") {
  using pairs = std::vector<tensor_copy>;
  // A: conv1_1 0, conv2_1 2, conv3_1 4, conv3_2 6, fc6 16; D: conv1_1 0, conv2_1 4, conv3_1 8, conv3_2 10,
  // fc6 26
  CHECK(copies_from_shallower(parameters_of(vgg11), parameters_of(vgg16)) == pairs{{0, 0},
                                                                                   {1, 1},
                                                                                   {2, 4},
                                                                                   {3, 5},
                                                                                   {4, 8},
                                                                                   {5, 9},
                                                                                   {6, 10},
                                                                                   {7, 11},
                                                                                   {16, 26},
                                                                                   {17, 27},
                                                                                   {18, 28},
                                                                                   {19, 29},
                                                                                   {20, 30},
                                                                                   {21, 31}});
}

TEST_CASE("from any network to any that is like it") {
  CHECK(copied(with_classes<10>(vgg11), with_classes<10>(vgg19)) == from_a);
  CHECK(copied(with_input<3, 32, 32>(vgg11), with_input<3, 32, 32>(vgg16)) == from_a);
  CHECK(copied(vgg11, vgg16_notop) == names(from_a.begin(), from_a.begin() + 4));
  CHECK(copied(fully_convolutional(vgg11), fully_convolutional(vgg16)) == from_a);
  // a block that the destination does not have; fewer fully connected layers, from the last one back
  constexpr auto small = sequential(input<3, 8, 8>, conv3x3<64>, relu, max_pool<2>, flatten,
                                    fully_connected<10>, relu, fully_connected<10>, softmax);
  constexpr auto deeper =
      sequential(input<3, 8, 8>, repeat<2>(conv3x3<64>, relu), max_pool<2>, flatten, fully_connected<7>, relu,
                 fully_connected<1024>, relu, fully_connected<10>, relu, fully_connected<10>, softmax);
  CHECK(copied(small, deeper) == names{"conv1_1 > conv1_1", "fc2 > fc4", "fc3 > fc5"});
  CHECK(copied(deeper, small) == names{"conv1_1 > conv1_1", "fc4 > fc2", "fc5 > fc3"});
}

TEST_CASE("batch norms, in both, or in the deeper one alone") {
  CHECK(copied(vgg11_bn, vgg13_bn) == from_a);
  CHECK(copies_from_shallower(parameters_of(vgg11_bn), parameters_of(vgg13_bn)).size() == 4 * 6 + 3 * 2);
  CHECK(copied(vgg11, vgg13_bn) == from_a);
  CHECK(copies_from_shallower(parameters_of(vgg11), parameters_of(vgg13_bn)).size() == 7 * 2);
  CHECK(refusal(vgg11_bn, vgg13)
            .starts_with("the shallower network has layers of other shapes:\n"
                         "  found a batch norm bn1_1, expected none\n"));
}

TEST_CASE("all mismatches in shape are listed") {
  CHECK(refusal(vgg11, with_classes<10>(vgg16)) ==
        "the shallower network has layers of other shapes:\n"
        "  found fc8 weight [1000, 4096], expected fc8 weight [10, 4096]\n"
        "  found fc8 bias [1000], expected fc8 bias [10]");
  // fan-in alone: the bias has the same shape and is no mismatch
  CHECK(refusal(with_input<3, 32, 32>(vgg11), vgg16) ==
        "the shallower network has layers of other shapes:\n"
        "  found fc6 weight [4096, 512], expected fc6 weight [4096, 25088]");
  CHECK(refusal(with_input<1, 224, 224>(vgg11), with_classes<10>(vgg16)) ==
        "the shallower network has layers of other shapes:\n"
        "  found conv1_1 weight [64, 1, 3, 3], expected conv1_1 weight [64, 3, 3, 3]\n"
        "  found fc8 weight [1000, 4096], expected fc8 weight [10, 4096]\n"
        "  found fc8 bias [1000], expected fc8 bias [10]");
  CHECK(refusal(vgg11, fully_convolutional(vgg16)).find("expected fc6 weight [4096, 512, 7, 7]") !=
        std::string::npos);
}

TEST_CASE("layers of other shapes may start afresh, weights and bias") {
  CHECK(copied(vgg11, with_classes<10>(vgg16), other_shapes::start_afresh) ==
        names(from_a.begin(), from_a.end() - 1));
  const auto copies = copies_from_shallower(parameters_of(with_input<3, 32, 32>(vgg11)), parameters_of(vgg16),
                                            other_shapes::start_afresh);
  CHECK(copies.size() == 12); // fc6's bias would fit
  for (const tensor_copy &copy : copies)
    CHECK(parameters_of(vgg16)[copy.destination].name.view() != "fc6");
}

TEST_CASE("networks that have nothing in common are refused") {
  constexpr auto a = sequential(input<3, 8, 8>, conv3x3<4>, relu, flatten, fully_connected<5>, softmax);
  constexpr auto b = sequential(input<3, 8, 8>, conv3x3<6>, relu, flatten, fully_connected<7>, softmax);
  CHECK_THROWS_WITH_AS(static_cast<void>(copies_from_shallower(parameters_of(a), parameters_of(b),
                                                               other_shapes::start_afresh)),
                       "the shallower network: found no layer of a place and a shape that the deeper one "
                       "has, expected some, as conv1_1",
                       error);
  CHECK_THROWS_AS(static_cast<void>(copies_from_shallower({}, parameters_of(vgg16))), error);
  CHECK_THROWS_AS(static_cast<void>(copies_from_shallower(parameters_of(vgg16), {})), error);
}

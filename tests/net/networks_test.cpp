// Shapes, counts, names and transformations.
#include <vggen/net/parameters.hpp>
#include <vggen/net/zoo.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <type_traits>
#include <vector>

using namespace vggen;

namespace {

template <class Network> constexpr auto &infos_of(const Network &) { return layer_infos<Network>; }

template <class Network> shape output_of(const Network &, std::string_view name) {
  const int index = find_layer<Network>(name);
  REQUIRE(index >= 0);
  return layer_infos<Network>[static_cast<std::size_t>(index)].output;
}

// The numbers of the convolutions' modules, as torchvision's files have them.
template <class Network> std::vector<int> feature_numbers(const Network &) {
  std::vector<int> numbers;
  for (const layer_info &layer : layer_infos<Network>)
    if (layer.kind == layer_kind::conv)
      numbers.push_back(std::stoi(std::string(layer.module.view()).substr(std::string("features.").size())));
  return numbers;
}

} // namespace

TEST_CASE("shapes follow the layers") {
  constexpr auto net = sequential(input<3, 45, 37>, conv3x3<20>, relu, max_pool<2>, conv1x1<17>, relu,
                                  conv<8, 3, 5>, relu, max_pool<2>, flatten, fully_connected<7>, softmax);
  constexpr auto &all = infos_of(net);
  CHECK(all[0].output == shape{3, 45, 37});
  CHECK(all[1].output == shape{20, 45, 37});
  CHECK(all[3].output == shape{20, 22, 18}); // odd extents are floored
  CHECK(all[4].output == shape{17, 22, 18});
  CHECK(all[6].output == shape{8, 20, 14});
  CHECK(all[8].output == shape{8, 10, 7});
  CHECK(all[9].output == shape{560, 1, 1, true});
  CHECK(all[10].output == shape{7, 1, 1, true});
  CHECK(all[11].output == shape{7, 1, 1, true});
}

TEST_CASE("counts of a network by hand") {
  constexpr auto net =
      sequential(input<2, 4, 4>, conv3x3<3>, relu, max_pool<2>, flatten, fully_connected<5>, softmax);
  CHECK(parameters(net) == (3 * 2 * 9 + 3) + (5 * 12 + 5));
  CHECK(multiply_adds(net) == 16 * 3 * 2 * 9 + 5 * 12);
  CHECK(parameter_bytes(net) == 4 * parameters(net));
  CHECK(convolution_parameters(net) == 57);
  CHECK(receptive_field(net) == 4); // 3 by the convolution, one more by the pool
}

TEST_CASE("published counts hold for transformed networks, too") {
  CHECK(parameters(with_classes<10>(vgg16)) == 138'357'544 - 990 * 4097);
  CHECK(parameters(without_top(vgg19)) == 20'024'384);
  CHECK(parameters(fully_convolutional(vgg16)) == 138'357'544);
  CHECK(multiply_adds(fully_convolutional(vgg16)) == multiply_adds(vgg16));
  CHECK(multiply_adds(with_batch<8>(vgg16)) == multiply_adds(vgg16)); // counts are for one image
  CHECK(parameters(with_width<1, 1>(vgg13)) == parameters(vgg13));
  CHECK(output_of(with_width<1, 2>(vgg16), "conv5_3") == shape{256, 14, 14});
  CHECK(output_of(with_width<1, 2>(vgg16), "fc8") == shape{1000, 1, 1, true});
  CHECK(output_of(with_input<3, 320, 256>(without_top(vgg16)), "pool5") == shape{512, 10, 8});
  CHECK(output_shape(with_input<3, 288, 256>(fully_convolutional(vgg16))) == shape{1000, 3, 2});
}

TEST_CASE("transformations compose") {
  constexpr auto net = with_batch<8>(with_classes<10>(with_input<3, 32, 32>(vgg16)));
  using type = std::remove_cv_t<decltype(net)>;
  CHECK(type::batch == 8);
  CHECK(classes(net) == 10);
  CHECK(input_shape(net) == shape{3, 32, 32});
  CHECK(output_of(net, "flatten") == shape{512, 1, 1, true});
  static_assert(
      std::is_same_v<decltype(with_input<3, 32, 32>(with_batch<8>(with_classes<10>(vgg16)))), type>);
  CHECK(decltype(freeze_until<"conv3_1">(vgg16))::options.frozen_layers ==
        find_layer<std::remove_cv_t<decltype(vgg16)>>("conv3_1"));
  CHECK(decltype(freeze_until<"classifier.0">(vgg16))::options.frozen_layers ==
        find_layer<std::remove_cv_t<decltype(vgg16)>>("fc6"));
  constexpr auto tuned = with_top(vgg16, flatten, fully_connected<64>, relu, fully_connected<3>, softmax);
  CHECK(parameters(tuned) == 14'714'688 + 25088 * 64 + 64 + 64 * 3 + 3);
}

TEST_CASE("features stay what they are when layers come and go") {
  const auto features_of = [](const auto &net) {
    std::string names;
    for (const layer_info &layer : infos_of(net))
      if (net.options.features >> layer.index & 1) names += std::string(layer.name.view()) + " ";
    return names;
  };
  // each is where its output is stored
  constexpr auto net = with_features<"conv1_2", "block4_pool", "features.24", "drop6", "fc8", "prob">(vgg16);
  CHECK(features_of(net) == "relu1_2 pool4 relu5_1 relu6 fc8 prob ");
  CHECK(features_of(with_features<"pool1">(net)) == "relu1_2 pool1 pool4 relu5_1 relu6 fc8 prob ");
  CHECK(features_of(with_batch<4>(with_input<3, 64, 64>(with_width<1, 2>(net)))) == features_of(net));
  CHECK(features_of(freeze_until<"conv5_1">(net)) == features_of(net));
  CHECK(features_of(with_classes<7>(net)) == features_of(net));
  CHECK(features_of(without_top(net)) == "relu1_2 pool4 relu5_1 ");
  CHECK(features_of(with_top(net, flatten, fully_connected<3>, softmax)) == "relu1_2 pool4 relu5_1 ");
  CHECK(features_of(fully_convolutional(net)) == features_of(net));
  CHECK(features_of(vgg16).empty());
}

TEST_CASE("what is frozen stays so when layers come and go") {
  // the index of the first layer that is trained, by its name
  const auto trained_from = [](const auto &net) {
    return infos_of(net).at(static_cast<std::size_t>(net.options.frozen_layers)).name.view();
  };
  CHECK(trained_from(with_batch<8>(with_input<3, 64, 64>(freeze_until<"conv4_1">(vgg16)))) == "conv4_1");
  CHECK(trained_from(fully_convolutional(freeze_until<"conv4_1">(vgg16))) == "conv4_1");
  CHECK(trained_from(fully_convolutional(freeze_until<"fc6">(vgg16))) == "fc6");
  CHECK(trained_from(fully_convolutional(freeze_until<"fc7">(vgg16))) == "fc7");
  // a new classifier is trained, however much of the old one was not
  constexpr auto tuned = with_top(freeze_until<"fc8">(vgg16), flatten, fully_connected<3>, softmax);
  CHECK(trained_from(tuned) == "flatten");
  CHECK(trained_from(with_top(freeze_until<"conv5_1">(vgg16), flatten, fully_connected<3>)) == "conv5_1");
  CHECK(without_top(freeze_until<"fc8">(with_batch<4>(vgg16))).options == network_options{4, 32});
}

TEST_CASE("widths are rounded down, but no layer vanishes") {
  constexpr auto thin = with_width<1, 100>(vgg16);
  CHECK(output_of(thin, "conv1_1").channels == 1); // 0.64
  CHECK(output_of(thin, "conv3_1").channels == 2); // 2.56
  CHECK(output_of(thin, "fc6").channels == 40);
  CHECK(classes(thin) == 1000);
  CHECK(output_of(with_width<3, 2>(vgg16), "conv1_1").channels == 96);
}

TEST_CASE("layers have the names of the paper, torchvision and Keras") {
  using net = std::remove_cv_t<decltype(vgg16)>;
  for (const auto &[paper, module, keras] :
       std::vector<std::array<std::string, 3>>{{"conv1_1", "features.0", "block1_conv1"},
                                               {"pool1", "features.4", "block1_pool"},
                                               {"conv5_3", "features.28", "block5_conv3"},
                                               {"pool5", "features.30", "block5_pool"},
                                               {"fc6", "classifier.0", "fc1"},
                                               {"fc7", "classifier.3", "fc2"},
                                               {"fc8", "classifier.6", "predictions"}}) {
    CAPTURE(paper);
    const int index = find_layer<net>(paper);
    REQUIRE(index > 0);
    CHECK(find_layer<net>(module) == index);
    CHECK(find_layer<net>(keras) == index);
  }
  CHECK(find_layer<net>("prob") == static_cast<int>(net::layer_count) - 1);
  CHECK(find_layer<net>("conv6_1") == -1);
  CHECK(infos_of(vgg19)[static_cast<std::size_t>(find_layer<std::remove_cv_t<decltype(vgg19)>>("conv5_4"))]
            .keras.view() == "block5_conv4");
  CHECK(find_layer<net>("") == -1);
}

// Every name a layer has finds that layer.
template <class... Networks> void check_names(const Networks &...) {
  const auto check = []<class Network>(const Network *) {
    for (const layer_info &layer : layer_infos<Network>)
      for (const short_name &name : {layer.name, layer.module, layer.keras}) {
        if (name.length == 0) continue;
        CAPTURE(std::string(name.view()));
        CHECK(find_layer<Network>(name.view()) == layer.index);
      }
  };
  (check(static_cast<const Networks *>(nullptr)), ...);
}

TEST_CASE("no two layers share a name") {
  check_names(vgg11, vgg11_lrn, vgg13, vgg16_c, vgg16, vgg19, vgg16_notop, vgg16_cifar, fashion_vgg);
  check_names(fully_convolutional(vgg16), fully_convolutional(vgg16_cifar), fully_convolutional(vgg16_c));
}

TEST_CASE("convolutions have torchvision's numbers") {
  CHECK(feature_numbers(vgg11) == std::vector{0, 3, 6, 8, 11, 13, 16, 18});
  CHECK(feature_numbers(vgg13) == std::vector{0, 2, 5, 7, 10, 12, 15, 17, 20, 22});
  CHECK(feature_numbers(vgg16) == std::vector{0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28});
  CHECK(feature_numbers(vgg19) == std::vector{0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34});
}

TEST_CASE("a dense classifier keeps the names of the fully connected one") {
  for (const char *name : {"fc6", "classifier.0", "fc1", "fc7", "fc8"}) {
    CAPTURE(name);
    CHECK(find_layer<decltype(fully_convolutional(vgg16))>(name) >= 0);
  }
  // where the first of them is a 1x1 convolution, too
  constexpr auto dense = fully_convolutional(vgg16_cifar);
  constexpr int first = find_layer<std::remove_cv_t<decltype(dense)>>("fc6");
  REQUIRE(first > 0);
  CHECK(infos_of(dense)[first].output == shape{512, 1, 1});
  CHECK(infos_of(dense)[first].module.view() == "classifier.0");
  CHECK(find_layer<std::remove_cv_t<decltype(dense)>>("conv6_1") == -1);
  CHECK(parameters(without_top(dense)) == 14'714'688);
  // configuration C's 1x1 convolutions are features
  for (const char *name : {"conv3_3", "conv4_3", "conv5_3"}) {
    CAPTURE(name);
    CHECK(find_layer<std::remove_cv_t<decltype(vgg16_c)>>(name) > 0);
    CHECK(find_layer<decltype(fully_convolutional(vgg16_c))>(name) > 0);
  }
}

TEST_CASE("a network for whole images has the same names, parameters and, at its own extent, work") {
  using type = std::remove_cv_t<decltype(vgg16_dense)>;
  CHECK(is_dynamic<type>);
  CHECK(least_input<type>() == shape{3, 224, 224, false, true});
  CHECK(parameters(vgg16_dense) == parameters(vgg16));
  CHECK(output_shape(vgg16_dense) == shape{1000, 1, 1, true});
  CHECK(multiply_adds_at<type>({3, 224, 224, false, true}) == multiply_adds(vgg16));
  CHECK(multiply_adds_at<type>(layer_infos<type>.front().output) == multiply_adds(vgg16_dense));
  constexpr int scores = find_layer<type>("fc8");
  CHECK(is_feature<type>(scores));
  CHECK(output_shapes<type>({3, 384, 512, false, true})[scores] == shape{1000, 6, 10, false, true});
  // valid convolutions and pools that floor
  constexpr auto odd = dense(with_top(with_input<1, 30, 29>(fashion_vgg), flatten, fully_connected<3>));
  CHECK(least_input<std::remove_cv_t<decltype(odd)>>() == shape{1, 24, 24});
  CHECK(output_shape(odd) == shape{3, 1, 1, true});
  CHECK(!is_dynamic<std::remove_cv_t<decltype(odd)>>);
}

TEST_CASE("batch norms have torchvision's numbers, and parameters of their own") {
  CHECK(feature_numbers(vgg11_bn) == std::vector{0, 4, 8, 11, 15, 18, 22, 25});
  CHECK(feature_numbers(vgg13_bn) == std::vector{0, 3, 7, 10, 14, 17, 21, 24, 28, 31});
  CHECK(feature_numbers(vgg16_bn) == std::vector{0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40});
  CHECK(feature_numbers(vgg19_bn) ==
        std::vector{0, 3, 7, 10, 14, 17, 20, 23, 27, 30, 33, 36, 40, 43, 46, 49});
  using type = std::remove_cv_t<decltype(vgg16_bn)>;
  CHECK(find_layer<type>("bn1_1") == 2);
  CHECK(find_layer<type>("features.1") == 2);
  CHECK(multiply_adds(vgg16_bn) == multiply_adds(vgg16));
  constexpr auto &all = parameter_infos<type>;
  REQUIRE(all.size() == 2 * 16 + 4 * 13);
  const std::vector<std::string_view> suffixes{"weight", "bias",         "weight",
                                               "bias",   "running_mean", "running_var"};
  for (std::size_t i = 0; i < 6 * 13; ++i) {
    CHECK(all[i].suffix() == suffixes[i % 6]);
    CHECK(all[i].is_statistic() == (i % 6 > 3));
    if (i % 6 > 1) CHECK((all[i].rank == 1 && all[i].size() == all[i / 6 * 6].extents[0]));
  }
  CHECK(all[6 * 13].name.view() == "fc6");
}

TEST_CASE("features and frozen layers stay what they are when batch norms come") {
  constexpr auto net =
      with_batch_norm(freeze_until<"conv2_1">(with_features<"conv1_2", "pool1", "fc7">(vgg16)));
  using type = std::remove_cv_t<decltype(net)>;
  for (const auto &layer : layer_infos<type>)
    CHECK(is_feature<type>(layer.index) ==
          (layer.name.view() == "relu1_2" || layer.name.view() == "pool1" || layer.name.view() == "relu7"));
  CHECK(net.options.frozen_layers == find_layer<type>("conv2_1"));
}

TEST_CASE("pools to a fixed extent, and networks without a softmax") {
  constexpr auto large = with_adaptive_pool<7, 7>(with_input<3, 320, 256>(vgg16));
  using type = std::remove_cv_t<decltype(large)>;
  CHECK(parameters(large) == parameters(vgg16));
  CHECK(output_of(large, "pool5") == shape{512, 10, 8});
  CHECK(output_of(large, "avgpool") == shape{512, 7, 7});
  const layer_info &fc6 = layer_infos<type>[static_cast<std::size_t>(find_layer<type>("fc6"))];
  CHECK(fc6.module.view() == "classifier.0");
  CHECK(output_shape(without_top(large)) == shape{512, 10, 8});

  constexpr auto pooled = with_top(vgg16, global_average_pool);
  CHECK(output_shape(pooled) == shape{512, 1, 1, true});
  CHECK(output_shape(with_top(vgg16, global_max_pool, fully_connected<3>)) == shape{3, 1, 1, true});

  constexpr auto logits = without_softmax(vgg16);
  CHECK(layer_infos<std::remove_cv_t<decltype(logits)>>.back().name.view() == "fc8");
  CHECK(output_shape(logits) == output_shape(vgg16));
}

TEST_CASE("boxes take the classifier's last place") {
  constexpr auto one = with_boxes<1>(vgg16);
  using type = std::remove_cv_t<decltype(one)>;
  CHECK(boxes_of(one) == 1);
  CHECK(boxes_of(vgg16) == 0);
  CHECK(output_shape(one) == shape{4, 1, 1, true});
  CHECK(parameters(one) == parameters(vgg16) - 996 * (4096 + 1));
  CHECK(layer_infos<type>.back().name.view() == "boxes");
  CHECK(layer_infos<type>[type::layer_count - 2].module.view() == "classifier.6");
  CHECK(boxes_of(with_boxes<1000>(without_softmax(vgg16))) == 1000);
  CHECK(boxes_of(with_width<1, 4>(with_batch<8>(one))) == 1);
  CHECK(boxes_of(with_top(vgg16, global_average_pool, fully_connected<8>, boxes<2>)) == 2);
  // a frozen classifier and features there are the old one's
  constexpr auto frozen = with_boxes<3>(freeze_until<"prob">(with_features<"fc7", "fc8">(vgg16)));
  using frozen_type = std::remove_cv_t<decltype(frozen)>;
  CHECK(frozen.options.frozen_layers == find_layer<frozen_type>("fc8"));
  CHECK(last_feature<frozen_type>() == find_layer<frozen_type>("relu7"));
}

TEST_CASE("parameters stand in one order") {
  constexpr auto &all = parameter_infos<std::remove_cv_t<decltype(vgg16)>>;
  CHECK(all.size() == 32);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    total += all[i].size();
    CHECK(all[i].role == (i % 2 == 1 ? parameter_role::bias : parameter_role::weights));
    CHECK(all[i].rank == (i % 2 == 1 ? 1 : i < 26 ? 4 : 2));
  }
  CHECK(total == 138'357'544);
  CHECK(all[0].extents == std::array<std::int64_t, 4>{64, 3, 3, 3});
  CHECK(all[26].extents[0] == 4096);
  CHECK(all[26].extents[1] == 25088);
}

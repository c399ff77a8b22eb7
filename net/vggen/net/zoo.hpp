// The networks of the paper (Simonyan and Zisserman, arXiv 1409.1556, table 1) and compact siblings for small
// images. Every published count stands here as a static_assert.
#pragma once

#include <vggen/net/transform.hpp>

namespace vggen {

/// The paper's classifier for 1000 classes.
inline constexpr auto paper_top = layer_sequence(
    flatten, repeat<2>(fully_connected<4096>, relu, dropout<0.5>), fully_connected<1000>, softmax);

/// Configuration A: 11 weight layers.
inline constexpr auto vgg11 = sequential( //
    input<3, 224, 224>,                   //
    conv3x3<64>, relu, max_pool<2>,       //
    conv3x3<128>, relu, max_pool<2>,      //
    repeat<2>(conv3x3<256>, relu), max_pool<2>, repeat<2>(conv3x3<512>, relu), max_pool<2>,
    repeat<2>(conv3x3<512>, relu), max_pool<2>, paper_top);

/// Configuration A-LRN: A with local response normalisation after the first convolution.
inline constexpr auto vgg11_lrn = sequential(            //
    input<3, 224, 224>,                                  //
    conv3x3<64>, relu, local_response_norm, max_pool<2>, //
    conv3x3<128>, relu, max_pool<2>,                     //
    repeat<2>(conv3x3<256>, relu), max_pool<2>, repeat<2>(conv3x3<512>, relu), max_pool<2>,
    repeat<2>(conv3x3<512>, relu), max_pool<2>, paper_top);

/// Configuration B: 13 weight layers.
inline constexpr auto vgg13 = sequential(       //
    input<3, 224, 224>,                         //
    repeat<2>(conv3x3<64>, relu), max_pool<2>,  //
    repeat<2>(conv3x3<128>, relu), max_pool<2>, //
    repeat<2>(conv3x3<256>, relu), max_pool<2>, //
    repeat<2>(conv3x3<512>, relu), max_pool<2>, //
    repeat<2>(conv3x3<512>, relu), max_pool<2>, //
    paper_top);

/// Configuration C: 16 weight layers, the third convolution of the last three blocks 1x1.
inline constexpr auto vgg16_c = sequential(                         //
    input<3, 224, 224>,                                             //
    repeat<2>(conv3x3<64>, relu), max_pool<2>,                      //
    repeat<2>(conv3x3<128>, relu), max_pool<2>,                     //
    repeat<2>(conv3x3<256>, relu), conv1x1<256>, relu, max_pool<2>, //
    repeat<2>(conv3x3<512>, relu), conv1x1<512>, relu, max_pool<2>, //
    repeat<2>(conv3x3<512>, relu), conv1x1<512>, relu, max_pool<2>, //
    paper_top);

/// Configuration D: 16 weight layers. This is VGG16.
inline constexpr auto vgg16 = sequential(       //
    input<3, 224, 224>,                         //
    repeat<2>(conv3x3<64>, relu), max_pool<2>,  //
    repeat<2>(conv3x3<128>, relu), max_pool<2>, //
    repeat<3>(conv3x3<256>, relu), max_pool<2>, //
    repeat<3>(conv3x3<512>, relu), max_pool<2>, //
    repeat<3>(conv3x3<512>, relu), max_pool<2>, //
    paper_top);

/// Configuration E: 19 weight layers. This is VGG19.
inline constexpr auto vgg19 = sequential(       //
    input<3, 224, 224>,                         //
    repeat<2>(conv3x3<64>, relu), max_pool<2>,  //
    repeat<2>(conv3x3<128>, relu), max_pool<2>, //
    repeat<4>(conv3x3<256>, relu), max_pool<2>, //
    repeat<4>(conv3x3<512>, relu), max_pool<2>, //
    repeat<4>(conv3x3<512>, relu), max_pool<2>, //
    paper_top);

/// The same with batch norms, which the paper does not have yet: torchvision's vgg11_bn … vgg19_bn.
inline constexpr auto vgg11_bn = with_batch_norm(vgg11);
inline constexpr auto vgg13_bn = with_batch_norm(vgg13);
inline constexpr auto vgg16_bn = with_batch_norm(vgg16);
inline constexpr auto vgg19_bn = with_batch_norm(vgg19);

/// VGG16 up to pool5: a feature extractor.
inline constexpr auto vgg16_notop = without_top(vgg16);

/// VGG16 with what explains a classification: the last map, and the logits.
inline constexpr auto vgg16_explained = with_features<"conv5_3", "fc8">(vgg16);

/// VGG16 for whole images, up to what a smaller side of 512 makes of three to two.
inline constexpr auto vgg16_dense = with_input<3, dynamic<768, 768>>(dense(vgg16));

/// VGG16 for 32x32 images of 10 classes (CIFAR-10), with a classifier of 512.
inline constexpr auto vgg16_cifar =
    with_top(with_input<3, 32, 32>(vgg16), flatten, fully_connected<512>, relu, dropout<0.5>,
             fully_connected<512>, relu, dropout<0.5>, fully_connected<10>, softmax);

/// A compact VGG for 28x28 grey images of 10 classes (Fashion-MNIST).
inline constexpr auto fashion_vgg = sequential( //
    input<1, 28, 28>,                           //
    repeat<2>(conv3x3<16>, relu), max_pool<2>,  //
    repeat<2>(conv3x3<32>, relu), max_pool<2>,  //
    repeat<2>(conv3x3<64>, relu), max_pool<2>,  //
    flatten, fully_connected<256>, relu, dropout<0.5>, fully_connected<10>, softmax);

/// The same for whole images.
inline constexpr auto fashion_vgg_dense = with_input<1, dynamic<64, 64>>(dense(fashion_vgg));

/// Fashion-VGG with twice the channels: slower to train, and better.
inline constexpr auto fashion_vgg_wide = with_width<2, 1>(fashion_vgg);

/// The same convolutions for one box in 48x48 grey images, and for one of each of five classes
/// (scripts/draw_boxes.py). Without dropout, whose noise boxes suffer from.
inline constexpr auto shapes_box_vgg = with_top(with_input<1, 48, 48>(fashion_vgg), flatten,
                                                fully_connected<256>, relu, fully_connected<4>, boxes<1>);
inline constexpr auto shapes_boxes_vgg = with_boxes<5>(shapes_box_vgg);

static_assert(parameters(vgg11) == 132'863'336 && parameters(vgg11_lrn) == 132'863'336);
static_assert(parameters(vgg13) == 133'047'848);
static_assert(parameters(vgg16_c) == 133'638'952);
static_assert(parameters(vgg16) == 138'357'544);
static_assert(parameters(vgg19) == 143'667'240);
static_assert(parameters(vgg11_bn) == 132'868'840 && parameters(vgg13_bn) == 133'053'736);
static_assert(parameters(vgg16_bn) == 138'365'992 && parameters(vgg19_bn) == 143'678'248);

static_assert(convolution_parameters(vgg11) == 9'220'480);
static_assert(convolution_parameters(vgg13) == 9'404'992);
static_assert(convolution_parameters(vgg16) == 14'714'688 && parameters(vgg16_notop) == 14'714'688);
static_assert(convolution_parameters(vgg19) == 20'024'384);

static_assert(multiply_adds(vgg11) == 7'609'090'048);
static_assert(multiply_adds(vgg13) == 11'308'466'176);
static_assert(multiply_adds(vgg16_c) == 11'770'888'192);
static_assert(multiply_adds(vgg16) == 15'470'264'320);
static_assert(multiply_adds(vgg19) == 19'632'062'464);
static_assert(multiply_adds(vgg16) - multiply_adds(vgg16_notop) == 123'633'664);

static_assert(receptive_field(vgg16) == 212); // up to pool5; 196 before it
static_assert(output_shape(vgg16_notop) == shape{512, 7, 7});

} // namespace vggen

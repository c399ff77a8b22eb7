// How a picture is changed at random each time that a network is trained on it, and how it is shown without
// chance.
#pragma once

#include "vggen/data/picture_extent.hpp"
#include "vggen/data/principal_components.hpp"
#include "vggen/io/box.hpp"
#include "vggen/io/image.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace vggen {

/// Represents what augment does to a picture, in this order:
///
/// 1. size: with a `scale_low` the smaller side becomes S, a random whole number from there to `scale_high`,
///    as in section 3.1 of the VGG paper (arXiv 1409.1556; single-scale training has the same number twice).
///    Without one the picture is brought to the network's extent as evaluation_view does, unless it has it;
/// 2. padding: `crop_padding` zeros (black) on each of the four sides;
/// 3. crop: the network's extent, anywhere, all places equally likely;
/// 4. flip: left and right are exchanged, in half of the cases;
/// 5. colour: as in section 4.1 of Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural
///    Networks" (NIPS 2012), the same shift for all pixels of the picture, sum over k of
///    vectors[k] * sqrt(variances[k]) * a[k], where a is normal with the deviation `colour_shift` (0.1
///    there). It is rounded to whole bytes, and sums are cut off at 0 and 255. Zeros around the picture stay
///    zeros. (The paper's text has the eigenvalues themselves, whose unit is not that of a colour; its
///    authors' program, cuda-convnet2, has deviations.)
struct augmentation {
  int crop_padding = 0;           ///< pixels
  bool flip = false;              ///< half of the time
  int scale_low = 0;              ///< pixels, at least the network's larger extent; 0: no random scale
  int scale_high = 0;             ///< pixels
  double colour_shift = 0;        ///< 0: none; three channels only
  principal_components colours{}; ///< of the data set, for colour_shift: image_statistics::colours
};

/// Represents how a picture is shown without chance: its smaller side is brought to `smaller_side` pixels,
/// and its middle cut out; 0: the picture is scaled so that it just covers the network's extent, then its
/// middle is cut out, so that one of the right size stays as it is. On square networks the latter is what
/// prepare_image does under the name "unit", and 256 for 224 what it does under "torchvision" and "caffe".
struct evaluation {
  int smaller_side = 0; ///< pixels, at least the network's larger extent, or 0
};

/// Throws vggen::error with invalid_argument, saying what was found and expected, unless `how` is possible
/// for pictures of `extent`.
void check_augmentation(const augmentation &how, const picture_extent &extent);
void check_evaluation(const evaluation &how, const picture_extent &extent);

/// Writes to `out`, [y][x][c] of extent.bytes(), what a network of that extent sees of `picture` in an epoch;
/// one channel is the luma, as in prepare_image. A pure function: random are Philox's words for the key
/// `seed` and the counters (index, epoch, which decision, random_stream::augmentation), so that each picture
/// is seen differently in each epoch, whatever else is drawn, in whatever order. Returns which part of the
/// picture that is.
///
/// Throws vggen::error with invalid_argument if `how` is not possible (check_augmentation), if `out` has
/// another size, and as resize does. Allocates only where the picture is scaled.
picture_view augment(const image &picture, const augmentation &how, const picture_extent &extent,
                     std::uint64_t seed, std::uint32_t epoch, std::uint32_t index,
                     std::span<std::uint8_t> out);

/// As augment, without chance.
picture_view evaluation_view(const image &picture, const evaluation &how, const picture_extent &extent,
                             std::span<std::uint8_t> out);

/// Both as above, returning the bytes.
[[nodiscard]] std::vector<std::uint8_t> augment(const image &picture, const augmentation &how,
                                                const picture_extent &extent, std::uint64_t seed,
                                                std::uint32_t epoch, std::uint32_t index);
[[nodiscard]] std::vector<std::uint8_t> evaluation_view(const image &picture, const evaluation &how,
                                                        const picture_extent &extent);

} // namespace vggen

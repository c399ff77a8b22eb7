// Decides at random, then copies: each decision has counters of its own, so that none depends on another one.
#include "vggen/data/augmentation.hpp"

#include "vggen/core/random.hpp"
#include "vggen/data/luma.hpp"
#include "vggen/data/random_draw.hpp"
#include "vggen/io/error.hpp"
#include "vggen/io/preprocessing.hpp"
#include "vggen/io/resize.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

namespace vggen {
namespace {

// The third word of the counter. A number once used keeps its meaning.
enum class decision : std::uint32_t { scale = 0, top = 1, left = 2, flip = 3, colour = 4 };

constexpr int largest_side = 32768; // of scales and paddings: sums of two stay within int

class chance {
public:
  chance(std::uint64_t seed, std::uint32_t epoch, std::uint32_t index)
      : key_(detail::philox_key(seed)), epoch_(epoch), index_(index) {}

  // From 0 to count - 1.
  int below(int count, decision what) const {
    return static_cast<int>(detail::uniform_below(static_cast<std::uint32_t>(count), block(what)));
  }

  std::array<double, 3> normals(decision what) const { return detail::three_normals(block(what)); }

private:
  detail::philox_block block(decision what) const {
    return philox(key_, {index_, epoch_, static_cast<std::uint32_t>(what),
                         static_cast<std::uint32_t>(random_stream::augmentation)});
  }

  std::array<std::uint32_t, 2> key_;
  std::uint32_t epoch_;
  std::uint32_t index_;
};

bool fits(const image &picture, const picture_extent &extent) {
  return picture.height == extent.height && picture.width == extent.width;
}

// A whole picture, scaled.
picture_view whole_view(const image &picture, const image &scaled, const picture_extent &extent) {
  return {.picture_height = picture.height,
          .picture_width = picture.width,
          .scaled_height = scaled.height,
          .scaled_width = scaled.width,
          .height = extent.height,
          .width = extent.width};
}

// A colour picture of the network's height and width, and which part of the whole it is.
struct middle {
  image picture;
  picture_view view;
};

middle middle_of(const image &picture, const evaluation &how, const picture_extent &extent) {
  if (how.smaller_side != 0) {
    const image scaled = resize_smaller_side(picture, how.smaller_side);
    picture_view view = whole_view(picture, scaled, extent);
    view.top = centre_offset(scaled.height, extent.height);
    view.left = centre_offset(scaled.width, extent.width);
    return {centre_crop(scaled, extent.height, extent.width), view};
  }
  static const preprocessing &just_covering = find_preprocessing("unit");
  return {
      {extent.height, extent.width, prepare_image(picture, 3, extent.height, extent.width, just_covering)},
      prepared_view(picture, extent.height, extent.width, just_covering)};
}

using byte_shift = std::array<int, 3>; // [c]

struct placement {
  int top = 0; // where the cut-out begins in the picture; negative if before it
  int left = 0;
  bool flipped = false;
  byte_shift shift{};
};

void shift_colours(std::uint8_t *pixels, std::size_t count, const byte_shift &shift) {
  for (std::size_t i = 0; i < count; ++i, pixels += 3)
    for (std::size_t c = 0; c < 3; ++c)
      pixels[c] = static_cast<std::uint8_t>(std::clamp(pixels[c] + shift[c], 0, 255));
}

// Copies `count` pixels of colour, turned round if flipped, as `channels` channels.
void copy_pixels(const std::uint8_t *from, std::size_t count, bool flipped, std::size_t channels,
                 std::uint8_t *to) {
  if (!flipped && channels == 3) {
    std::memcpy(to, from, 3 * count);
    return;
  }
  for (std::size_t i = 0; i < count; ++i, to += channels) {
    const std::uint8_t *pixel = from + 3 * (flipped ? count - 1 - i : i);
    if (channels == 3)
      std::memcpy(to, pixel, 3);
    else
      *to = detail::luma(pixel);
  }
}

void cut_out(const image &picture, const placement &where, const picture_extent &extent, std::uint8_t *out) {
  const auto channels = static_cast<std::size_t>(extent.channels);
  const std::size_t row_bytes = static_cast<std::size_t>(extent.width) * channels;
  // The part of each row that the picture covers, as columns of the cut-out before it is flipped.
  const int begin = std::clamp(-where.left, 0, extent.width);
  const int end = std::clamp(picture.width - where.left, begin, extent.width);
  const auto covered = static_cast<std::size_t>(end - begin);
  const auto first = static_cast<std::size_t>(where.flipped ? extent.width - end : begin);
  const bool shifted = where.shift != byte_shift{};
  for (int y = 0; y < extent.height; ++y, out += row_bytes) {
    const int from_y = y + where.top;
    if (covered < static_cast<std::size_t>(extent.width)) std::memset(out, 0, row_bytes);
    if (from_y < 0 || from_y >= picture.height) {
      std::memset(out, 0, row_bytes);
      continue;
    }
    if (covered == 0) continue;
    const std::size_t pixel = static_cast<std::size_t>(from_y) * static_cast<std::size_t>(picture.width) +
                              static_cast<std::size_t>(begin + where.left);
    std::uint8_t *to = out + first * channels;
    copy_pixels(picture.pixels.data() + 3 * pixel, covered, where.flipped, channels, to);
    if (shifted) shift_colours(to, covered, where.shift);
  }
}

// A byte plus a number, rounded, is the byte plus the rounded number: one rounding a picture is enough.
byte_shift colour_shift(const augmentation &how, const std::array<double, 3> &normals) {
  byte_shift shift{};
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0;
    for (std::size_t k = 0; k < 3; ++k)
      sum +=
          how.colours.vectors[k][c] * std::sqrt(how.colours.variances[k]) * (how.colour_shift * normals[k]);
    shift[c] = static_cast<int>(std::lround(std::clamp(255 * sum, -255.0, 255.0)));
  }
  return shift;
}

void check_output(const picture_extent &extent, std::size_t found, const char *caller) {
  if (found == extent.bytes()) return;
  throw error(error_code::invalid_argument, std::string(caller) + ": found room for " +
                                                std::to_string(found) + " bytes, expected " +
                                                to_string(extent));
}

[[noreturn]] void refuse(const std::string &what) { throw error(error_code::invalid_argument, what); }

bool is_number_from_zero(double x) { return std::isfinite(x) && x >= 0; }

} // namespace

void check_augmentation(const augmentation &how, const picture_extent &extent) {
  check_extent(extent, "augmentation");
  if (how.crop_padding < 0 || how.crop_padding > largest_side)
    refuse("augmentation: found a padding of " + std::to_string(how.crop_padding) + ", expected 0 to " +
           std::to_string(largest_side));
  const int larger = std::max(extent.height, extent.width);
  const bool scaled = how.scale_low != 0 || how.scale_high != 0;
  if (scaled && (how.scale_low < larger || how.scale_high < how.scale_low || how.scale_high > largest_side))
    refuse("augmentation: found scales from " + std::to_string(how.scale_low) + " to " +
           std::to_string(how.scale_high) + ", expected " + std::to_string(larger) +
           " (the network's extent) to " + std::to_string(largest_side) + ", or none, 0 to 0");
  if (!is_number_from_zero(how.colour_shift))
    refuse("augmentation: found a colour shift of " + std::to_string(how.colour_shift) +
           ", expected 0 or more");
  if (how.colour_shift == 0) return;
  if (extent.channels != 3)
    refuse("augmentation: found a colour shift for " + to_string(extent) +
           ", expected three channels, or no shift");
  const bool known =
      std::ranges::all_of(how.colours.variances, is_number_from_zero) && how.colours.variances[0] > 0;
  const auto is_component = [](double x) { return std::abs(x) <= 1 + 1e-6; };
  const auto is_vector = [&](const std::array<double, 3> &v) { return std::ranges::all_of(v, is_component); };
  if (!known || !std::ranges::all_of(how.colours.vectors, is_vector))
    refuse("augmentation: found a colour shift without the data set's principal components, expected those "
           "of its "
           "statistics");
}

void check_evaluation(const evaluation &how, const picture_extent &extent) {
  check_extent(extent, "evaluation");
  const int larger = std::max(extent.height, extent.width);
  if (how.smaller_side != 0 && (how.smaller_side < larger || how.smaller_side > largest_side))
    refuse("evaluation: found a smaller side of " + std::to_string(how.smaller_side) + ", expected " +
           std::to_string(larger) + " (the network's extent) to " + std::to_string(largest_side) + ", or 0");
}

picture_view augment(const image &picture, const augmentation &how, const picture_extent &extent,
                     std::uint64_t seed, std::uint32_t epoch, std::uint32_t index,
                     std::span<std::uint8_t> out) {
  check_image(picture, "augment");
  check_augmentation(how, extent);
  check_output(extent, out.size(), "augment");
  const chance random(seed, epoch, index);
  image scaled;
  picture_view view = whole_view(picture, picture, extent);
  if (how.scale_low != 0) {
    scaled = resize_smaller_side(
        picture, how.scale_low + random.below(how.scale_high - how.scale_low + 1, decision::scale));
    view = whole_view(picture, scaled, extent);
  } else if (!fits(picture, extent)) {
    middle part = middle_of(picture, {}, extent);
    scaled = std::move(part.picture);
    view = part.view;
  }
  const image &source = scaled.pixels.empty() ? picture : scaled;
  placement where;
  const auto begin = [&](int from, int to, decision what) {
    return random.below(from + 2 * how.crop_padding - to + 1, what) - how.crop_padding;
  };
  where.top = begin(source.height, extent.height, decision::top);
  where.left = begin(source.width, extent.width, decision::left);
  where.flipped = how.flip && random.below(2, decision::flip) == 1;
  if (how.colour_shift > 0) where.shift = colour_shift(how, random.normals(decision::colour));
  cut_out(source, where, extent, out.data());
  view.top += where.top;
  view.left += where.left;
  view.flipped = where.flipped;
  return view;
}

picture_view evaluation_view(const image &picture, const evaluation &how, const picture_extent &extent,
                             std::span<std::uint8_t> out) {
  check_image(picture, "evaluation_view");
  check_evaluation(how, extent);
  check_output(extent, out.size(), "evaluation_view");
  if (how.smaller_side == 0 && fits(picture, extent)) {
    cut_out(picture, {}, extent, out.data());
    return whole_view(picture, picture, extent);
  }
  const middle part = middle_of(picture, how, extent);
  cut_out(part.picture, {}, extent, out.data());
  return part.view;
}

std::vector<std::uint8_t> augment(const image &picture, const augmentation &how, const picture_extent &extent,
                                  std::uint64_t seed, std::uint32_t epoch, std::uint32_t index) {
  check_augmentation(how, extent);
  std::vector<std::uint8_t> out(extent.bytes());
  augment(picture, how, extent, seed, epoch, index, out);
  return out;
}

std::vector<std::uint8_t> evaluation_view(const image &picture, const evaluation &how,
                                          const picture_extent &extent) {
  check_evaluation(how, extent);
  std::vector<std::uint8_t> out(extent.bytes());
  evaluation_view(picture, how, extent, out);
  return out;
}

} // namespace vggen

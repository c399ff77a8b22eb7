// Pillow's 8-bit resampling, step for step (src/libImaging/Resample.c), and torchvision's sizes and offsets
// (torchvision/transforms/functional.py). Nothing here may be "simplified": the rounding is the point.
#include "vggen/io/resize.hpp"

#include "vggen/io/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace vggen {
namespace {

constexpr std::size_t channels = 3;

// Weights are fixed-point: of 32 bits, 8 are the pixel's and 2 are room for sums beyond 0 to 255.
constexpr int precision_bits = 32 - 8 - 2;

// The weights of one output position: which input positions it sees, and where its weights begin.
struct window {
  int first;
  int count;
  std::size_t weights;
};

struct filter {
  std::vector<window> windows;       // [output position]
  std::vector<std::int32_t> weights; // [sum of counts], scaled by 2^precision_bits
};

double triangle(double x) {
  x = std::abs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

// precompute_coeffs and normalize_coeffs_8bpc, for a whole axis of `from` positions brought to `to`.
filter make_filter(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const double support = std::max(scale, 1.0); // of the triangle, in input pixels: wider when shrinking
  const double inverse_support = 1.0 / support;
  filter result;
  result.windows.reserve(static_cast<std::size_t>(to));
  std::vector<double> exact;
  for (int position = 0; position < to; ++position) {
    const double centre = (position + 0.5) * scale;
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int end = std::min(static_cast<int>(centre + support + 0.5), from);
    exact.clear();
    double sum = 0.0;
    for (int i = 0; i < end - first; ++i) {
      exact.push_back(triangle((i + first - centre + 0.5) * inverse_support));
      sum += exact.back();
    }
    result.windows.push_back({first, end - first, result.weights.size()});
    for (const double weight : exact)
      result.weights.push_back(static_cast<std::int32_t>(0.5 + weight / sum * (1 << precision_bits)));
  }
  return result;
}

// One weighted sum of pixels that lie `stride` values apart; `input` is the first of them. [c]
void sum_pixels(const std::uint8_t *input, std::size_t stride, const std::int32_t *weights, int count,
                std::uint8_t *output) {
  constexpr std::int32_t half = 1 << (precision_bits - 1);
  std::int32_t red = half;
  std::int32_t green = half;
  std::int32_t blue = half;
  for (int i = 0; i < count; ++i, input += stride) {
    red += input[0] * weights[i];
    green += input[1] * weights[i];
    blue += input[2] * weights[i];
  }
  const auto to_byte = [](std::int32_t sum) {
    return static_cast<std::uint8_t>(std::clamp(sum >> precision_bits, 0, 255));
  };
  output[0] = to_byte(red);
  output[1] = to_byte(green);
  output[2] = to_byte(blue);
}

image blank(int height, int width) {
  const std::size_t values = static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * channels;
  return {height, width, std::vector<std::uint8_t>(values)};
}

// Applies one filter to each row (across) or to each column (down).
enum class direction { across, down };

image filtered(const image &input, int extent, direction along) {
  const bool across = along == direction::across;
  const filter taps = make_filter(across ? input.width : input.height, extent);
  image output = across ? blank(input.height, extent) : blank(extent, input.width);
  const std::size_t input_row = static_cast<std::size_t>(input.width) * channels;
  const std::size_t stride = across ? channels : input_row;
  std::uint8_t *out = output.pixels.data();
  for (int y = 0; y < output.height; ++y)
    for (int x = 0; x < output.width; ++x, out += channels) {
      const window &seen = taps.windows[static_cast<std::size_t>(across ? x : y)];
      const auto in_y = static_cast<std::size_t>(across ? y : seen.first);
      const auto in_x = static_cast<std::size_t>(across ? seen.first : x);
      sum_pixels(input.pixels.data() + in_y * input_row + in_x * channels, stride,
                 taps.weights.data() + seen.weights, seen.count, out);
    }
  return output;
}

void check_extents(std::int64_t height, std::int64_t width, const char *caller) {
  // Each extent by itself first, so that the product cannot overflow.
  const bool fits = height >= 1 && width >= 1 && height <= max_image_pixels && width <= max_image_pixels &&
                    height * width <= max_image_pixels;
  if (fits) return;
  throw error(error_code::invalid_argument,
              std::string(caller) + ": found a height of " + std::to_string(height) + " and a width of " +
                  std::to_string(width) + ", expected at least 1 each and at most " +
                  std::to_string(max_image_pixels) + " pixels in all");
}

} // namespace

int centre_offset(int extent, int crop) {
  if (crop > extent) return -((crop - extent) / 2);
  const int difference = extent - crop;
  const int half = difference / 2;
  const bool round_up = difference % 2 == 1 && half % 2 == 1; // Python's round: to the even neighbour
  return half + (round_up ? 1 : 0);
}

picture_size covering_size(const picture_size &picture, int height, int width) {
  const auto saturated = [](std::int64_t extent) {
    return static_cast<int>(std::clamp<std::int64_t>(extent, 0, std::numeric_limits<int>::max()));
  };
  const std::int64_t across = std::int64_t{height} * picture.width;
  const std::int64_t down = std::int64_t{width} * picture.height;
  if (down <= across) return {height, saturated(across / picture.height)};
  return {saturated(down / picture.width), width};
}

image resize(const image &picture, int height, int width) {
  check_image(picture, "resize");
  check_extents(height, width, "resize");
  check_extents(picture.height, width, "resize, between its two passes");
  // A pass that changes nothing is left out, as Pillow does.
  if (width == picture.width && height == picture.height) return picture;
  if (width == picture.width) return filtered(picture, height, direction::down);
  image wide = filtered(picture, width, direction::across);
  if (height == picture.height) return wide;
  return filtered(wide, height, direction::down);
}

image resize_smaller_side(const image &picture, int size) {
  check_image(picture, "resize_smaller_side");
  const std::int64_t smaller = std::min(picture.height, picture.width);
  const std::int64_t larger = std::max(picture.height, picture.width);
  const std::int64_t other = size * larger / smaller;
  const bool tall = picture.height > picture.width;
  check_extents(tall ? other : size, tall ? size : other, "resize_smaller_side");
  return tall ? resize(picture, static_cast<int>(other), size)
              : resize(picture, size, static_cast<int>(other));
}

image resize_to_cover(const image &picture, int height, int width) {
  check_image(picture, "resize_to_cover");
  const picture_size size = covering_size({picture.height, picture.width}, height, width);
  return resize(picture, size.height, size.width); // which refuses what is beyond int as well
}

image centre_crop(const image &picture, int height, int width) {
  check_image(picture, "centre_crop");
  check_extents(height, width, "centre_crop");
  const int top = centre_offset(picture.height, height);
  const int left = centre_offset(picture.width, width);
  image result = blank(height, width);
  const int first_y = std::max(0, -top); // the part of the result that the picture covers
  const int end_y = std::min(height, picture.height - top);
  const int first_x = std::max(0, -left);
  const int end_x = std::min(width, picture.width - left);
  const auto at = [](int y, int x, int row_pixels) {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(row_pixels) +
            static_cast<std::size_t>(x)) *
           channels;
  };
  for (int y = first_y; y < end_y; ++y)
    std::memcpy(result.pixels.data() + at(y, first_x, width),
                picture.pixels.data() + at(y + top, first_x + left, picture.width),
                static_cast<std::size_t>(end_x - first_x) * channels);
  return result;
}

} // namespace vggen

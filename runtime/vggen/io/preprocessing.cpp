// The table of preprocessings, and the part of them that works on bytes; the rest is a kernel's.
#include "vggen/io/preprocessing.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/resize.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>

namespace vggen {
namespace {

constexpr int reference_extent = 224; // of the network that a preprocessing's resize_smaller_side goes with

const std::array presets = {
    // https://docs.pytorch.org/vision/stable/models/generated/torchvision.models.vgg16.html
    preprocessing{.name = "torchvision",
                  .resize_smaller_side = 256,
                  .divisor = 255,
                  .mean = {0.485F, 0.456F, 0.406F},
                  .deviation = {0.229F, 0.224F, 0.225F},
                  .reverse_channels = false},
    // https://keras.io/api/applications/vgg (preprocess_input); 256 is the paper's Q
    preprocessing{.name = "caffe",
                  .resize_smaller_side = 256,
                  .divisor = 1,
                  .mean = {103.939F, 116.779F, 123.68F},
                  .deviation = {1, 1, 1},
                  .reverse_channels = true},
    // No margin: small networks are trained on whole pictures, which are often of their size already.
    preprocessing{.name = "unit",
                  .resize_smaller_side = reference_extent,
                  .divisor = 255,
                  .mean = {0, 0, 0},
                  .deviation = {1, 1, 1},
                  .reverse_channels = false},
};

// An extent beyond int becomes one that resize refuses as well.
int saturated(std::int64_t extent) {
  return static_cast<int>(std::clamp<std::int64_t>(extent, 0, std::numeric_limits<int>::max()));
}

void check_channels(int channels) {
  if (channels == 1 || channels == 3) return;
  throw error(error_code::invalid_argument, "found a network whose input has " + std::to_string(channels) +
                                                " channels, expected 3 (colour) or 1 (grey)");
}

// What a picture has to cover for a network to look at the middle of it.
int covered_extent(int extent, const preprocessing &how) {
  return saturated((std::int64_t{extent} * how.resize_smaller_side + reference_extent / 2) /
                   reference_extent);
}

std::uint8_t luma(const std::uint8_t *rgb) {
  return static_cast<std::uint8_t>((19595U * rgb[0] + 38470U * rgb[1] + 7471U * rgb[2] + 0x8000U) >> 16U);
}

} // namespace

const preprocessing &find_preprocessing(std::string_view name) {
  for (const preprocessing &preset : presets)
    if (preset.name == name) return preset;
  std::string known;
  for (const preprocessing &preset : presets)
    known += (known.empty() ? "" : ", ") + std::string(preset.name);
  throw error(error_code::invalid_argument,
              "preprocessing: found " + detail::in_quotes(name) + ", expected one of " + known);
}

preprocessing parse_preprocessing(std::string_view text) {
  if (!text.starts_with('{')) return find_preprocessing(text);
  try {
    const auto json = nlohmann::json::parse(text);
    preprocessing how{.name = {},
                      .resize_smaller_side = json.at("resize_smaller_side"),
                      .divisor = json.at("divisor"),
                      .mean = json.at("mean"),
                      .deviation = json.at("deviation"),
                      .reverse_channels = json.at("reverse_channels")};
    const auto usable = [](float v) { return std::isfinite(v) && v != 0; };
    if (how.resize_smaller_side < 1 || !usable(how.divisor) || !std::ranges::all_of(how.deviation, usable) ||
        !std::ranges::all_of(how.mean, [](float v) { return std::isfinite(v); }))
      throw std::invalid_argument("numbers that are no divisor, deviation or size");
    return how;
  } catch (const std::exception &e) {
    throw error(error_code::invalid_argument, "preprocessing: found " + detail::in_quotes(std::string(text)) +
                                                  ", which cannot be used: " + e.what());
  }
}

std::string to_text(const preprocessing &how) {
  if (!how.name.empty()) return how.name;
  return nlohmann::ordered_json{{"divisor", how.divisor},
                                {"mean", how.mean},
                                {"deviation", how.deviation},
                                {"reverse_channels", how.reverse_channels},
                                {"resize_smaller_side", how.resize_smaller_side}}
      .dump();
}

std::vector<float> constants_of(const preprocessing &how, int channels) {
  std::vector<float> constants(static_cast<std::size_t>(3 * channels));
  for (int c = 0; c < channels; ++c) {
    const auto at = [&](int row) -> float & {
      return constants[static_cast<std::size_t>(row) * static_cast<std::size_t>(channels) +
                       static_cast<std::size_t>(c)];
    };
    const auto of_channel = static_cast<std::size_t>(std::min(c, 2));
    at(0) = how.divisor;
    at(1) = how.mean[of_channel];
    at(2) = how.deviation[of_channel];
  }
  return constants;
}

std::vector<std::uint8_t> network_pixels(image picture, int channels) {
  check_channels(channels);
  if (channels == 3) return std::move(picture.pixels);
  std::vector<std::uint8_t> grey(picture.pixels.size() / 3);
  for (std::size_t i = 0; i < grey.size(); ++i)
    grey[i] = luma(&picture.pixels[3 * i]);
  return grey;
}

image fit_whole(const image &picture, int smaller_side, const shape &least, const shape &most) {
  check_image(picture, "fit_whole");
  const int smaller = std::min(picture.height, picture.width);
  int side = smaller_side > 0 ? smaller_side : smaller;
  const auto extent_at = [&](int extent) {
    return static_cast<int>(std::int64_t{side} * extent / smaller); // as resize_smaller_side has it
  };
  const auto fits = [&] {
    return extent_at(picture.height) <= most.height && extent_at(picture.width) <= most.width;
  };
  if (!fits()) { // the largest smaller side that fits: extents are proportional to it, but for rounding
    side = static_cast<int>(
        std::min({std::int64_t{side}, std::int64_t{smaller} * (most.height + 1) / picture.height,
                  std::int64_t{smaller} * (most.width + 1) / picture.width}));
    while (side > 1 && !fits())
      --side;
  }
  if (extent_at(picture.height) < least.height || extent_at(picture.width) < least.width)
    throw error(error_code::invalid_argument,
                "found a picture of " + std::to_string(picture.height) + "x" + std::to_string(picture.width) +
                    ", at this scale " + std::to_string(extent_at(picture.height)) + "x" +
                    std::to_string(extent_at(picture.width)) + ", expected " + std::to_string(least.height) +
                    "x" + std::to_string(least.width) + " to " + std::to_string(most.height) + "x" +
                    std::to_string(most.width));
  return side == smaller ? picture : resize_smaller_side(picture, side);
}

std::vector<std::uint8_t> prepare_image(const image &picture, int channels, int height, int width,
                                        const preprocessing &how) {
  check_channels(channels);
  check_image(picture, "prepare_image");
  return network_pixels(
      centre_crop(resize_to_cover(picture, covered_extent(height, how), covered_extent(width, how)), height,
                  width),
      channels);
}

picture_view prepared_view(const image &picture, int height, int width, const preprocessing &how) {
  const picture_size scaled =
      covering_size({picture.height, picture.width}, covered_extent(height, how), covered_extent(width, how));
  return {.picture_height = picture.height,
          .picture_width = picture.width,
          .scaled_height = scaled.height,
          .scaled_width = scaled.width,
          .top = centre_offset(scaled.height, height),
          .left = centre_offset(scaled.width, width),
          .height = height,
          .width = width};
}

} // namespace vggen
